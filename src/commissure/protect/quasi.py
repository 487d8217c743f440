"""Quasi-identifiers: could somebody who knows age, sex and group pick one row out of a table of participants?

A table is *k*-anonymous if every combination of quasi-identifiers is shared by at least k rows (Sweeney 2002,
doi:10.1142/S0218488502001648), and *l*-diverse if each such class shows at least l values of what is sensitive
(Machanavajjhala et al. 2007, doi:10.1145/1217299.1217302).

>>> rows = [{"age": "31", "sex": "F"}, {"age": "33", "sex": "F"}, {"age": "38", "sex": "M"}, {"age": "36", "sex": "M"}]
>>> anonymity(rows, columns=("age", "sex"))
1
>>> plan = generalize(rows, columns=("age", "sex"), k=2)
>>> plan.steps, plan.k
({'age': 'bands of 5 years'}, 2)
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from commissure.model import Finding, Severity

__all__ = ["Generalization", "anonymity", "check_participants", "diversity", "generalize", "quasi_columns"]

Row = Mapping[str, str]
_QUASI = re.compile(
    r"age\w*|sex|gender|handedness|hand|race|ethnicity|education\w*|occupation|marital\w*|country|site|center|language"
    r"|height\w*|weight\w*|bmi|income|religion|scanner",
    re.I,
)
_SENSITIVE = re.compile(
    r"diagnos\w*|group|disease|disorder|medication\w*|treatment|genotype|hiv\w*|iq\w*|status", re.I
)
_BANDS = (5, 10, 20)
_HIDDEN = "*"
_TOP = 90.0


@dataclass(frozen=True, slots=True)
class Generalization:
    """A proposal: per column what to do, the rows that come of it, the k they reach and how many cells changed."""

    steps: dict[str, str]
    rows: tuple[dict[str, str], ...]
    k: int
    cost: float


def quasi_columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns whose names say that outsiders may know their values."""
    return tuple(name for name in names if _QUASI.fullmatch(name.strip()))


def anonymity(rows: Sequence[Row], *, columns: Sequence[str]) -> int:
    """The size of the smallest class of rows that agree in ``columns``; 0 for no rows."""
    classes = Counter(tuple(row.get(name, "") for name in columns) for row in rows)
    return min(classes.values(), default=0)


def diversity(rows: Sequence[Row], *, columns: Sequence[str], sensitive: str) -> int:
    """The smallest number of values of ``sensitive`` in any class of rows that agree in ``columns``."""
    classes: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        classes[tuple(row.get(name, "") for name in columns)].add(row.get(sensitive, ""))
    return min((len(values) for values in classes.values()), default=0)


def generalize(rows: Sequence[Row], *, columns: Sequence[str], k: int) -> Generalization:
    """The cheapest coarsening of whole columns that reaches ``k``; if none does, the one that comes nearest.

    Numbers go into bands of 5, 10 and 20, then are hidden; words are hidden. The cost of a step is the share of a
    column's distinct values that it gives up.
    """
    ladders = [list(_ladder(name, rows)) for name in columns]
    best: tuple[tuple[bool, float], Generalization] | None = None
    for choice in product(*ladders):
        merged = tuple(
            {
                **row,
                **{
                    name: step[1].get(row.get(name, ""), row.get(name, ""))
                    for name, step in zip(columns, choice, strict=True)
                },
            }
            for row in rows
        )
        reached = anonymity(merged, columns=columns)
        cost = sum(step[2] for step in choice)
        told = {name: step[0] for name, step in zip(columns, choice, strict=True) if step[0]}
        key = (reached < k, cost if reached >= k else -reached)
        if best is None or key < best[0]:
            best = (key, Generalization(told, merged, reached, cost))
    return best[1] if best is not None else Generalization({}, (), 0, 0.0)


def _ladder(name: str, rows: Sequence[Row]) -> Iterator[tuple[str, dict[str, str], float]]:
    values = sorted({row.get(name, "") for row in rows})
    numbers = {value: float(value) for value in values if re.fullmatch(r"-?\d+(\.\d+)?", value)}
    yield "", {}, 0.0
    if len(numbers) > 2:
        for width in _BANDS:
            bands = {value: _band(number, width) for value, number in numbers.items()}
            yield (
                f"bands of {width} years" if name.lower().startswith("age") else f"bands of {width}",
                bands,
                _lost(values, bands),
            )
    yield "hidden", dict.fromkeys(values, _HIDDEN), 1.0


def _band(number: float, width: int) -> str:
    low = int(min(number, _TOP) // width * width)
    return f"{low}-{low + width - 1}"


def _lost(values: Sequence[str], bands: Mapping[str, str]) -> float:
    kept = len({bands.get(value, value) for value in values})
    return 1 - kept / max(1, len(values))


def check_participants(rows: Sequence[Row], *, k: int = 5, l_values: int = 2) -> tuple[Finding, ...]:
    """A WARNING where a table of participants is less than ``k``-anonymous or a class tells what is sensitive.

    The remedy names the cheapest generalization that would do.
    """
    names = list(rows[0]) if rows else []
    columns = quasi_columns(names)
    if not columns:
        return ()
    reached = anonymity(rows, columns=columns)
    findings = []
    if reached < k:
        plan = generalize(rows, columns=columns, k=k)
        steps = ", ".join(f"{name}: {step}" for name, step in plan.steps.items())
        message = f"Somebody who knows {', '.join(columns)} can narrow a participant down to {reached} of {len(rows)} rows; {k} are wanted."
        remedy = (
            f"Generalize ({steps}) to reach {plan.k}."
            if plan.k >= k
            else "The table is too small for this k; hide these columns."
        )
        findings.append(Finding("protect.k_anonymity", Severity.WARNING, message, "participants.tsv", remedy))
    for sensitive in (name for name in names if _SENSITIVE.fullmatch(name) and name not in columns):
        varied = diversity(rows, columns=columns, sensitive=sensitive)
        if varied < l_values <= len({row.get(sensitive, "") for row in rows}):
            message = f"All rows that agree in {', '.join(columns)} may share one value of {sensitive!r}: to know the one is to know the other."
            findings.append(
                Finding(
                    "protect.l_diversity",
                    Severity.WARNING,
                    message,
                    "participants.tsv",
                    "Generalize further, or hold the column back.",
                )
            )
    return tuple(findings)
