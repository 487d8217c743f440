"""Recordings to BIDS: what is read back is what was recorded, nothing else is in the files, the same bytes each time."""

import datetime
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import About, Annotation, Channel, Device, Recording, Severity, Subject
from commissure.standardize.bids_dataset import Card, write_dataset
from commissure.standardize.bids_names import bids_label
from commissure.standardize.bids_signal import writer
from commissure.standardize.bids_validate import validate_bids
from commissure.standardize.hed import HED_VERSION
from commissure.standardize.port import Written
from commissure.testing import signals
from commissure.testing.signals import Planted, planted

BIDS = {"eeg", "ieeg", "meg", "nirs", "motion"}
REAL = {
    "eeg_edf_mne": "edf", "eeg_eeglab_testedf": "edf", "eeg_biosemi_bdf": "edf", "eeg_brainvision": "brainvision",
    "eeg_eeglab_sample": "eeglab", "eeg_neuroscan_cnt": "neuroscan", "eeg_eeglab_xdf": "xdf",
    "meg_sample_audvis": "fif", "meg_elekta_birthday": "fif", "meg_ctf_somMDYO": "ctf",
    "fnirs_nirsport2": "snirf", "ieeg_persyst_ecog": "persyst", "ieeg_neuralynx": "neuralynx",
}  # fmt: skip


@pytest.fixture
def truth() -> Planted:
    return planted(rng=np.random.default_rng(3))


def _recordings(folder: Path, scratch: Path, format_: str) -> list[Recording]:
    listing = Listing.of(folder)
    reader = READERS.get(format_)
    nouns = [
        noun
        for source in detect(listing, [(format_, reader)]).sources
        for noun in reader.read(source, listing, scratch=scratch)
    ]
    found = [noun for noun in nouns if isinstance(noun, Recording) and noun.about.datatype in BIDS]
    return [_labelled(noun) for noun in found]


def _labelled(noun: Recording) -> Recording:
    """As the recipe hands it over: labels that are BIDS labels."""
    return replace(
        noun,
        about=replace(
            noun.about, subject=replace(noun.about.subject, label=bids_label(noun.about.subject.label))
        ),
    )


def _dataset(root: Path, written: list[tuple[About, Written]]) -> list[str]:
    """Complete the dataset and return what the validator calls errors."""
    card = Card(
        "Signals",
        "Recordings that a test writes, to be read back and validated. " * 5,
        ("Ada Example",),
        "CC0-1.0",
        fields={"HEDVersion": HED_VERSION},
    )
    write_dataset(root, card=card, written=written)
    return [
        f"{one.check} {one.where}" for one in validate_bids(root).findings if one.severity is Severity.ERROR
    ]


