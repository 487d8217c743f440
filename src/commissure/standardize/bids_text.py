"""Small text files of BIDS: tab-separated tables and JSON, the same bytes each time."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

__all__ = ["cell", "write_json", "write_tsv"]


def cell(value: object) -> str:
    """A value as a table's cell: ``n/a`` for what is missing, no tabs or line breaks.

    >>> cell(0.1), cell(None), cell(3.0), cell("a\\tb")
    ('0.1', 'n/a', '3', 'a b')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "n/a"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = " ".join(str(value).split())
    return text or "n/a"


def write_tsv(path: Path, *, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table with its header."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(columns) + "\n")
        for row in rows:
            stream.write("\t".join(cell(value) for value in row) + "\n")


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Write a JSON object, keys in their order."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
