"""The NWB writer: the same bytes every time, nothing invented, any length in bounded memory."""

import hashlib
import os
import resource
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.extras import need
from commissure.formats.lazy import BlockSignal
from commissure.model import (
    About,
    Annotation,
    Channel,
    Device,
    Recording,
    Session,
    Subject,
    Sweep,
    Sweeps,
    Units,
)
from commissure.standardize.nwb import writer
from commissure.standardize.nwb_file import NO_START, UNIDENTIFIED, path_of
from commissure.standardize.nwb_validate import validate_nwb
from commissure.standardize.port import Writer

MOUSE = Subject("m3", "Mus musculus", "F", age_iso="P90D", strain="C57BL/6J")
ABOUT = About("ecephys", MOUSE, Session("1"), {"probe": "imec0"}, start=datetime(2020, 5, 6, 7, 8, tzinfo=UTC),
              device=Device("IMEC", "NP1010"))  # fmt: skip


def _recording(samples: int = 20_000, channels: int = 70, about: About = ABOUT) -> Recording:
    rng = np.random.default_rng(1)
    signal = rng.normal(0, 30, (samples, channels)).astype(np.int16)
    named = [
        Channel(f"AP{i}", "HP", "V", 2e-6 if i % 2 else 3e-6, 0.0, (0.0, i * 0.02, 0.0), "shank0")
        for i in range(channels - 1)
    ]
    marks = (Annotation("lick", onset_s=0.2, duration_s=0.1), Annotation("bad_channel", channels=("AP1",)))
    return Recording(signal, 30_000.0, (*named, Channel("SY0", "SYNC", "1")), about, marks, space="probe")


def test_samples_scale_clock_electrodes_and_events_are_what_went_in(tmp_path: Path) -> None:
    assert isinstance(writer, Writer)
    recording = _recording()
    written = writer.write(recording, root=tmp_path)
    assert written.files == ("sub-m3/sub-m3_ses-1_probe-imec0_ecephys.nwb",)
    assert written.findings == ()
    with need("pynwb", purpose="Tests").NWBHDF5IO(str(tmp_path / written.files[0]), "r") as io:
        nwbfile = io.read()
        series = nwbfile.acquisition["ElectricalSeriesAP"]
        volts = series.data[:] * series.conversion * series.channel_conversion[:] + series.offset
        assert np.allclose(volts, recording.si()[:, :-1], rtol=1e-6)
        assert series.rate == 30_000.0
        table = nwbfile.electrodes.to_dataframe()
        assert np.allclose(table["rel_y"][:3], [0.0, 20.0, 40.0])
        assert table["channel_name"][4] == "AP4"
        assert (nwbfile.subject.age, nwbfile.subject.strain, nwbfile.session_id) == ("P90D", "C57BL/6J", "1")
        assert nwbfile.session_start_time == ABOUT.start
        assert nwbfile.file_create_date == [ABOUT.start]
        events = nwbfile.intervals["events"].to_dataframe()
        assert events[["start_time", "stop_time", "label"]].to_numpy().tolist() == [
            [0.2, pytest.approx(0.3), "lick"]
        ]
    assert [(v.validator, v.errors) for v in validate_nwb(tmp_path)] == [
        ("pynwb", 0),
        ("nwbinspector", 0),
        ("dandi-layout", 0),
    ]


