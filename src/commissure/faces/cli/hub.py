"""``commissure hub``: make a hub, say what is in it, give out tokens."""

from typing import Annotated, Any

import typer

from commissure.faces.cli.show import facts, line, show
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.hub import Hub
from commissure.store.port import Query

__all__ = ["app"]

app = typer.Typer(help="Make a hub, and say what is in it.", no_args_is_help=True)


def _told(hub: Hub) -> dict[str, Any]:
    page = hub.records.catalogue.page(Query(viewer=hub.actor.id), limit=1)
    return {
        "hub": hub.settings.hub,
        "id": hub.id,
        "datasets": page.total,
        "ledger_lines": hub.ledger.head().seq,
        "owner": hub.settings.actor,
        "jobs": hub.settings.jobs,
    }


@app.command()
def init(hub: HubAt = None, json: AsJson = False) -> None:
    """Make a hub in a folder, or say that there is one."""
    told = _told(opened(hub, create=True))
    show(told, as_json=json, draw=line(f"✓ The hub {told['id']} is in {told['hub']}."))


@app.command()
def info(hub: HubAt = None, json: AsJson = False) -> None:
    """Say what is in a hub."""
    told = _told(opened(hub))
    show(told, as_json=json, draw=lambda console: console.print(facts(told.items())))


@app.command()
def token(
    person: Annotated[str, typer.Argument(help="Whom it stands for, by id.")],
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Make a token that stands for a person; it is shown once and never kept."""
    from commissure.faces.http.auth import issue

    made = issue(opened(hub), person)
    show({"person": person, "token": made}, as_json=json, draw=line(made))
