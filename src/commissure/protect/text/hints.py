"""What a text must hold for a rule to match it at all, so that most rules need not be tried on most texts.

A search for a few letters costs a fiftieth of a search by a rule. What a rule of announcing words needs is read off its own
alternatives, so that the two cannot drift apart.

>>> leads_of("MRN|patient(?: record)?|(?:Fall|Akten)-?nr|(?:sample )?bar[ck]ode")
('mrn', 'patient', 'fall', 'akten', 'bar')
>>> holds_any("Fallnummer 12", ("mrn", "fall")), holds_any("TR 2 s", ("mrn", "fall"))
(True, False)
"""

import re
from functools import lru_cache

from commissure.errors import BadInput

__all__ = ["count_digits", "holds_any", "leads_of", "lowered", "starts_in", "starts_of", "words_in"]

_LEAD = re.compile(r"(?:[^\W_]|[ ']|-|\\\.)+")
_OPTIONAL = ("?", "*", "{")
_DIGITS = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=8)
def lowered(text: str) -> str:
    """``text`` in small letters; worked out once for all rules that look at it."""
    return text.lower()


@lru_cache(maxsize=8)
def words_in(text: str) -> frozenset[str]:
    """The runs of letters in ``text``, in small letters."""
    return frozenset(_LETTERS.findall(lowered(text)))


@lru_cache(maxsize=8)
def starts_in(text: str) -> frozenset[str]:
    """The first one and the first two letters of each run of letters in ``text``."""
    return frozenset(word[:length] for word in words_in(text) for length in (1, 2))


def starts_of(leads: tuple[str, ...]) -> frozenset[str]:
    """What :func:`starts_in` must share with a rule of these leads: their first two letters, or the one before another sign.

    >>> sorted(starts_of(("mrn", "n", "s/n")))
    ['mr', 'n', 's']
    """
    return frozenset(_LETTERS.match(lead).group()[:2] for lead in leads)  # type: ignore[union-attr]  # leads begin with letters


def holds_any(text: str, parts: tuple[str, ...]) -> bool:
    """Whether one of ``parts``, in small letters, stands in ``text`` in any case."""
    low = lowered(text)
    for part in parts:  # noqa: SIM110 - any() over a generator takes twice as long, and this is asked two hundred times a text
        if part in low:
            return True
    return False


@lru_cache(maxsize=8)
def count_digits(text: str) -> int:
    """How many digits ``text`` has."""
    return len(_DIGITS.findall(text))


def leads_of(pattern: str) -> tuple[str, ...]:
    """The letters with which each alternative of a regular expression begins, in small letters.

    Of an alternative that begins with a group each of the group's own alternatives counts; a group that may be missing is passed over.

    Raises
    ------
    BadInput
        If an alternative begins with no letters.
    """
    return tuple(dict.fromkeys(lead for one in _alternatives(pattern) for lead in _leads(one)))


def _leads(alternative: str) -> list[str]:
    if alternative.startswith("(?:"):
        end = _closing(alternative)
        rest = alternative[end + 1 :]
        if rest.startswith("?"):
            return _leads(rest[1:])
        return list(leads_of(alternative[3:end]))
    match = _LEAD.match(alternative)
    lead = match.group() if match else ""
    if alternative[len(lead) :].startswith(_OPTIONAL):
        lead = lead.removesuffix("\\.") if lead.endswith("\\.") else lead[:-1]
    lead = lead.replace("\\.", ".").lower()
    if not lead.strip():
        raise BadInput(f"Each alternative must begin with letters; got {alternative!r}.")
    return [lead]


def _alternatives(pattern: str) -> list[str]:
    """The parts between the bars that stand in no group."""
    parts, depth, last = [], 0, 0
    for at, char in enumerate(pattern):
        escaped = at > 0 and pattern[at - 1] == "\\"
        if char in "([" and not escaped:
            depth += 1
        elif char in ")]" and not escaped:
            depth -= 1
        elif char == "|" and not depth:
            parts.append(pattern[last:at])
            last = at + 1
    return [*parts, pattern[last:]]


def _closing(pattern: str) -> int:
    depth = 0
    for at, char in enumerate(pattern):
        if char == "(" and pattern[at - 1 : at] != "\\":
            depth += 1
        elif char == ")" and pattern[at - 1] != "\\":
            depth -= 1
            if not depth:
                return at
    raise BadInput(f"A group of {pattern!r} does not end.")
