"""NIRx: a folder of one recording each of NIRScout and NIRSport (NIRStar 15), or of NIRSport 2 (Aurora)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_nirx", "reader"]

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
        note = f"the header is there, {', '.join(missing)} is not" if missing else ""
        yield Source("nirx", files, "bids", complete=not missing, note=note)


def open_nirx(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of a recording, in a folder of links of its own, where the person's file is a stand-in."""
    mne_io = need("mne.io", purpose="Reading NIRx")
    text = listing.absolute(source.primary).read_text(encoding="latin-1")
    told = {key: value for key, value in _keys(text).items() if key != "subject"}  # there, it is a count
    version = told.get("nirstar", "")
    if version and version not in _KNOWN_NIRSTAR:
        raise Unreadable(
            f"The NIRx recording is of NIRStar {version!r}; MNE reads {', '.join(sorted(_KNOWN_NIRSTAR))}."
        )
    person = _link(source, listing, text, scratch / "nirx")
    raw = mne_io.read_raw_nirx(scratch / "nirx")
    if raw.info["meas_date"] is not None and raw.info["meas_date"].isoformat().startswith(
        "2000-01-01T00:00:00"
    ):
        raw.set_meas_date(None)  # MNE's stand-in for a date that it cannot read
    codes = [bool(re.fullmatch(r"\d+\.0", str(label))) for label in raw.annotations.description]
    raw.annotations.duration[codes] = 0.0  # the device writes none; MNE puts a second
    raw.annotations.description = [str(label).removesuffix(".0") for label in raw.annotations.description]
    told |= person
    found = [Identifier(_CATEGORIES[key], value) for key, value in told.items() if key in _CATEGORIES and value.strip('"[] ')]  # fmt: skip
    names = (told.get("name", "") or told.get("subject", "")).replace(
        "\\0A", " "
    )  # how NIRStar writes a line break
    found += [Identifier("name", part) for part in re.split(r"[ _,;]+", names) if len(part) > 1]
    header = Header(
        tuple(one for one in found if one.value.strip("[]") != "Type notes here"),
        Device("NIRx", told.get("device", "") or "NIRSport2", serial=told.get("device id", "")),
        subject_id=_id(names),
        sex=_SEXES.get(told.get("gender", "").lower(), ""),
        age_years=_age(told.get("age", "")),
    )
    yield Opened(raw, header, local_clock=True)


def _keys(text: str) -> dict[str, str]:
    return {key.lower(): value for key, value in _KEY.findall(text) if value.strip('"# ')}


def _link(source: Source, listing: Listing, text: str, folder: Path) -> dict[str, str]:
    """Links with plain names; the header goes without its notes, which may break MNE's parser. Gives what tells of the person."""
    person: dict[str, str] = {}
    stem = re.sub(r"(?:_config)?\.hdr$", "", PurePosixPath(source.primary).name, flags=re.I)
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.files:
        name, absolute = PurePosixPath(path).name, listing.absolute(path)
        plain = "recording" + (name[len(stem) :] if name.startswith(stem) else f"_{name}")
        if path == source.primary:
            (folder / plain).write_text(_NOTES.sub("", text), encoding="latin-1")
        elif name.lower().endswith(".inf"):
            person = _keys(absolute.read_text(encoding="latin-1"))
            (folder / plain).write_text(_NOBODY_INF, encoding="latin-1")
        elif name.lower().endswith("_description.json"):
            person = {str(key): str(value) for key, value in json.loads(absolute.read_text("utf-8")).items()}
            (folder / plain).write_text(json.dumps(_NOBODY_JSON), encoding="utf-8")
        else:
            link_as(absolute, scratch=folder, name=plain)
    return person


def _id(name: str) -> str:
    """NIRStar has no field for an id; a name that holds a digit and no blank is one."""
    return name if re.fullmatch(r"\S*\d\S*", name) else ""


def _age(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,3}(?:\.\d+)?", text) and 0 < float(text) <= 120 else None


#: the plugin
reader = MneReader("nirx", find, open_nirx)
