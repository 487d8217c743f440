"""How the command line shows things: one JSON object, or tables and panels for a person."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from commissure.faces.shapes import grouped

__all__ = ["SEVERITY", "bytes_in_words", "facts", "findings_list", "line", "next_steps", "show", "table"]

#: colour and word and sign: never colour alone
SEVERITY = {"error": ("red", "✗ error"), "warning": ("yellow", "! warning"), "info": ("cyan", "· info")}
_STEP = 1024


def show(value: Mapping[str, Any], *, as_json: bool, draw: Callable[[Console], None]) -> None:
    """``value`` as one JSON object on standard output, or what ``draw`` prints there."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        draw(Console(highlight=False))


def line(text: str) -> Callable[[Console], None]:
    """A drawing of one plain line."""
    return lambda console: console.print(text, markup=False)


def facts(pairs: Iterable[tuple[str, object]], *, title: str = "") -> Table:
    """Names and values, two columns, empty values left out."""
    grid = Table(title=title or None, title_justify="left", title_style="bold", box=None, show_header=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value not in (None, "", (), [], {}):
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            grid.add_row(name, Text(shown))
    return grid


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> Table:
    """A plain table; every cell is text, never markup."""
    made = Table(title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None)
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


def findings_list(findings: Iterable[Mapping[str, str]], *, most: int = 12) -> Group | Text:
    """Findings by weight, the gravest first, each with what to do; errors and warnings always, remarks up to ``most``."""
    rows = grouped(findings)
    if not rows:
        return Text("No Findings.", style="green")
    grave = [row for row in rows if row["severity"] != "info"]
    shown = rows[: max(most, len(grave))]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in shown:
        colour, word = SEVERITY[row["severity"]]
        what = Text(row["message"])
        if row["places"]:
            more = f" and {len(row['places']) - 1} more" if len(row["places"]) > 1 else ""
            what.append(f"  {row['places'][0]}{more}", style="dim")
        if row.get("remedy"):
            what.append(f"\n→ {row['remedy']}", style="dim")
        grid.add_row(Text(word, style=colour), what)
    left = len(rows) - len(shown)
    tail = [Text(f"… and {left} more remarks: --json or the portal has all.", style="dim")] if left else []
    return Group(Text("Findings", style="bold"), grid, *tail)


def next_steps(steps: Iterable[tuple[str, str]]) -> Panel:
    """A closing panel: what a person may do now, each as a command to copy."""
    grid = Table.grid(padding=(0, 2))
    for what, command in steps:
        grid.add_row(Text(what, style="dim"), Text(command, style="bold"))
    return Panel(grid, title="What next", title_align="left", border_style="dim", expand=False)


def bytes_in_words(count: int) -> str:
    """A size as a person reads it.

    >>> bytes_in_words(1536)
    '1.5 KiB'
    """
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} TiB"
