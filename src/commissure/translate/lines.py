"""Bytes of a text file as lines, or as the rows of a table, whatever system wrote them."""

import csv
import io

from commissure.errors import BadInput, Unreadable

__all__ = ["read_lines", "read_table", "read_text"]

MAX_BYTES = 200_000_000


def read_text(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 by its mark; what cannot be read as such becomes ``\\ufffd``.

    Raises
    ------
    Unreadable
        If the file is binary or larger than 200 MB.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"A text file has at most {MAX_BYTES // 10**6} MB; got {len(data) // 10**6} MB.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:100_000]:
        raise Unreadable("This is a binary file, not text; give a text file with one name a line.")
    return data.decode("utf-8-sig", errors="replace")


def read_lines(data: bytes) -> list[str]:
    """The lines of a text file; a blank line counts, a last newline does not start a line.

    >>> read_lines(b"thalamus\\r\\n\\nCA1\\n")
    ['thalamus', '', 'CA1']
    """
    text = read_text(data).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def read_table(data: bytes, *, delimiter: str = "\t") -> list[dict[str, str]]:
    """The rows of a table by column name; cells that are missing are empty.

    Raises
    ------
    Unreadable
        If there is no header.
    """
    text = read_text(data)
    if not text.strip():
        raise Unreadable("The table is empty; its first row must name the columns.")
    reader = csv.reader(
        io.StringIO(text), delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else 0
    )
    rows = iter(reader)
    head = [name.strip() for name in next(rows)]
    if len(set(head)) != len(head) or not all(head):
        raise Unreadable("Every column of a table needs a name of its own in the first row.")
    return [dict(zip(head, [*row, *[""] * len(head)], strict=False)) for row in rows if row]
