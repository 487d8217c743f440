"""The query syntax: ``species:mouse technique:"two-photon" n:>=30 -task:rest "exact words"``."""

import re
from dataclasses import dataclass

from commissure.discover.question_numbers import Limit

__all__ = ["Filter", "Terms", "split_terms"]

#: what may stand before the colon, and the facet family or number it means
FIELDS = {
    "modality": "modality", "species": "species", "organism": "species", "condition": "condition", "dx": "condition",
    "diagnosis": "condition", "disease": "condition", "task": "task", "paradigm": "task", "concept": "cognition",
    "region": "region", "area": "region", "technique": "technique", "device": "technique", "design": "design",
    "age_group": "age", "sex": "sex", "state": "state", "source": "source", "archive": "source", "licence": "licence",
    "license": "licence", "author": "author", "title": "title", "id": "id", "n": "n", "subjects": "n",
    "participants": "n", "age": "age_years", "year": "year", "access": "access",
}  # fmt: skip
_TERM = re.compile(r'(?<!\S)(-?)([A-Za-z_]+):(?:"([^"]*)"|(\S+))')
_PHRASE = re.compile(r'(?<!\S)(-?)"([^"]+)"')
_LICENCE = re.compile(
    r"\b(?:(?:under|with)\s+(?:an?\s+)?)?(cc[ -]?0|cc[ -]by(?:[ -](?:nc|sa|nd)){0,2}|public domain)\b"
    r"(?:[ -](?:\d\.\d))?(?:\s+licen[cs]ed?)?",
    re.IGNORECASE,
)
_BARE_NOT = re.compile(r"(?<!\S)-([^\W\d_][\w-]*)")
_NUMBER = re.compile(r"(>=|<=|>|<|=|)(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?$")


@dataclass(frozen=True, slots=True)
class Filter:
    """One ``field:value``, wanted or not."""

    field: str
    value: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """All that the syntax says: filters, phrases that must stand, words that must not, numeric limits."""

    filters: tuple[Filter, ...] = ()
    phrases: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()


def split_terms(text: str) -> tuple[Terms, str]:
    """Take the syntax out of a question.

    Parameters
    ----------
    text : str
        The question.

    Returns
    -------
    terms : Terms
        What the syntax says; a field nobody knows is left in the text as words.
    rest : str
        The words that are left.

    Examples
    --------
    >>> terms, rest = split_terms('species:mouse n:>=30 -task:rest vision')
    >>> [f.value for f in terms.filters], str(terms.limits[0]), rest
    (['mouse', 'rest'], 'n >= 30', 'vision')
    """
    filters: list[Filter] = []
    limits: list[Limit] = []
    phrases: list[str] = []
    banned: list[str] = []

    def term(match: re.Match[str]) -> str:
        minus, name, quoted, bare = match.groups()
        field = FIELDS.get(name.lower())
        value = quoted if quoted is not None else bare
        if field is None or not value:
            return match.group().replace(":", " ")
        if field in {"n", "age_years", "year"}:
            found = _limits("age" if field == "age_years" else field, value)
            limits.extend(found)
            return "" if found else f" {value}"
        filters.append(Filter(field, value, not minus))
        return ""

    def phrase(match: re.Match[str]) -> str:
        (banned if match.group(1) else phrases).append(match.group(2))
        return "" if match.group(1) else f" {match.group(2)} "

    def bare_not(match: re.Match[str]) -> str:
        banned.append(match.group(1))
        return ""

    def licence(match: re.Match[str]) -> str:
        name = match.group(1).upper().replace(" ", "-")
        filters.append(Filter("licence", "CC0" if name in {"CC0", "CC-0", "PUBLIC-DOMAIN"} else name, True))
        return " "

    rest = _TERM.sub(term, text)
    rest = _LICENCE.sub(licence, rest)
    rest = _PHRASE.sub(phrase, rest)
    rest = _BARE_NOT.sub(bare_not, rest)
    terms = Terms(tuple(filters), tuple(phrases), tuple(banned), tuple(limits))
    return terms, " ".join(rest.split())


def _limits(field: str, value: str) -> list[Limit]:
    match = _NUMBER.match(value)
    if match is None:
        return []
    sign, first, second = match.groups()
    if second is not None:
        return [Limit(field, ">=", float(first)), Limit(field, "<=", float(second))]
    return [Limit(field, sign or "=", float(first))]
