"""The named texts inside a file: what its headers, keys and columns say, whatever the packing."""

import csv
import io
import json
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from commissure.extras import need
from commissure.protect.files.fields_rigs import RIGS, rig_fields
from commissure.protect.files.fif import fif_tags, open_fif
from commissure.protect.files.gdf import gdf_fields
from commissure.protect.files.hdf5 import texts_of
from commissure.protect.files.hdf5_types import is_hdf5
from commissure.protect.files.lab_headers import is_lab_header, lab_header_fields
from commissure.protect.files.matlab_hdf5 import is_matlab_hdf5, matlab_hdf5_texts
from commissure.protect.files.micromed import micromed_fields
from commissure.protect.files.sheet_parts import SHEETS
from commissure.protect.files.sheet_reading import sheet_fields
from commissure.protect.files.tables import identifying_column

__all__ = ["fields_of", "names_somebody"]

_LARGEST_JSON = 64 << 20
_KEYS = re.compile(
    r"(subject|participant|patient|his|study|series|session|accession|case|medical_?record|device|sop\w*|frame\w*)_?(id|uid|identifier|name|number|instance_?uid)s?"
    r"|identifier|id|uid|experimenter|lab|institution\w*|hospital|owner|station_?name|host\w*|user\w*|operator\w*|"
    r"technician|physician\w*|referring\w*|performing\w*|serial\w*|device_?serial\w*|gantry_?id|address|patient\w*|recording|site|proj_?name|"
    r"(first|last|middle|full)_?name|db_name|aux_file",
    re.I,
)
#: keys of that kind that hold a word of the standard, or a count
_NOT_KEYS = re.compile(
    r"patient_?(position|sex|age|weight|size|orientation\w*|identity_?removed|breed\w*|species\w*|support\w*|setup\w*)|"
    r"(study|series|frame|frame_?acquisition|acquisition|instance|item|sample)_?number|\w*sop_?class_?(uid|identifier)|\w*patient_?sex_?neutered",
    re.I,
)
_FIF_TEXTS = {212: "experimenter", 401: "first_name", 402: "middle_name", 403: "last_name", 410: "his_id",
              501: "proj_name", 503: "experimenter", 154: "serial", 155: "site"}  # fmt: skip
_LAB_HEADERS = frozenset({".hdr", ".inf", ".csv", ".txt"})
#: texts of a NIfTI header by the length of the header: name, place, size
_NIFTI_TEXTS = {
    348: (("db_name", 14, 18), ("descrip", 148, 80), ("aux_file", 228, 24), ("intent_name", 328, 16)),
    540: (("descrip", 240, 80), ("aux_file", 320, 24), ("intent_name", 508, 16)),
}
_ANALYZE_TEXTS = (
    *_NIFTI_TEXTS[348][:3],
    ("scannum", 273, 10),
    ("patient_id", 283, 10),
    ("exp_date", 293, 10),
)
_PAR_FIELD = re.compile(r"^\.\s+([A-Z][^:<]*?)\s*(?:[\[<(][^:]*)?:[ \t]*(\S.*?)\s*$", re.M)
_PAR_NAMES = {
    "Patient name": "PatientName",
    "Examination name": "StudyID",
    "Examination date/time": "examination_date",
}


def names_somebody(key: str) -> bool:
    """Whether a field of this name tells who or where.

    >>> names_somebody("InstitutionName"), names_somebody("TaskName"), names_somebody("PatientPosition")
    (True, False, False)
    """
    if _NOT_KEYS.fullmatch(key):
        return False
    return _KEYS.fullmatch(key) is not None or identifying_column(key) is not None


