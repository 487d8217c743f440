"""``commissure discover``: put archives' records into a hub's index, and find what goes with a dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commissure.faces.cli import peers
from commissure.faces.cli.bars import Bars
from commissure.faces.cli.likeness import draw_partners, draw_similar
from commissure.faces.cli.show import line, show, table
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.workflows.describe_release import describe_release
from commissure.workflows.harvest import add_records
from commissure.workflows.harvest import rebuild as rebuild_workflow
from commissure.workflows.partners import partners as partners_workflow
from commissure.workflows.recommend import RecommendReply
from commissure.workflows.recommend import recommend as recommend_workflow
from commissure.workflows.save_search import forget_search, save_search, saved_searches
from commissure.workflows.similar import similar as similar_workflow

__all__ = ["app"]

app = typer.Typer(help="Similar data, partners, several hubs.", no_args_is_help=True)
Dataset = Annotated[str, typer.Argument(help="A dataset's id.", metavar="DATASET")]
app.add_typer(peers.app, name="peers")
app.command()(peers.everywhere)
Many = Annotated[int, typer.Option(help="How many results.")]


@app.command()
def add(
    path: Annotated[
        Path, typer.Argument(help="JSON lines (plain or .gz), or a BIDS or NWB tree.", metavar="PATH")
    ],
    hub: HubAt = None,
    vectors: Annotated[bool, typer.Option(help="Compute vectors for search by meaning.")] = True,
    json: AsJson = False,
) -> None:
    """Put an archive's records, or a BIDS or NWB tree, into the hub's index; what is there is passed over."""
    with Bars(quiet=json) as bars:
        done = add_records(opened(hub, create=True), path, vectors=vectors, progress=bars)
    told = f"✓ {done.added} records added, {done.same} there already, {done.refused} unusable."
    show(done.to_dict(), as_json=json, draw=line(told))


@app.command()
def rebuild(hub: HubAt = None, json: AsJson = False) -> None:
    """Build the index again from the hub's releases and the dumps that were added."""
    with Bars(quiet=json) as bars:
        count = rebuild_workflow(opened(hub), vectors=True, progress=bars)
    show({"records": count}, as_json=json, draw=line(f"✓ {count} records indexed."))


@app.command()
def similar(
    like: Annotated[str, typer.Argument(help="A dataset's id, or a file or folder.", metavar="FILE|DATASET")],
    hub: HubAt = None,
    limit: Many = 10,
    sessions: Annotated[
        bool, typer.Option(help="Show single sessions too, where a Grant opens them.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Data like a dataset's, by record and by signal, or like a file's; what is alike and what is not."""
    here = opened(hub)
    reply = similar_workflow(here, like, limit=limit, viewer=here.actor.id, sessions=sessions).to_dict()
    show(reply, as_json=json, draw=draw_similar(reply))


@app.command()
def describe(dataset: Dataset, hub: HubAt = None, json: AsJson = False) -> None:
    """Describe the signals of a release that was shared before signals were described; its owner may."""
    here = opened(hub)
    done = describe_release(here, dataset, now=here.clock())
    told = ", ".join(f"{count} {family}" for family, count in done.items()) or "nothing that can be described"
    show({"dataset": dataset, "sessions": done}, as_json=json, draw=line(f"✓ sessions described: {told}."))


@app.command()
def partners(
    dataset: Dataset,
    hub: HubAt = None,
    effect: Annotated[float, typer.Option(help="The effect to find, Cohen's d.")] = 0.5,
    power: Annotated[float, typer.Option(help="The chance to find it.")] = 0.8,
    limit: Many = 10,
    letter: Annotated[int, typer.Option(help="Print the letter to the partner of this rank.")] = 0,
    json: AsJson = False,
) -> None:
    """Who could replicate this study, with the grounds of each rank; letters are drafted, never sent."""
    here = opened(hub)
    reply = partners_workflow(
        here, dataset, effect=effect, power=power, limit=limit, viewer=here.actor.id
    ).to_dict()
    show(reply, as_json=json, draw=draw_partners(reply, letter=letter))


@app.command()
def recommend(
    words: Annotated[list[str] | None, typer.Argument(help="What you are about to do.")] = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="A dataset to go on from; as often as wanted.")
    ] = None,
    hub: HubAt = None,
    limit: Many = 10,
    by_use: Annotated[bool, typer.Option(help="Let events of use count.")] = True,
    json: AsJson = False,
) -> None:
    """Datasets that go with what you used or are about to do, each with why."""
    here, said = opened(hub), " ".join(words or ())
    reply = recommend_workflow(
        here, words=said, datasets=dataset or (), limit=limit, viewer=here.actor.id, by_use=by_use
    )
    show(reply.to_dict(), as_json=json, draw=_lines(reply))


@app.command()
def save(
    name: Annotated[str, typer.Argument(help="The name to keep it under.")],
    words: Annotated[list[str], typer.Argument(help="The question.")],
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Keep a question under a name."""
    here, said = opened(hub), " ".join(words)
    save_search(here, name, words=said, owner=here.actor.id)
    show({"name": name, "words": said}, as_json=json, draw=line(f"✓ saved as {name}."))


@app.command()
def saved(hub: HubAt = None, json: AsJson = False) -> None:
    """The questions you kept."""
    here = opened(hub)
    kept = saved_searches(here, owner=here.actor.id)
    rows = table(("Name", "Question"), kept.items())
    show({"searches": kept}, as_json=json, draw=lambda console: console.print(rows))


@app.command()
def forget(
    name: Annotated[str, typer.Argument(help="Its name.")], hub: HubAt = None, json: AsJson = False
) -> None:
    """Delete a question you kept."""
    here = opened(hub)
    forget_search(here, name, owner=here.actor.id)
    show({"forgotten": name}, as_json=json, draw=line(f"✓ {name} is forgotten."))


def _lines(reply: RecommendReply) -> Callable[[Console], None]:
    rows = [(place, r.title, r.id, r.because) for place, r in enumerate(reply.results, 1)]
    return lambda console: console.print(table(("", "Dataset", "Id", "Because"), rows))
