"""CTF: a folder ``.ds`` with a resource file (``.res4``), samples (``.meg4``) and side files."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_ctf", "reader"]

_MAGICS = (b"MEG41RS", b"MEG42RS", b"MEG4RES", b"MEG3RES")
#: text fields of the resource file that tell of people and places: offset, length, category
_FIELDS = (
    (8, 256, "comment"), (264, 256, "comment"), (520, 256, "comment"), (778, 255, "date"), (1033, 255, "date"), (1392, 256, "comment"),
    (1712, 32, "name"), (1744, 32, "operator"),
)  # fmt: skip
_PERSONAL = re.compile(
    rb"_(?:PATIENT_(NAME_FIRST|NAME_MIDDLE|NAME_LAST|ID|BIRTHDATE|UID|INSTITUTE)|PROCEDURE_(ACCESSIONNUMBER)|DATASET_(OPERATORNAME))"
    rb"\W+([ -~]{3,64})"
)
_CATEGORIES = {b"ID": "id", b"UID": "uid", b"BIRTHDATE": "birth_date", b"INSTITUTE": "institution", b"ACCESSIONNUMBER": "id",
               b"OPERATORNAME": "operator"}  # fmt: skip


def find(listing: Listing) -> Iterator[Source]:
    """Resource files by their first bytes, with all that lies in their folder."""
    for entry in listing.files:
        if not listing.head(entry.path, 7).startswith(_MAGICS):
            continue
        inside = listing.below(entry.folder) if entry.folder else (entry,)
        samples = [one for one in inside if one.suffix == ".meg4" or re.search(r"\.\d+_meg4$", one.path)]
        files = (entry.path, *(one.path for one in inside if one.path != entry.path))
        if samples:
            yield Source("ctf", files, "bids")
        else:
            note = "the resource file (.res4) is there, its samples (.meg4) are not"
            yield Source("ctf", files, "bids", complete=False, note=note)


def open_ctf(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of a ``.ds`` folder, through links where it was renamed."""
    mne_io = need("mne.io", purpose="Reading CTF")
    resource = listing.absolute(source.primary)
    folder = resource.parent
    if folder.suffix != ".ds" or folder.stem != resource.stem:
        folder = _linked(source, listing, scratch)
    raw = mne_io.read_raw_ctf(folder, system_clock="ignore", clean_names=False)
    found = []
    with resource.open("rb") as stream:
        head = stream.read(4096)
    for offset, length, category in _FIELDS:
        text = head[offset : offset + length].split(b"\0")[0].decode("latin-1").strip()
        found += [Identifier(category, text)] if len(text) > 2 and text.isprintable() else []
    for name in source.files:
        if PurePosixPath(name).suffix in {".infods", ".newds", ".hist"}:
            content = listing.absolute(name).read_bytes()
            found += [
                Identifier(
                    _CATEGORIES.get(next(filter(None, kinds)), "name"), value.decode("latin-1").strip()
                )
                for *kinds, value in _PERSONAL.findall(content)
            ]
    found.append(Identifier("path", resource.stem))
    yield Opened(raw, Header(tuple(found), Device(manufacturer="CTF")))


def _linked(source: Source, listing: Listing, scratch: Path) -> Path:
    stem = PurePosixPath(source.primary).stem
    folder = str(PurePosixPath(source.primary).parent)
    for name in source.files:
        below = PurePosixPath(name).relative_to(folder)
        link_as(listing.absolute(name), scratch=scratch, name=f"{stem}.ds/{below}")
    return scratch / f"{stem}.ds"


#: the plugin
reader = MneReader("ctf", find, open_ctf)
