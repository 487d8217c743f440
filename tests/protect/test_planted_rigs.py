"""Makers of CTF, Intan, Axon and SpikeGLX recordings are read by the field's own readers, and what they plant is not released."""

from pathlib import Path

import numpy as np
import pytest

from commissure.model import Severity
from commissure.testing import signals
from commissure.testing.ctf_bytes import write_ctf
from commissure.testing.planting.measure import measure_recordings, measure_rigs
from commissure.testing.planting.rigs import RIGS
from commissure.testing.rig_bytes import write_abf1, write_intan, write_spikeglx
from commissure.workflows.clean_folder import clean_folder

for name in ("mne", "neo", "pyabf", "pynwb"):
    pytest.importorskip(name)


def test_mne_reads_the_made_ctf_recording(tmp_path: Path) -> None:
    import mne

    truth = signals.planted(rng=np.random.default_rng(0))
    raw = mne.io.read_raw_ctf(write_ctf(tmp_path, truth, name="x.ds"), verbose="error")
    assert raw.info["sfreq"] == truth.rate_hz
    np.testing.assert_allclose(np.abs(raw.get_data(picks="mag").T), np.abs(truth.volts) * 1e-7, atol=1e-15)
    assert (raw.info["subject_info"]["his_id"], raw.info["experimenter"]) == (
        truth.identifiers["name"],
        truth.identifiers["operator"],
    )
    assert list(zip(raw.annotations.onset, raw.annotations.description, strict=True)) == [
        (0.5, "go"),
        (1.25, "stop"),
    ]
    assert {int(point["kind"]) for point in raw.info["dig"]} == {1}


@pytest.mark.parametrize("suffix", ["rhd", "rhs"])
def test_neo_reads_the_made_intan_recordings(suffix: str, tmp_path: Path) -> None:
    from neo.rawio import IntanRawIO

    data = write_intan(tmp_path / f"a.{suffix}", said={"note2": "Zephyrine late", "channel": "Quilter_L1"})
    raw = IntanRawIO(filename=str(tmp_path / f"a.{suffix}"))
    raw.parse_header()
    held = raw.get_analogsignal_chunk(stream_index=0)
    np.testing.assert_array_equal(held.astype(int) - 32768, data)
    assert raw._global_info.get("note2", raw._global_info.get("notes", {}).get("note2")) == "Zephyrine late"
    assert raw.header["signal_channels"]["name"][0] == "Quilter_L1"


def test_pyabf_reads_the_made_abf1(tmp_path: Path) -> None:
    import pyabf

    said = {"comment": "Zephyrine late", "tag": "Dr. Quilter", "protocol": "C:\\Users\\quilter\\steps.pro"}
    data = write_abf1(tmp_path / "a.abf", said=said)
    abf = pyabf.ABF(str(tmp_path / "a.abf"))
    assert (abf.sweepCount, abf.dataRate, abf.adcUnits) == (3, 20_000, ["pA"])
    abf.setSweep(2)
    np.testing.assert_allclose(abf.sweepY * 100, data[2], atol=0.01)
    assert (abf.abfFileComment, abf.tagComments, abf.protocolPath) == (
        said["comment"],
        [said["tag"]],
        said["protocol"],
    )
    assert abf.abfDateTime.isoformat() == "2021-03-04T10:11:12"


def test_neo_reads_the_made_spikeglx_run(tmp_path: Path) -> None:
    from neo.rawio import SpikeGLXRawIO

    data = write_spikeglx(tmp_path, said={"file": "D:/quilter/run.nidq.bin"})
    raw = SpikeGLXRawIO(dirname=str(tmp_path))
    raw.parse_header()
    np.testing.assert_array_equal(raw.get_analogsignal_chunk(stream_index=0), data)


def test_nothing_planted_in_a_rigs_files_is_released_and_every_sample_is(tmp_path: Path) -> None:
    tally = measure_rigs(tmp_path / "rigs", rng=np.random.default_rng(100))
    tally.add(measure_recordings(tmp_path / "ctf", rng=np.random.default_rng(3), formats=("ctf",)))
    assert {plant.format for plant in tally.plants} == {*RIGS, "ctf"}
    assert tally.planted >= 45
    assert tally.left == []
    assert tally.lost == []


def test_cleaning_a_folder_of_rigs_keeps_them_back_and_says_so(tmp_path: Path) -> None:
    write_intan(tmp_path / "raw" / "a.rhd", said={"note1": "Zephyrine late"})
    write_ctf(tmp_path / "raw", signals.planted(rng=np.random.default_rng(0)), name="x.ds")
    (tmp_path / "raw" / "readme.txt").write_text("TR 2 s\n")
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["readme.txt"]
    assert {one.check for one in report.findings if one.severity is Severity.ERROR} == {
        "protect.unknown_kind"
    }
