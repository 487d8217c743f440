"""Volumes of other programs: AFNI (``.HEAD`` and ``.BRIK``), Analyze 7.5 and SPM's pairs, FreeSurfer's ``.mgz``.

Each is known by its header's first bytes and read by nibabel; voxels become single precision. What a program made from
other images (a brain in Talairach space, a segmentation) is read, but has no place among raw images, and says so.

Reference: Cox 1996, doi:10.1006/cbmr.1996.0014.
"""

import re
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.image_native import Beside, image_of
from commissure.formats.listing import Entry, Listing
from commissure.formats.port import Noun
from commissure.model import Finding, Identifier, Severity, Source, Subject

__all__ = ["VolumeReader", "read_afni", "read_analyze", "read_mgh"]

_GZIP = b"\x1f\x8b"
#: Analyze's types of voxels, and their bits
_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24}
#: who did what, where and when, as AFNI's programs log it
_LOGGED = re.compile(r"\[([^@\s\]]+)@([^:\s\]]+): ([^\]]+)\]")
_ANALYZE_TEXTS = {"descrip": "comment", "aux_file": "path", "originator": "operator", "generated": "comment", "db_name": "name",
                  "scannum": "id", "patient_id": "id", "exp_date": "date"}  # fmt: skip
#: volumes that FreeSurfer makes in a subject's folder ``mri``
_FREESURFER = re.compile(
    r"(nu|T1|norm|brain\w*|wm\w*|filled\w*|ribbon|aseg\w*|aparc\w*|ctrl_pts|[lr]h\..*)", re.I
)

#: from a path and the raw file's name to the nibabel image, and what its header tells
_Read = Callable[[Path, str], tuple[Any, Beside]]


class VolumeReader:
    """Finds and reads one of these formats.

    Parameters
    ----------
    format : str
        The name in the registry.
    finder : callable
        ``(listing) -> iterable of Source``.
    read_volume : callable
        ``(path, name) -> (nibabel image, Beside)``.
    told : tuple of Finding
        What is to be said of every such image.
    """

    def __init__(
        self,
        format: str,  # noqa: A002 - the word of the registry
        finder: Callable[[Listing], Iterable[Source]],
        read_volume: _Read,
        told: tuple[Finding, ...] = (),
    ) -> None:
        self.format, self.finder, self.read_volume, self.told = format, finder, read_volume, told

    def find(self, listing: Listing) -> Iterable[Source]:
        """One Source a volume."""
        return list(self.finder(listing))

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Noun]:
        """One Image.

        Raises
        ------
        Unreadable
            If the file is cut short or corrupt.
        """
        del scratch
        nibabel = need("nibabel", purpose="Reading images")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                native, beside = self.read_volume(listing.absolute(source.primary), source.primary)
                voxels = np.asarray(native.dataobj, dtype="float32")
        except Exception as error:  # noqa: BLE001 - nibabel, gzip and zlib have errors of their own
            message = f"The {self.format} volume is cut short or corrupt ({type(error).__name__}); get an intact copy of it."
            raise Unreadable(message) from error
        shown = nibabel.Nifti1Image(voxels, native.affine)
        zooms = native.header.get_zooms()
        if voxels.ndim == 4 and len(zooms) > 3:
            shown.header.set_zooms((*shown.header.get_zooms()[:3], zooms[3]))
            shown.header.set_xyzt_units("mm", "sec")
        image = image_of(shown, beside)
        return [replace(image, about=replace(image.about, findings=(*image.about.findings, *self.told)))]


def find_afni(listing: Listing) -> Iterator[Source]:
    """``.HEAD`` files that begin with an attribute, each with its ``.BRIK``."""
    for entry in listing.files:
        if entry.suffix != ".head" or not listing.head(entry.path, 200).lstrip().startswith(b"type"):
            continue
        stem = entry.path[: -len(".HEAD")]
        bricks = [
            f"{stem}{end}"
            for end in (".BRIK", ".BRIK.gz", ".brik", ".brik.gz")
            if listing.has(f"{stem}{end}")
        ]
        note = "" if bricks else "the .BRIK file with the voxels is missing"
        yield Source("afni", (entry.path, *bricks[:1]), "bids", note=note, complete=bool(bricks))


