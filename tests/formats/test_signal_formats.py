"""Every signal format on files with planted truth: samples, events, people, and the reader's contract.

Formats whose files are built here byte by byte, for want of a library and of a real file, are called ``generated``.
"""

import gzip
import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.detect import detect
from commissure.formats.gdf import layout_of
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Recording
from commissure.testing import clinic_bytes, meg_bytes, nirs_bytes, signal_bytes, signals
from commissure.testing.reader import check_hostile, check_reader
from commissure.testing.signals import Planted, planted

#: format, maker, the largest error in steps of the stored resolution (volts), keys of the person that the file holds
WHO = ("name", "id", "operator")
CASES: dict[str, tuple[str, Callable[..., Path], float, tuple[str, ...]]] = {
    "edf": ("edf", signals.write_edf, 2e-9, ("id",)),
    "bdf": ("edf", signals.write_bdf, 1e-11, ("id",)),
    "brainvision": ("brainvision", signals.write_brainvision, 2.5e-9, ()),
    "eeglab": ("eeglab", signals.write_eeglab, 1e-11, ()),
    "fif": ("fif", signals.write_fif, 1e-11, ("id", "operator")),
    "egi_generated": ("egi", signals.write_mff, 1e-11, ()),
    "persyst_generated": ("persyst", signal_bytes.write_persyst, 1.3e-9, ("id", "operator")),
    "neuroscan_generated": ("neuroscan", signal_bytes.write_neuroscan, 1.3e-9, ("id", "operator")),
    "nihon_kohden_generated": ("nihon_kohden", signal_bytes.write_nihon_kohden, 5e-8, ("name",)),
    "curry_generated": ("curry", signal_bytes.write_curry, 1e-11, ("operator",)),
    "ant_written_by_libeep": ("ant", signal_bytes.write_ant, 7.9e-9, WHO),
    "xdf_generated": ("xdf", signal_bytes.write_xdf, 1e-11, ()),
    "gdf_1_generated": ("gdf", partial(clinic_bytes.write_gdf, version=1.25), 1.3e-9, ("id", "operator")),
    "gdf_2_generated": ("gdf", partial(clinic_bytes.write_gdf, version=2.2), 1.3e-9, ("id", "operator")),
    "gdf_of_biosig_generated": ("gdf", clinic_bytes.write_gdf, 1.3e-9, ("id", "operator")),
}
SILENT_OF_EVENTS = {"nihon_kohden_generated", "curry_generated", "ant_written_by_libeep"}


@pytest.fixture
def truth() -> Planted:
    return planted(rng=np.random.default_rng(3))


def _read(folder: Path, scratch: Path) -> list[Recording]:
    listing = Listing.of(folder)
    scratch.mkdir(exist_ok=True)
    found = detect(listing, READERS.items())
    assert not found.findings
    nouns = []
    for source in found.sources:
        nouns += READERS.get(source.format).read(source, listing, scratch=scratch)
    return [noun for noun in nouns if isinstance(noun, Recording)]


@pytest.mark.parametrize("case", CASES)
def test_what_was_planted_is_read(case: str, truth: Planted, tmp_path: Path) -> None:
    format_, make, error_v, roles = CASES[case]
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    make(raw, truth)
    assert {source.format for source in detect(Listing.of(raw), READERS.items()).sources} == {format_}
    recording = _read(raw, scratch)[0]
    assert recording.rate_hz == pytest.approx(truth.rate_hz)
    read = recording.si()[:, : len(truth.names)]
    assert np.abs(read - truth.volts[: len(read)]).max() <= error_v
    assert abs(len(read) - len(truth.volts)) <= 1
    assert {channel.unit for channel in recording.channels[: len(truth.names)]} == {"V"}
    assert recording.about.sidecar["PowerLineFrequency"] == 50.0
    if case not in SILENT_OF_EVENTS:
        onsets = [mark.onset_s for mark in recording.annotations]
        assert onsets == pytest.approx([onset for onset, _ in truth.events], abs=1.01 / truth.rate_hz)
    held = " ".join(one.value for one in recording.about.identifiers).replace("_", " ")
    for role in roles:
        assert truth.identifiers[role] in held


@pytest.mark.parametrize("case", CASES)
def test_the_reader_keeps_its_contract(case: str, truth: Planted, tmp_path: Path) -> None:
    format_, make, _, _ = CASES[case]
    raw = tmp_path / "raw"
    raw.mkdir()
    make(raw, truth)
    assert check_reader(READERS.get(format_), Listing.of(raw), scratch=tmp_path / "scratch") == ()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kept", [0.0, 0.05, 0.6])
