"""Numbers in a question: how many participants, which ages, which years."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Limit", "find_limits"]

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq,
}  # fmt: skip
_SPELLED = {
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "one hundred": 100, "a hundred": 100,
    "two hundred": 200, "three hundred": 300, "five hundred": 500, "thousand": 1000, "a thousand": 1000,
    "one thousand": 1000, "five": 5, "six": 6, "eight": 8,
}  # fmt: skip
#: who is counted; only looked at, for "stroke patients" and "mice" ask for something too
_PEOPLE = (
    r"(?:participants?|subjects?|people|persons?|patients?|volunteers?|individuals?|adults?|children|kids|animals?|"
    r"mice|rats|monkeys|listeners|users|observers|controls|cases|men|women|infants|students|macaques|flies|birds)"
)
_WHO = rf"(?=(?:[a-z'-]+\s+){{0,2}}{_PEOPLE}\b)"
_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,6}|" + "|".join(sorted(_SPELLED, key=len, reverse=True)) + r")"
_MORE = r"(?:more than|over|above|greater than|exceeding|larger than|bigger than|upwards of|>)"
_LEAST = r"(?:at least|no fewer than|no less than|not less than|minimum(?: of)?|min|≥|>=|from)"
_FEWER = r"(?:fewer than|less than|under|below|smaller than|<)"
_MOST = r"(?:at most|no more than|not more than|up to|maximum(?: of)?|max|≤|<=)"
_WORDS = ((_LEAST, ">="), (_MOST, "<="), (_MORE, ">"), (_FEWER, "<"))
_YEARS = r"(?:\s*(?:years?(?:\s+(?:old|of\s+age))?|yrs?|y/o))"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that must hold: ``n > 50``, ``age >= 60``, ``year >= 2020``."""

    field: str
    sign: str
    value: float

    def holds(self, value: float | None) -> bool | None:
        """Whether ``value`` is within the limit; None where the value is not known."""
        return None if value is None else _COMPARE[self.sign](value, self.value)

    def __str__(self) -> str:
        return f"{self.field} {self.sign} {self.value:g}"


def find_limits(text: str) -> tuple[list[Limit], str]:
    """Find the numeric limits in a question.

    Parameters
    ----------
    text : str
        The question.

    Returns
    -------
    limits : list of Limit
        Of the fields ``n`` (participants), ``age`` (years) and ``year`` (of release).
    rest : str
        The question without the words of the limits.

    Examples
    --------
    >>> limits, rest = find_limits("sleep EEG with at least 30 subjects aged 60 and over")
    >>> [str(limit) for limit in limits], rest
    (['age >= 60', 'n >= 30'], 'sleep EEG with')
    """
    found: list[Limit] = []
    for pattern, make in _PATTERNS:
        while match := pattern.search(text):
            limits = make(match)
            found.extend(limits)
            text = f"{text[: match.start()].rstrip(' ,;(')} {text[match.end() :].lstrip(' ,;)')}".strip()
    return found, text


def _value(said: str) -> float:
    plain = said.lower().replace(",", "")
    return float(_SPELLED[plain]) if plain in _SPELLED else float(plain)


def _between(field: str) -> Callable[[re.Match[str]], list[Limit]]:
    return lambda m: [
        Limit(field, ">=", min(_value(m.group(1)), _value(m.group(2)))),
        Limit(field, "<=", max(_value(m.group(1)), _value(m.group(2)))),
    ]


def _one(field: str, sign: str) -> Callable[[re.Match[str]], list[Limit]]:
    return lambda m: [Limit(field, sign, _value(m.group(1)))]


