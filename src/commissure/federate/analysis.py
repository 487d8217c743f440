"""Analyses by sums: the coordinator asks, each site answers with numbers that are added, and the sum is all it learns.

An analysis is four pure functions over *states*, dictionaries of arrays that both sides know: what to ask first, what
shape an answer has, what a site answers, and what the sum of answers leads to. Everything in this room is one:
means, regressions, trees, rounds of training. A transport carries states down and sums up; here is the shortest one,
all sites in one process.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Fault
from commissure.federate.fixed_point import Code, Exact

__all__ = [
    "Analysis",
    "Array",
    "Exactly",
    "State",
    "Table",
    "flatten",
    "is_done",
    "run_locally",
    "stacked",
    "unflatten",
]

Array = NDArray[np.float64]
State = Mapping[str, Array]
Table = Mapping[str, Array]
Shapes = Mapping[str, tuple[int, ...]]
_MOST_ROUNDS = 100_000


class Analysis(Protocol):
    """What a site and a coordinator do; both are built from the same approved plan."""

    def first(self) -> State:
        """The state that the first round asks about."""
        ...

    def shapes(self, state: State) -> Shapes:
        """The shape of each array of an answer."""
        ...

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """What a site adds to the sum, and what it remembers for itself (never sent)."""
        ...

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The next state; the last has a ``done`` that is not zero."""
        ...

    def result(self, state: State) -> Mapping[str, Array]:
        """What the study has found."""
        ...

    def code(self, state: State, *, sites: int) -> Code:
        """How a round's answers become integers, where ``sites`` or fewer are summed."""
        ...


def is_done(state: State) -> bool:
    """Whether a state is the last."""
    return bool(np.any(state.get("done", np.zeros(1))))


def flatten(answer: Mapping[str, Array], shapes: Shapes) -> Array:
    """The arrays of an answer, one after the other in the order of ``shapes``.

    Raises
    ------
    BadInput
        If an array is missing or has another shape.
    """
    parts = []
    for name, shape in shapes.items():
        part = np.asarray(answer.get(name, np.zeros(0)), np.float64)
        if part.shape != tuple(shape):
            raise BadInput(f"The answer's {name!r} must have the shape {tuple(shape)}; got {part.shape}.")
        parts.append(part.ravel())
    return np.concatenate(parts) if parts else np.zeros(0)


def unflatten(values: Array, shapes: Shapes) -> dict[str, Array]:
    """The arrays that :func:`flatten` has put one after the other."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    parts = np.split(values, np.cumsum(sizes)[:-1]) if sizes else []
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def stacked(table: Table, names: Sequence[str]) -> Array:
    """Columns of a table as an array of shape (row, column).

    Raises
    ------
    BadInput
        If one is not there; the message names what is.
    """
    missing = [name for name in names if name not in table]
    if missing:
        raise BadInput(
            f"Column {missing[0]!r} is not in this site's table; there are: {', '.join(list(table)[:12])}."
        )
    rows = len(next(iter(table.values()))) if table else 0
    if not names:
        return np.zeros((rows, 0))
    return np.column_stack([np.asarray(table[name], np.float64) for name in names])


def run_locally(
    analysis: Analysis,
    tables: Mapping[str, Table],
    *,
    combine: Callable[[Array], Array] | None = None,
    after: Callable[[int, State], None] | None = None,
) -> Mapping[str, Array]:
    """The result of ``analysis`` over sites that are all here, as the wire would give it, without masks.

    Parameters
    ----------
    analysis : Analysis
    tables : mapping of str to Table
        Each site's rows.
    combine : callable, optional
        What makes one answer of all, shape (site, value) to (value,), in place of the sum: for robust aggregation.
    after : callable, optional
        Is told each round's number and state.

    Raises
    ------
    Fault
        If the analysis does not end.
    """
    state = analysis.first()
    memories: dict[str, State] = {site: {} for site in tables}
    for number in range(_MOST_ROUNDS):
        if is_done(state):
            return analysis.result(state)
        shapes = analysis.shapes(state)
        answers = []
        for site, table in tables.items():
            answer, memories[site] = analysis.answer(state, table, memories[site])
            answers.append(flatten(answer, shapes))
        total = (
            _summed(answers, analysis.code(state, sites=len(tables)))
            if combine is None
            else combine(np.stack(answers))
        )
        state = analysis.step(state, unflatten(total, shapes))
        if after is not None:
            after(number, state)
    raise Fault(f"The analysis did not end in {_MOST_ROUNDS} rounds.")


def _summed(answers: Sequence[Array], code: Code) -> Array:
    total = code.encode(answers[0], draw=b"0")
    for number, answer in enumerate(answers[1:], start=1):
        total += code.encode(answer, draw=str(number).encode())
    return code.decode(total)


class Exactly:
    """The part of an analysis that most share: sums that are exact, nothing remembered at a site."""

    def code(self, state: State, *, sites: int) -> Code:  # noqa: ARG002
        """Four words a number."""
        return Exact()
