"""Plan a study: the words of a command or a form, made a plan that sites can approve."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from commissure.errors import BadInput
from commissure.federate.analyses import build
from commissure.federate.plan import Column, Plan
from commissure.federate.terms import suggest_minimum

__all__ = ["plan_study"]


def plan_study(
    title: str,
    *,
    sites: Sequence[str],
    columns: Sequence[str | Column],
    analysis: str,
    parameters: Mapping[str, Any],
    secure: bool = True,
    minimum: int = 0,
) -> Plan:
    """A plan whose analysis can be built.

    Parameters
    ----------
    title : str
    sites : sequence of str
        ``"NAME=KEY"``, the key in hexadecimal.
    columns : sequence of str or Column
        ``"NAME[:UNIT[:LOW:HIGH]]"``, or ``"NAME=LABEL:CODE,LABEL:CODE"`` for a column of labels.
    analysis, parameters : str, mapping
        As in the table of analyses.
    secure : bool
        Whether only sums are seen.
    minimum : int
        Fewest sites in a sum; 0 for two thirds and one.

    Raises
    ------
    BadInput
        If a word cannot be read, or the analysis cannot be built.
    """
    keys = dict(_split(site, "=", "NAME=KEY") for site in sites)
    least = minimum or suggest_minimum(len(keys))
    said = dict(parameters)
    if said.get("noise"):
        said["minimum"] = least  # so many sites are sure to add their part of the noise
    plan = Plan(
        id=re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "study",
        title=title,
        analysis=analysis,
        parameters=said,
        columns=tuple(_column(one) if isinstance(one, str) else one for one in columns),
        sites=keys,
        minimum=least,
        secure=secure,
    )
    if secure and plan.parameters.get("robust"):
        raise BadInput(
            "Robust aggregation must see each site's own update, which secure aggregation hides: choose one "
            "(--no-secure, or no 'robust')."
        )
    build(plan)
    return Plan.from_json(plan.to_json())


def _split(text: str, mark: str, form: str) -> tuple[str, str]:
    name, found, rest = text.partition(mark)
    if not found or not name:
        raise BadInput(f"A site is given as {form}; got {text!r}.")
    return name, rest


def _column(text: str) -> Column:
    name, labelled, coding = text.partition("=")
    if labelled:
        try:
            pairs = [pair.rsplit(":", 1) for pair in coding.split(",")]
            return Column(name, codes={label.strip(): float(number) for label, number in pairs})
        except ValueError as error:
            raise BadInput(
                f"A column of labels is given as NAME=LABEL:CODE,LABEL:CODE; got {text!r}."
            ) from error
    parts = text.split(":")
    if len(parts) not in (1, 2, 4):
        raise BadInput(f"A column is given as NAME, NAME:UNIT or NAME:UNIT:LOW:HIGH; got {text!r}.")
    try:
        low, high = (float(parts[2]), float(parts[3])) if len(parts) == 4 else (None, None)
    except ValueError as error:
        raise BadInput(f"A column's range must be two numbers; got {text!r}.") from error
    return Column(parts[0], parts[1] if len(parts) > 1 else "", low, high)
