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

import numpy as np
from numpy.typing import NDArray

from commissure.model import Finding, Severity

__all__ = ["Generalization", "anonymity", "check_participants", "diversity", "generalize", "quasi_columns"]

Row = Mapping[str, str]
Codes = NDArray[np.int64]
_QUASI = re.compile(
    r"age\w*|sex|gender|handedness|hand|race|ethnicity|education\w*|occupation|marital\w*|country|site|center|language"
    r"|height\w*|weight\w*|bmi|income|religion|scanner",
    re.I,
)
_SENSITIVE = re.compile(
    r"diagnos\w*|group|disease|disorder|medication\w*|treatment|genotype|hiv\w*|iq\w*|status", re.I
)
#: what is counted or measured; the numbers of other columns are codes, which no band makes coarser
_AMOUNT = re.compile(r"age|education|height|weight|bmi|income", re.I)
_BANDS = (5, 10, 20)
_HIDDEN = "*"
_TOP = 90.0
#: a table with many such columns is not searched to its end; what is found until then reaches k and l all the same
_MOST_LOOKS, _MOST_CELLS = 20_000, 20_000_000


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
    """The cheapest coarsening of whole columns that reaches ``k`` and ``l_values``; if none does, as much as can be reached.

    Ages and other amounts go into bands of 5, 10 and 20, then are hidden; words and codes are hidden. The cost of a step is the share of a
    column's distinct values that it gives up. Classes only become smaller with each column, so that a choice for the
    first columns that falls short is not followed further.

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
    if not rows:
        return Generalization({}, (), 0, 0.0)
    table = _Coded(rows, sensitive)
    most_k, most_l = table.reached(np.zeros(len(rows), dtype=np.int64))
    ladders = [[_Step(rows, name, *step) for step in _ladder(name, rows)] for name in columns]
    search = _Search(table, ladders, k=min(k, most_k), l_values=min(l_values, most_l))
    steps = search.cheapest()
    merged = _merged(rows, {name: step.new for name, step in zip(columns, steps, strict=True)})
    reached, shown = table.reached(search.classes(steps))
    told = {name: step.told for name, step in zip(columns, steps, strict=True) if step.told}
    return Generalization(told, merged, reached, sum(step.cost for step in steps), shown if sensitive else 0)


class _Step:
    """What may be done with one column: what it is called, new values, the cost, and a number for each row's new value."""

    def __init__(
        self, rows: Sequence[Row], name: str, told: str, new: Mapping[str, str], cost: float
    ) -> None:
        self.told, self.new, self.cost = told, new, cost
        self.codes = _codes([new.get(row.get(name, ""), row.get(name, "")) for row in rows])


class _Coded:
    """The sensitive columns as numbers, to count rows and values a class."""

    def __init__(self, rows: Sequence[Row], sensitive: Sequence[str]) -> None:
        self._secrets = [_codes([row.get(name, "") for row in rows]) for name in sensitive]

    def reached(self, classes: Codes) -> tuple[int, int]:
        """The smallest class, and the fewest values of anything sensitive in one."""
        shown = [
            int(np.bincount(np.unique(np.stack([classes, secret]), axis=1)[0]).min())
            for secret in self._secrets
        ]
        return int(np.bincount(classes).min()), min(shown, default=0)


