"""Drawings of what is alike, and of replication partners."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from commissure.errors import BadInput
from commissure.faces.cli.search import draw_reply
from commissure.faces.cli.show import table

__all__ = ["draw_partners", "draw_similar"]


def draw_similar(reply: Mapping[str, Any]) -> Callable[[Console], None]:
    """Datasets as a search shows them, with the closeness of signals; then sessions."""
    datasets = draw_reply(reply)

    def draw(console: Console) -> None:
        datasets(console)
        if not reply["results"]:
            console.print("Nothing like it is known here.")
        close = [(r["id"], r["signal"]) for r in reply["results"] if "signal" in r]
        if close:
            rows = [(id, f"{s['closeness']:.2f}", ", ".join(s["alike"][:4]) or "little") for id, s in close]
            console.print(table(("Signal of", "Closeness", "Alike in"), rows))
        if reply["sessions"]:
            told = [
                (s["dataset"], s["subject"], s["session"], s["task"], f"{s['closeness']:.2f}")
                for s in reply["sessions"]
            ]
            console.print(table(("Dataset", "Subject", "Session", "Task", "Closeness"), told))

    return draw


def draw_partners(reply: Mapping[str, Any], *, letter: int) -> Callable[[Console], None]:
    """Each partner with the grounds of its rank, or the letter to one of them.

    Raises
    ------
    BadInput
        If no partner has that rank.
    """
    found = reply["partners"]
    if letter and not 1 <= letter <= len(found):
        raise BadInput(f"There are {len(found)} partners; got the rank {letter}.")

    def draw(console: Console) -> None:
        if letter:
            console.print(Markdown(found[letter - 1]["invitation"]))
            return
        console.print(
            f"{reply['needed']} subjects find d = {reply['effect']:g} with a power of {reply['power']:g}."
        )
        for place, partner in enumerate(found, 1):
            console.print(
                Text(f"{place:3}. {partner['title']}", style="bold"), Text(partner["id"], style="dim")
            )
            for ground in partner["grounds"]:
                console.print(Text(f"     {ground['name']:<13}{ground['score']:.2f}  {ground['words']}"))
        if not found:
            console.print("Nobody who shares the modality is known here; add an archive's records.")

    return draw