def _patterns() -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Limit]]]]:
    pairs: list[tuple[str, Callable[[re.Match[str]], list[Limit]]]] = [
        (rf"\b(?:aged?|ages)\s*(?:between\s*|from\s*)?(\d{{1,3}})\s*(?:-|–|to|and)\s*(\d{{1,3}}){_YEARS}?\b", _between("age")),
        (rf"\bbetween\s+(\d{{1,3}})\s+and\s+(\d{{1,3}}){_YEARS}", _between("age")),
        (rf"\b(\d{{1,2}})\s*(?:-|–|to)\s*(\d{{1,3}})\s*-?{_YEARS}s?\b", _between("age")),
        (rf"\b{_NUMBER}\s*(?:\+|or more|plus)\s*(?=(?:[a-z'-]+\s+){{0,2}}(?:participants?|subjects?|patients?|volunteers?|mice|rats|monkeys)\b)", _one("n", ">=")),
        (rf"\b(?:aged?\s*)?(\d{{1,3}})\s*(?:\+|(?:{_YEARS})?\s*(?:and|or)\s+(?:over|older|above))", _one("age", ">=")),
        (rf"(?:(?<=\badults)|(?<=\bpeople)|(?<=children)|(?<=\bwomen)|(?<=\bmen)|(?<=patients)|(?<=participants)"
         rf"|(?<=subjects)|(?<=volunteers)|(?<=\bkids)|(?<=individuals))\s+(?:who are )?(over|above|older than|under|below|younger than)"
         rf"\s+(\d{{1,2}})\b{_YEARS}?", _age),
        (rf"\b(?:older than|aged?\s*(?:over|above|>)|over the age of|over|above)\s*(\d{{1,3}}){_YEARS}", _one("age", ">")),
        (r"\b(?:older than|aged?\s*(?:over|above|>)|over the age of)\s*(\d{1,3})\b", _one("age", ">")),
        (rf"\b(?:younger than|under the age of|aged?\s*(?:under|below|<)|under|below)\s*(\d{{1,3}}){_YEARS}", _one("age", "<")),
        (r"\b(?:younger than|under the age of|aged?\s*(?:under|below|<))\s*(\d{1,3})\b", _one("age", "<")),
        (r"\b(?:since|from|after|released after|published after)\s+((?:19|20)\d\d)\b", _one("year", ">=")),
        (r"\b(?:before|until|prior to|published before)\s+((?:19|20)\d\d)\b", _one("year", "<=")),
        (rf"\bbetween\s+{_NUMBER}\s+and\s+{_NUMBER}\s+{_WHO}", _between("n")),
        (rf"\b{_NUMBER}\s*(?:-|–|to)\s*{_NUMBER}\s+{_WHO}", _between("n")),
        (rf"\b{_NUMBER}\s*(?:\+|or more|plus)\s*{_WHO}", _one("n", ">=")),
        (rf"\b{_NUMBER}\s+{_PEOPLE}\s+(?:or more|and more|and up|minimum|at least)", _one("n", ">=")),
        (rf"\b{_NUMBER}\s+{_PEOPLE}\s+(?:or fewer|or less|at most|maximum)", _one("n", "<=")),
        (rf"\b(dozens|hundreds|thousands)\s+of\s+{_WHO}", _many),
    ]  # fmt: skip
    for words, sign in _WORDS:
        pairs.append((rf"(?<!\w){words}\s*{_NUMBER}\s+{_WHO}", _one("n", sign)))
    signs = r"(>=|<=|≥|≤|>|<|=|of at least|of more than|at least|more than|greater than|larger than|less than|fewer than|above|over|below|under)"
    pairs.append(
        (rf"\b(?:n|sample size|number of (?:participants|subjects))\s*{signs}\s*{_NUMBER}\b", _signed)
    )
    pairs.append(
        (
            rf"{_MORE}\s*(\d{{2,6}})\b(?!\s*(?:hz|khz|channels?|electrodes?|ms|s\b|t\b|tesla|years?))",
            _one("n", ">"),
        )
    )
    pairs.append(
        (
            rf"{_LEAST}\s*(\d{{2,6}})\b(?!\s*(?:hz|khz|channels?|electrodes?|ms|s\b|t\b|tesla|years?))",
            _one("n", ">="),
        )
    )
    return [(re.compile(pattern, re.IGNORECASE), make) for pattern, make in pairs]


def _age(match: re.Match[str]) -> list[Limit]:
    return [
        Limit(
            "age",
            ">" if match.group(1).lower() in {"over", "above", "older than"} else "<",
            _value(match.group(2)),
        )
    ]


def _many(match: re.Match[str]) -> list[Limit]:
    return [
        Limit("n", ">=", {"dozens": 24.0, "hundreds": 100.0, "thousands": 1000.0}[match.group(1).lower()])
    ]


def _signed(match: re.Match[str]) -> list[Limit]:
    said = match.group(1).lower()
    signs = {
        "≥": ">=", "≤": "<=", "of at least": ">=", "at least": ">=", "of more than": ">", "more than": ">", "greater than": ">",
        "larger than": ">", "less than": "<", "fewer than": "<", "above": ">",
        "over": ">", "below": "<", "under": "<",
    }  # fmt: skip
    return [Limit("n", signs.get(said, said), _value(match.group(2)))]


_PATTERNS = _patterns()
