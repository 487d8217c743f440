"""Dates in every spelling that headers use: read, shifted by whole days, and spelled again the same way.

>>> from datetime import date
>>> shift_text("2014-04-29T22:19:44", offset_days=7)
'2014-04-22T22:19:44'
>>> shift_text("29-APR-2014", offset_days=7)
'22-APR-2014'
>>> find_dates("recorded on 29.04.2014, code 12345678")[0].day
datetime.date(2014, 4, 29)
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from commissure.protect.text.hints import count_digits, holds_any, words_in
from commissure.protect.text.spelled_dates import find_spelled, respell

__all__ = ["DateSpan", "find_dates", "parse_date", "shift", "shift_text", "spellings", "top_age"]

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
#: as in 4-Mar-'61
_FEWEST_DIGITS = 3
#: the style of a date whose month is a word: as it was spelled
_SPELLED = "as spelled"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_LONG_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH_WORDS = frozenset(f"{_MONTHS}|{_LONG_MONTHS}".split("|"))
#: what a text holds one of where the pattern may match (nothing for months), the pattern, and the strptime formats its match may have, the likelier first
_STYLES: tuple[tuple[tuple[str, ...], re.Pattern[str], tuple[str, ...]], ...] = (
    (("19", "20"), re.compile(r"(?<!\d)(?:19|20)\d{2}-\d{1,2}-\d{1,2}(?!\d)"), ("%Y-%m-%d",)),
    (("19", "20"), re.compile(r"(?<!\d)(?:19|20)\d{2}/\d{1,2}/\d{1,2}(?!\d)"), ("%Y/%m/%d",)),
    (("19", "20"), re.compile(r"(?<!\d)(?:19|20)\d{2}_\d{2}_\d{2}(?!\d)"), ("%Y_%m_%d",)),
    (("19", "20"), re.compile(r"(?<!\d)(?:19|20)\d{2}\.\d{2}\.\d{2}(?!\d|\.\d)"), ("%Y.%m.%d",)),
    (("19", "20"), re.compile(r"(?<![\d.])(?:19|20)\d{2}[01]\d[0-3]\d(?!\d|\.\d)"), ("%Y%m%d",)),
    (("19", "20"), re.compile(r"(?<!\d)(?<!\d\.)(?:19|20)\d{2}[01]\d[0-3]\d(?=(?:T?[0-2]\d[0-5]\d[0-5]\d)(?:\D|$))"), ("%Y%m%d",)),
    ((), re.compile(rf"(?<!\d)\d{{1,2}}-(?:{_MONTHS})-(?:19|20)\d{{2}}(?!\d)", re.I), ("%d-%b-%Y",)),
    ((), re.compile(rf"(?<!\d)\d{{1,2}}-(?:{_MONTHS})-\d{{2}}(?!\d)", re.I), ("%d-%b-%y",)),
    ((), re.compile(rf"(?<!\d)\d{{1,2}} (?:{_LONG_MONTHS}) (?:19|20)\d{{2}}(?!\d)", re.I), ("%d %B %Y",)),
    ((), re.compile(rf"(?<!\d)\d{{1,2}} (?:{_MONTHS}) (?:19|20)\d{{2}}(?!\d)", re.I), ("%d %b %Y",)),
    ((), re.compile(rf"\b(?:{_LONG_MONTHS}) \d{{1,2}}, (?:19|20)\d{{2}}(?!\d)", re.I), ("%B %d, %Y",)),
    ((), re.compile(rf"\b(?:{_MONTHS}) \d{{1,2}}, (?:19|20)\d{{2}}(?!\d)", re.I), ("%b %d, %Y",)),
    ((), re.compile(rf"\b(?:{_MONTHS}) \d{{1,2}} (?:19|20)\d{{2}}(?!\d)", re.I), ("%b %d %Y",)),
    (("19", "20"), re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}\.(?:19|20)\d{2}(?!\d)"), ("%d.%m.%Y", "%m.%d.%Y")),
    (("19", "20"), re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/(?:19|20)\d{2}(?!\d)"), ("%m/%d/%Y", "%d/%m/%Y")),
    (("19", "20"), re.compile(r"(?<![\d-])\d{1,2}-\d{1,2}-(?:19|20)\d{2}(?!\d)"), ("%d-%m-%Y", "%m-%d-%Y")),
    ((".",), re.compile(r"(?<![\d.])\d{2}\.\d{2}\.\d{2}(?!\d|\.\d)"), ("%d.%m.%y",)),
    (("/",), re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/\d{2}(?![\d/])"), ("%m/%d/%y", "%d/%m/%y")),
)  # fmt: skip
#: how the scan looks for a date; the ones without a separator or with two digits last
_SPELLINGS = (
    "%Y-%m-%d", "%Y%m%d", "%d-%b-%Y", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y_%m_%d",
    "%d %b %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%b %d %Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%y", "%Y.%m.%d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A date inside a text: where it stands, which day it is and how it is spelled."""

    start: int
    end: int
    day: date
    style: str


