"""Clues: what headers, names and side files tell about one recording, gathered into an About.

A reader notes every value with its origin (:meth:`Clues.fact`) and everything that may tell who somebody is
(:meth:`Clues.hide`, :meth:`Clues.hide_path`); :meth:`Clues.about` then gives the About. A subject or session
that neither header nor path tells keeps an empty label, for the workflow to fill.

>>> from commissure.model import Source
>>> clues = Clues(Source("spikeglx", ("sub-m3/ses-1/run_g0_t0.imec0.ap.meta",), "nwb"))
>>> about = clues.about("ecephys")
>>> about.subject.label, about.session.label, about.facts[0].origin.value
('m3', '1', 'name')
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from commissure.formats.names import facts_of
from commissure.model import About, Device, Fact, Identifier, Origin, Session, Source, Subject

__all__ = ["Clues"]

_SHORTEST_DISTINCTIVE_NAME = 8
_USER = re.compile(r"(?:Users|home|Documents and Settings)[\\/]+([^\\/]+)", re.IGNORECASE)
_SUBJECT = re.compile(r"[\\/]Subjects?[\\/]+([^\\/]+)[\\/]", re.IGNORECASE)
#: accounts that are nobody's name
_ACCOUNTS = {"public", "user", "users", "administrator", "admin", "default", "lab", "labadmin", "guest"}


class Clues:
    """What is known of one Source so far.

    Parameters
    ----------
    source : Source
        The files; subject and session are looked for in their path, and distinctive names are hidden.
    """

    def __init__(self, source: Source) -> None:
        self.facts: list[Fact] = []
        self._hidden: dict[tuple[str, str], None] = {}
        self.subject = Subject("")
        self.session = Session()
        self._from_path(source.primary)
        for path in source.files:
            self._hide_name(path)

    def fact(self, key: str, value: object, origin: Origin = Origin.HEADER, where: str = "") -> None:
        """Note one inferred value; the plan shows it with its origin."""
        self.facts.append(Fact(key, value, origin, where))

    def hide(self, category: str, *values: object) -> None:
        """Note values that must not be found in what is released; empty ones are passed over."""
        for value in values:
            text = str(value).strip("\x00 \t\r\n") if value is not None else ""
            if text:
                self._hidden[category, text] = None

    def hide_path(self, *paths: object) -> None:
        """Note paths of the recording machine, and the account name in them."""
        for path in paths:
            text = str(path or "").strip("\x00 \t\r\n")
            if "/" not in text and "\\" not in text:
                continue
            self.hide("path", text)
            user = _USER.search(text)
            if user and user.group(1).lower() not in _ACCOUNTS:
                self.hide("name", user.group(1))
            subject = _SUBJECT.search(text)
            if subject:
                self.hide("id", subject.group(1))
                if not self.subject.label:
                    self.tell(label=subject.group(1))

    def hide_date(self, start: datetime | None, *texts: object) -> None:
        """Note when it was recorded, as written and in ISO form."""
        if start is not None:
            self.hide("date", start.date().isoformat(), start.isoformat(), start.isoformat(sep=" "))
        self.hide("date", *texts)

    def tell(self, origin: Origin = Origin.HEADER, **changes: object) -> None:
        """Set fields of the subject (``species``, ``sex``, ``label`` …) that a header tells."""
        for key, value in changes.items():
            if value:
                self.subject = replace(self.subject, **{key: value})  # type: ignore[arg-type]
                self.fact(f"subject.{key}", "" if key == "label" else value, origin)

    def about(
        self,
        datatype: str,
        *,
        start: datetime | None = None,
        device: Device | None = None,
        entities: Mapping[str, str] | None = None,
        sidecar: Mapping[str, object] | None = None,
    ) -> About:
        """The About, with all facts and identifiers noted so far."""
        device = device or Device()
        self.hide("serial", device.serial)
        self.hide_date(start)
        if start is not None:
            self.fact("start", "known", Origin.HEADER)
        if device.model or device.manufacturer:
            self.fact("device", f"{device.manufacturer} {device.model}".strip(), Origin.HEADER)
        return About(
            datatype=datatype,
            subject=self.subject,
            session=self.session,
            entities={**self.entities, **(entities or {})},
            start=start,
            device=device,
            sidecar=dict(sidecar or {}),
            facts=tuple(dict.fromkeys(self.facts)) if _hashable(self.facts) else tuple(self.facts),
            identifiers=tuple(Identifier(category, value) for category, value in self._hidden),
        )

    def _from_path(self, path: str) -> None:
        said = facts_of(path)
        self.subject = Subject(said.subject)
        self.session = Session(said.session)
        self.entities = dict(said.entities)
        self.facts.extend(said.facts)
        for identifier in said.identifiers:
            self.hide(identifier.category, identifier.value)

    def _hide_name(self, path: str) -> None:
        pure = PurePosixPath(path)
        stem = pure.name.split(".")[0]
        if len(stem) >= _SHORTEST_DISTINCTIVE_NAME and any(char.isdigit() for char in stem):
            self.hide("path", pure.name, stem)


def _hashable(facts: list[Fact]) -> bool:
    return all(isinstance(fact.value, str | int | float | bool | None) for fact in facts)
