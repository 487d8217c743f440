"""NIfTI-1 and -2, alone or with what lies beside them: JSON, gradients, events.

A file is known by its header, compressed or not, whatever it is called.
"""

import gzip
import shutil
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.image_events import attach_events
from commissure.formats.image_native import Beside, fields_of, image_of
from commissure.formats.listing import Entry, Listing
from commissure.formats.port import Noun
from commissure.model import Identifier, Source

__all__ = ["NiftiReader", "reader"]

_GZIP = b"\x1f\x8b"
_HEAD_BYTES = 352
_LARGEST_LEFT_PACKED = 64 << 20
_MAGICS = {b"n+1\x00", b"ni1\x00"}
#: intents of maps, atlases and transformations, none of which is a raw image
_STATISTIC_INTENTS = range(2, 25)
_OTHER_INTENTS = {1001: "an estimate", 1002: "a map of labels", 1004: "a matrix", 1005: "a matrix", 1006: "a displacement field",
                  1007: "a vector field", 2003: "a surface's colours", 2004: "a surface's colours"}  # fmt: skip
_DERIVED_WORDS = (
    "mask",
    "label",
    "labels",
    "seg",
    "atlas",
    "aparc",
    "aseg",
    "zstat",
    "tstat",
    "pvalue",
    "warp",
    "spmT",
)


class NiftiReader:
    """Finds NIfTI files and reads them as Images."""

    def find(self, listing: Listing) -> Iterable[Source]:
        """One Source a file (or pair of ``.hdr`` and ``.img``), with the side files of the same name."""
        found = []
        for entry in listing.files:
            header = _header_bytes(listing.head(entry.path))
            if header is None:
                continue
            stem = (
                entry.path[: -len(entry.suffix)]
                if entry.suffix in {".nii", ".nii.gz", ".hdr"}
                else entry.path
            )
            files = [entry.path]
            if entry.suffix == ".hdr":
                image = next((path for path in (f"{stem}.img", f"{stem}.img.gz") if listing.has(path)), "")
                files += [image] if image else []
            files += [f"{stem}.{name}" for name in ("json", "bval", "bvec") if listing.has(f"{stem}.{name}")]
            files += [path for path in (_events_name(stem),) if path and listing.has(path)]
            packed = listing.head(entry.path, 2) == _GZIP
            found.append(_source(entry, tuple(files), header, packed))
        return found

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Noun]:
        """One Image, its voxels left on disk.

        Raises
        ------
        Unreadable
            If the file is cut short or corrupt.
        """
        nibabel = need("nibabel", purpose="Reading NIfTI images")
        path = listing.absolute(source.primary)
        try:
            native = nibabel.load(_unpacked(path, scratch))
            native.header.get_data_dtype()
        except Exception as error:  # noqa: BLE001 - nibabel, gzip and zlib have errors of their own
            raise Unreadable("The NIfTI file is cut short or corrupt; get an intact copy of it.") from error
        beside = {name.rpartition(".")[2]: listing.absolute(name) for name in source.files[1:]}
        gradients = [key for key in ("bval", "bvec") if key in beside]
        extra = {str(key): beside[key].read_text(encoding="utf-8") for key in gradients}
        told = Beside(
            source.primary,
            fields=fields_of(beside.get("json")),
            extra=extra,
            identifiers=_identifiers(native.header),
            unplaced=_unplaced(native, source.primary),
        )
        image = image_of(native, told)
        return [attach_events(image, [beside["tsv"]] if "tsv" in beside else [])]


