"""Names that are written small, or behind an initial: *jane quilter fell asleep*, *F. Winsen checked the caps*.

A lone word in small letters may be anything; what gives a name away is a given name before it, or two unknown words side by
side in a line that is otherwise everyday English.

>>> [text[start:end] for text in ["sai quilterra fell asleep", "F. Winsen checked"] for start, end in find_plain_names(text)]
['sai quilterra', 'F. Winsen']
>>> find_plain_names("the left temporal pole was noisy, C. elegans, J. Neurosci. 12")
[]
"""

import re

from commissure.protect.text.first_names import FIRST_NAMES
from commissure.protect.text.hints import holds_any, leads_of
from commissure.protect.text.lone_names import EPONYMS, is_known_word

__all__ = ["find_plain_names"]

_SMALL = re.compile(r"(?<![^\W_])([a-zà-ž]{2,}) ([a-zà-ž]{4,})(?![\w.(=-])")
_INITIAL = re.compile(
    r"(?<![^\W_])(?:[A-ZÀ-Þ]\.[ -]?){1,3}(?=[A-ZÀ-ÞŁŚŻČŠŽĆĐĎĘĚĞĢİĪĶĻĽŃŅŇŐŌŒŘŞȘŢȚŤŪŮŰŸŹĀĂĄĒĖĮŲẤ-Ỹ][^\W\d_]{3,})([^\W\d_]+(?:-[^\W\d_]+)?)(?![\w.])"
)
_CAPITAL = r"[A-ZÀ-ÖØ-ÞŁŚŻČŠŽĆĐĎĘĚĞĢİĪĶĻĽŃŅŇŐŌŒŘŞȘŢȚŤŪŮŰŸŹĀĂĄĒĖĮŲẤ-Ỹ][^\W\d_]+(?:['’-][^\W\d_]+)*"
_WHO = (
    r"pt|PI|RA|co-?I|investigator|participant|subject|proband(?:in)?|patientin|sujet|sujeto|radiographer|interviewer|scorer|GP|consultant|"
    r"(?:collected|recorded|run|tested|scanned|acquired|checked|done|performed|measured|administered|scored|rated|prepared|operated|supervised|assisted|signed|seen) by|"
    r"(?:grand)?(?:father|mother|son|daughter)|wife|husband|brother|sister|partner|caregiver|guardian|colleague|friend|cousin|aunt|uncle|neighbou?r"
)
#: who somebody is to the subject or in the lab, and the name that follows
_ROLE = re.compile(
    rf"(?<![^\W_])(?i:{_WHO})"
    rf"(?:\s?[:=,]\s?|\s)(?P<name>{_CAPITAL}(?:\s{_CAPITAL}){{0,2}})(?![^\W_])"
)
#: EVANS, Tina
_LISTED = re.compile(
    r"(?<![^\W_])(?P<family>[A-ZÀ-Þ]{3,}(?:-[A-ZÀ-Þ]{3,})?), (?P<given>[A-ZÀ-Þ][a-zß-ž]+)(?![^\W_])"
)
#: endings of clinical words in other languages, which no list of English words has
_CLINICAL = re.compile(
    r".{3,}(?:ic[oa]s?|ci[oó]n(?:es)?|ismo|isme|it[ie]s|os[ie]s|opat[ií]a|emi[ae]|i[qk]ues?|tion|ische?|ité|ität|zione|zioni|ção|ções|rrea|algia|plasia|plegia)"
)
_LEADS = leads_of(_WHO)
_SHORTEST_LINE = 4
_EVERYDAY = 0.6


def find_plain_names(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of names in small letters and of surnames behind initials."""
    found = []
    if "." in text:
        found += [match.span() for match in _INITIAL.finditer(text) if _is_unknown(match.group(1))]
    found += [
        match.span("name")
        for match in (_ROLE.finditer(text) if holds_any(text, _LEADS) else ())
        if any(map(_is_written_name, match.group("name").split()))
    ]
    found += [
        match.span()
        for match in (_LISTED.finditer(text) if ", " in text else ())
        if _is_unknown(match.group("given")) or match.group("given").casefold() in FIRST_NAMES
    ]
    for line in re.finditer(r"[^\n]+", text):
        found += [(line.start() + start, line.start() + end) for start, end in _small_names(line.group())]
    return found


def _small_names(line: str) -> list[tuple[int, int]]:
    words = re.findall(r"[^\W\d_]{2,}", line)
    if len(words) < _SHORTEST_LINE:
        return []
    everyday = sum(is_known_word(word) for word in words) >= _EVERYDAY * (len(words) - 2)
    found = []
    for match in _SMALL.finditer(line):
        given, family = match.groups()
        strange = everyday and len(given) > 2 and _is_unknown(given) and _CLINICAL.fullmatch(family) is None
        if _is_unknown(family) and (given in FIRST_NAMES or strange):
            found.append(match.span())
    return found


def _is_unknown(word: str) -> bool:
    parts = word.casefold().split("-")
    return not any(part in EPONYMS or is_known_word(part) for part in parts)


def _is_written_name(word: str) -> bool:
    return not word.isupper() and _is_unknown(word)
