"""The glance at a DICOM header says what pydicom says, over syntaxes and nested sequences; what is not plain is left to pydicom."""

import warnings
from pathlib import Path

import pytest

from commissure.formats.dicom_glance import glance
from commissure.formats.dicom_header import mark_of

pydicom = pytest.importorskip("pydicom")
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402

EXPLICIT, IMPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
TAGS = {
    "Modality": 0x00080060,
    "SeriesDescription": 0x0008103E,
    "BurnedInAnnotation": 0x00280301,
    "SeriesInstanceUID": 0x0020000E,
}


def write(path: Path, syntax: str, *, endless: bool = True, description: str = "axial T1") -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = syntax, "1.2.840.10008.5.1.4.1.1.4"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    made = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = "1.2.840.10008.5.1.4.1.1.4", "1.2.3.4", "MR"
    made.SeriesDescription, made.SeriesInstanceUID, made.SeriesNumber, made.InstanceNumber = (
        description,
        "1.2.3",
        7,
        12,
    )
    made.ImageType, made.SpecificCharacterSet = ["DERIVED", "SECONDARY"], "ISO_IR 192"
    inner, outer = Dataset(), Dataset()
    inner.Modality, inner.CodeMeaning = "XX", "inner"  # what stands in a sequence is not the image's
    inner.is_undefined_length_sequence_item = outer.is_undefined_length_sequence_item = endless
    outer.add_new(0x00400260, "SQ", Sequence([inner]))
    made.add_new(0x00081140, "SQ", Sequence([outer]))
    for element in (made[0x00081140], outer[0x00400260]):
        element.is_undefined_length = endless
    made.BurnedInAnnotation = "NO"
    made.add_new(0x60000010, "US", 4)
    made.Rows, made.Columns, made.BitsAllocated = 4, 4, 8
    made.PixelData = bytes(16)
    made["PixelData"].VR = "OB"
    little = syntax != BIG
    pydicom.filewriter.dcmwrite(
        path, made, implicit_vr=syntax == IMPLICIT, little_endian=little, enforce_file_format=True
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("endless", [True, False])
def test_it_says_what_pydicom_says(syntax: str, endless: bool, tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", syntax, endless=endless)
    header = pydicom.dcmread(tmp_path / "a.dcm", stop_before_pixels=True)
    found = glance(tmp_path / "a.dcm", TAGS.values())
    assert found is not None
    assert {key: found.values[tag] for key, tag in TAGS.items()} == {
        key: str(header[key].value) for key in TAGS
    }
    assert found.groups == {tag.group for tag in header.keys()}  # noqa: SIM118
    assert 0x6000 in found.groups


@pytest.mark.parametrize("syntax", [BIG, DEFLATED])
def test_other_syntaxes_and_other_letters_are_left_to_pydicom(syntax: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(tmp_path / "a.dcm", syntax)
    assert glance(tmp_path / "a.dcm", TAGS.values()) is None
    write(tmp_path / "b.dcm", EXPLICIT, description="Schädel")
    assert glance(tmp_path / "b.dcm", TAGS.values()) is None
    for name in ("a.dcm", "b.dcm"):
        mark = mark_of(tmp_path / name)
        assert mark is not None
        assert (mark.series, mark.series_number, mark.instance) == ("1.2.3", 7, 12)
    assert "Schädel" in str(mark)


def test_a_file_that_is_cut_anywhere_is_never_half_believed(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", EXPLICIT)
    data = (tmp_path / "a.dcm").read_bytes()
    whole = glance(tmp_path / "a.dcm", TAGS.values())
    pixels = data.index(b"\xe0\x7f\x10\x00")
    believed = 0
    for end in range(pixels):
        (tmp_path / "cut.dcm").write_bytes(data[:end])
        found = glance(tmp_path / "cut.dcm", TAGS.values())
        # it may end between two elements, as a file without pixels does
        believed += found is not None
        assert found is None or set(found.values.items()) <= set(whole.values.items())
    assert 0 < believed < 40
    (tmp_path / "empty.dcm").write_bytes(b"")
    assert glance(tmp_path / "empty.dcm", TAGS.values()) is None
