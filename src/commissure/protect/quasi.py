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
>>> ill = [{**row, "diagnosis": name} for row, name in zip(rows, ("MS", "MS", "AD", "none"))]
>>> plan = generalize(ill, columns=("age", "sex"), k=2, sensitive=("diagnosis",))
>>> plan.steps, plan.k, plan.l_values
({'age': 'bands of 10 years', 'sex': 'hidden'}, 4, 3)
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
    """A proposal: per column what to do, the rows that come of it, the k and l they reach, and what it costs.

    ``cost`` is the sum over columns of the share of distinct values given up; ``l_values`` is 0 where nothing sensitive
    was named.
    """

    steps: dict[str, str]
    rows: tuple[dict[str, str], ...]
    k: int
    cost: float
    l_values: int = 0


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


def generalize(
    rows: Sequence[Row],
    *,
    columns: Sequence[str],
    k: int,
    sensitive: Sequence[str] = (),
    l_values: int = 2,
) -> Generalization:
    """The cheapest coarsening of whole columns that reaches ``k`` and ``l_values``; if none does, the one that comes nearest.

    Numbers go into bands of 5, 10 and 20, then are hidden; words are hidden. The cost of a step is the share of a
    column's distinct values that it gives up.

    Parameters
    ----------
    rows : sequence of mapping
        The table.
    columns : sequence of str
        What outsiders may know.
    k : int
        Rows that must agree in ``columns``, at least.
    sensitive : sequence of str
        Columns of which every class must show ``l_values`` values, at least; they are not changed.
    l_values : int
        Of no effect without ``sensitive``.
    """
    wanted = l_values if sensitive else 0
    ladders = [list(_ladder(name, rows)) for name in columns]
    best: Generalization | None = None
    best_key = (2.0, 0.0)
    for choice in product(*ladders):
        cost = sum(step[2] for step in choice)
        if best_key[0] == 0.0 and cost >= best_key[1]:
            continue
        merged = _merged(rows, {name: step[1] for name, step in zip(columns, choice, strict=True)})
        reached = anonymity(merged, columns=columns)
        shown = min((diversity(merged, columns=columns, sensitive=name) for name in sensitive), default=0)
        near = min(1.0, reached / max(k, 1)) + min(1.0, shown / max(wanted, 1))
        key = (0.0, cost) if reached >= k and shown >= wanted else (1.0, -near)
        if best is None or key < best_key:
            told = {name: step[0] for name, step in zip(columns, choice, strict=True) if step[0]}
            best_key, best = key, Generalization(told, merged, reached, cost, shown)
    return best if best is not None else Generalization({}, (), 0, 0.0)


def _merged(rows: Sequence[Row], maps: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, str], ...]:
    return tuple(
        {**row, **{name: new.get(row.get(name, ""), row.get(name, "")) for name, new in maps.items()}}
        for row in rows
    )


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

    The remedy names the cheapest generalization that mends both at once.
    """
    names = list(rows[0]) if rows else []
    columns = quasi_columns(names)
    if not columns:
        return ()
    reached = anonymity(rows, columns=columns)
    # a column of one value tells nothing that could be hidden in a class
    sensitive = tuple(
        name
        for name in names
        if _SENSITIVE.fullmatch(name)
        and name not in columns
        and len({row.get(name, "") for row in rows}) >= l_values
    )
    telling = [name for name in sensitive if diversity(rows, columns=columns, sensitive=name) < l_values]
    if reached >= k and not telling:
        return ()
    plan = generalize(rows, columns=columns, k=k, sensitive=sensitive, l_values=l_values)
    remedy = _remedy(plan, k=k, sensitive=sensitive, l_values=l_values)
    known = ", ".join(columns)
    messages = [
        ("protect.l_diversity",
         f"All rows that agree in {known} may share one value of {name!r}: to know the one is to know the other.")
        for name in telling
    ]  # fmt: skip
    if reached < k:
        message = f"Somebody who knows {known} can narrow a participant down to {reached} of {len(rows)} rows; {k} are wanted."
        messages.insert(0, ("protect.k_anonymity", message))
    return tuple(
        Finding(check, Severity.WARNING, message, "participants.tsv", remedy) for check, message in messages
    )


def _remedy(plan: Generalization, *, k: int, sensitive: Sequence[str], l_values: int) -> str:
    if plan.k < k:
        return "The table is too small for this k; hide these columns."
    if sensitive and plan.l_values < l_values:
        return f"No generalization shows {l_values} values in every class; hold the columns {', '.join(sensitive)} back."
    steps = ", ".join(f"{name}: {step}" for name, step in plan.steps.items())
    shown = f" and {plan.l_values} values of {', '.join(sensitive)} in every class" if sensitive else ""
    return f"Generalize ({steps}) to reach {plan.k}{shown}."