def read_afni(path: Path, name: str) -> tuple[Any, Beside]:
    """An AFNI dataset; its history tells who ran programs, and where.

    Parameters
    ----------
    path : Path
        The ``.HEAD`` file.
    name : str
        Its path below the raw folder.
    """
    native = need("nibabel", purpose="Reading AFNI datasets").load(path)
    said = native.header.info
    history = str(said.get("HISTORY_NOTE", ""))
    found = [Identifier("comment", line.strip()) for line in history.replace("\\n", "\n").splitlines()]
    for user, host, when in _LOGGED.findall(history):
        found += [Identifier("operator", user), Identifier("host", host), Identifier("date", when)]
    found += [Identifier("date", str(said["IDCODE_DATE"]))] if "IDCODE_DATE" in said else []
    found += [Identifier("id", str(said["IDCODE_STRING"]))] if "IDCODE_STRING" in said else []
    standard = PurePosixPath(name).stem.rpartition("+")[2].casefold() in {"tlrc", "acpc"}
    unplaced = "by its view it was moved into a standard space, and BIDS keeps raw images" if standard else ""
    identifiers = tuple(one for one in dict.fromkeys(found) if one.value)
    return native, Beside(name.replace("+", "_"), identifiers=identifiers, unplaced=unplaced)


def find_analyze(listing: Listing) -> Iterator[Source]:
    """Pairs of ``.hdr`` and ``.img`` without NIfTI's mark."""
    for entry in listing.files:
        if entry.suffix != ".hdr" or not _is_analyze(listing.head(entry.path, 348), entry):
            continue
        stem = entry.path[: -len(entry.suffix)]
        voxels = next((path for path in (f"{stem}.img", f"{stem}.IMG") if listing.has(path)), "")
        beside = [f"{stem}.mat"] if listing.has(f"{stem}.mat") else []
        files = (entry.path, *([voxels] if voxels else []), *beside)
        note = "" if voxels else "the .img file of the pair is missing"
        yield Source("analyze", files, "bids", note=note, complete=bool(voxels))


def _is_analyze(head: bytes, entry: Entry) -> bool:
    if len(head) < 348 or entry.bytes > 4096 or head[344:348] in {b"n+1\x00", b"ni1\x00"}:
        return False
    for order in "<>":
        size, dimensions, kind, bits = struct.unpack_from(f"{order}i36xh28xhh", head)
        if size == 348 and 1 <= dimensions <= 7 and _BITS.get(kind) == bits:
            return True
    return False


def read_analyze(path: Path, name: str) -> tuple[Any, Beside]:
    """An Analyze 7.5 image or one of SPM's, which a ``.mat`` of the same name may place.

    Parameters
    ----------
    path : Path
        The ``.hdr`` file.
    name : str
        Its path below the raw folder.
    """
    native = need("nibabel", purpose="Reading Analyze images").load(path)
    raw = path.read_bytes()[:348]
    texts = {"descrip": (148, 80), "aux_file": (228, 24), "db_name": (14, 18), "generated": (263, 10), "scannum": (273, 10),
             "patient_id": (283, 10), "exp_date": (293, 10)}  # fmt: skip
    said = {key: _latin(raw[start : start + size]) for key, (start, size) in texts.items()}
    found = tuple(Identifier(_ANALYZE_TEXTS[key], value) for key, value in said.items() if value)
    return native, Beside(name, identifiers=found, subject=Subject(said["patient_id"]))


def _latin(raw: bytes) -> str:
    text = raw.split(b"\x00")[0].decode("latin-1").strip()
    return text if text.isprintable() else ""


def find_mgh(listing: Listing) -> Iterator[Source]:
    """``.mgz`` and ``.mgh`` volumes."""
    for entry in listing.files:
        head = listing.head(entry.path, 4)
        packed = entry.suffix == ".mgz" and head[:2] == _GZIP
        if packed or (entry.suffix == ".mgh" and head == b"\x00\x00\x00\x01"):
            yield Source("mgh", (entry.path,), "bids")


def read_mgh(path: Path, name: str) -> tuple[Any, Beside]:
    """A FreeSurfer volume; those that FreeSurfer made itself are derived.

    Parameters
    ----------
    path : Path
        The ``.mgz`` or ``.mgh`` file.
    name : str
        Its path below the raw folder.
    """
    native = need("nibabel", purpose="Reading FreeSurfer volumes").load(path)
    pure = PurePosixPath(name)
    made = pure.parent.name == "mri" and _FREESURFER.fullmatch(pure.stem)
    unplaced = "by its name FreeSurfer made it from other images, and BIDS keeps raw ones" if made else ""
    fields: dict[str, Any] = {}
    for key, word in (("te", "EchoTime"), ("ti", "InversionTime"), ("tr", "RepetitionTime")):
        value_ms = float(native.header[key])
        if value_ms > 0:
            fields[word] = round(value_ms / 1000, 6)
    return native, Beside(name, fields=fields, unplaced=unplaced)


_UNPLACED = Finding(
    "image.orientation",
    Severity.WARNING,
    "Analyze headers do not tell left from right; voxels are taken to run from right to left, as SPM wrote them.",
    remedy="Compare with the original, or share that instead.",
)
afni = VolumeReader("afni", find_afni, read_afni)
analyze = VolumeReader("analyze", find_analyze, read_analyze, (_UNPLACED,))
mgh = VolumeReader("mgh", find_mgh, read_mgh)