class _Search:
    """Branch and bound over one step a column."""

    def __init__(self, table: _Coded, ladders: list[list[_Step]], *, k: int, l_values: int) -> None:
        self._table, self._ladders, self._want, self._looks = table, ladders, (k, l_values), 0
        self._most = min(_MOST_LOOKS, max(200, _MOST_CELLS // len(ladders[0][0].codes))) if ladders else 0
        # what a column costs at least, if it were the only one
        alone = [min(step.cost for step in ladder if self._holds(step.codes)) for ladder in ladders]
        self._least = [sum(alone[place:]) for place in range(len(ladders) + 1)]
        self._best: tuple[float, tuple[_Step, ...]] = (float("inf"), ())

    def cheapest(self) -> tuple[_Step, ...]:
        """A step for each column."""
        if self._ladders:
            self._descend((), np.zeros_like(self._ladders[0][0].codes), 0.0)
        return self._best[1]

    def classes(self, steps: Sequence[_Step]) -> Codes:
        """The class of each row."""
        found = np.zeros_like(steps[0].codes)
        for step in steps:
            found = _refined(found, step.codes)
        return found

    def _holds(self, classes: Codes) -> bool:
        reached, shown = self._table.reached(classes)
        return reached >= self._want[0] and shown >= self._want[1]

    def _descend(self, steps: tuple[_Step, ...], classes: Codes, cost: float) -> None:
        if len(steps) == len(self._ladders):
            self._best = (cost, steps)
            return
        for step in self._ladders[len(steps)]:
            self._looks += 1
            bound = cost + step.cost + self._least[len(steps) + 1]
            if bound >= self._best[0] - 1e-12 or (self._looks > self._most and self._best[1]):
                continue
            finer = _refined(classes, step.codes)
            if self._holds(finer):
                self._descend((*steps, step), finer, cost + step.cost)


def _codes(values: Sequence[str]) -> Codes:
    found: Codes = np.unique(np.array(values), return_inverse=True)[1].astype(np.int64)
    return found


def _refined(classes: Codes, codes: Codes) -> Codes:
    finer: Codes = np.unique(classes * (int(codes.max()) + 1) + codes, return_inverse=True)[1].astype(
        np.int64
    )
    return finer


def _merged(rows: Sequence[Row], maps: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, str], ...]:
    return tuple(
        {**row, **{name: new.get(row.get(name, ""), row.get(name, "")) for name, new in maps.items()}}
        for row in rows
    )


def _ladder(name: str, rows: Sequence[Row]) -> Iterator[tuple[str, dict[str, str], float]]:
    values = sorted({row.get(name, "") for row in rows})
    numbers = {value: float(value) for value in values if re.fullmatch(r"-?\d+(\.\d+)?", value)}
    yield "", {}, 0.0
    if len(numbers) > 2 and _AMOUNT.match(name.strip()):
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


def check_participants(
    rows: Sequence[Row], *, k: int = 5, l_values: int = 2, where: str = "participants.tsv"
) -> tuple[Finding, ...]:
    """A WARNING where a table of participants is less than ``k``-anonymous or a class tells what is sensitive.

    The message has the k or l that the table reaches, the remedy the cheapest generalization that mends both at once.
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
    shown = {name: diversity(rows, columns=columns, sensitive=name) for name in sensitive}
    telling = [name for name in sensitive if shown[name] < l_values]
    if reached >= k and not telling:
        return ()
    plan = generalize(rows, columns=columns, k=k, sensitive=sensitive, l_values=l_values)
    remedy = _remedy(plan, k=k, sensitive=sensitive, l_values=l_values)
    known = ", ".join(columns)
    messages = [
        ("protect.l_diversity",
         f"All rows that agree in {known} may share one value of {name!r} (l = {shown[name]}, {l_values} are wanted): to know "
         "the one is to know the other.")
        for name in telling
    ]  # fmt: skip
    if reached < k:
        message = f"Somebody who knows {known} can narrow a participant down to {reached} of {len(rows)} rows (k = {reached}); {k} are wanted."
        messages.insert(0, ("protect.k_anonymity", message))
    return tuple(Finding(check, Severity.WARNING, message, where, remedy) for check, message in messages)


def _remedy(plan: Generalization, *, k: int, sensitive: Sequence[str], l_values: int) -> str:
    if plan.k < k:
        return "The table is too small for this k; hide these columns."
    if sensitive and plan.l_values < l_values:
        return f"No generalization shows {l_values} values in every class; hold the columns {', '.join(sensitive)} back."
    steps = ", ".join(f"{name}: {step}" for name, step in plan.steps.items())
    shown = f" and {plan.l_values} values of {', '.join(sensitive)} in every class" if sensitive else ""
    return f"Generalize ({steps}) to reach {plan.k}{shown}."