def test_a_truncated_recording_gives_our_own_error_or_less_data(
    case: str, kept: float, truth: Planted, tmp_path: Path
) -> None:
    format_, make, _, _ = CASES[case]
    raw = tmp_path / "raw"
    raw.mkdir()
    make(raw, truth)
    largest = max((path for path in raw.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: round(kept * largest.stat().st_size)])
    assert check_hostile(READERS.get(format_), Listing.of(raw), scratch=tmp_path / "scratch") == ()


@pytest.mark.parametrize(
    "case", ["edf", "bdf", "fif", "neuroscan_generated", "ant_written_by_libeep", "xdf_generated"]
)
def test_a_wrong_extension_does_not_hide_what_a_file_is(case: str, truth: Planted, tmp_path: Path) -> None:
    _, make, error_v, _ = CASES[case]
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = make(raw, truth)
    path.rename(raw / "recording.bin")
    recording = _read(raw, scratch)[0]
    assert np.abs(recording.si()[:, :5] - truth.volts).max() <= error_v


def test_kit_generated_reads_teslas(truth: Planted, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    signal_bytes.write_kit(raw, truth)
    assert check_reader(READERS.get("kit"), Listing.of(raw), scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, tmp_path)
    assert recording.about.datatype == "meg"
    assert {channel.type for channel in recording.channels[:5]} == {"MEGGRADAXIAL"}
    assert np.abs(recording.si()[:, :5] - truth.volts * 1e-6).max() <= truth.resolution_v * 1e-6
    assert truth.identifiers["name"] in [one.value for one in recording.about.identifiers]


@pytest.mark.parametrize(
    ("format_", "make"),
    [
        ("nirx", nirs_bytes.write_nirx),
        ("nirx", partial(nirs_bytes.write_nirx, aurora=True)),
        ("hitachi", nirs_bytes.write_hitachi),
        ("boxy", nirs_bytes.write_boxy),
    ],
    ids=["nirstar", "aurora", "hitachi", "boxy"],
)
def test_optical_recordings_generated_are_read(
    format_: str, make: Callable[..., Path], truth: Planted, tmp_path: Path
) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = make(raw, truth)
    reader, listing = READERS.get(format_), Listing.of(raw)
    assert check_reader(reader, listing, scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, scratch)
    optical = [index for index, one in enumerate(recording.channels) if one.type == "NIRSCWAMPLITUDE"]
    assert recording.about.datatype == "nirs"
    assert np.abs(recording.si()[:, optical[:4]] - (1 + truth.volts[:, :4] * 1e3)).max() < 1e-8
    waves = {"nirx": {760.0, 850.0}, "hitachi": {700.1, 829.1}, "boxy": {690.0, 830.0}}[format_]
    assert {recording.channels[index].details["wavelength_nominal"] for index in optical} == waves
    assert [(mark.label, mark.onset_s) for mark in recording.annotations] == [("1", 0.5), ("2", 1.25)]
    if format_ != "boxy":
        assert truth.identifiers["name"] in [one.value for one in recording.about.identifiers]
        assert (recording.about.subject.sex, recording.about.subject.age_years) == ("F", 70.0)
        assert str(recording.about.start)[:16] == "2021-03-04 10:11"
    largest = max((one for one in raw.iterdir()), key=lambda one: one.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 3])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert check_hostile(reader, Listing.of(raw), scratch=tmp_path / "hostile") == ()


def test_micromed_generated_reads_scalp_and_depth(truth: Planted, tmp_path: Path) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = clinic_bytes.write_micromed(raw, truth)
    assert check_reader(READERS.get("micromed"), Listing.of(raw), scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, scratch)
    assert recording.about.datatype == "eeg"
    assert np.abs(recording.si() - truth.volts).max() <= truth.resolution_v * 0.51
    assert recording.about.sidecar["PowerLineFrequency"] == 50.0
    notes = [(mark.label, mark.onset_s) for mark in recording.annotations if not mark.label.isdigit()]
    assert notes == [("go", 0.5), ("stop", 1.25)]
    assert {"Ottilie", "Quastenflosser", "1951-02-27"} <= {one.value for one in recording.about.identifiers}
    deep = Planted(truth.volts, truth.rate_hz, ("A1", "A2", "B'1", "B'2", "ECG"), (), truth.identifiers)
    clinic_bytes.write_micromed(raw, deep)
    (recording,) = _read(raw, scratch)
    assert recording.about.datatype == "ieeg"
    assert [one.type for one in recording.channels] == ["SEEG"] * 4 + ["ECG"]
    assert recording.channels[2].group == "B'"
    for kept in (0.0, 0.02, 0.4):
        path.write_bytes(path.read_bytes()[: round(kept * path.stat().st_size)])
        assert check_hostile(READERS.get("micromed"), Listing.of(raw), scratch=tmp_path / f"cut{kept}") == ()


