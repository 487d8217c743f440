"""What the header of a recording tells beyond its samples: who, when, with what, and all that identifies."""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commissure.formats.names import NameFacts, facts_of, label_of
from commissure.model import About, Device, Fact, Finding, Identifier, Origin, Session, Subject

__all__ = ["Header", "about_of", "identifiers_in"]

#: ids that name nobody
_EMPTY_IDS = {"", "x", "xx", "xxx", "0", "unknown", "default", "unspecified", "anonymous", "anon", "none", "na", "n",
              "test", "noname"}  # fmt: skip
_SEXES = {1: "M", 2: "F"}
_HANDS = {1: "right", 2: "left", 3: "ambidextrous"}
_PLAUSIBLE_YEARS = (0.0, 120.0)


@dataclass(frozen=True, slots=True)
class Header:
    """What a format's own reader found and MNE does not pass on.

    Parameters
    ----------
    identifiers : tuple of Identifier
        Values that must not be released.
    device : Device
        What measured.
    subject_id, sex, handedness : str
        As the header has them; empty if it does not.
    birth : datetime.date or None
        The day of birth.
    age_years : float or None
        Where the header gives the age itself.
    start : datetime.datetime or None
        The beginning, where MNE has none.
    sidecar : mapping
        Fields of the BIDS sidecar.
    details : mapping of str to mapping
        BIDS columns by channel name.
    entities : mapping of str to str
        BIDS entities that this recording needs (``acq`` of one of several streams).
    datatype : str
        Where the format demands one.
    facts : tuple of Fact
        Further values that the reader inferred, for the plan.
    findings : tuple of Finding
        What the reader noticed: parts that are missing, doubts about a value.
    """

    identifiers: tuple[Identifier, ...] = ()
    device: Device = Device()
    subject_id: str = ""
    sex: str = ""
    handedness: str = ""
    birth: datetime.date | None = None
    age_years: float | None = None
    start: datetime.datetime | None = None
    sidecar: Mapping[str, object] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    entities: Mapping[str, str] = field(default_factory=dict)
    datatype: str = ""
    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()


def about_of(info: Any, *, header: Header, path: str, datatype: str, facts: Iterable[Fact] = ()) -> About:
    """Join what MNE's ``info``, the format's ``header`` and the file's path tell.

    A subject written as ``sub-…`` in the path is taken first, then the header's id, then a lab's habit in the path.
    Species is ``Homo sapiens`` by default, for these formats record people.
    """
    named = facts_of(path)
    subject_info = info["subject_info"] or {}
    start = header.start or info["meas_date"]
    said = [*named.facts, *header.facts, *facts]
    label, origin = _label(named, header, subject_info)
    said.append(Fact("subject", label, origin))
    sex = header.sex or _SEXES.get(int(subject_info.get("sex") or 0), "U")
    birth = header.birth or _birth(subject_info)
    age = header.age_years if header.age_years is not None else _age(birth, start)
    said += [
        Fact(key, value, Origin.HEADER)
        for key, value in (("sex", sex), ("age_years", age))
        if value not in ("U", None)
    ]
    said.append(Fact("species", "Homo sapiens", Origin.DEFAULT))
    if start is not None:
        said.append(Fact("start", start.isoformat(), Origin.HEADER))
    subject = Subject(
        label,
        species="Homo sapiens",
        sex=sex,
        age_years=age,
        handedness=header.handedness or _HANDS.get(int(subject_info.get("hand") or 0), ""),
    )
    entities = {**named.entities, **header.entities}
    if not entities.get("task"):
        entities["task"] = "unnamed"
        said.append(
            Fact("task", "unnamed", Origin.DEFAULT, "nothing names the task; give it in commissure.yaml")
        )
    found = [*named.identifiers, *header.identifiers, *identifiers_in(info), *_written(start, birth)]
    return About(
        datatype=datatype,
        subject=subject,
        session=Session(named.session),
        entities={key: value for key, value in entities.items() if key in {"task", "acq", "run", "proc", "space", "split"} and value},
        start=start,
        device=_device(info, header.device),
        sidecar=dict(header.sidecar),
        facts=tuple(said),
        identifiers=tuple(dict.fromkeys(one for one in found if one.value.strip())),
        findings=header.findings,
    )  # fmt: skip


def identifiers_in(info: Any) -> tuple[Identifier, ...]:
    """All that MNE's ``info`` holds of a person, a place or a machine."""
    found: list[tuple[str, object]] = []
    subject = info["subject_info"] or {}
    found += [(category, subject.get(key)) for key, category in (
        ("his_id", "id"), ("last_name", "name"), ("first_name", "name"), ("middle_name", "name"),
    )]  # fmt: skip
    found += [
        ("operator", info["experimenter"]),
        ("comment", info["description"]),
        ("comment", info["proj_name"]),
    ]
    device = info["device_info"] or {}
    found += [("serial", device.get("serial")), ("institution", device.get("site"))]
    helium = info["helium_info"] or {}
    found.append(("uid", helium.get("orig_file_guid")))
    return tuple(
        Identifier(category, text) for category, value in found if (text := str(value or "").strip())
    )


def _label(named: NameFacts, header: Header, subject_info: Mapping[str, Any]) -> tuple[str, Origin]:
    if named.explicit and named.subject:
        return named.subject, Origin.NAME
    for candidate in (header.subject_id, str(subject_info.get("his_id") or "")):
        text = candidate.strip()
        if text.lower().strip("._- ") not in _EMPTY_IDS and label_of(text) and re.search(r"\w\w|\d", text):
            return text, Origin.HEADER
    if named.subject:
        return named.subject, Origin.NAME
    return "unknown", Origin.DEFAULT


def _birth(subject_info: Mapping[str, Any]) -> datetime.date | None:
    day = subject_info.get("birthday")
    if isinstance(day, datetime.date):
        return day
    try:
        return datetime.date(*day) if day else None
    except (TypeError, ValueError):
        return None


def _age(birth: datetime.date | None, start: datetime.datetime | None) -> float | None:
    if birth is None or start is None:
        return None
    age = int((start.date() - birth).days / 365.25)
    return float(age) if _PLAUSIBLE_YEARS[0] <= age <= _PLAUSIBLE_YEARS[1] else None


def _written(start: datetime.datetime | None, birth: datetime.date | None) -> list[Identifier]:
    found = []
    if start is not None:
        found += [
            Identifier("date", start.strftime(form))
            for form in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d.%m.%Y")
        ]
    if birth is not None:
        found += [
            Identifier("birth_date", birth.strftime(form)) for form in ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y")
        ]
        found.append(Identifier("birth_date", birth.strftime("%d-%b-%Y").upper()))
    return found


def _device(info: Any, known: Device) -> Device:
    device = info["device_info"] or {}
    return Device(
        manufacturer=known.manufacturer,
        model=known.model or str(device.get("model") or device.get("type") or ""),
        software=known.software,
        serial=known.serial or str(device.get("serial") or ""),
    )
