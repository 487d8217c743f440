"""The text of a table that somebody sends in, and what stands between its cells."""

import re

from commissure.errors import BadInput

__all__ = ["decode_table", "find_delimiter"]


def decode_table(data: bytes) -> str:
    """The text of a table: UTF-8, or UTF-16 by its mark.

    Raises
    ------
    BadInput
        If it is neither.
    """
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        # no cause: the error would quote the private bytes
        raise BadInput(
            f"The table is no UTF-8 text (byte {error.start} of {len(data)}); save it as UTF-8."
        ) from None


def find_delimiter(text: str, *, usual: str) -> str:
    """What stands between cells: the usual mark, or the one that the header has instead.

    >>> find_delimiter("age;sex", usual=",")
    ';'
    """
    head = text.lstrip().partition("\n")[0]
    return usual if usual in head else max("\t;,", key=head.count) if re.search("[\t;,]", head) else usual
