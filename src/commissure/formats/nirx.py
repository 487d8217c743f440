"""NIRx: a folder of one recording each of NIRScout and NIRSport (NIRStar 15), or of NIRSport 2 (Aurora).

Where Aurora put a SNIRF file of the same recording beside its own files, that is read: it holds the accelerometer too.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.formats.snirf import reader as snirf
from commissure.model import Device, Identifier, Recording, Source

__all__ = ["NirxReader", "find", "open_nirx", "reader"]

_MARK = b"[GeneralInfo]"
_NEEDED = (".wl1", ".wl2")
_NIRSTAR = (".inf", ".set", ".tpl", "_config.txt")
_AURORA = ("_config.json", "_description.json")
_KNOWN_NIRSTAR = {"15.0", "15.2", "15.3"}
#: keys of the header, of the demographics and of Aurora's description that tell of people
_CATEGORIES = {
    "name": "name", "subject": "name", "experiment_subject": "name", "contact information": "contact", "contact_info": "contact",
    "experiment_subject_contact_info": "contact", "additional notes": "comment", "experiment history": "comment", "remarks": "comment",
    "experiment_remarks": "comment", "notes": "comment", "study type": "comment", "device id": "serial",
}  # fmt: skip
_SEXES = {"m": "M", "male": "M", "1": "M", "f": "F", "female": "F", "2": "F"}
_KEY = re.compile(r'^([A-Za-z][\w -]*?)[ \t]*=[ \t]*"?(.*?)"?[ \t\r]*$', re.M)
_NOTES = re.compile(r"^\[ExperimentNotes\].*?(?=^\[|\Z)", re.M | re.S)
_NOBODY_INF = '[Subject Demographics]\nName=""\nAge=\nGender=""\n'
_NOBODY_JSON = {"subject": "", "age": "", "gender": ""}


def find(listing: Listing) -> Iterator[Source]:
    """Headers by their first section, with every file of the same stem: they are one recording."""
    for entry in listing.with_suffix(".hdr"):
        if _MARK not in listing.head(entry.path, 512):
            continue
        stem = re.sub(r"_config$", "", PurePosixPath(entry.path).stem)
        same = [one.path for one in listing.in_folder(entry.folder) if one.name.startswith(stem) and one.path != entry.path]  # fmt: skip
        alone = sum(one.suffix == ".hdr" for one in listing.in_folder(entry.folder)) == 1
        points = listing.beside(entry.path, "digpts.txt") if alone else None
        files = (entry.path, *same, *([points] if points else []))
        names = [PurePosixPath(path).name.lower() for path in files]
        aurora = any(name.endswith("_config.json") for name in names)
        needed = (*_NEEDED, *(_AURORA if aurora else _NIRSTAR))
        missing = [suffix for suffix in needed if not any(name.endswith(suffix) for name in names)]
        if not any("_probeinfo." in name for name in names):
            missing.append("_probeInfo.mat")
        missing = [] if any(name.endswith(".snirf") for name in names) else missing
        note = f"the header is there, {', '.join(missing)} is not" if missing else ""
        yield Source("nirx", files, "bids", complete=not missing, note=note)


def open_nirx(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of a recording, in a folder of links of its own, where the person's file is a stand-in."""
    mne_io = need("mne.io", purpose="Reading NIRx")
    text, told = _told(source, listing)
    version = told.get("nirstar", "")
    if version and version not in _KNOWN_NIRSTAR:
        known = ", ".join(sorted(_KNOWN_NIRSTAR))
        raise Unreadable(f"The NIRx recording is of NIRStar {version!r}; MNE reads {known}.")
    _link(source, listing, text, scratch / "nirx")
    raw = mne_io.read_raw_nirx(scratch / "nirx")
    begun = raw.info["meas_date"]
    if begun is not None and begun.isoformat().startswith("2000-01-01T00:00:00"):
        raw.set_meas_date(None)  # MNE's stand-in for a date that it cannot read
    codes = [bool(re.fullmatch(r"\d+\.0", str(label))) for label in raw.annotations.description]
    raw.annotations.duration[codes] = 0.0  # the device writes none; MNE puts a second
    raw.annotations.description = [str(label).removesuffix(".0") for label in raw.annotations.description]
    yield Opened(raw, _header(told), local_clock=True)


