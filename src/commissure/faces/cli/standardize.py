"""``commissure standardize``: which formats are read, and what a folder holds."""

from typing import Any

import typer

from commissure.faces.cli.show import show, table
from commissure.faces.cli.words import AsJson
from commissure.formats.registry import READERS
from commissure.standardize.registry import WRITERS

__all__ = ["app"]

app = typer.Typer(help="Raw files into valid BIDS or NWB.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``formats`` a command of its own."""


@app.command()
def formats(json: AsJson = False) -> None:
    """List the formats that are read and the standards that are written, plugins included."""
    told: dict[str, Any] = {"readers": list(READERS.names()), "writers": list(WRITERS.names())}
    rows = (("reads", ", ".join(told["readers"])), ("writes", ", ".join(told["writers"])))
    show(told, as_json=json, draw=lambda console: console.print(table(("", "Formats"), rows)))
