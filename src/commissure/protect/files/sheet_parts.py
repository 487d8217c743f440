"""What a workbook (``.xlsx``) is packed of: parts that are read, parts that go, and parts that nobody can look into.

>>> kind_of_part("xl/worksheets/sheet1.xml"), kind_of_part("xl/printerSettings/printerSettings1.bin"), kind_of_part("xl/media/image1.png")
('', 'gone', 'pictures')
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from commissure.errors import Unreadable

__all__ = ["SHEETS", "closed_parts", "kind_of_part", "packed_anew"]

#: extensions of workbooks that are cleaned
SHEETS = frozenset({".xlsx", ".xlsm"})
_READ = re.compile(
    r"\[content_types\]\.xml|_rels/\.rels|docprops/(core|app|custom)\.xml|xl/(workbook|sharedstrings|styles|metadata)\.xml|"
    r"xl/_rels/workbook\.xml\.rels|xl/worksheets/(_rels/)?[^/]+\.xml(\.rels)?|xl/theme/[^/]+\.xml|xl/(comments/)?comments?\d*\.xml|"
    r"xl/tables/[^/]+\.xml|xl/drawings/(_rels/)?[^/]*vml(drawing)?\d*\.(vml|vml\.rels)|xl/drawings/[^/]+\.vml"
)
#: what is not written anew: it says how a sheet was printed, by whom it was opened, what it was worked out in, or what other files hold
_GONE = re.compile(
    r"xl/calcchain\.xml|xl/printersettings/.*|docprops/thumbnail\..*|customxml/.*|__macosx/.*|docmetadata/.*|xl/externallinks/.*|xl/persons/.*|"
    r"xl/revisions/.*|xl/usernames\.xml|xl/volatiledependencies\.xml|xl/featurepropertybag/.*|.*/"
)
_CLOSED = (
    ("macros", re.compile(r"xl/vba.*|.*vbaproject.*|xl/macrosheets/.*|xl/dialogsheets/.*")),
    ("charts", re.compile(r"xl/charts?/.*|xl/chartsheets/.*|xl/charts(?:ex)?/.*")),
    ("pivot tables", re.compile(r"xl/pivot.*|xl/slicer.*|xl/timeline.*|xl/model/.*")),
    ("comments in threads", re.compile(r"xl/threadedcomments/.*")),
    ("embedded files", re.compile(r"xl/(embeddings|activex|ctrlprops|webextensions)/.*|customui/.*")),
    ("links to a database", re.compile(r"xl/connections\.xml|xl/querytables/.*|xl/xmlmaps\.xml")),
    ("pictures", re.compile(r"xl/media/.*|xl/richdata/.*|xl/diagrams/.*|xl/ink/.*")),
)
_DRAWING = re.compile(r"xl/drawings/(_rels/)?[^/]+\.xml(\.rels)?")
_LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_BYTES = 256 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CORE = b"""<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>"""
_PLAIN, _WITH_MACROS = (b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")  # fmt: skip


def kind_of_part(name: str) -> str:
    """Empty for a part that is read, ``gone`` for one that is left out, else what it holds that nobody can look into."""
    low = name.lower().lstrip("/")
    for what, pattern in _CLOSED:
        if pattern.fullmatch(low):
            return what
    if _READ.fullmatch(low):
        return ""
    return "gone" if _GONE.fullmatch(low) else "drawings" if _DRAWING.fullmatch(low) else "unknown parts"


def closed_parts(path: Path) -> tuple[str, ...]:
    """What a workbook holds that nobody can look into, sorted: pictures, charts, macros …

    Raises
    ------
    Unreadable
        If it is locked by a password, damaged, unpacks to too much, or declares types of its own in XML.
    """
    with path.open("rb") as stream:
        if stream.read(8) == _LOCKED:
            raise Unreadable(
                "A workbook is locked by a password, or older than .xlsx; save it without one as .xlsx or .csv."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > _MOST_BYTES:
                raise Unreadable(
                    f"A workbook unpacks to more than {_MOST_BYTES >> 20} MiB; save its sheets as .csv."
                )
            found = {kind_of_part(part.filename) for part in parts}
            for part in parts:
                kind = kind_of_part(part.filename)
                data = archive.read(part) if kind in {"", "drawings"} else b""
                if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
                    raise Unreadable("A workbook declares types of its own in XML; save it again in a spreadsheet program.")  # fmt: skip
                if kind == "drawings" and b"Anchor" in data:
                    found.add("drawings of shapes")
    except (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise Unreadable("A workbook is damaged; save it again in a spreadsheet program.") from error
    # programs pack an empty drawing with each sheet
    return tuple(sorted(found - {"", "gone", "drawings"}))


def packed_anew(packed: bytes, *, edit: Callable[[str, bytes], bytes], with_macros: bool) -> bytes:
    """The same workbook with no names or times of its making; ``edit`` gives the new bytes of a part.

    Parameters
    ----------
    packed : bytes
        A workbook.
    edit : callable
        From the name of a part and its bytes to other bytes.
    with_macros : bool
        Whether the file is called ``.xlsm``, which its type must say, macros or none.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.infolist():
            data = edit(part.filename, old.read(part))
            if part.filename == "docProps/core.xml":
                data = _CORE
            elif part.filename == "[Content_Types].xml" and with_macros:
                data = data.replace(_PLAIN, _WITH_MACROS)
            info = zipfile.ZipInfo(part.filename, _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            new.writestr(info, data)
    return made.getvalue()
