"""``commissure get``: a release as a plain folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commissure.faces.cli.bars import Bars
from commissure.faces.cli.show import line, show
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.workflows.get import get as get_workflow

__all__ = ["get"]


@command
def get(
    reference: Annotated[
        str, typer.Argument(help="DATASET or DATASET@VERSION.", metavar="DATASET[@VERSION]")
    ],
    into: Annotated[Path, typer.Argument(help="The folder to write into.", metavar="FOLDER")],
    hub: HubAt = None,
    purpose: Annotated[str, typer.Option(help="For which use; a Grant is for one purpose.")] = "research",
    json: AsJson = False,
) -> None:
    """Fetch a release as a plain BIDS or NWB folder; each file is checked against its hash."""
    with Bars(quiet=json) as bars:
        release = get_workflow(
            opened(hub), reference, into=into, purpose=purpose, now=datetime.now(UTC), progress=bars
        )
    told = {"release": {"id": release.dataset, "version": release.version}, "files": len(release.assets)}
    show(told, as_json=json, draw=line(f"✓ {release.id}: {len(release.assets)} files are in {into}."))
