"""Whole numbers in digits and in English words, with their place.

>>> [(n.value, n.text) for n in find_numbers("Twenty-four patients and 1,204 controls, one hundred and five in all")]
[(24, 'Twenty-four'), (1204, '1,204'), (105, 'one hundred and five')]
"""

import re
from dataclasses import dataclass

__all__ = ["Number", "find_numbers", "read_number"]

_UNITS = {w: i for i, w in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".replace("\n", " ").split(" "))}  # fmt: skip
_TENS = {
    w: 10 * (i + 2)
    for i, w in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"))
}
_TENS["fourty"] = 40
_DASH = "[-\u2010\u2011\u2012\u2013 ]"
_SMALL = "|".join(sorted(_UNITS, key=len, reverse=True))
_TEN = "|".join(_TENS)
_UNDER = rf"(?:(?:{_TEN})(?:{_DASH}(?:{_SMALL}))?|(?:{_SMALL}))"
_WORDS = rf"(?:(?:{_UNDER}|a){_DASH}hundred(?:{_DASH}(?:and{_DASH})?{_UNDER})?|{_UNDER})"
_NUMBER = re.compile(
    rf"(?<![\w.,/\u2010-\u2013%-])(?P<digits>\d{{1,3}}(?:,\d{{3}})+|\d+)(?![\w]|[.,]\d|\s?%|[-\u2010-\u2013](?:\d|[a-zA-Z])|/\d)|\b(?P<words>{_WORDS})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number and where it stands."""

    value: int
    text: str
    start: int
    end: int


def read_number(text: str) -> int | None:
    """The value of one number in digits or words; None if it is none.

    >>> read_number("thirty one"), read_number("1,024"), read_number("many")
    (31, 1024, None)
    """
    cleaned = re.sub(_DASH, " ", text.strip().lower().replace(",", ""))
    if cleaned.isdigit():
        return int(cleaned)
    total, seen = 0, False
    for word in cleaned.split():
        if word == "hundred":
            total = max(1, total) * 100
        elif word in _UNITS:
            total += _UNITS[word]
        elif word in _TENS:
            total += _TENS[word]
        elif word not in ("and", "a"):
            return None
        seen = seen or word not in ("and", "a")
    return total if seen else None


def find_numbers(text: str) -> list[Number]:
    """All whole numbers in a text; decimals, percentages, ranges and fractions are none."""
    out = []
    for match in _NUMBER.finditer(text):
        value = read_number(match[0])
        if value is not None:
            out.append(Number(value, match[0], match.start(), match.end()))
    return out
