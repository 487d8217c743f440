"""A lab's participants table to BIDS names, units and terms: every mapping with its confidence, for a person to confirm.

>>> rows = [{"SubjID": "a", "Age (months)": "36", "Gender": "F"}, {"SubjID": "b", "Age (months)": "48", "Gender": "M"}]
>>> from commissure.terms.lexicon import Lexicon
>>> columns = find_columns(rows, lexicon=Lexicon.load())
>>> [(c.raw, c.name, c.units) for c in columns]
[('SubjID', 'participant_id', ''), ('Age (months)', 'age', 'year'), ('Gender', 'sex', '')]
>>> harmonize_rows(rows, columns)[0]["age"]
'3'
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from commissure.terms.lexicon import Lexicon
from commissure.terms.normal import plain, squash
from commissure.translate.mapper import Mapper

__all__ = ["Column", "Level", "data_dictionary", "find_columns", "harmonize_rows", "unit_of", "written_unit"]

_TABLE = Path(__file__).parent / "data" / "columns.tsv"
MISSING = frozenset(
    (
        "",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "-",
        "--",
        ".",
        "?",
        "missing",
        "unknown",
        "-999",
        "999",
        "-99",
        "-9",
    )
)
MAX_LEVELS = 60
_BRACKET = re.compile(r"[\(\[]\s*([^()\[\]]*?)\s*[\)\]]\s*$")
#: a unit as labs write it → the BIDS unit and what to multiply by
_UNITS: dict[str, tuple[str, float]] = {
    "y": ("year", 1), "yr": ("year", 1), "yrs": ("year", 1), "year": ("year", 1), "years": ("year", 1),
    "jahre": ("year", 1), "mo": ("year", 1 / 12), "mos": ("year", 1 / 12), "month": ("year", 1 / 12),
    "months": ("year", 1 / 12), "w": ("year", 7 / 365.25), "wk": ("year", 7 / 365.25), "weeks": ("year", 7 / 365.25),
    "week": ("year", 7 / 365.25), "d": ("year", 1 / 365.25), "day": ("year", 1 / 365.25), "days": ("year", 1 / 365.25),
    "cm": ("cm", 1), "m": ("cm", 100), "mm": ("cm", 0.1), "in": ("cm", 2.54), "inch": ("cm", 2.54),
    "inches": ("cm", 2.54), "kg": ("kg", 1), "g": ("kg", 0.001), "lb": ("kg", 0.45359237), "lbs": ("kg", 0.45359237),
}  # fmt: skip
_HANDS = {
    "r": "right", "right": "right", "rh": "right", "right-handed": "right", "right handed": "right",
    "l": "left", "left": "left", "lh": "left", "left-handed": "left", "left handed": "left",
    "a": "ambidextrous", "ambidextrous": "ambidextrous", "mixed": "ambidextrous", "both": "ambidextrous",
    "ambi": "ambidextrous",
}  # fmt: skip
_KINDS = {
    "sex": ("sex",),
    "species": ("species",),
    "strain": ("strain",),
    "diagnosis": ("diagnosis",),
    "device": ("device",),
}


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a category: as written, as harmonized, the term it stands for, and how sure that is."""

    raw: str
    value: str
    curie: str | None
    label: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Column:
    """One column: as written, its BIDS name, and what was found out about it.

    ``factor`` is what numbers are multiplied by to be in ``units``; ``known`` is false where only the spelling of
    the name was harmonized.
    """

    raw: str
    name: str
    kind: str
    confidence: float
    known: bool = True
    units: str = ""
    factor: float = 1.0
    description: str = ""
    levels: tuple[Level, ...] = field(default=())

    def to_dict(self) -> dict[str, object]:
        """The column as plain values, for JSON; levels of identifiers are never listed."""
        return {
            "column": self.raw,
            "name": self.name,
            "kind": self.kind,
            "confidence": round(self.confidence, 3),
            "units": self.units,
            "factor": self.factor,
            "values": [
                {
                    "value": v.raw,
                    "to": v.value,
                    "id": v.curie,
                    "label": v.label,
                    "confidence": round(v.confidence, 3),
                }
                for v in self.levels
            ],
        }


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], ...]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))


def find_columns(rows: Sequence[Mapping[str, str]], *, lexicon: Lexicon) -> list[Column]:
    """What each column of a table is, in the table's order; of two columns with one meaning, the surer keeps the name.

    Parameters
    ----------
    rows : sequence of mapping
        The table; every row has the same columns.
    lexicon : Lexicon
        For the values of categories.
    """
    names = list(rows[0]) if rows else []
    found = [_column(name, [row.get(name, "") for row in rows], lexicon) for name in names]
    taken: dict[str, Column] = {}
    for column in sorted(found, key=lambda c: (-c.confidence, names.index(c.raw))):
        if column.name in taken:
            column = Column(column.raw, _snake(column.raw), column.kind, 0.3, known=False)
        number, stem = 2, column.name
        while column.name in taken:
            column = Column(column.raw, f"{stem}_{number}", column.kind, 0.3, known=False)
            number += 1
        taken[column.name] = column
    return sorted(taken.values(), key=lambda c: names.index(c.raw))


