"""``commissure list`` and ``commissure show``."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from commissure.faces import shapes
from commissure.faces.cli.show import bytes_in_words, facts, findings_list, table
from commissure.faces.cli.show import show as show_value
from commissure.faces.cli.words import AsJson, HubAt, command, opened, settings_for
from commissure.store.port import Query
from commissure.workflows import browse

__all__ = ["datasets", "show"]


@command
def datasets(
    words: Annotated[list[str] | None, typer.Argument(help="Words that must all be there.")] = None,
    hub: HubAt = None,
    facet: Annotated[list[str] | None, typer.Option(help="KEY=VALUE, as species='Mus musculus'.")] = None,
    sort: Annotated[str, typer.Option(help="newest or title.")] = "newest",
    limit: Annotated[int, typer.Option(help="How many at once, at most 200.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    json: AsJson = False,
) -> None:
    """List the datasets of a hub, the newest first."""
    settings = settings_for(hub)
    query = Query(
        words=" ".join(words or ()), facets=shapes.facets(facet or []), sort=sort, viewer=settings.actor
    )
    found = shapes.listing(browse.datasets(opened(hub), query, cursor=cursor, limit=limit))
    show_value(found, as_json=json, draw=lambda console: _draw_list(console, found))


def _draw_list(console: Console, found: dict[str, Any]) -> None:
    columns = ("Dataset", "Title", "What", "Subjects", "Size", "Readable by")
    rows = (
        (f"{d['id']}@{d['version']}", d["title"], ", ".join(d["modalities"]), d["subjects"] or "",
         bytes_in_words(d["bytes"]), "anybody" if d["public"] else "owner")
        for d in found["datasets"]
    )  # fmt: skip
    console.print(table(columns, rows))
    more = f"; more with --cursor {found['next']}" if found["next"] else ""
    console.print(f"{len(found['datasets'])} of {found['total']}{more}", style="dim", markup=False)


@command
def show(
    reference: Annotated[
        str, typer.Argument(help="DATASET or DATASET@VERSION.", metavar="DATASET[@VERSION]")
    ],
    hub: HubAt = None,
    files: Annotated[bool, typer.Option("--files", help="List the files too.")] = False,
    json: AsJson = False,
) -> None:
    """Show one release: what, who, quality, files."""
    settings = settings_for(hub)
    shown = browse.show(opened(hub), reference, viewer=settings.actor, now=datetime.now(UTC))
    told = shapes.release(shown) | ({"manifest": shapes.manifest(shown.release)["files"]} if files else {})
    show_value(told, as_json=json, draw=lambda console: _draw_release(console, told))


def _draw_release(console: Console, told: dict[str, Any]) -> None:
    about = [(name.replace("_", " "), value) for name, value in told["metadata"].items() if name != "title"]
    head = [
        ("release", f"{told['id']}@{told['version']}"),
        ("versions", told["versions"]),
        ("standard", told["standard"]),
        ("files", f"{told['files']}, {bytes_in_words(told['bytes'])}"),
        ("readable by", "anybody" if told["public"] else "its owner, and those with a Grant"),
    ]
    console.print(facts([*head, *about], title=told["title"]))
    console.print(findings_list(told["findings"]))
    if "manifest" in told:
        rows = (
            (file["path"], bytes_in_words(file["bytes"]), file["sha256"][:12]) for file in told["manifest"]
        )
        console.print(table(("Path", "Size", "SHA-256"), rows, title="Files"))