def _header_bytes(head: bytes) -> bytes | None:
    """The header if these are the first bytes of a NIfTI file, else None."""
    if head[:2] == _GZIP:
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD_BYTES * 2)
        except zlib.error:
            return None
    first = (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
    if 348 in first and head[344:348] in _MAGICS:
        return head
    return head if 540 in first and head[4:8] in {b"n+2\x00", b"ni2\x00"} else None


def _source(entry: Entry, files: tuple[str, ...], header: bytes, packed: bool) -> Source:
    expected = _expected_bytes(header)
    two_files = header[344:348] == b"ni1\x00" or header[4:8] == b"ni2\x00"
    if two_files and entry.suffix == ".hdr" and len(files) < 2:
        return Source("nifti", files, "bids", note="the .img file of the pair is missing", complete=False)
    if not two_files and not packed and entry.bytes < expected:
        note = f"the file is cut short ({entry.bytes} of {expected} bytes)"
        return Source("nifti", files, "bids", note=note, complete=False)
    return Source("nifti", files, "bids")


def _expected_bytes(header: bytes) -> int:
    """How long the file is by its header, unpacked; 0 if the header does not make sense."""
    order: Any = "little" if int.from_bytes(header[:4], "little") in (348, 540) else "big"
    first = int.from_bytes(header[:4], order) == 348
    start, width, bits_at = (40, 2, 72) if first else (16, 8, 14)
    sizes = [
        int.from_bytes(header[start + i * width : start + (i + 1) * width], order, signed=True)
        for i in range(8)
    ]
    if not 1 <= sizes[0] <= 7 or min(sizes[1 : sizes[0] + 1]) < 1:
        return 0
    voxels = 1
    for size in sizes[1 : sizes[0] + 1]:
        voxels *= size
    bits = int.from_bytes(header[bits_at : bits_at + 2], order, signed=True)
    return voxels * max(bits, 0) // 8 + int(first) * 352 + int(not first) * 544


def _unpacked(path: Path, scratch: Path) -> Path:
    """The path of a file that can be read anywhere: a large packed one is unpacked, a small one proved whole."""
    with path.open("rb") as stream:
        if stream.read(2) != _GZIP:
            return path if path.suffix in {".nii", ".hdr"} else _linked(path, scratch, ".nii")
        stream.seek(-4, 2)
        unpacked = int.from_bytes(stream.read(4), "little")
    header = _header_bytes(_first_bytes(path)) or b""
    expected = _expected_bytes(header)
    if expected % 2**32 != unpacked and _length(path) < expected:
        raise EOFError("fewer voxels than the header promises")
    if expected <= _LARGEST_LEFT_PACKED:
        return path if path.name.endswith(".nii.gz") else _linked(path, scratch, ".nii.gz")
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / "unpacked.nii"
    with gzip.open(path, "rb") as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    return target


def _length(path: Path) -> int:
    """How long a packed file is, unpacked; raises if it is cut short."""
    length = 0
    with gzip.open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            length += len(block)
    return length


def _linked(path: Path, scratch: Path, suffix: str) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    link = scratch / f"image{suffix}"
    link.symlink_to(path.resolve())
    return link


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)


def _events_name(stem: str) -> str:
    return f"{stem.removesuffix('_bold')}_events.tsv"


def _identifiers(header: Any) -> tuple[Identifier, ...]:
    found = []
    for key, category in (
        ("descrip", "comment"),
        ("aux_file", "path"),
        ("db_name", "name"),
        ("intent_name", "comment"),
    ):
        if key in header:
            value = bytes(header[key].item()).decode("latin-1").strip("\x00 ")
            found += [Identifier(category, value)] if value else []
    for extension in header.extensions:
        content = extension.get_content()
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        found.append(Identifier("comment", text.strip("\x00 ")[:1024]))
    return tuple(dict.fromkeys(found))


def _unplaced(native: Any, path: str) -> str:
    code = int(native.header["intent_code"])
    if code in _OTHER_INTENTS:
        return f"its header says that it is {_OTHER_INTENTS[code]}, not a raw image"
    if code in _STATISTIC_INTENTS:
        return "its header says that it is a map of statistics, not a raw image"
    words = Path(path).name.split(".")[0].replace("-", "_").split("_")
    if any(word in _DERIVED_WORDS for word in words):
        return "by its name it is derived from other images, and BIDS keeps raw ones"
    if native.get_data_dtype().names or native.get_data_dtype().kind == "c":
        return "its voxels are colours or complex numbers"
    if sum(size > 1 for size in native.shape[3:]) > 1:
        return f"it has {len(native.shape)} dimensions, and a raw image has three or four"
    return ""


reader = NiftiReader()
