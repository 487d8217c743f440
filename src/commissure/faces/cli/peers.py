"""``commissure discover peers``: whom questions go to; ``commissure discover everywhere``: ask them all at once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from commissure.faces.cli.search import draw_reply
from commissure.faces.cli.show import line, show, table
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.workflows import peers as peers_workflow
from commissure.workflows.search_everywhere import search_everywhere as everywhere_workflow

__all__ = ["app", "everywhere"]

app = typer.Typer(help="The hubs and archives that questions go to.", no_args_is_help=True)
_SIGNS = {"ok": "✓", "partial": "~", "skipped": "-", "failed": "✗", "timed out": "✗"}


@app.command("list")
def known(hub: HubAt = None, json: AsJson = False) -> None:
    """Say which hubs and archives questions go to."""
    found = [one.to_dict() for one in peers_workflow.peers(opened(hub))]
    rows = table(("Name", "Kind", "Address"), [(one["name"], one["kind"], one["url"]) for one in found])
    show(
        {"peers": found}, as_json=json, draw=lambda console: console.print(rows if found else "No peers yet.")
    )


@app.command()
def add(
    url: Annotated[
        str, typer.Argument(help="https://hub.example.org, an archive (openneuro), or archive=ADDRESS.")
    ],
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Let questions go to another hub, or to an archive."""
    made = peers_workflow.add_peer(opened(hub, create=True), url, now=datetime.now(UTC))
    show(made.to_dict(), as_json=json, draw=line(f"✓ {made.name} is a peer; its questions go to {made.url}."))


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Its name or address.")], hub: HubAt = None, json: AsJson = False
) -> None:
    """Send no more questions to a peer."""
    gone = peers_workflow.remove_peer(opened(hub), name)
    show(gone.to_dict(), as_json=json, draw=line(f"✓ {gone.name} is asked no more."))


@command
def everywhere(
    words: Annotated[list[str], typer.Argument(help="Plain words, or species:mouse n:>=30 -task:rest.")],
    hub: HubAt = None,
    limit: Annotated[int, typer.Option(help="How many results.")] = 10,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; as often as wanted.")] = None,
    within_s: Annotated[float, typer.Option(help="Seconds that a source may take.")] = 4.0,
    json: AsJson = False,
) -> None:
    """Find datasets here, at the peers and in archives at once, and see how each source answered."""
    here = opened(hub)
    told = everywhere_workflow(
        here, " ".join(words), limit=limit, sources=source or (), within_s=within_s, viewer=here.actor.id
    ).to_dict()
    show(told, as_json=json, draw=_drawn(told))


def _drawn(told: Mapping[str, Any]) -> Callable[[Console], None]:
    def draw(console: Console) -> None:
        draw_reply(told)(console)
        several = [r for r in told["results"] if len(r["found_at"]) > 1]
        for result in several:
            places = ", ".join(place["source"] for place in result["found_at"])
            console.print(Text(f"{result['id']} is at {places}.", style="dim"))
        rows = [
            (
                f"{_SIGNS[one['state']]} {one['source']}",
                one["state"],
                one["found"],
                f"{one['seconds']:.1f} s",
                one["message"],
            )
            for one in told["sources"]
        ]
        console.print(table(("Source", "State", "Found", "Took", "Why"), rows))

    return draw