def _read_back(root: Path, files: tuple[str, ...], names: list[str]) -> tuple[object, np.ndarray]:
    mne_bids = pytest.importorskip("mne_bids")
    first = next(path for path in files if path.endswith((".vhdr", ".fif", ".snirf")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(root / first), verbose="ERROR")
        return raw, raw.get_data(picks=[raw.ch_names.index(name) for name in names])


@pytest.mark.realdata
@pytest.mark.parametrize("item", REAL)
def test_a_real_recording_goes_to_valid_bids_and_back(item: str, shared: Path, tmp_path: Path) -> None:
    root, again, scratch = tmp_path / "bids", tmp_path / "again", tmp_path / "scratch"
    for folder in (root, again, scratch):
        folder.mkdir()
    written = []
    for recording in _recordings(shared / "data" / item, scratch, REAL[item]):
        done = writer.write(recording, root=root)
        assert writer.write(recording, root=again).files == done.files
        assert all((root / path).read_bytes() == (again / path).read_bytes() for path in done.files)
        written.append((recording.about, done))
        if item == "eeg_eeglab_xdf":
            continue
        (root / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.11.1"}')
        kept = [
            index for index, channel in enumerate(recording.channels) if channel.type not in {"ACCEL", "GYRO"}
        ]
        raw, data = _read_back(root, done.files, [recording.channels[index].name for index in kept])
        truth = recording.si()[:, kept].T
        largest = np.abs(truth).max(axis=1, keepdims=True)
        assert np.abs(data - truth).max() <= (largest * 2.0**-23).max()
        assert (np.abs(data - truth) <= largest * 2.0**-23).all()
        assert raw.info["sfreq"] == pytest.approx(recording.rate_hz)
    assert written
    assert _dataset(root, written) == []


@pytest.mark.realdata
def test_auxiliary_channels_of_a_nirs_device_are_carried_over(shared: Path, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (recording,) = _recordings(shared / "data" / "fnirs_nirsport2", tmp_path, "snirf")
    files = writer.write(recording, root=tmp_path / "bids").files
    (source,) = (shared / "data" / "fnirs_nirsport2").rglob("*.snirf")
    (copy,) = [tmp_path / "bids" / path for path in files if path.endswith(".snirf")]
    with h5py.File(source) as before, h5py.File(copy) as after:
        for number in range(1, 7):
            name = f"nirs/aux{number}/dataTimeSeries"
            assert np.array_equal(before[name][()], after[name][()])
        assert set(after["nirs/metaDataTags"]) == {
            "SubjectID", "MeasurementDate", "MeasurementTime", "LengthUnit", "TimeUnit", "FrequencyUnit",
        }  # fmt: skip


def test_a_person_in_the_header_is_not_in_the_files(truth: Planted, tmp_path: Path) -> None:
    words = [part.encode() for value in truth.identifiers.values() for part in value.split()]
    for make, format_ in (
        (signals.write_edf, "edf"),
        (signals.write_fif, "fif"),
        (signals.write_snirf, "snirf"),
    ):
        raw, root = tmp_path / f"{format_}raw", tmp_path / f"{format_}bids"
        raw.mkdir()
        root.mkdir()
        make(raw, truth)
        (recording,) = _recordings(raw, tmp_path, format_)
        about = replace(recording.about, subject=Subject("p1"), start=None)
        files = writer.write(replace(recording, about=about), root=root).files
        content = b"".join((root / path).read_bytes() for path in files)
        assert not [word for word in words if word in content]


def test_a_fif_holds_the_start_and_the_marks_that_the_noun_says_and_no_machine(
    truth: Planted, tmp_path: Path
) -> None:
    mne = pytest.importorskip("mne")
    path = signals.write_fif(tmp_path, truth)
    raw = mne.io.read_raw_fif(path, verbose="ERROR")
    raw.set_channel_types({"Fz": "mag"}, on_unit_change="ignore")
    (recording,) = _recordings(tmp_path, tmp_path, "fif")
    start = datetime.datetime(2016, 3, 3, 10, 11, 12, tzinfo=datetime.UTC)
    about = replace(recording.about, datatype="meg", subject=Subject("p1", sex="F"), start=start)
    marks = (Annotation("shown", 1.0, 0.5, by="file"),)
    noun = replace(recording, about=about, annotations=marks, native=raw)
    (fif,) = [name for name in writer.write(noun, root=tmp_path / "out").files if name.endswith(".fif")]
    back = mne.io.read_raw_fif(tmp_path / "out" / fif, verbose="ERROR")
    assert back.info["meas_date"] == start
    assert [(mark["onset"], mark["description"]) for mark in back.annotations] == [(1.0, "shown")]
    assert not back.info["subject_info"]
    assert set(back.info["file_id"]["machid"]) == {0}
    assert back.info["file_id"]["secs"] == 0


def test_sixteen_bits_stay_sixteen_bits(truth: Planted, tmp_path: Path) -> None:
    raw, root = tmp_path / "raw", tmp_path / "bids"
    raw.mkdir()
    signals.write_brainvision(raw, truth)
    (recording,) = _recordings(raw, tmp_path, "brainvision")
    files = writer.write(recording, root=root).files
    header = next((root / path).read_text() for path in files if path.endswith(".vhdr"))
    assert "BinaryFormat=INT_16" in header
    samples = next(root / path for path in files if path.endswith(".eeg"))
    assert samples.read_bytes() == (raw / "recording.eeg").read_bytes()


@pytest.mark.parametrize("step", [1.0, 1e-5, 3e-9])
def test_a_wrong_resolution_costs_no_sample(step: float, tmp_path: Path) -> None:
    noun = _noun("eeg", (Channel("Cz", "EEG", details={"stored_step": step}),))
    done = writer.write(noun, root=tmp_path)
    _, back = _read_back(tmp_path, _described(tmp_path, done), ["Cz"])
    assert np.allclose(back[0], noun.si()[:, 0], rtol=1e-6, atol=0)


def _noun(datatype: str, channels: tuple[Channel, ...], **changes: object) -> Recording:
    values = np.random.default_rng(5).normal(0, 1e-5, (400, len(channels)))
    about = About(
        datatype,
        Subject("01", species="Homo sapiens"),
        entities={"task": "walk"},
        device=Device("Maker", "Model"),
    )
    return replace(Recording(values, 100.0, channels, about), **changes)


def test_positions_events_gaps_and_bad_channels_are_written(tmp_path: Path) -> None:
    channels = (
        Channel("Cz", "EEG", position_mm=(0.0, 10.0, 90.0)), Channel("Pz", "EEG", position_mm=(0.0, -40.0, 80.0), bad=True),
        Channel("Status", "TRIG", unit="1"),
    )  # fmt: skip
    marks = (
        Annotation("go\tnow", 0.5, 0.25, channels=("Cz",), details={"value": 7, "HED": "Sensory-event"}),
    )
    noun = _noun("eeg", channels, space="CapTrak", annotations=marks, gaps=((200, 1.5),))
    done = writer.write(noun, root=tmp_path)
    table = {
        path.rsplit("_", 1)[1]: (tmp_path / path).read_text()
        for path in done.files
        if path.endswith(("tsv", "json"))
    }
    assert table["electrodes.tsv"].splitlines()[1] == "Cz\t0\t10\t90"
    assert json.loads(table["coordsystem.json"])["EEGCoordinateSystem"] == "CapTrak"
    assert table["events.tsv"].splitlines() == [
        "onset\tduration\ttrial_type\tvalue\tsample\tchannel\tHED",
        "0.5\t0.25\tgo now\t7\t50\tCz\tSensory-event",
        "2\t0\tgap\t1.5\t200\tn/a\tn/a",
    ]
    assert [line.split("\t")[-1] for line in table["channels.tsv"].splitlines()] == [
        "status",
        "good",
        "bad",
        "good",
    ]
    assert json.loads(table["eeg.json"])["RecordingType"] == "discontinuous"
    assert [finding.check for finding in done.findings] == ["bids.gaps"]
    assert _dataset(tmp_path, [(noun.about, done)]) == []


def test_motion_and_intracranial_recordings_without_positions_are_valid(tmp_path: Path) -> None:
    body = tuple(
        Channel(
            f"acc_{axis}", "ACCEL", unit="m/s^2", details={"component": axis, "tracked_point": "LeftFoot"}
        )
        for axis in "xyz"
    )
    deep = tuple(Channel(f"LAHC{i}", "SEEG", group="LAHC") for i in range(1, 4))
    written = []
    for noun in (_noun("motion", body), _noun("ieeg", deep)):
        written.append((noun.about, writer.write(noun, root=tmp_path)))
    assert any("tracksys-Model" in path for path in written[0][1].files)
    values = np.loadtxt(next(tmp_path.rglob("*_motion.tsv")))
    assert np.array_equal(values, _noun("motion", body).si())
    assert _dataset(tmp_path, written) == []


def test_a_task_that_nobody_named_is_asked_for(tmp_path: Path) -> None:
    noun = _noun("eeg", (Channel("Cz", "EEG"),))
    done = writer.write(replace(noun, about=replace(noun.about, entities={})), root=tmp_path)
    assert [finding.check for finding in done.findings] == ["bids.task"]
    assert any("task-unnamed_eeg.vhdr" in path for path in done.files)


def test_what_is_no_signal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="datatype"):
        writer.write(_noun("ecephys", (Channel("a"),)), root=tmp_path)
    with pytest.raises(BadInput, match="native"):
        writer.write(_noun("meg", (Channel("a", "MEGMAG", unit="T"),)), root=tmp_path)


def test_nan_samples_and_a_long_recording_are_streamed(tmp_path: Path) -> None:
    noun = _noun("eeg", (Channel("Cz", "EEG"), Channel("Cz", "EEG")))
    values = np.array(noun.signal)
    values[3, 0] = np.nan
    done = writer.write(replace(noun, signal=values), root=tmp_path)
    _, back = _read_back(tmp_path, _described(tmp_path, done), ["Cz", "Cz-2"])
    assert np.isnan(back[0, 3])
    assert np.isnan(back).sum() == 1
    assert "bids.channel_names" in {finding.check for finding in done.findings}


def _described(root: Path, done: Written) -> tuple[str, ...]:
    (root / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.11.1"}')
    return done.files
