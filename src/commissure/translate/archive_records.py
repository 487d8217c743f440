"""One archive's record into another's, by tables: what each field is called, and how its values are written.

Every archive has one table in ``mapping/``. A record is read into the common fields and written from them; what the
other archive has no place or word for is a Finding, so that a person sees what a translation loses.

>>> node = {"id": "ds000001", "latestSnapshot": {"description": {"Name": "Tapping", "License": "CC0"}}}
>>> to_common(node, archive="openneuro")["licence"]
'CC0-1.0'
>>> translate_record(node, source="openneuro", target="dandi").record["license"]
['spdx:CC0-1.0']
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from commissure.errors import NotFound
from commissure.model import Finding, Severity
from commissure.translate.archive_paths import find, put
from commissure.translate.archive_values import read_value, write_value

__all__ = [
    "ARCHIVES",
    "FIELDS",
    "Translation",
    "from_common",
    "mapping_of",
    "to_common",
    "to_query",
    "translate_record",
]

#: the archives with a table
ARCHIVES = (
    "openneuro", "dandi", "nemar", "neurobagel", "ebrains", "neurovault", "alyx", "zenodo", "gin", "commissure",
)  # fmt: skip
#: the common fields, and whether each holds a list; as ``discover`` takes a record
FIELDS: Mapping[str, bool] = {
    "id": False, "title": False, "description": False, "authors": True, "licence": False, "species": True,
    "modality": True, "tasks": True, "keywords": True, "funding": True, "n_subjects": False, "n_files": False,
    "n_bytes": False, "doi": False, "url": False, "version": False, "date": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated record and what became of its fields.

    Parameters
    ----------
    record : mapping
        As the other archive writes it.
    common : mapping
        What was understood.
    findings : tuple of Finding
        What was lost, field by field.
    """

    record: Mapping[str, Any]
    common: Mapping[str, Any]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        told = [finding.to_dict() for finding in self.findings]
        return {"record": dict(self.record), "common": dict(self.common), "findings": told}


@cache
def mapping_of(archive: str) -> Mapping[str, Any]:
    """The table of an archive.

    Raises
    ------
    NotFound
        If it has none.
    """
    if archive not in ARCHIVES:
        raise NotFound(f"No archive is called {archive!r}; there are: {', '.join(ARCHIVES)}.")
    text = (files("commissure.translate") / "mapping" / f"{archive}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def to_common(record: Mapping[str, Any], *, archive: str) -> dict[str, Any]:
    """The common fields of an archive's record; a field that is missing, null or unreadable is left out.

    Parameters
    ----------
    record : mapping
        As the archive's API gives it, bare or in the envelope of a reply.
    archive : str
        Which archive.
    """
    table = mapping_of(archive)
    bare = _unwrapped(record, table)
    common: dict[str, Any] = {}
    for rule in table["fields"]:
        name = rule["field"]
        if name not in common and (found := _read(bare, rule)) not in (None, []):
            common[name] = found
    return common | {"source": archive}


def _unwrapped(record: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    for path in table.get("envelopes", ()):
        for found in find(record, path):
            if isinstance(found, Mapping):
                return found
    return record


def _read(record: Mapping[str, Any], rule: Mapping[str, Any]) -> Any:
    values: list[Any] = []
    for raw in find(record, rule["path"]):
        parts = raw.split(rule["split"]) if "split" in rule and isinstance(raw, str) else [raw]
        spread = parts if rule.get("as") == "count" else [one for part in parts for one in _spread(part)]
        values += [value for part in spread if (value := read_value(part, rule)) is not None]
    if FIELDS[rule["field"]]:
        return list(dict.fromkeys(values))
    return values[0] if values else None


def _spread(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else (value,)


def from_common(common: Mapping[str, Any], *, archive: str) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """An archive's record of the common fields, and what it has no place or word for."""
    table = mapping_of(archive)
    record: dict[str, Any] = json.loads(json.dumps(table.get("always", {})))
    findings = []
    for name in FIELDS:
        if common.get(name) in (None, "", []):
            continue
        rule = next((r for r in table["fields"] if r["field"] == name and not r.get("read_only")), None)
        if rule is None:
            findings.append(_lost(name, f"{table['name']} has no place for it."))
            continue
        given = list(_spread(common[name]))
        written = [(value, write_value(value, rule)) for value in given]
        missed = [str(value) for value, made in written if made is None]
        if missed:
            findings.append(_lost(name, f"{table['name']} has no way to say {', '.join(missed)[:120]}."))
        if values := list(dict.fromkeys(made for _, made in written if made is not None)):
            put(record, rule["path"], value=_joined(values, rule), template=rule.get("template"))
    return record, tuple(findings)


def _joined(values: list[Any], rule: Mapping[str, Any]) -> Any:
    if "split" in rule:
        return rule["split"].join(str(value) for value in values)
    return values if "[" in rule["path"] else values[0]


def _lost(name: str, why: str) -> Finding:
    remedy = "Say it in the description, or add it by hand."
    return Finding("translate.lost", Severity.WARNING, f"{name} is lost: {why}", name, remedy)


def translate_record(record: Mapping[str, Any], *, source: str, target: str) -> Translation:
    """A record of the archive ``source`` as ``target`` would write it.

    Raises
    ------
    NotFound
        If one of the archives has no table.
    """
    common = to_common(record, archive=source)
    written, findings = from_common(common, archive=target)
    return Translation(written, common, findings)


def to_query(asked: Mapping[str, Any], *, archive: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A common question in an archive's own parameters, and what of it the archive cannot be asked.

    >>> to_query({"words": "memory", "modality": "eeg"}, archive="openneuro")
    ({'keywords': ['memory'], 'modality': 'EEG'}, ())

    Parameters
    ----------
    asked : mapping
        ``words``, ``modality``, ``species``, ``tasks``, ``min_age``, ``max_age``; empty ones are passed over.
    archive : str
        Which archive.
    """
    rules = mapping_of(archive).get("query", {})
    sent: dict[str, Any] = {}
    words, left = [str(asked.get("words") or "")], []
    for name, value in asked.items():
        if name == "words" or value in (None, ""):
            continue
        rule = rules.get(name)
        made = write_value(value, rule) if rule else None
        if made is not None and rule is not None:
            sent[rule["path"]] = [made] if rule.get("list") else made
        elif "words" in rules and isinstance(value, str):
            words.append(value)
        else:
            left.append(name)
    text = " ".join(word for word in words if word)
    if text and "words" in rules:
        sent = {rules["words"]["path"]: text.split() if rules["words"].get("list") else text, **sent}
    elif text:
        left.insert(0, "words")
    return sent, tuple(left)