def find_dates(text: str) -> tuple[DateSpan, ...]:
    """Every date in ``text`` from 1900 to 2100, in the order they stand, none overlapping another."""
    if count_digits(text) < _FEWEST_DIGITS:
        return ()
    found: list[DateSpan] = []
    taken = [False] * len(text)
    worded = not words_in(text).isdisjoint(_MONTH_WORDS)
    for needs, pattern, styles in _STYLES:
        for match in pattern.finditer(text) if (holds_any(text, needs) if needs else worded) else ():
            if any(taken[match.start() : match.end()]):
                continue
            span = _first_valid(match, styles)
            if span is not None:
                found.append(span)
                taken[span.start : span.end] = [True] * (span.end - span.start)
    for start, end, day in find_spelled(text):
        if not any(taken[start:end]):
            found.append(DateSpan(start, end, day, _SPELLED))
            taken[start:end] = [True] * (end - start)
    return tuple(sorted(found, key=lambda span: span.start))


def _first_valid(match: re.Match[str], styles: tuple[str, ...]) -> DateSpan | None:
    for style in styles:
        try:
            day = datetime.strptime(match.group(), style).date()
        except ValueError:
            continue
        if _FIRST_YEAR <= day.year <= _LAST_YEAR:
            return DateSpan(match.start(), match.end(), day, style)
    return None


def parse_date(text: str) -> date | None:
    """The first date in ``text``; None if there is none."""
    found = find_dates(text)
    return found[0].day if found else None


def shift(value: date, *, offset_days: int) -> date:
    """A date or datetime ``offset_days`` earlier; the time of day and the weekday (for a multiple of 7) stay.

    >>> shift(datetime(2014, 4, 29, 22, 19), offset_days=364)
    datetime.datetime(2013, 4, 30, 22, 19)
    """
    return value - timedelta(days=offset_days)


def shift_text(text: str, *, offset_days: int) -> str:
    """``text`` with every date in it ``offset_days`` earlier, each spelled as it was."""
    parts: list[str] = []
    last = 0
    for span in find_dates(text):
        original = text[span.start : span.end]
        parts += [
            text[last : span.start],
            _spelled_as(original, span, span.day - timedelta(days=offset_days)),
        ]
        last = span.end
    return "".join([*parts, text[last:]])


def _spelled_as(original: str, span: DateSpan, day: date) -> str:
    if span.style == _SPELLED:
        return respell(original, day)
    spelled = day.strftime(span.style)
    return spelled.upper() if original.isupper() else spelled


def spellings(day: date) -> tuple[str, ...]:
    """The ways a date is written in headers, names and notes."""
    return tuple(dict.fromkeys(day.strftime(style) for style in _SPELLINGS))


def top_age(years: float, *, top: int = 89) -> float:
    """An age, where ``top`` and over become ``top + 1``: "90 or over", as HIPAA's safe harbour and BIDS ask.

    >>> top_age(42.5), top_age(93)
    (42.5, 90.0)
    """
    return float(top + 1) if years >= top else years
