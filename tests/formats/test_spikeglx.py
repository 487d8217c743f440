"""SpikeGLX: real headers, generated samples."""

import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.testing.neurophysiology import make_spikeglx
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all

pytestmark = pytest.mark.realdata
FIXTURES = "data/ephys_spikeglx_meta/src/tests/fixtures"


@pytest.mark.parametrize(
    ("name", "gain_uv", "probe"),
    [
        ("sample3B_g0_t0.imec1.ap.meta", 1.2e6 / 1024 / 500, "PRB_1_4_0480_1"),
        ("sampleNP2.4_4shanks_appVersion20230905.ap.meta", 1.24e6 / 4096 / 100, "NP2014"),
        ("sampleNP2.4_4shanks_g0_t0.imec.ap.meta", 1e6 / 16384 / 80, "NP2010"),
    ],
)
def test_generated_samples_around_a_real_header_come_back_with_the_probes_geometry(
    tmp_path: Path, shared: Path, name: str, gain_uv: float, probe: str
) -> None:
    data = make_spikeglx(tmp_path / "raw", meta=shared / FIXTURES / name, seconds=0.2)
    (recording,) = read_folder(tmp_path / "raw", "spikeglx", scratch=tmp_path)
    assert recording.channels[0].gain == pytest.approx(gain_uv * 1e-6)
    assert recording.about.device.model == probe
    assert [c.type for c in recording.channels] == ["HP"] * 384 + ["SYNC"]
    assert (
        len({c.position_mm for c in recording.channels[:384] if c.group == recording.channels[0].group}) > 10
    )
    done = write_all([recording], tmp_path / "out")
    assert not done.errors
    with h5py.File(done.nwb[0]) as file:
        assert np.array_equal(file["acquisition/ElectricalSeriesAP/data"][:], data[:, :384])
        assert np.array_equal(file["acquisition/TimeSeriesSync/data"][:], data[:, 384:])
        rate = file["acquisition/ElectricalSeriesAP/starting_time"].attrs["rate"]
        said = float(re.search(r"imSampRate=([\d.]+)", (shared / FIXTURES / name).read_text()).group(1))
        assert rate == said


def test_paths_dates_and_serials_of_the_header_are_identifiers_and_not_written(
    tmp_path: Path, shared: Path
) -> None:
    name = "sampleNP2.4_4shanks_while_acquiring_incomplete.ap.meta"
    make_spikeglx(tmp_path / "raw", meta=shared / FIXTURES / name, seconds=0.05)
    nouns = read_folder(tmp_path / "raw", "spikeglx", scratch=tmp_path)
    hidden = {identifier.value for identifier in nouns[0].about.identifiers}
    assert {"KM_013", "19122519691", "2024-03-13T12:16:32"} <= hidden
    assert nouns[0].about.subject.label == "KM_013"
    done = write_all(nouns, tmp_path / "out")
    released = done.nwb[0].read_bytes()
    assert not [
        value for value in ("KM_013", "steinmetzlab", "19122519691", "iblrig") if value.encode() in released
    ]


def test_real_headers_without_samples_end_with_a_finding_each(shared: Path) -> None:
    found = detect(Listing.of(shared / "data/ephys_spikeglx_meta"), [("spikeglx", READERS.get("spikeglx"))])
    assert [source.complete for source in found.sources] == [False] * 4
    assert [f.check for f in found.findings] == ["detect.incomplete"] * 4
    assert all("header only, no samples" in f.message for f in found.findings)


def test_a_cut_header_says_so(tmp_path: Path, shared: Path) -> None:
    meta = shared / FIXTURES / "sample3B_g0_t0.imec1.ap.meta"
    make_spikeglx(tmp_path, meta=meta, seconds=0.01)
    (tmp_path / meta.name).write_text(meta.read_text()[:1100])
    with pytest.raises(Unreadable, match="lacks what reading needs"):
        read_folder(tmp_path, "spikeglx", scratch=tmp_path)


def test_an_empty_bin_is_no_recording(tmp_path: Path, shared: Path) -> None:
    meta = shared / FIXTURES / "sample3B_g0_t0.imec1.ap.meta"
    shutil.copyfile(meta, tmp_path / "a_g0_t0.imec0.ap.meta")
    (tmp_path / "a_g0_t0.imec0.ap.bin").touch()
    assert [s.complete for s in find_sources(tmp_path, "spikeglx")] == [False]


def test_a_cut_bin_is_shared_as_far_as_it_goes_and_said(tmp_path: Path, shared: Path) -> None:
    meta = shared / FIXTURES / "sample3B_g0_t0.imec1.ap.meta"
    make_spikeglx(tmp_path / "raw", meta=meta, seconds=0.02)
    done = write_all(read_folder(tmp_path / "raw", "spikeglx", scratch=tmp_path), tmp_path / "out")
    said = next(f for f in done.findings if f.check == "nwb.truncated")
    assert "the header tells 19045367880 bytes, the file holds 462000" in said.message
