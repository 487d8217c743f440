"""Headers of real files: what identifies goes, samples and science stay."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.model import About, Channel, Identifier, Recording, Subject
from commissure.protect.deidentify import deidentify
from commissure.protect.files.edf import rewrite_edf
from commissure.protect.files.fif import rewrite_fif
from commissure.protect.files.film import find_film_marks, rewrite_film
from commissure.protect.files.nifti import clean_nifti, rewrite_nifti
from commissure.protect.files.nwb import nwb_identifiers, rewrite_nwb
from commissure.protect.files.snirf import rewrite_snirf
from commissure.protect.scan import scan_tree
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

mne = pytest.importorskip("mne")
nibabel = pytest.importorskip("nibabel")
LABEL = "abcd2345"
DICOMS = (
    "dcm_siemens_skyra_epi",
    "dcm_ge_mr750_epi",
    "dcm_siemens_xa30",
    "dcm_siemens_b13_phi",
    "dcm_philips_studyforrest",
)


def cleaner_of(hub: Pseudonyms, identifiers: tuple[Identifier, ...], *, species: str = "") -> Cleaner:
    return Cleaner.of(
        About("eeg", Subject("S1", species=species), identifiers=identifiers), pseudonyms=hub, policy=Policy()
    )


def item(shared: Path, name: str, suffix: str) -> Path:
    return min((shared / "data" / name).rglob(f"*{suffix}"))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "suffix", "reader", "identifiers"),
    [
        (
            "meg_ctf_somMDYO",
            ".ds",
            "read_raw_ctf",
            (("name", "Mme Giroud"), ("operator", "AD SM LG OD"), ("date", "2000-04-13")),
        ),
        (
            "meg_sample_audvis",
            ".fif",
            "read_raw_fif",
            (("operator", "Eric Larson (larsoner)"), ("date", "2002-12-03")),
        ),
        ("eeg_edf_mne", ".edf", "read_raw_edf", (("date", "2014-04-29"),)),
        ("eeg_brainvision", ".vhdr", "read_raw_brainvision", (("date", "2013-11-13"),)),
    ],
)
def test_the_native_raw_is_clean_when_saved(
    name: str,
    suffix: str,
    reader: str,
    identifiers: tuple[tuple[str, str], ...],
    shared: Path,
    hub: Pseudonyms,
    tmp_path: Path,
) -> None:
    raw = getattr(mne.io, reader)(item(shared, name, suffix), verbose="error")
    before, names, moment = raw.get_data(), list(raw.ch_names), raw.info["meas_date"]
    known = tuple(Identifier(*pair) for pair in identifiers)
    about = About("meg", Subject("Mme Giroud"), identifiers=known, start=moment)
    noun = Recording(before.T, raw.info["sfreq"], tuple(Channel(ch) for ch in names), about, native=raw)
    clean, removed = deidentify(noun, pseudonyms=hub)
    clean.native.save(tmp_path / "x_raw.fif", verbose="error")
    assert scan_tree(tmp_path, known) == ((), ())
    again = mne.io.read_raw_fif(tmp_path / "x_raw.fif", verbose="error")
    assert again.ch_names == names
    assert again.info["sfreq"] == pytest.approx(noun.rate_hz)
    np.testing.assert_allclose(again.get_data(), before, rtol=1e-5, atol=1e-25)
    assert (moment - again.info["meas_date"]).days == hub.offset_days("Mme Giroud")
    assert {pair[0] for pair in identifiers} <= set(removed)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["eeg_edf_mne", "eeg_eeglab_testedf", "eeg_biosemi_bdf"])
def test_edf_and_bdf_headers(name: str, shared: Path, hub: Pseudonyms, tmp_path: Path) -> None:
    suffix = ".bdf" if "bdf" in name else ".edf"
    source, target = item(shared, name, suffix), tmp_path / f"x{suffix}"
    known = (
        Identifier("date", "2014-04-29"),
        Identifier("date", "1997-04-25"),
        Identifier("date", "2013-08-01"),
        Identifier("name", "J. B. (1066 28)"),
    )
    (tmp_path / "raw").mkdir()
    rewrite_edf(source, target, cleaner=cleaner_of(hub, known), label=LABEL)
    assert scan_tree(tmp_path, known) == ((), ())
    assert scan_tree(source.parent, known)[1]
    read = mne.io.read_raw_bdf if suffix == ".bdf" else mne.io.read_raw_edf
    old, new = read(source, verbose="error"), read(target, verbose="error")
    assert np.array_equal(old.get_data(), new.get_data())
    assert list(old.annotations.description) == list(new.annotations.description)
    assert target.read_bytes()[8:16] == LABEL.encode()


def test_names_in_edf_annotations_go_and_onsets_stay(hub: Pseudonyms, tmp_path: Path) -> None:
    edfio = pytest.importorskip("edfio")
    signal = edfio.EdfSignal(np.arange(256) / 256, 256, label="EEG Cz")
    notes = [
        edfio.EdfAnnotation(0.25, None, "stimulus"),
        edfio.EdfAnnotation(0.5, None, "Dr. Eschenbach enters"),
    ]
    patient = edfio.Patient(code="MRN1", name="Mathilde_Giroudel", additional=("asthma",))
    edfio.Edf([signal], annotations=notes, patient=patient).write(tmp_path / "a.edf")
    cleaner = cleaner_of(hub, (Identifier("name", "Giroudel^Mathilde"),))
    rewrite_edf(tmp_path / "a.edf", tmp_path / "b.edf", cleaner=cleaner, label=LABEL)
    clean = edfio.read_edf(tmp_path / "b.edf")
    assert [(note.onset, note.text.strip()) for note in clean.annotations] == [
        (0.25, "stimulus"),
        (0.5, "comment"),
    ]
    assert (clean.patient.code, clean.patient.name) == (LABEL, "X")
    assert cleaner.removed["name"] >= 2


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["meg_sample_audvis", "meg_elekta_birthday"])
def test_fif_tags_are_blanked_in_place(name: str, shared: Path, hub: Pseudonyms, tmp_path: Path) -> None:
    source, target = item(shared, name, ".fif"), tmp_path / "x_raw.fif"
    known = (Identifier("operator", "Eric Larson (larsoner)"), Identifier("date", "2002-12-03"))
    rewrite_fif(source, target, cleaner=cleaner_of(hub, known))
    assert scan_tree(tmp_path, known) == ((), ())
    assert target.stat().st_size == source.stat().st_size
    old, new = (mne.io.read_raw_fif(path, verbose="error") for path in (source, target))
    assert np.array_equal(old.get_data(), new.get_data())
    assert old.ch_names == new.ch_names


@pytest.mark.realdata
def test_snirf_tags(shared: Path, hub: Pseudonyms, tmp_path: Path) -> None:
    source, target = item(shared, "fnirs_nirsport2", ".snirf"), tmp_path / "x.snirf"
    cleaner = cleaner_of(hub, (Identifier("date", "2021-04-23"),))
    rewrite_snirf(source, target, cleaner=cleaner, label=LABEL)
    assert scan_tree(tmp_path, (Identifier("date", "2021-04-23"),)) == ((), ())
    old, new = (mne.io.read_raw_snirf(path, verbose="error") for path in (source, target))
    assert np.array_equal(old.get_data(), new.get_data())
    with h5py.File(target) as file:
        assert file["nirs/metaDataTags/SubjectID"][()] == [LABEL.encode()]
        assert file["nirs/metaDataTags/LengthUnit"][()] == [b"mm"]


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["nwb_icephys", "nwb_phy"])
def test_nwb_is_written_anew_valid_clean_and_the_same_each_time(
    name: str, shared: Path, hub: Pseudonyms, tmp_path: Path
) -> None:
    pynwb = pytest.importorskip("pynwb")
    source = item(shared, name, ".nwb")
    known = nwb_identifiers(source)
    for target in ("a.nwb", "b.nwb"):
        rewrite_nwb(
            source, tmp_path / target, cleaner=cleaner_of(hub, (), species="Rattus norvegicus"), label=LABEL
        )
    assert (tmp_path / "a.nwb").read_bytes() == (tmp_path / "b.nwb").read_bytes()
    assert scan_tree(tmp_path, known) == ((), ())
    assert scan_tree(source.parent, known)[1] == (source.name,)
    assert not pynwb.validate(path=str(tmp_path / "a.nwb"))
    with h5py.File(source) as old, h5py.File(tmp_path / "a.nwb") as new:
        numbers: list[str] = []
        old.visititems(
            lambda path, thing: (
                numbers.append(path)
                if isinstance(thing, h5py.Dataset) and thing.dtype.kind in "iuf"
                else None
            )
        )
        assert numbers
        for path in numbers:
            assert np.array_equal(old[path][()], new[path][()], equal_nan=True)
        assert "general/experimenter" not in new
        assert new["general/subject/subject_id"][()] == LABEL.encode()
        assert new["general/subject/species"][()] == old["general/subject/species"][()]


def test_a_birth_date_becomes_an_age(hub: Pseudonyms, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for path, text in (
            ("session_start_time", "2020-03-01T10:00:00+00:00"),
            ("general/subject/date_of_birth", "2020-01-01T00:00:00+00:00"),
            ("general/subject/age", ""),
            ("general/notes", "Dr. Eschenbach was late"),
        ):
            file[path] = text
        file["general/devices/probe"] = 1.0
        file["general/devices/probe"].attrs["serial_number"] = "SN-1"
        file["general/devices/probe"].attrs["manufacturer"] = "imec"
    rewrite_nwb(tmp_path / "a.nwb", tmp_path / "b.nwb", cleaner=cleaner_of(hub, ()), label=LABEL)
    with h5py.File(tmp_path / "b.nwb") as file:
        assert file["general/subject/age"][()] == b"P60D"
        assert "date_of_birth" not in file["general/subject"]
        assert dict(file["general/devices/probe"].attrs) == {"manufacturer": "imec"}
    assert b"Eschenbach" not in (tmp_path / "b.nwb").read_bytes()
    assert b"2020-0" not in (tmp_path / "b.nwb").read_bytes()


def test_nifti_headers_lose_notes_and_keep_every_voxel(hub: Pseudonyms, tmp_path: Path) -> None:
    data = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    image = nibabel.Nifti1Image(data, np.diag([2.0, 2.0, 3.0, 1.0]))
    image.header["descrip"] = b"TE=30;Time=221944.1;phase=1"
    image.header["aux_file"] = b"C:\\Users\\weschenbach"
    image.header["db_name"] = b"Giroudel^Mathilde"
    image.header.set_slope_inter(2.5, 1.0)
    image.header.extensions.append(
        nibabel.nifti1.Nifti1Extension("afni", b"<HISTORY>weschenbach@host</HISTORY>")
    )
    known = (Identifier("name", "Giroudel^Mathilde"), Identifier("path", "C:\\Users\\weschenbach\\x"))
    nibabel.save(image, tmp_path / "a.nii")
    nibabel.save(image, tmp_path / "a.nii.gz")
    (tmp_path / "clean").mkdir()
    for name in ("a.nii", "a.nii.gz"):
        rewrite_nifti(tmp_path / name, tmp_path / "clean" / name, cleaner=cleaner_of(hub, known))
        old, new = nibabel.load(tmp_path / name), nibabel.load(tmp_path / "clean" / name)
        assert np.array_equal(old.get_fdata(), new.get_fdata())
        assert np.array_equal(old.affine, new.affine)
        assert new.header["descrip"].item() == b"TE=30;phase=1"
        assert not new.header["aux_file"].item()
    assert scan_tree(tmp_path / "clean", known) == ((), ())
    cleaner = cleaner_of(hub, known)
    live = clean_nifti(nibabel.load(tmp_path / "a.nii"), cleaner=cleaner)
    assert not live.header.extensions
    assert np.array_equal(live.affine, image.affine)
    assert cleaner.removed == {"path": 1, "name": 1, "date": 1, "comment": 1}


@pytest.mark.realdata
@pytest.mark.parametrize("name", DICOMS)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_dicom_basic_profile(name: str, shared: Path, hub: Pseudonyms, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    from commissure.protect.files.burned_in import may_be_burned_in
    from commissure.protect.files.dicom import deidentify_dataset, dicom_identifiers

    source = next(
        p
        for p in sorted((shared / "data" / name).rglob("*"))
        if p.is_file() and p.read_bytes()[128:132] == b"DICM"
    )
    dataset = pydicom.dcmread(source)
    known, before = dicom_identifiers(dataset), pydicom.dcmread(source)
    cleaner = replace(cleaner_of(hub, known), subject=str(dataset.PatientID))
    deidentify_dataset(dataset, cleaner=cleaner, label=LABEL)
    dataset.save_as(tmp_path / "x.dcm")
    assert scan_tree(tmp_path, known) == ((), ())
    clean = pydicom.dcmread(tmp_path / "x.dcm")
    assert clean.PixelData == before.PixelData
    for key in ("RepetitionTime", "EchoTime", "Manufacturer", "ManufacturerModelName", "MagneticFieldStrength", "ImageType",
                "PatientSex", "PatientAge", "SeriesDescription", "ProtocolName", "SoftwareVersions", "PixelSpacing"):  # fmt: skip
        assert clean.get(key) == before.get(key)
    assert clean.SeriesInstanceUID == hub.uid(before.SeriesInstanceUID)
    assert clean.file_meta.MediaStorageSOPInstanceUID == clean.SOPInstanceUID
    assert not [element for element in clean.iterall() if element.tag.is_private]
    assert clean.PatientIdentityRemoved == "YES"
    assert may_be_burned_in(clean) == ""
    clean.BurnedInAnnotation = "YES"
    assert may_be_burned_in(clean)


@pytest.mark.realdata
def test_all_planted_dicom_attributes_go(
    shared: Path, hub: Pseudonyms, planted: dict[str, str], tmp_path: Path
) -> None:
    pydicom = pytest.importorskip("pydicom")
    from commissure.protect.files.dicom import deidentify_dataset

    dataset = pydicom.dcmread(next((shared / "data" / "dcm_siemens_b13_phi").rglob("*.dcm")))
    nested = pydicom.Dataset()
    nested.PersonName, nested.PersonTelephoneNumbers, nested.InstitutionName = (
        planted["name"],
        "+49 30 1234567",
        planted["institution"],
    )
    dataset.PatientBirthDate, dataset.PatientAge = "19510317", "093Y"
    dataset.PersonIdentificationCodeSequence = pydicom.Sequence([nested])
    dataset.ProcedureCodeSequence = pydicom.Sequence([nested])
    dataset.SeriesDescription = f"T1 {planted['name']}"
    dataset.ImageComments = planted["comment"]
    dataset.add_new(0x00090010, "LO", planted["institution"])
    dataset.add_new(0x00091001, "LO", planted["operator"])
    dataset.add_new(0x60003000, "OW", b"\x01\x00")
    known = tuple(Identifier(category, value) for category, value in planted.items() if category != "date")
    deidentify_dataset(dataset, cleaner=cleaner_of(hub, known), label=LABEL)
    dataset.save_as(tmp_path / "x.dcm")
    assert scan_tree(tmp_path, known) == ((), ())
    clean = pydicom.dcmread(tmp_path / "x.dcm")
    assert (clean.PatientAge, clean.SeriesDescription) == ("090Y", "T1 [name]")
    assert 0x60003000 not in clean


def atom(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def test_films_lose_their_dates_and_places(hub: Pseudonyms, tmp_path: Path) -> None:
    dated = b"\x00\x00\x00\x00" + (3_500_000_000).to_bytes(4, "big") * 2 + bytes(80)
    inside = (
        atom(b"mvhd", dated)
        + atom(b"trak", atom(b"tkhd", dated))
        + atom(b"udta", b"\xa9xyz +48.85+002.35/ iPhone of Mathilde")
    )
    film = atom(b"ftyp", b"isom0000") + atom(b"mdat", b"pictures" * 10) + atom(b"moov", inside)
    (tmp_path / "Mathilde.mp4").write_bytes(film)
    cleaner = cleaner_of(hub, ())
    made = rewrite_film(tmp_path / "Mathilde.mp4", cleaner=cleaner, scratch=tmp_path / "scratch")
    clean = made.read_bytes()
    assert len(clean) == len(film)
    assert b"pictures" * 10 in clean
    assert b"Mathilde" not in clean
    assert b"+48.85" not in clean
    assert (3_500_000_000).to_bytes(4, "big") not in clean
    assert "Mathilde" not in made.name
    assert cleaner.removed["date"] == 2
    assert find_film_marks(made) == ()


def test_a_json_number_is_never_touched(hub: Pseudonyms) -> None:
    from commissure.protect.files.sidecar import clean_sidecar

    numbers = {
        "RepetitionTime": 2.0,
        "SliceTiming": [0, 0.5, 1.0],
        "EffectiveEchoSpacing": 0.00058,
        "NumberShots": 20140429,
    }
    assert (
        clean_sidecar(
            json.loads(json.dumps(numbers)), cleaner=cleaner_of(hub, (Identifier("date", "2014-04-29"),))
        )
        == numbers
    )