def _column(raw: str, values: list[str], lexicon: Lexicon) -> Column:
    bracket = _BRACKET.search(raw)
    bare = raw[: bracket.start()] if bracket else raw
    written = bracket[1].lower() if bracket else ""
    entry, confidence, ending = _entry(bare)
    present = [v.strip() for v in values if v.strip().lower() not in MISSING]
    if entry is None:
        kind = "number" if present and all(_number(v) is not None for v in present) else "category"
        return Column(raw, _snake(raw), kind, 0.2, known=False)
    kind, units, factor = entry["kind"], entry["units"], 1.0
    for unit in (written, ending):
        if unit in _UNITS and _UNITS[unit][0] == units:
            factor = _UNITS[unit][1]
    if kind == "number":
        numbers = [n for n in map(_number, present) if n is not None]
        confidence *= len(numbers) / len(present) if present else 0.7
        if entry["name"] == "age" and numbers and factor == 1.0 and sorted(numbers)[len(numbers) // 2] > 120:
            confidence = 0.4  # no unit is written and these are no years
    levels: tuple[Level, ...] = ()
    if kind == "category":
        levels = _levels(present, entry["values"], lexicon)
        if levels and entry["values"] in ("sex", "handedness"):
            confidence *= sum(v.confidence for v in levels) / len(levels)
    return Column(raw, entry["name"], kind, confidence, True, units, factor, entry["description"], levels)


def _entry(name: str) -> tuple[dict[str, str] | None, float, str]:
    key = squash(name)
    for entry in _known():
        if key in {squash(alias) for alias in (entry["name"], *entry["aliases"].split("|"))}:
            return entry, 0.98, _last(name)
    last = _last(name)
    if last in _UNITS:
        inner, _, _ = _entry(
            plain(re.sub(r"[A-Z][a-z]+", lambda m: " " + m[0], name)).rsplit(last, 1)[0].strip(" _-")
        )
        if inner is not None:
            return inner, 0.95, last
    words = [w for w in re.split(r"[^a-z0-9]+", plain(name)) if w]
    for entry in _known():
        if entry["name"] in words and len(words) <= 3 and entry["kind"] != "identifier":
            return entry, 0.6, last
    return None, 0.0, ""


def _last(name: str) -> str:
    return re.split(r"[\s_.\-]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip())[-1]


def _levels(present: list[str], values: str, lexicon: Lexicon) -> tuple[Level, ...]:
    counts = Counter(present)
    if len(counts) > MAX_LEVELS:
        return ()
    if values == "handedness":
        return tuple(
            Level(v, _HANDS.get(v.lower(), v), None, None, 0.98 if v.lower() in _HANDS else 0.2)
            for v in sorted(counts)
        )
    if values not in _KINDS:
        return tuple(Level(v, v, None, None, 0.5) for v in sorted(counts))
    mapper = Mapper(lexicon, kinds=_KINDS[values])
    out = []
    for value in sorted(counts):
        answer = mapper.map(value) if not value.isdigit() else None
        if answer is None or answer.curie is None or answer.confidence < 0.5:
            out.append(Level(value, value, None, None, 0.2))
        else:
            out.append(Level(value, answer.label or value, answer.curie, answer.label, answer.confidence))
    return tuple(out)


def _number(text: str) -> float | None:
    match = re.fullmatch(r"[<>~≥≤]?\s*(-?\d+(?:[.,]\d+)?)\s*[a-zA-Z]*\.?", text.strip())
    return float(match[1].replace(",", ".")) if match else None


def _snake(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", plain(spaced)).strip("_") or "column"


def written_unit(name: str) -> str:
    """The unit in brackets at the end of a column's name, as written; empty if there is none.

    >>> written_unit("Age (months)"), written_unit("age")
    ('months', '')
    """
    bracket = _BRACKET.search(name)
    return bracket[1].lower() if bracket else ""


def unit_of(written: str) -> tuple[str, float] | None:
    """The BIDS unit of a unit as labs write it, and how many of it one is; None for one that is not known.

    >>> unit_of("mm"), unit_of("stone")
    (('cm', 0.1), None)
    """
    return _UNITS.get(written.strip().lower())


def harmonize_rows(rows: Sequence[Mapping[str, str]], columns: Sequence[Column]) -> list[dict[str, str]]:
    """The rows under their BIDS names, numbers in the BIDS unit, values by their label, what is missing as ``n/a``."""
    out = []
    for row in rows:
        new = {}
        for column in columns:
            value = row.get(column.raw, "").strip()
            if value.lower() in MISSING:
                value = "n/a"
            elif column.kind == "number" and column.factor != 1.0 and _number(value) is not None:
                value = f"{(_number(value) or 0.0) * column.factor:.6g}"
            else:
                value = next((v.value for v in column.levels if v.raw == value), value)
            new[column.name] = value
        out.append(new)
    return out


def data_dictionary(columns: Sequence[Column]) -> dict[str, dict[str, object]]:
    """The BIDS sidecar of the table: a description, units and levels for each column."""
    out: dict[str, dict[str, object]] = {}
    for column in columns:
        about: dict[str, object] = {
            "Description": column.description or f"Column {column.raw!r} of the source table."
        }
        if column.raw != column.name:
            about["LongName"] = column.raw
        if column.units:
            about["Units"] = column.units
        if column.levels:
            about["Levels"] = {
                v.value: {
                    "Description": v.label or v.value,
                    **({"TermURL": _url(v.curie)} if v.curie else {}),
                }
                for v in column.levels
            }
        out[column.name] = about
    return out


def _url(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    if prefix in ("UBERON", "PATO", "DOID", "NCBITaxon", "CL"):
        return f"http://purl.obolibrary.org/obo/{prefix}_{local}"
    if prefix == "openminds":
        return f"https://openminds.om-i.org/instances/{local}"
    return curie