def test_the_same_noun_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "import test_nwb as t; t.writer.write(t._recording(5_000, 9), root=Path(sys.argv[1]))"
    )
    digests = set()
    for seed in ("1", "2"):
        root = tmp_path / seed
        subprocess.run([sys.executable, "-c", code, str(root), str(Path(__file__).parent)], check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"Etc/GMT+{seed}"})  # fmt: skip
        digests.add(hashlib.sha256((root / path_of(ABOUT)).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_what_nobody_told_is_written_as_unknown_and_said(tmp_path: Path) -> None:
    about = About("ecephys", Subject("x1"))
    written = writer.write(_recording(200, 3, about), root=tmp_path)
    checks = {finding.check for finding in written.findings}
    assert checks == {"nwb.subject.species", "nwb.subject.age", "nwb.start"}
    with h5py.File(tmp_path / written.files[0]) as file:
        subject = {key: item.asstr()[()] for key, item in file["general/subject"].items()}
        assert subject["species"] == UNIDENTIFIED
        assert (subject["sex"], subject["age"]) == ("U", "P0D/")
        assert file["session_start_time"].asstr()[()] == NO_START.isoformat()
    assert sum(v.errors for v in validate_nwb(tmp_path)) == 0


def test_a_naive_start_is_the_same_on_every_machine(tmp_path: Path) -> None:
    about = replace(ABOUT, start=datetime(2020, 5, 6, 7, 8))
    written = writer.write(_recording(200, 3, about), root=tmp_path)
    with h5py.File(tmp_path / written.files[0]) as file:
        assert file["session_start_time"].asstr()[()] == "2020-05-06T07:08:00+00:00"
    assert "nwb.timezone" in {f.check for f in written.findings}


def test_channels_with_offsets_of_their_own_become_volts(tmp_path: Path) -> None:
    recording = _recording(500, 3)
    channels = [replace(c, offset=1e-3 * i) for i, c in enumerate(recording.channels)]
    recording = replace(recording, channels=tuple(channels))
    written = writer.write(recording, root=tmp_path)
    with h5py.File(tmp_path / written.files[0]) as file:
        data = file["acquisition/ElectricalSeriesAP/data"]
        assert data.dtype == np.float32
        assert np.allclose(data[:], recording.si()[:, :2], rtol=1e-6)


def test_a_long_recording_is_streamed(tmp_path: Path) -> None:
    samples, channels = 1_500_000, 128  # 384 MB

    def block(start: int, stop: int) -> np.ndarray:
        return np.zeros((stop - start, channels), np.int16)

    named = (*(Channel(f"c{i}", "EXT", "V", 1e-6) for i in range(channels - 1)), Channel("SY0", "SYNC", "1"))
    long = Recording(BlockSignal(block, shape=(samples, channels), dtype=np.int16), 30e3, named, ABOUT)
    writer.write(_recording(100, 3), root=tmp_path / "warm")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written = writer.write(long, root=tmp_path)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 120
    with h5py.File(tmp_path / written.files[0]) as file:
        assert file["acquisition/ElectricalSeries/data"].shape == (samples, channels - 1)


def test_voltage_clamp_swaps_the_units(tmp_path: Path) -> None:
    response, stimulus = np.full((100, 1), 5e-11), np.full((100, 1), -0.07)
    sweeps = Sweeps((Sweep(0.0, response, stimulus), Sweep(1.0, response, stimulus)), 1e4, (Channel("Im", "IM", "A"),),
                    "voltage_clamp", replace(ABOUT, datatype="icephys"), (Channel("Vcmd", "DAC", "V"),))  # fmt: skip
    written = writer.write(sweeps, root=tmp_path)
    with h5py.File(tmp_path / written.files[0]) as file:
        assert file["acquisition/VoltageClampSeries0001/data"].attrs["unit"] == "amperes"
        assert file["stimulus/presentation/VoltageClampStimulusSeries0000/data"].attrs["unit"] == "volts"
        assert file["acquisition/VoltageClampSeries0001/starting_time"][()] == 1.0
    assert sum(v.errors for v in validate_nwb(tmp_path)) == 0


def test_a_sorting_without_units_is_valid_and_said(tmp_path: Path) -> None:
    assert [f.check for f in writer.write(Units((), (), ABOUT), root=tmp_path).findings] == ["nwb.units"]
    assert sum(v.errors for v in validate_nwb(tmp_path)) == 0


def test_a_noun_without_a_place_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no place for a About"):
        writer.write(ABOUT, root=tmp_path)


@pytest.mark.parametrize(
    ("entities", "name"),
    [
        ({}, "sub-m3/sub-m3_ses-1_ecephys.nwb"),
        ({"task": "rest", "run": "02"}, "sub-m3/sub-m3_ses-1_desc-taskrest+run02_ecephys.nwb"),
        ({"desc": "a_b/c"}, "sub-m3/sub-m3_ses-1_desc-abc_ecephys.nwb"),
    ],
)
def test_names_are_dandis(entities: dict[str, str], name: str) -> None:
    assert path_of(replace(ABOUT, entities=entities)) == name
