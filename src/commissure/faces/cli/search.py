"""``commissure search``: find datasets by what they hold, and see why each was found."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from commissure.faces.cli.show import show
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.workflows.search import search as search_workflow

__all__ = ["draw_reply", "search"]


@command
def search(
    words: Annotated[list[str], typer.Argument(help="Plain words, or species:mouse n:>=30 -task:rest.")],
    hub: HubAt = None,
    limit: Annotated[int, typer.Option(help="How many results.")] = 10,
    offset: Annotated[int, typer.Option(help="From which result on.")] = 0,
    sort: Annotated[str, typer.Option(help="relevance, newest, size or title.")] = "relevance",
    json: AsJson = False,
) -> None:
    """Find datasets by what they hold; each result says what of the question it meets, and what not."""
    here = opened(hub)
    reply = search_workflow(
        here, " ".join(words), limit=limit, offset=offset, sort=sort, viewer=here.actor.id
    )
    show(reply.to_dict(), as_json=json, draw=draw_reply(reply.to_dict()))


def draw_reply(reply: Mapping[str, Any]) -> Callable[[Console], None]:
    """A drawing of a reply: each result with ✓ for what it meets and ✗ for what it misses."""

    def draw(console: Console) -> None:
        if reply["message"]:
            console.print(Text(reply["message"], style="yellow"))
        for place, result in enumerate(reply["results"], reply["offset"] + 1):
            console.print(
                Text(f"{place:3}. {result['title']}", style="bold"), Text(result["id"], style="dim")
            )
            met = [
                f"✓ {m['asked']} ({m['words']})" if m.get("words") else f"✓ {m['asked']}"
                for m in result["met"]
            ]
            missed = [f"✗ {m['asked']}" for m in result["missed"]]
            console.print(Text("     " + "  ".join([*met, *missed])))
        if reply["results"]:
            console.print(Text(f"{reply['total']} datasets answer.", style="dim"))

    return draw
