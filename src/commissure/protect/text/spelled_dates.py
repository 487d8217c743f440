"""Dates with the month in words, in several languages: found, and spelled again the same way after a shift.

>>> from datetime import date
>>> find_spelled("geb. 4. März 1961, seen May 14th 2021")[0][2]
datetime.date(1961, 3, 4)
>>> respell("4 de marzo de 1961", date(1960, 12, 31))
'31 de diciembre de 1960'
"""

import re
from collections.abc import Iterable
from datetime import date

from commissure.protect.text.hints import words_in

__all__ = ["find_spelled", "respell"]

_ENGLISH = "january february march april may june july august september october november december"
#: months from January on; the first three letters stand for the English ones too
_LANGUAGES = (
    _ENGLISH,
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jan feb mär apr mai jun jul aug sept okt nov dez",
    "jänner feber marz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sept oct nov dic",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
)


def _months(languages: Iterable[str]) -> dict[str, tuple[int, list[str]]]:
    """Each word's number, and the months of its language; of two languages with the same word the first counts."""
    return {
        word: (month, words.split())
        for words in reversed(tuple(languages))
        for month, word in enumerate(words.split(), start=1)
    }


_MONTHS = _months(_LANGUAGES)
#: *mai* is German's *Mai* no more
_WRITTEN_SMALL = _months([*_LANGUAGES[:2], *_LANGUAGES[5:], *_LANGUAGES[2:5]])
_SHORT_ENGLISH = _LANGUAGES[1].split()
_WORD = "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))
_MONTH = rf"(?P<month>{_WORD})(?![^\W\d_])\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|º|ª|o)?(?!\d)\.?"
_YEAR = r"(?P<year>(?:19|20)\d{2}(?!\d)|['’]\d{2}(?!\d))"
_STYLES = (
    # 4 March 1961, 4th of March, 1961, 4. März 1961, 4 de marzo de 1961, 04MAR1961, 4-Mar-'61, 4/Mar/1961
    re.compile(rf"(?<![\d.]){_DAY}[ ._/-]*(?:of |de |di |d')?{_MONTH}[ ,._/-]*(?:de |of |del )?{_YEAR}", re.I),
    # March 4th 1961, Mar-04-1961, March 4, '61
    re.compile(rf"(?<![^\W\d_]){_MONTH}[ ._/-]*{_DAY}[ ,._/-]+{_YEAR}", re.I),
    # Fri May 14 09:13:22 CEST 2021
    re.compile(rf"(?<![^\W\d_]){_MONTH} {{1,2}}{_DAY} \d{{1,2}}:\d\d(?::\d\d)? (?:[A-Z]{{2,5}} )?{_YEAR}", re.I),
    # 1961 March 4, 1961-Mar-04
    re.compile(rf"(?<!\d)(?P<year>(?:19|20)\d{{2}})[ ._/-]*{_MONTH}[ ._/-]*{_DAY}(?!\d)", re.I),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2}) ?[年년] ?(?P<month>[01]?\d) ?[月월] ?(?P<day>[0-3]?\d) ?[日일]"),
    # EXIF and TIFF
    re.compile(r"(?<![\d:])(?P<year>(?:19|20)\d{2}):(?P<month>[01]\d):(?P<day>[0-3]\d)(?![\d:])"),
)  # fmt: skip
_CENTURY_AFTER = 30
#: how many of the styles have a month in words, and what such a word begins with
_WORDED = 4
#: what may touch a month on its left, as in 4thMarch
_ENDINGS = frozenset({"st", "nd", "rd", "th", "er", "o", "º", "ª"})


def find_spelled(text: str) -> list[tuple[int, int, date]]:
    """``(start, end, day)`` of every date whose month is a word, and of those in Chinese, Japanese, Korean and EXIF's spelling."""
    found = []
    worded = _holds_a_month(text)
    for style in _STYLES if worded else _STYLES[_WORDED:]:
        for match in style.finditer(text):
            day = _day(match)
            if day is not None:
                found.append((match.start(), match.end(), day))
    return found


def _holds_a_month(text: str) -> bool:
    """Whether a word of ``text`` is a month, or one behind the ending of its day."""
    words = words_in(text)
    return not words.isdisjoint(_MONTHS) or any(
        word[cut:] in _MONTHS for word in words for cut in (1, 2) if word[:cut] in _ENDINGS
    )


def respell(original: str, day: date) -> str:
    """Another day, spelled as ``original``, a text that :func:`find_spelled` found."""
    match = next(found for style in _STYLES if (found := style.fullmatch(original)))
    parts = {name: match.span(name) for name in ("year", "month", "day")}
    said = match.group("month")
    if said.isdigit():
        month = str(day.month).zfill(len(said))
    else:
        words = (_WRITTEN_SMALL if said.islower() else _MONTHS)[said.lower()][1]
        # beside a time of day English months are short, and May may be either
        month = (_SHORT_ENGLISH if said == "May" and ":" in original else words)[day.month - 1]
        month = month.upper() if said.isupper() else month.capitalize() if said[0].isupper() else month
    year = match.group("year")
    spelled = {
        "year": str(day.year) if year.isdigit() else f"{year[0]}{day.year % 100:02d}",
        "month": month,
        "day": str(day.day).zfill(len(match.group("day"))),
    }
    for name, (start, end) in sorted(parts.items(), key=lambda part: -part[1][0]):
        original = original[:start] + spelled[name] + original[end:]
    return _english_ordinal(original, spelled["day"])


def _english_ordinal(text: str, day: str) -> str:
    number = int(day)
    ending = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return re.sub(rf"(?<!\d){day}(?:st|nd|rd|th)", f"{day}{ending}", text)


def _day(match: re.Match[str]) -> date | None:
    said, year = match.group("month").lower(), match.group("year")
    month = int(said) if said.isdigit() else _MONTHS[said][0]
    if not year.isdigit():
        short = int(year[1:])
        year = str(2000 + short if short <= _CENTURY_AFTER else 1900 + short)
    try:
        return date(int(year), month, int(match.group("day")))
    except ValueError:
        return None
