"""Ages and sexes as a methods section states them: mean, SD, range, men and women.

>>> [(a.field, a.value) for a in find_ages("Twenty adults (8 men; mean age = 25.3 ± 4.1 years, range 18–34)")]
[('age_mean', 25.3), ('age_sd', 4.1), ('age_min', 18.0), ('age_max', 34.0)]
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Age", "find_ages"]

_N = r"(\d{1,3}(?:[.·]\d{1,3})?)"
_PM = r"\s*(?:±|\+/-|\+/−|\+-|&#177;)\s*"
_TO = r"\s*(?:-|–|—|‐|to|and|through)\s*"
_UNIT = r"\s*-?\s*(?P<unit>years?|yrs?|y\.?o\.?|y(?![a-z])|months?|mos?(?![a-z])|weeks?|wks?|days?|postnatal days?)?"
_MEAN = re.compile(
    r"(?:(?:mean|average|avg\.?|median)[ -]*(?:\([^)]{0,20}\)\s*)?(?:age|ages)|(?:age|aged|ages)\b[^.;()]{0,25}?\b(?:mean|average|M)|"
    r"\bM(?:age|_age)|\bage)"
    r"(?:\s*(?:\([^)]{0,15}\)|±\s*(?:SD|s\.?d\.?|standard deviation|SEM?)|,?\s*(?:SD|standard deviation)\b(?!\s*[=:]?\s*\d)))*"
    rf"[\s:=,]*(?:of|was|is|were|in years|years|\(years?\)|being|M|=|:|;|\s)*\s*{_N}(?:{_UNIT})(?:{_PM}{_N})?",
    re.IGNORECASE,
)
_AGED = re.compile(rf"\baged?\s*(?:was|of|:|=)?\s*{_N}{_PM}{_N}", re.IGNORECASE)
_YEARS_PM = re.compile(rf"(?<![\d.]){_N}{_PM}{_N}\s*(?:years?|yrs?|y)\b", re.IGNORECASE)
_M_YEARS = re.compile(rf"\b(?:M|mean)\s*[=:]?\s*{_N}\s*(?:years?|yrs?)\b", re.IGNORECASE)
_LOOSE = re.compile(
    rf"(?:\bmean|\bM|\b[Aa]verage)\b(?:\s*±\s*SD)?[\s\u200b=:;,]{{0,8}}{_N}(?:{_PM}{_N})?(?![\d.]*\s*(?:ms|mm|Hz|s\b|T\b|%))"
)
_FAR = re.compile(rf"\b(?:mean|average) age\b[^.;()\d]{{0,60}}?\b(?:was|is|of|=)\s*{_N}", re.IGNORECASE)
_SD = re.compile(
    rf"\b(?:SD|S\.D\.|s\.d\.|standard deviation|std)\b\.?\)?\s*(?:[=:]|of|was)?\s*{_N}", re.IGNORECASE
)
_RANGE = re.compile(
    rf"(?:\brang(?:e|es|ing|ed)\b[^.;()\d]{{0,30}}|\bbetween\s+(?:the ages of\s+)?|\bag(?:ed|es?)\b(?:\s+(?:range|from|between|was|were|of|[A-Za-z]+))?[\s:=,]*"
    rf"(?:from|between|of)?\s*){_N}(?:\s*(?:years?|yrs?))?{_TO}{_N}(?P<unit>\s*-?\s*(?:years?|yrs?|y\.?o|y\b|months?|weeks?|days?))?",
    re.IGNORECASE,
)
_PLAIN_RANGE = re.compile(
    rf"(?<![\d.]){_N}\s*[-–‐]\s*{_N}\s*(?:years?(?: old| of age)?|yrs?(?: old)?|y\.?o\.?)\b", re.IGNORECASE
)


_NEAR_AGE = re.compile(r"\bag(?:e|es|ed)\b|\byears?\b[\s-]*(?:old|of age)|\d years\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Age:
    """One number about age, in years unless ``unit`` says otherwise; offsets are in the text given."""

    field: str
    value: float
    unit: str
    start: int
    end: int


def find_ages(text: str) -> list[Age]:
    """All means, deviations and ranges of age in a text, in order of appearance."""
    found: dict[tuple[str, int], Age] = {}
    for pattern in (_MEAN, _AGED, _YEARS_PM, _M_YEARS, _FAR, _LOOSE):
        for match in pattern.finditer(text):
            _add_mean(found, match, text)
    for pattern in (_RANGE, _PLAIN_RANGE):
        for match in pattern.finditer(text):
            _add_range(found, match, text)
    return sorted(found.values(), key=lambda a: (a.start, a.field))


def _add_mean(found: dict[tuple[str, int], Age], match: re.Match[str], text: str) -> None:
    value = _value(match[1])
    if match.re is _LOOSE and not _NEAR_AGE.search(text[max(0, match.start() - 90) : match.end() + 30]):
        return
    if ("age_mean", match.start(1)) in found:
        return
    after = text[match.end(1) : match.end(1) + 2]
    is_range = (
        re.match(rf"\s*(?:years?|yrs?)?{_TO}\d", text[match.end(1) : match.end(1) + 14])
        and "." not in match[1]
    )
    near_age = re.search(
        r"\bage|\bM\b|mean|years?|yrs?", match[0] + text[match.end() : match.end() + 12], re.IGNORECASE
    )
    if is_range or not near_age or after.startswith("%") or not 0 < value < 110:
        return
    if (
        match[0].lower().startswith("age")
        and not re.search(r"mean|average|±|\+|M\b", match[0] + after)
        and "." not in match[1]
    ):
        return
    unit = _unit(match.groupdict().get("unit") or "")
    found.setdefault(("age_mean", match.start(1)), Age("age_mean", value, unit, match.start(1), match.end(1)))
    last = match.lastindex or 1
    numbers = [
        g for g in range(2, (match.re.groups or 1) + 1) if match[g] and re.fullmatch(r"[\d.·]+", match[g])
    ]
    if numbers and last:
        g = numbers[-1]
        found.setdefault(
            ("age_sd", match.start(g)), Age("age_sd", _value(match[g]), unit, match.start(g), match.end(g))
        )
        return
    sd = _SD.search(text, match.end(1), min(len(text), match.end(1) + 45))
    if sd:
        found.setdefault(("age_sd", sd.start(1)), Age("age_sd", _value(sd[1]), unit, sd.start(1), sd.end(1)))


def _add_range(found: dict[tuple[str, int], Age], match: re.Match[str], text: str) -> None:
    low, high = _value(match[1]), _value(match[2])
    window = text[max(0, match.start() - 60) : match.end() + 15].lower()
    if not low < high <= 110 or not re.search(r"\bag(e|es|ed|ing)\b|year|yrs|months old", window):
        return
    unit = _unit((match.groupdict().get("unit") or "").strip(" -"))
    found.setdefault(("age_min", match.start(1)), Age("age_min", low, unit, match.start(1), match.end(1)))
    found.setdefault(("age_max", match.start(2)), Age("age_max", high, unit, match.start(2), match.end(2)))


def _value(text: str) -> float:
    return float(text.replace("·", "."))


def _unit(text: str) -> str:
    lowered = text.lower()
    for word, unit in (("mo", "month"), ("w", "week"), ("d", "day"), ("post", "day")):
        if lowered.startswith(word):
            return unit
    return "year"


def first(ages: Iterable[Age], field: str) -> Age | None:
    """The first of a field; None if there is none."""
    return next((a for a in ages if a.field == field), None)
