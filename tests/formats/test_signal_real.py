"""Real recordings of every signal format: found, read as MNE reads them, and never an error of another kind."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Recording
from commissure.testing import signals
from commissure.testing.reader import check_hostile, check_reader

FORMATS = {
    "eeg_edf_mne": "edf", "eeg_eeglab_testedf": "edf", "eeg_biosemi_bdf": "edf", "eeg_brainvision": "brainvision",
    "eeg_eeglab_sample": "eeglab", "eeg_neuroscan_cnt": "neuroscan", "eeg_eeglab_xdf": "xdf",
    "meg_sample_audvis": "fif", "meg_elekta_birthday": "fif", "meg_ctf_somMDYO": "ctf",
    "fnirs_nirsport2": "snirf", "ieeg_persyst_ecog": "persyst", "ieeg_neuralynx": "neuralynx",
}  # fmt: skip
SIGNAL_READERS = sorted(
    {
        *FORMATS.values(),
        "kit",
        "egi",
        "nihon_kohden",
        "curry",
        "ant",
        "gdf",
        "micromed",
        "nirx",
        "hitachi",
        "boxy",
        "bti",
        "artemis123",
    }
)
MAGICS = [
    b"0       ", b"\xffBIOSEMI", b"Brain Vision Data Exchange Header File Version 1.0\n", b"Version 3.0", b"XDF:",
    b"\x00\x00\x00\x64\x00\x00\x00\x1f\x00\x00\x00\x14", b"MATLAB 5.0 MAT-file", b"\x89HDF\r\n\x1a\n", b"MEG41RS",
    b"[FileInfo]\n", b"EEG-1100A V01.00", b"RIFF\x10\x00\x00\x00CNT ", b"######## Neuralynx Data File Header", b"",
    b"GDF 2.20", b"GDF 1.25", b"* MICROMED  Brain-Quick file *", b"[GeneralInfo]\nNIRStar=\"15.3\"\n", b"Header,\nFile Version,1.18\nData\n",
    b"BOXY.EXE: \n", b"<start main header>\n",
]  # fmt: skip
NAMES = ["a.edf", "a.vhdr", "a.set", "a.cnt", "a.fif", "a.xdf", "a.con", "a.snirf", "a.lay", "a.EEG", "a.cdt.dpa", "a.ncs",
         "x.ds/x.res4", "x.mff/info.xml", "a", "a.gdf", "a.trc", "a.hdr", "a.csv", "a.txt", "config"]  # fmt: skip


def _manifest(shared: Path, item: str) -> dict[str, object]:
    items = json.loads((shared / "data" / "manifest.json").read_text())
    return next(one["content"] for one in items if one["id"] == item)


def _read(shared: Path, item: str, scratch: Path) -> list[Recording]:
    listing = Listing.of(shared / "data" / item)
    readers = {FORMATS[item]: READERS.get(FORMATS[item])}
    found = detect(listing, readers.items())
    assert {source.format for source in found.sources} == {FORMATS[item]}
    nouns = [
        noun
        for source in found.sources
        for noun in readers[source.format].read(source, listing, scratch=scratch)
    ]
    return [noun for noun in nouns if isinstance(noun, Recording)]


@pytest.mark.realdata
@pytest.mark.parametrize("item", FORMATS)
def test_a_real_recording_has_what_the_manifest_says(item: str, shared: Path, tmp_path: Path) -> None:
    content = _manifest(shared, item)
    recording = _read(shared, item, tmp_path)[0]
    said = content["streams"][0] if item == "eeg_eeglab_xdf" else content  # type: ignore[index]
    beside = [channel for channel in recording.channels if channel.type in {"ACCEL", "GYRO"}]
    assert len(recording.channels) - len(beside) == said["n_channels"]
    assert len(beside) == (6 if item == "fnirs_nirsport2" else 0)
    assert recording.rate_hz == pytest.approx(said["fs"])
    if item != "eeg_eeglab_xdf":
        assert recording.duration_s == pytest.approx(content["duration_s"], abs=0.02)
        kept = [mark for mark in recording.annotations if mark.by == "file"]
        assert len(kept) == content["n_annotations"]


@pytest.mark.realdata
@pytest.mark.parametrize("item", FORMATS)
def test_every_identifier_of_the_manifest_is_known(item: str, shared: Path, tmp_path: Path) -> None:
    ids = _manifest(shared, item)["ids"]
    held = {one.value for recording in _read(shared, item, tmp_path) for one in recording.about.identifiers}
    every = " ".join(held)
    for key, value in ids.items():  # type: ignore[attr-defined]
        text = str(value).split(" ")[0] if key == "meas_date" else str(value).strip("{}'")
        if key not in {"sex"} and text not in {"", "0", "X", "Unspecified", "default"}:
            assert text in every, key


@pytest.mark.realdata
@pytest.mark.parametrize("item", FORMATS)
def test_the_reader_keeps_its_contract_on_real_files(item: str, shared: Path, tmp_path: Path) -> None:
    listing = Listing.of(shared / "data" / item)
    assert check_reader(READERS.get(FORMATS[item]), listing, scratch=tmp_path) == ()


@pytest.mark.realdata
@pytest.mark.parametrize("item", FORMATS)
@pytest.mark.parametrize("kept", [0, 40, 700, -1000])
def test_truncated_real_files_give_our_own_errors(item: str, kept: int, shared: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for entry in Listing.of(shared / "data" / item).files:
        target = raw / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (shared / "data" / item / entry.path).read_bytes()
        target.write_bytes(content[:kept] if entry.bytes > 1500 else content)
    reader = READERS.get(FORMATS[item])
    assert check_hostile(reader, Listing.of(raw), scratch=tmp_path / "scratch") == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=1200), name=st.sampled_from(NAMES))
def test_detection_and_reading_stand_any_bytes(
    magic: bytes, rest: bytes, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "raw" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(magic + rest)
    listing = Listing.of(folder / "raw")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for format_ in SIGNAL_READERS:
            assert check_hostile(READERS.get(format_), listing, scratch=folder / format_) == ()


def test_a_damaged_byte_in_a_header_gives_our_own_error_or_a_recording(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    truth = signals.planted(rng=rng)
    for make, format_ in ((signals.write_edf, "edf"), (signals.write_bdf, "edf"), (signals.write_fif, "fif")):
        for trial in range(8):
            raw = tmp_path / f"{make.__name__}{trial}"
            raw.mkdir()
            path = make(raw, truth)
            content = bytearray(path.read_bytes())
            for place in rng.integers(8, 1500, size=6):
                content[place] = int(rng.integers(0, 256))
            path.write_bytes(bytes(content))
            assert check_hostile(READERS.get(format_), Listing.of(raw), scratch=raw / "scratch") == ()
