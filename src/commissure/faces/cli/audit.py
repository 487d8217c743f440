"""``commissure audit``: prove that the ledger was not edited."""

from typing import Annotated

import typer

from commissure.faces import shapes
from commissure.faces.cli.show import findings_list, show
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.workflows import audit

__all__ = ["app"]

app = typer.Typer(help="Prove that the ledger was not edited.", no_args_is_help=True)
_BROKEN = 1


@app.callback()
def _group() -> None:
    """Keep ``verify`` a command of its own."""


@app.command()
def verify(
    hub: HubAt = None,
    anchor: Annotated[str, typer.Option(help="A head's hash that was noted elsewhere.")] = "",
    json: AsJson = False,
) -> int:
    """Check every line of the ledger, its mirror and its seals; exit code 1 if it was edited."""
    here = opened(hub)
    told = shapes.audit(here, audit.verify(here, anchor=anchor))
    show(told, as_json=json, draw=lambda console: console.print(
        f"[green]✓ The ledger is whole[/]: {told['lines']} lines; head {told['head']}" if told["whole"]
        else findings_list(told["findings"])))  # fmt: skip
    return 0 if told["whole"] else _BROKEN
