"""``commissure grant``, ``revoke`` and ``withdraw``."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from commissure.faces import shapes
from commissure.faces.cli.show import line, show
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.workflows import access
from commissure.workflows.withdraw import withdraw as withdraw_workflow

__all__ = ["grant", "revoke", "withdraw"]

Dataset = Annotated[str, typer.Argument(help="The dataset's id.")]


@command
def grant(
    dataset: Dataset,
    person: Annotated[str, typer.Argument(help="Who may, by id.")],
    hub: HubAt = None,
    purpose: Annotated[str, typer.Option(help="For which use.")] = "research",
    days: Annotated[int, typer.Option(help="For how long.", min=1)] = 365,
    json: AsJson = False,
) -> None:
    """Let a person use a dataset for a purpose, within what consent allows."""
    now = datetime.now(UTC)
    made = access.grant(
        opened(hub), dataset, person=person, purpose=purpose, until=now + timedelta(days=days), now=now
    )
    text = f"✓ {person} may use {dataset} for {made.purpose} until {made.until:%Y-%m-%d}."
    show(shapes.grant(made), as_json=json, draw=line(text))


@command
def revoke(
    dataset: Dataset,
    person: Annotated[str, typer.Argument(help="Whose Grants end, by id.")],
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """End every Grant of a person to a dataset."""
    ended = access.revoke(opened(hub), dataset, person=person, now=datetime.now(UTC))
    text = f"✓ {ended} Grant(s) of {person} to {dataset} ended."
    show({"dataset": dataset, "person": person, "revoked": ended}, as_json=json, draw=line(text))


@command
def withdraw(
    dataset: Dataset,
    hub: HubAt = None,
    subject: Annotated[
        str | None, typer.Option(help="One subject's label; the whole dataset if none.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="A category for the ledger, never a name.")
    ] = "consent withdrawn",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; this cannot be undone.")] = False,
    json: AsJson = False,
) -> None:
    """Take back a subject of a dataset, or all of it, and all that was made from it. This cannot be undone."""
    what = "a subject of" if subject else "all of"
    if not yes:
        typer.confirm(
            f"Withdraw {what} {dataset}? Its keys are destroyed; nobody can undo this", abort=True, err=True
        )
    done = shapes.withdrawal(
        withdraw_workflow(opened(hub), dataset, subject=subject, reason=reason, now=datetime.now(UTC))
    )
    text = f"✓ Withdrew {what} {dataset}: {done['files']} file(s) are gone, {len(done['tombstones'])} release(s) closed."
    show(done, as_json=json, draw=line(text))
