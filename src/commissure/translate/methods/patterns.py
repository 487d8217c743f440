"""Patterns of running text, in which what is one space to the reader may be several characters."""

import re

__all__ = ["spaced"]


def spaced(pattern: str, *, ignore_case: bool = True) -> re.Pattern[str]:
    r"""A pattern each of whose spaces matches any white space: papers that lost their markup are full of double spaces.

    >>> bool(spaced("took part").search("Twenty  took \n part"))
    True
    """
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE if ignore_case else 0)
