"""``commissure discover``: put archives' records into a hub's index, and find what goes with a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from commissure.faces.cli.bars import Bars
from commissure.faces.cli.search import draw_reply
from commissure.faces.cli.show import line, show
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.workflows.harvest import add_records, rebuild
from commissure.workflows.similar import similar as similar_workflow

__all__ = ["app"]

app = typer.Typer(help="Similar data, partners, several hubs.", no_args_is_help=True)
Dataset = Annotated[str, typer.Argument(help="A dataset's id.", metavar="DATASET")]
Many = Annotated[int, typer.Option(help="How many results.")]


@app.command()
def add(
    path: Annotated[
        Path, typer.Argument(help="JSON lines, one record a line; plain or .gz.", metavar="FILE")
    ],
    hub: HubAt = None,
    vectors: Annotated[bool, typer.Option(help="Compute vectors for search by meaning.")] = True,
    json: AsJson = False,
) -> None:
    """Put the records of a dump into the hub's index; what is there already is passed over."""
    with Bars(quiet=json) as bars:
        done = add_records(opened(hub, create=True), path, vectors=vectors, progress=bars)
    told = f"✓ {done.added} records added, {done.same} there already, {done.refused} unusable."
    show(done.to_dict(), as_json=json, draw=line(told))


@app.command()
def reindex(hub: HubAt = None, json: AsJson = False) -> None:
    """Build the index again from the hub's releases and the dumps that were added."""
    with Bars(quiet=json) as bars:
        count = rebuild(opened(hub), progress=bars)
    show({"records": count}, as_json=json, draw=line(f"✓ {count} records indexed."))


@app.command()
def similar(dataset: Dataset, hub: HubAt = None, limit: Many = 10, json: AsJson = False) -> None:
    """Datasets whose records are most like this one's, and what they share."""
    here = opened(hub)
    reply = similar_workflow(here, dataset, limit=limit, viewer=here.actor.id).to_dict()
    show(reply, as_json=json, draw=draw_reply(reply))