def fields_of(path: Path, *, suffix: str, head: bytes) -> Iterator[tuple[str, str]]:
    """``(name, text)`` of every named text in a file of a known kind; nothing for other kinds.

    Parameters
    ----------
    path : Path
        The file.
    suffix : str
        Its extension, lower case, without ``.gz``.
    head : bytes
        Its first bytes, decompressed.
    """
    if is_matlab_hdf5(head):
        yield from matlab_hdf5_texts(path)
    elif is_hdf5(head):
        for where, text in texts_of(path):
            yield re.split(r"[/@]", where)[-1], text
    elif suffix in _LAB_HEADERS and is_lab_header(head.decode("latin-1")):
        yield from lab_header_fields(path.read_text("latin-1"))
    elif suffix == ".json" and path.stat().st_size < _LARGEST_JSON:
        yield from _json(json.loads(path.read_text("utf-8", "replace")), "")
    elif suffix == ".tsv" and not path.name.endswith(".gz"):
        yield from _table(path.read_text("utf-8", "replace"))
    elif suffix == ".csv":
        yield from _table(path.read_text("utf-8", "replace"), mark=",")
    elif suffix in SHEETS:
        yield from sheet_fields(path)
    elif suffix in {".edf", ".bdf"}:
        yield "patient", head[8:88].decode("latin-1")
        yield "recording", head[88:168].decode("latin-1")
        # the date stands against the time, so that the search for words does not see it
        yield "startdate", head[168:176].decode("latin-1")
    elif suffix == ".gdf":
        yield from gdf_fields(path)
    elif suffix == ".trc":
        yield from micromed_fields(path)
    elif suffix == ".fif":
        yield from _fif(path)
    elif suffix in {".nii", ".hdr"}:
        sizes = (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
        analyze = suffix == ".hdr" and 348 in sizes and head[344:347] not in {b"n+1", b"ni1"}
        for name, start, size in _ANALYZE_TEXTS if analyze else _NIFTI_TEXTS[540 if 540 in sizes else 348]:
            yield name, head[start : start + size].decode("latin-1").strip("\x00 ")
    elif suffix == ".par" and head.startswith(b"#"):
        for name, value in _PAR_FIELD.findall(head.decode("latin-1")):
            yield _PAR_NAMES.get(name, name), value
    elif suffix in RIGS:
        yield from rig_fields(path, suffix=suffix, head=head)
    elif suffix == ".dcm" or head[128:132] == b"DICM":
        yield from _dicom(path)


def _json(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _json(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _json(item, key)
    elif value is not None and not isinstance(value, bool):
        yield key, str(value)


def _table(text: str, *, mark: str = "\t") -> Iterator[tuple[str, str]]:
    lines = io.StringIO(text, newline=None)
    tabbed = csv.reader(lines, delimiter=mark, quoting=csv.QUOTE_NONE)
    rows = tabbed if mark == "\t" else csv.reader(lines, delimiter=mark)
    header = next(rows, [])
    wanted = [index for index, name in enumerate(header) if names_somebody(name.strip())]
    for row in rows if wanted else ():
        yield from ((header[index], row[index]) for index in wanted if index < len(row))


def _fif(path: Path) -> Iterator[tuple[str, str]]:
    tags = [tag for tag in fif_tags(path) if tag.kind in _FIF_TEXTS or tag.kind in {204, 103}]
    with open_fif(path) as stream:
        for tag in tags:
            stream.seek(tag.start)
            data = stream.read(tag.size)
            if tag.kind in _FIF_TEXTS:
                yield _FIF_TEXTS[tag.kind], data.decode("latin-1")
            elif tag.kind == 204 and tag.size >= 4:
                yield "meas_date", _day(struct.unpack(">i", data[:4])[0])
            elif tag.kind == 103 and tag.size == 20:
                yield "block_date", _day(struct.unpack(">i", data[12:16])[0])


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat() if seconds > 0 else ""


def _dicom(path: Path) -> Iterator[tuple[str, str]]:
    pydicom = need("pydicom", purpose="Reading DICOM headers")
    dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    for element in dataset.iterall():
        if element.VR not in {"SQ", "OB", "OW", "OF", "OD", "UN"} and element.value not in (None, ""):
            yield element.keyword or "private", str(element.value)
