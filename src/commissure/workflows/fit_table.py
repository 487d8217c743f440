"""Fit a lab's table to a study: its columns by what they mean, its units converted, its labels coded as the plan says.

The matching is ``translate``'s: names in several languages and spellings, units in brackets or endings, values by the
term they stand for. What cannot be told is a Finding, never a guess; a steward reads the result before a site joins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commissure.federate.analysis import Array
from commissure.federate.plan import Column, Plan, check_table
from commissure.model import Finding, Severity
from commissure.terms.lexicon import Lexicon
from commissure.translate.columns import MISSING, find_columns, unit_of, written_unit
from commissure.translate.columns import Column as Found

__all__ = ["Fitted", "fit_table"]

#: UCUM's units → the unit that translate brings a column to, and how many of it one is
_UCUM = {
    "a": ("year", 1.0), "mo": ("year", 1 / 12), "wk": ("year", 7 / 365.25), "d": ("year", 1 / 365.25),
    "cm": ("cm", 1.0), "m": ("cm", 100.0), "mm": ("cm", 0.1), "[in_i]": ("cm", 2.54),
    "kg": ("kg", 1.0), "g": ("kg", 0.001), "[lb_av]": ("kg", 0.45359237),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fitted:
    """A table as a study reads it.

    Parameters
    ----------
    table : dict of str to array
        The plan's columns that were found.
    matches : tuple of str
        What was taken for what, in words.
    findings : tuple of Finding
        What is missing, or could not be told.
    """

    table: dict[str, Array]
    matches: tuple[str, ...]
    findings: tuple[Finding, ...]


def fit_table(
    plan: Plan,
    rows: Sequence[Mapping[str, str]],
    *,
    lexicon: Lexicon,
    sidecar: Mapping[str, Any] | None = None,
) -> Fitted:
    """The columns of a plan out of a lab's own table.

    Parameters
    ----------
    plan : Plan
    rows : sequence of mapping
        As text.
    lexicon : Lexicon
        Reads labels.
    sidecar : mapping, optional
        The table's BIDS sidecar: ``Units`` and ``Levels`` of its own columns.
    """
    told = sidecar or {}
    found = {column.raw: column for column in find_columns(rows, lexicon=lexicon)}
    table, matches, findings = {}, [], []
    for column in plan.columns:
        source = _source(column, found, lexicon)
        if source is None:
            continue  # check_table says that it is missing, and what is near
        raw = [row.get(source.raw, "").strip() for row in rows]
        about = told.get(source.raw, {})
        if column.codes:
            values, unknown = _coded(column, raw, source, about)
        else:
            values, unknown = _measured(raw, _factor(column, source, about=about))
        if unknown:
            findings.append(_finding(column, unknown))
            continue
        table[column.name] = values
        how = _factor(column, source, about=about)[0]
        matches.append(f"{source.raw!r} is read as {column.name!r}{_in_words(column, how)}")
    named = {finding.where for finding in findings}
    wrong = [f for f in check_table(plan, table, units={}) if f.where not in named]
    return Fitted(table, tuple(matches), (*findings, *wrong))


def _source(column: Column, found: Mapping[str, Found], lexicon: Lexicon) -> Found | None:
    if column.name in found:
        return found[column.name]
    (meant,) = find_columns([{column.name: ""}], lexicon=lexicon)
    same = [other for other in found.values() if other.name == meant.name]
    return same[0] if same else None


def _factor(column: Column, source: Found, *, about: Mapping[str, Any]) -> tuple[float, str]:
    """What numbers are multiplied by, and what is wrong."""
    written = str(about.get("Units", "")) or written_unit(source.raw)
    if not column.unit or written == column.unit:
        return 1.0, ""
    wanted = _UCUM.get(column.unit)
    if written:
        given = _UCUM.get(written) or unit_of(written)
        if wanted and given and given[0] == wanted[0]:
            return given[1] / wanted[1], ""
        return 1.0, f"is in {written!r} here, which is not known to be brought to {column.unit!r}"
    if wanted and source.known and source.units == wanted[0]:
        return source.factor / wanted[1], ""
    return 1.0, ""


def _coded(column: Column, raw: Sequence[str], source: Found, about: Mapping[str, Any]) -> tuple[Array, str]:
    """Labels as the plan's numbers, and what is wrong."""
    codes = {label.casefold(): number for label, number in column.codes.items()}
    levels = {level.raw: {level.value, level.label or "", level.curie or ""} for level in source.levels}
    for value, said in dict(about.get("Levels", {})).items():
        text = said.get("Description", "") if isinstance(said, Mapping) else said
        levels.setdefault(str(value), set()).add(str(text))
    values, unknown = [], set()
    for cell in raw:
        if cell.lower() in MISSING:
            values.append(np.nan)
            continue
        names = {cell.casefold(), *(name.casefold() for name in levels.get(cell, ()))} & set(codes)
        if len(names) == 1:
            values.append(codes[names.pop()])
        else:
            unknown.add(cell)
    if unknown:
        wanted = ", ".join(column.codes)
        return np.zeros(0), f"has {len(unknown)} labels that are none of {wanted}"
    return np.array(values, np.float64), ""


def _measured(raw: Sequence[str], found: tuple[float, str]) -> tuple[Array, str]:
    """Numbers times a factor, and what is wrong."""
    factor, unknown = found
    values, strange = [], 0
    for cell in raw:
        try:
            values.append(np.nan if cell.lower() in MISSING - {"999"} else float(cell.replace(",", ".")))
        except ValueError:
            strange += 1
    if strange and not unknown:
        unknown = f"holds {strange} values that are no numbers"
    return np.array(values, np.float64) * factor, unknown


def _in_words(column: Column, factor: float) -> str:
    if column.codes:
        return ", coded " + ", ".join(f"{label} = {number:g}" for label, number in column.codes.items())
    return f", times {factor:.6g}" if factor != 1.0 else ""


def _finding(column: Column, what: str) -> Finding:
    return Finding(
        check="federate.column.coding" if column.codes else "federate.column.unit",
        severity=Severity.ERROR,
        where=column.name,
        message=f"Column {column.name!r} {what}.",
        remedy="Say its Levels or Units in a sidecar (JSON), or correct the table.",
    )