@dataclass(frozen=True)
class NirxReader:
    """Reads NIRx' own files, or the SNIRF file beside them, with what the others tell of the person."""

    optical: MneReader

    def find(self, listing: Listing) -> Iterable[Source]:
        """The Sources of this format."""
        return self.optical.find(listing)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:
        """One Recording; :class:`Unreadable` if its bytes are not right."""
        whole = next((path for path in source.files if path.lower().endswith(".snirf")), None)
        if whole is None:
            return self.optical.read(source, listing, scratch=scratch)
        try:
            header = _header(_told(source, listing)[1])
        except (OSError, ValueError) as error:
            raise Unreadable(
                f"The NIRx description of a person is damaged ({type(error).__name__})."
            ) from error
        found = snirf.read(replace(source, format="snirf", files=(whole,)), listing, scratch=scratch)
        return [
            replace(one, about=replace(one.about, identifiers=(*one.about.identifiers, *header.identifiers)))
            for one in found
        ]


def _told(source: Source, listing: Listing) -> tuple[str, dict[str, str]]:
    """The header's text; and what it and the person's file say, by key."""
    text = listing.absolute(source.primary).read_text(encoding="latin-1")
    told = {key: value for key, value in _keys(text).items() if key != "subject"}  # there, it is a count
    for path in source.files[1:]:
        absolute = listing.absolute(path)
        if path.lower().endswith(".inf"):
            told |= _keys(absolute.read_text(encoding="latin-1"))
        elif path.lower().endswith("_description.json"):
            said = json.loads(absolute.read_text("utf-8"))
            told |= {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}
    return text, told


def _header(told: dict[str, str]) -> Header:
    found = [
        Identifier(_CATEGORIES[key], value)
        for key, value in told.items()
        if key in _CATEGORIES and value.strip('"[] ') not in {"", "Type notes here"}
    ]
    names = (told.get("name", "") or told.get("subject", "")).replace("\\0A", " ")  # NIRStar's line break
    found += [Identifier("name", part) for part in re.split(r"[ _,;]+", names) if len(part) > 1]
    return Header(
        tuple(found),
        Device("NIRx", told.get("device", "") or "NIRSport2", serial=told.get("device id", "")),
        subject_id=_id(names),
        sex=_SEXES.get(told.get("gender", "").lower(), ""),
        age_years=_age(told.get("age", "")),
    )


def _keys(text: str) -> dict[str, str]:
    return {key.lower(): value for key, value in _KEY.findall(text) if value.strip('"# ')}


def _link(source: Source, listing: Listing, text: str, folder: Path) -> None:
    """Links with plain names, stand-ins for the person's file; the header goes without its notes, which may break MNE's parser."""
    stem = re.sub(r"(?:_config)?\.hdr$", "", PurePosixPath(source.primary).name, flags=re.I)
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.files:
        name = PurePosixPath(path).name
        plain = "recording" + (name[len(stem) :] if name.startswith(stem) else f"_{name}")
        if path == source.primary:
            (folder / plain).write_text(_NOTES.sub("", text), encoding="latin-1")
        elif name.lower().endswith(".inf"):
            (folder / plain).write_text(_NOBODY_INF, encoding="latin-1")
        elif name.lower().endswith("_description.json"):
            (folder / plain).write_text(json.dumps(_NOBODY_JSON), encoding="utf-8")
        else:
            link_as(listing.absolute(path), scratch=folder, name=plain)


def _id(name: str) -> str:
    """NIRStar has no field for an id; a name that holds a digit and no blank is one."""
    return name if re.fullmatch(r"\S*\d\S*", name) else ""


def _age(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,3}(?:\.\d+)?", text) and 0 < float(text) <= 120 else None


#: the plugin
reader = NirxReader(MneReader("nirx", find, open_nirx))