def test_bti_generated_reads_teslas_with_the_head_shape(truth: Planted, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    said = {**truth.identifiers, "institution": "St. Planted", "path": "/home/tasterich/run1"}
    path = meg_bytes.write_bti(raw, replace(truth, identifiers=said))
    reader = READERS.get("bti")
    assert check_reader(reader, Listing.of(raw), scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, tmp_path)
    assert [(one.name, one.type) for one in recording.channels[-2:]] == [
        ("A5", "MEGMAG"),
        ("TRIGGER", "TRIG"),
    ]
    assert np.abs(recording.si()[:, :5] - truth.volts * 1e-7).max() <= truth.resolution_v * 0.51e-7
    assert [(mark.label, mark.onset_s) for mark in recording.annotations] == [("1", 0.5), ("2", 1.25)]
    assert len(recording.native.info["dig"]) == 6
    held = {(one.category, one.value) for one in recording.about.identifiers}
    assert {("institution", "St. Planted"), ("operator", said["operator"]), ("path", said["path"])} <= held
    for kept in (0.0, 0.5):
        for one in (path, path.with_name("config")):
            one.write_bytes(one.read_bytes()[: round(kept * one.stat().st_size)])
        assert check_hostile(reader, Listing.of(raw), scratch=tmp_path / f"cut{kept}") == ()
    (tmp_path / "alone").mkdir()
    meg_bytes.write_bti(tmp_path / "alone", truth).unlink()
    assert [one.check for one in detect(Listing.of(tmp_path / "alone"), READERS.items()).findings] == [
        "detect.incomplete"
    ]


def test_artemis123_generated_reads_teslas(truth: Planted, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    path = meg_bytes.write_artemis123(raw, truth)
    reader = READERS.get("artemis123")
    assert check_reader(reader, Listing.of(raw), scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, tmp_path)
    assert [one.type for one in recording.channels] == ["MEGGRADAXIAL"] * 5 + ["TRIG"]
    assert np.abs(recording.si()[:, :5] - truth.volts * 1e-7).max() < 1e-17
    assert [(mark.label, mark.onset_s) for mark in recording.annotations] == [("1", 0.5), ("2", 1.25)]
    assert (recording.about.subject.label, str(recording.about.start)) == ("MRN77042", "2021-03-04 10:11:12")
    header = path.with_suffix(".txt")
    header.write_text(header.read_text().replace("Channel 1\tOFF", "Channel 1\tON").replace("Channel 2\tOFF", "Channel 2\tON").replace("Channel 3\tOFF", "Channel 3\tON"))  # fmt: skip
    (recording,) = _read(raw, tmp_path / "scratch")
    assert [one.check for one in recording.about.findings] == ["read.head_position"]
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(Unreadable, match="truncated"):
        _read(raw, tmp_path / "cut")


def test_a_snirf_file_beside_auroras_own_is_read_in_their_place(truth: Planted, tmp_path: Path) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    nirs_bytes.write_nirx(raw, truth, name="2021-03-04_001", aurora=True)
    signals.write_snirf(raw, truth, name="2021-03-04_001.snirf")
    assert check_reader(READERS.get("nirx"), Listing.of(raw), scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, scratch)
    assert [mark.label for mark in recording.annotations] == ["go", "stop"]  # Aurora's own are codes
    assert recording.about.subject.label == truth.identifiers["id"]
    assert f"seen by {truth.identifiers['operator']}" in [one.value for one in recording.about.identifiers]


def test_what_breaks_mnes_parser_of_nirx_does_not_break_ours(truth: Planted, tmp_path: Path) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = nirs_bytes.write_nirx(raw, replace(truth, identifiers={"comment": "line one\nline two"}))
    person = path.with_suffix(".inf")
    person.write_text(person.read_text().replace("Age=70", "Age=34.5"))
    (recording,) = _read(raw, scratch)
    assert recording.about.subject.age_years == 34.5
    path.write_text(path.read_text("latin-1").replace('NIRStar="15.3"', 'NIRStar="14.1"'), "latin-1")
    with pytest.raises(Unreadable, match=r"NIRStar '14\.1'"):
        _read(raw, scratch)


def test_snirf_reads_amplitudes_with_their_optodes(truth: Planted, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    signals.write_snirf(raw, truth)
    assert check_reader(READERS.get("snirf"), Listing.of(raw), scratch=tmp_path / "check") == ()
    (recording,) = _read(raw, tmp_path)
    assert [channel.details["wavelength_nominal"] for channel in recording.channels].count(850.0) == 2
    values = {
        channel.name: column for channel, column in zip(recording.channels, recording.si().T, strict=True)
    }
    assert np.allclose(values["S2_D2 850"], 1.0 + truth.volts[:, 3] * 1e3)
    assert [mark.label for mark in recording.annotations] == ["go", "stop"]


def test_a_renamed_brainvision_triplet_is_read_by_its_new_names(truth: Planted, tmp_path: Path) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    signals.write_brainvision(raw, truth)
    for suffix in (".vhdr", ".vmrk", ".eeg"):
        (raw / f"recording{suffix}").rename(raw / f"sub-07_task-rest{suffix}")
    (recording,) = _read(raw, scratch)
    assert np.abs(recording.si() - truth.volts).max() <= 2.5e-9
    assert recording.about.subject.label == "07"
    assert recording.about.entities["task"] == "rest"


def test_a_header_without_its_samples_is_said_to_be_incomplete(truth: Planted, tmp_path: Path) -> None:
    path = signals.write_brainvision(tmp_path, truth)
    path.with_suffix(".eeg").unlink()
    listing = Listing.of(tmp_path)
    found = detect(listing, READERS.items())
    assert [finding.check for finding in found.findings] == ["detect.incomplete"]
    with pytest.raises(Unreadable, match="not complete"):
        READERS.get("brainvision").read(found.sources[0], listing, scratch=tmp_path)


def test_edf_channels_of_two_rates_become_two_recordings(truth: Planted, tmp_path: Path) -> None:
    edfio = pytest.importorskip("edfio")
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    slow = np.linspace(-50, 50, 4)
    fast = [
        edfio.EdfSignal(truth.volts[:, i] * 1e6, 256, label=truth.names[i], physical_dimension="uV")
        for i in range(2)
    ]
    edfio.Edf([*fast, edfio.EdfSignal(slow, 1, label="SpO2", physical_dimension="%")]).write(
        raw / "night.edf"
    )
    first, second = _read(raw, scratch)
    assert (first.rate_hz, second.rate_hz) == (256.0, 1.0)
    assert (first.about.entities["acq"], second.about.entities["acq"]) == ("256Hz", "1Hz")
    assert np.allclose(second.si()[:, 0], slow, atol=0.01)


@pytest.mark.parametrize("version", [1.25, 2.2])
def test_gdf_channels_of_two_rates_become_two_recordings(
    version: float, truth: Planted, tmp_path: Path
) -> None:
    """The last channel with every fourth sample; events stay at their seconds in both."""
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = clinic_bytes.write_gdf(raw, truth, version=version)
    layout, content = layout_of(path), path.read_bytes()
    head = bytearray(content[: layout.head_bytes])
    struct.pack_into("<qII", head, 236, 256, 4, 256)
    struct.pack_into("<5I", head, 256 + 5 * 216, 4, 4, 4, 4, 1)
    samples = np.frombuffer(content[layout.head_bytes : layout.events_at], "<i2").reshape(256, 4, 5)
    fast = samples[:, :, :4].transpose(0, 2, 1).reshape(256, 16)
    records = np.concatenate([fast, samples[:, :1, 4]], axis=1)
    path.write_bytes(bytes(head) + records.tobytes() + content[layout.events_at :])
    first, second = _read(raw, scratch)
    assert (first.rate_hz, second.rate_hz) == (256.0, 64.0)
    assert (first.about.entities["acq"], second.about.entities["acq"]) == ("256Hz", "64Hz")
    assert np.abs(first.si() - truth.volts[:, :4]).max() <= truth.resolution_v * 0.51
    assert np.abs(second.si()[:, 0] - truth.volts[::4, 4]).max() <= truth.resolution_v * 0.51
    assert (
        [mark.onset_s for mark in first.annotations]
        == [mark.onset_s for mark in second.annotations]
        == [0.5, 1.25]
    )


def test_gdf_of_24_bits_is_read(truth: Planted, tmp_path: Path) -> None:
    """As BioSig makes it out of BDF."""
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = clinic_bytes.write_gdf(raw, truth)
    layout, content = layout_of(path), path.read_bytes()
    head = bytearray(content[: layout.head_bytes])
    struct.pack_into("<5I", head, 256 + 5 * 220, *[279] * 5)
    samples = np.frombuffer(content[layout.head_bytes : layout.events_at], "<i2").astype("<i4")
    three = samples.view(np.uint8).reshape(-1, 4)[:, :3]
    path.write_bytes(bytes(head) + three.tobytes() + content[layout.events_at :])
    (recording,) = _read(raw, scratch)
    assert np.abs(recording.si() - truth.volts).max() <= truth.resolution_v * 0.51
    assert [mark.label for mark in recording.annotations] == ["go", "stop"]


@pytest.mark.parametrize(
    ("version", "at", "unit", "factor"),
    [(1.25, 96 * 5, b"mV".ljust(8), 1e3), (2.2, 102 * 5, b"\xb4\x10", 1e-3)],
)
def test_gdf_in_millivolts_or_nanovolts_is_not_taken_for_volts(
    version: float, at: int, unit: bytes, factor: float, truth: Planted, tmp_path: Path
) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    path = clinic_bytes.write_gdf(raw, truth, version=version)
    content = bytearray(path.read_bytes())
    content[256 + at : 256 + at + len(unit)] = unit
    path.write_bytes(bytes(content))
    (recording,) = _read(raw, scratch)
    assert np.abs(recording.si()[:, 0] / factor - truth.volts[:, 0]).max() <= truth.resolution_v * 0.51
    assert np.abs(recording.si()[:, 1] - truth.volts[:, 1]).max() <= truth.resolution_v * 0.51


def test_neuralynx_generated_keeps_gaps_and_tells_people_from_animals(truth: Planted, tmp_path: Path) -> None:
    human = Planted(truth.volts, 2000.0, ("LAHC1", "LAHC2", "RAMY1", "xEKG1", "RAMY2"), (), truth.identifiers)
    animal = Planted(truth.volts, 32000.0, ("CSC1", "CSC2", "CSC3", "CSC4", "CSC5"), (), truth.identifiers)
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    signal_bytes.write_neuralynx(raw / "patient", human, gap_s=0.25)
    signal_bytes.write_neuralynx(raw / "rat", animal)
    assert check_reader(READERS.get("neuralynx"), Listing.of(raw), scratch=scratch) == ()
    people, rats = _read(raw, scratch)
    assert (people.about.datatype, rats.about.datatype) == ("ieeg", "ecephys")
    assert (people.about.subject.species, rats.about.subject.species) == ("Homo sapiens", "")
    assert people.gaps == ((512, pytest.approx(0.25, abs=1e-6)),)
    order = [human.names.index(channel.name) for channel in people.channels]
    assert np.abs(people.si() - human.volts[:, order]).max() <= human.resolution_v * 0.51
    assert np.array_equal(people.signal[500:530], people.signal[0:1024][500:530])


def test_xdf_markers_land_on_the_sample_that_the_clock_shows_generated(
    truth: Planted, tmp_path: Path
) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    signal_bytes.write_xdf(raw, truth)
    eeg, motion = _read(raw, scratch)
    assert [(mark.label, round(mark.onset_s or 0, 6)) for mark in eeg.annotations] == [
        ("go", 0.5),
        ("stop", 1.25),
    ]
    assert motion.about.datatype == "motion"
    assert [channel.type for channel in motion.channels] == ["ACCEL"] * 3
    assert "planted-host-7" in [one.value for one in eeg.about.identifiers]


def test_a_packed_fif_is_read(truth: Planted, tmp_path: Path) -> None:
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    path = signals.write_fif(raw, truth)
    (raw / "recording_raw.fif.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    (recording,) = _read(raw, scratch)
    read = recording.si()[:, : len(truth.names)]
    assert np.abs(read - truth.volts[: len(read)]).max() <= 1e-11


def test_a_fif_without_a_recording_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    mne.write_trans(raw / "subject.fif", mne.Transform("head", "mri"), overwrite=True, verbose="ERROR")
    listing = Listing.of(raw)
    (source,) = detect(listing, READERS.items()).sources
    with pytest.raises(Unreadable, match="holds no recording"):
        READERS.get("fif").read(source, listing, scratch=scratch)
