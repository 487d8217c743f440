"""A study's plan: which columns are read, what is computed, what leaves; each site's steward approves its digest.

A plan is data. It names an analysis that every site has already, never code, so approving it is approving all that can
happen.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotPermitted
from commissure.federate.analysis import Table
from commissure.federate.letters import Identity, Letter, open_letter
from commissure.federate.privacy import spent_epsilon
from commissure.model import Finding, Severity

__all__ = ["Column", "Plan", "approve", "check_approval", "check_table"]

_DELTA = 1e-5


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a study reads.

    Parameters
    ----------
    name : str
    unit : str
        The unit that every site must have it in, as UCUM writes it (``"a"`` for years); empty for none.
    low, high : float or None
        What is plausible; a site most of whose values lie outside has another unit or coding.
    codes : mapping of str to float
        The number that each label stands for, for a column of labels.
    """

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    codes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A named analysis that sites approve.

    Parameters
    ----------
    id, title, purpose : str
    analysis : str
        Its name in the table of analyses.
    parameters : mapping
        The analysis' own, as JSON.
    columns : tuple of Column
        All that is read; nothing else is loaded.
    sites : mapping of str to str
        Each site's public signing key, in hexadecimal.
    minimum : int
        How many sites must be in every sum.
    secure : bool
        Whether only sums are seen. Robust aggregation must see each site's update, so it cannot be secure.
    rounds : int
        How many answers a site gives at most.
    """

    id: str
    title: str
    analysis: str
    parameters: Mapping[str, Any]
    columns: tuple[Column, ...]
    sites: Mapping[str, str]
    minimum: int
    purpose: str = "research"
    secure: bool = True
    rounds: int = 1000
    version: int = field(default=1)

    def to_json(self) -> str:
        """The plan as text; the same plan gives the same text."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """The plan of :meth:`to_json`.

        Raises
        ------
        BadInput
            If a field is missing, unknown or of another kind, or the minimum is not more than half of the sites.
        """
        try:
            fields = json.loads(text)
            columns = tuple(Column(**column) for column in fields.pop("columns"))
            plan = cls(**fields, columns=columns)
            keys = [bytes.fromhex(key) for key in plan.sites.values()]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInput(f"This is no plan of a study: {type(error).__name__}.") from error
        if any(len(key) != 32 for key in keys):
            raise BadInput("A site's key must be 64 hexadecimal digits.")
        if plan.secure and not len(keys) < 2 * plan.minimum <= 2 * len(keys):
            raise BadInput(
                f"minimum must be more than half of the {len(keys)} sites, and no more than all; got {plan.minimum}."
            )
        return plan

    @property
    def digest(self) -> str:
        """SHA-256 of the plan, in hexadecimal: what a steward approves."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def keys(self) -> dict[str, bytes]:
        """Each site's public signing key."""
        return {site: bytes.fromhex(key) for site, key in self.sites.items()}

    @property
    def hides_rows(self) -> bool:
        """Whether noise hides one subject with its row; otherwise it hides a whole site."""
        return self.analysis == "private_training"

    def leaves(self, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
        """What leaves a site, in words, for answers of these shapes."""
        numbers = sum(int(np.prod(shape)) for shape in shapes.values())
        how = (
            f"masked: the coordinator sees only the sum over {self.minimum} or more of {len(self.sites)} sites"
            if self.secure
            else "NOT masked: the coordinator sees each site's own numbers"
        )
        return [
            f"Read: {', '.join(column.name for column in self.columns)}; nothing else is loaded.",
            f"Sent: {numbers} numbers a round ({', '.join(shapes)}), at most {self.rounds} rounds, {how}.",
            *self._budget(),
            "Never sent: a row, an identifier, a file. Never run: code from outside.",
        ]

    def _budget(self) -> list[str]:
        noise, rounds = (
            float(self.parameters.get("noise", 0)),
            int(self.parameters.get("rounds", self.rounds)),
        )
        if not noise:
            return ["No noise is added: a sum tells what a sum tells."]
        epsilon = spent_epsilon(noise=noise, rounds=rounds, delta=_DELTA)
        whom = "one subject" if self.hides_rows else "a whole site"
        return [f"Noise hides {whom}: epsilon {epsilon:.2f} at delta {_DELTA:g}, over all {rounds} rounds."]


def approve(plan: Plan, identity: Identity) -> Letter:
    """A steward's approval: the site's signature on the plan's digest.

    Raises
    ------
    NotPermitted
        If the plan names another key for this site.
    """
    if plan.keys.get(identity.name) != identity.public:
        raise NotPermitted(f"The plan does not name {identity.name!r} with this site's key.")
    return identity.write(plan.digest.encode(), session=plan.id, round=0, step="approve")


def check_approval(plan: Plan, letter: Letter) -> None:
    """Refuse an approval that is not this site's, or not of this very plan.

    Raises
    ------
    NotPermitted
    """
    body = open_letter(letter, session=plan.id, round=0, step="approve", keys=plan.keys)
    if body != plan.digest.encode():
        raise NotPermitted(f"{letter.sender!r} has approved another version of this plan.")


def check_table(plan: Plan, table: Table, *, units: Mapping[str, str]) -> list[Finding]:
    """What is wrong with a site's table for this study: columns, units, ranges; no value is told.

    Parameters
    ----------
    plan : Plan
    table : mapping of str to array
    units : mapping of str to str
        The unit of each column, where the site knows it.
    """
    found: list[Finding] = []
    for column in plan.columns:
        if column.name not in table:
            found.append(
                _finding(column, "missing", "is not in this site's table", _nearest(column.name, list(table)))
            )
            continue
        unit = units.get(column.name, "")
        if column.unit and unit and unit != column.unit:
            what = f"is in {unit!r} here; the study reads {column.unit!r}"
            found.append(_finding(column, "unit", what, f"Convert it to {column.unit!r}."))
        values = np.asarray(table[column.name], float)
        there = values[~np.isnan(values)]
        if there.size == 0:
            found.append(
                _finding(column, "empty", "has no value here", "Leave this site out, or fill the column.")
            )
        elif _outside(column, there) > 0.5:
            what = "lies mostly outside of what the study takes as plausible"
            found.append(_finding(column, "range", what, "Look at its unit and its coding."))
    return found


def _outside(column: Column, values: Any) -> float:
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    return float(((values < low) | (values > high)).mean())


def _nearest(name: str, names: Sequence[str]) -> str:
    same = [other for other in names if other.casefold().replace("_", "") == name.casefold().replace("_", "")]
    return f"Rename {same[0]!r}." if same else "Map it with `commissure translate columns`."


def _finding(column: Column, check: str, what: str, remedy: str) -> Finding:
    return Finding(
        check=f"federate.column.{check}",
        severity=Severity.ERROR,
        where=column.name,
        message=f"Column {column.name!r} {what}.",
        remedy=remedy,
    )
