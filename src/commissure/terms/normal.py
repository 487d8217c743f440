"""From what a lab wrote to comparable keys: laterality, case, spelling, Latin, numerals, word order.

The idea: a name goes through ever coarser forms. The plain form keeps the words; the tokens are canonical
stems (``nuclei`` and ``nucleus`` are one, ``thalamic`` and ``thalamus`` are one, ``III`` and ``third`` are one);
the bag forgets order and filler. A side (``Left-``, ``ctx-lh-``, ``_R``) is taken off only on request, since
``left putamen`` is a term of its own.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from commissure.terms.words import (
    APART,
    COMBINING,
    CRANIAL,
    FILLER,
    FRONT_BACK,
    GREEK,
    NUMBERS,
    PHRASES,
    PREFIXES,
    SAME,
    SPINAL,
)  # fmt: skip

__all__ = ["Forms", "bag", "forms", "plain", "sides", "squash", "stem", "tokens"]

MAX_LENGTH = 400  # a longer name is no name
_DROP_ACCENTS = str.maketrans(
    {**GREEK, "ø": "o", "ß": "ss", "ł": "l", "’": "'", "‘": "'", "–": "-", "—": "-"}
)
_SPLIT = re.compile(r"[^a-z0-9/']+|(?<![0-9])/|/(?![0-9])")
#: what the second half of a compound may be
_CANONICAL = frozenset(SAME.values()) - {"area", "field", "cell", "part", "branch"}
_CAMEL = re.compile(r"(?<=[a-z0-9,])(?=[A-Z])|(?<=[a-z])(?=\d)|(?<=[A-Z])(?=[A-Z][a-z])")
_CORD = re.compile(r"^([ctls])(\d{1,2})$")
_CORD_NAMES = {"c": "cervical", "t": "thoracic", "l": "lumbar", "s": "sacral"}
_CORD_WORDS = frozenset(("segment", "spinal", "cord", "ganglion", "nerve", "vertebra", "root"))
_NERVE_WORDS = frozenset(("nerve", "nucle", "ganglion", "root", "complex"))
_ROMAN_LETTER = re.compile(r"^(x{0,1}(?:ix|iv|v?i{0,3}))([a-f])$")
_SUFFIXES = (
    "oideus", "oidea", "oideum", "arium", "orum", "arum", "alis", "aris", "ales", "icus", "icum", "icae", "ical",
    "eous", "inus", "ium", "ius", "iae", "ial", "ian", "ean", "eal", "ous", "oid", "ica", "ici", "ine", "ary",
    "al", "ar", "ic", "um", "us", "is", "es", "ae", "as", "os", "ia", "ii", "on", "a", "e", "i", "o", "s", "y",
)  # fmt: skip
_LATIN = ("orum", "arum", "us", "um", "is", "ae", "es", "i", "a", "e", "o")
_SIDE_BEFORE = re.compile(
    r"^(?:(?:ctx|wm|gm|cortex)[-_. ]+)?(?:(left|right|bilateral|both)[-_. ]+|(lh|rh|l|r|bi)[-_.]+)",
    re.IGNORECASE,
)
_SIDE_CAMEL = re.compile(r"^(Left|Right|Bilateral)(?=[A-Z])")
_SIDE_AFTER = re.compile(
    r"(?:[,_\-. ]+(?:in )?(?:the )?(left|right|bilateral)(?:[-_ ]*(?:hemisphere|side|hemi))?"
    r"|[\s_]*\((l|r|left|right|lh|rh|bilateral)\)|[_\-.](l|r|lh|rh|LH|RH))\s*$",
    re.IGNORECASE,
)
_SIDE_WITHIN = re.compile(r",\s*(left|right)\s*(?=,)", re.IGNORECASE)
_JOINED = re.compile(rf"\b({'|'.join(PREFIXES)})-(?=[a-z]{{4}})")
_BRODMANN = re.compile(r"^ba(\d{1,2}[a-z]?)$")
_LAYER = re.compile(r"^l(\d[ab]?|[iv]+[ab]?)$")
_NERVE_OF = {number: word for word, number in CRANIAL.items() if word not in ("vestibul", "cochlea")}
#: ``G_front_sup``, ``S_central``: gyri and sulci in Destrieux's atlas
_DESTRIEUX = re.compile(r"^(G|S)(?:_and_S)?_(?=[a-z])")
_NOISE = re.compile(r"_?(?:retired|obsolete|deprecated)\b|\[sic\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Forms:
    """A name in its comparable forms."""

    text: str
    plain: str
    tokens: tuple[str, ...]
    bag: str
    squash: str


def plain(text: str) -> str:
    """The text in lower case without accents, Greek letters spelled out, single spaces.

    >>> plain("  Pre-Bötzinger   complex")
    'pre-botzinger complex'
    """
    lowered = unicodedata.normalize("NFKC", text[:MAX_LENGTH]).lower().translate(_DROP_ACCENTS)
    if not lowered.isascii():
        lowered = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join(lowered.split())


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The canonical form of one lower-case word.

    >>> [stem(w) for w in ("nuclei", "thalamic", "coeruleus", "III", "olfactorius")]
    ['nucle', 'thalam', 'cerul', '3', 'olfactory']
    """
    word = word.lower()
    if word in NUMBERS:
        return NUMBERS[word]
    same = SAME.get(word)
    if same is not None:
        return NUMBERS.get(same, same)
    if any(c.isdigit() for c in word):
        return word
    roman = _ROMAN_LETTER.match(word)
    if roman and roman[1] in NUMBERS:
        return NUMBERS[roman[1]] + roman[2]
    if word[0] == "h" and word[1:] in NUMBERS and len(word) > 2:
        return NUMBERS[word[1:]]
    short = word.replace("ae", "e").replace("oe", "e")
    if short in SAME:
        return NUMBERS.get(SAME[short], SAME[short])
    for ending in _LATIN:
        if short.endswith(ending) and short[: -len(ending)] in SAME:
            same = SAME[short[: -len(ending)]]
            return NUMBERS.get(same, same)
    for suffix in _SUFFIXES:
        if short.endswith(suffix) and len(short) - len(suffix) >= 4:
            base = short[: -len(suffix)]
            return base[:-1] if base[-1] in "eiou" and len(base) > 4 else base
    return short


@lru_cache(maxsize=65536)
def compound(word: str) -> tuple[str, ...]:
    """The stems of a word, two if it joins two directions or regions.

    >>> compound("ventroposteromedial"), compound("occipitotemporal"), compound("thalamic")
    (('ventral', 'posterior', 'medial'), ('occipit', 'tempor'), ('thalam',))
    """
    for size in range(5, 12) if word not in SAME else ():
        first, rest = COMBINING.get(word[:size]), word[size:]
        if first and len(rest) > 4:
            tail = compound(rest)
            if len(tail) > 1 or tail[0] in _CANONICAL:
                return (stem(first), *tail)
    return (stem(word),)


def _words(text: str) -> list[str]:
    words: list[str] = []
    for raw in _SPLIT.split(_JOINED.sub(r"\1", plain(text))):
        word = raw.strip("'/")
        if word.endswith("'s"):
            word = word[:-2]
        word = word.replace("'", "")
        brodmann = _BRODMANN.match(word)
        if brodmann:
            words += ["brodmann", "area", brodmann[1]]
        elif words and (words[-1], word) in PHRASES:
            words[-1:] = PHRASES[words[-1], word]
        elif word:
            words += APART.get(word, (word,))
    return words


def _by_name(items: list[str]) -> list[str]:
    """A cranial nerve that is told by its number alone, by its name: ``CN III``, ``third cranial nerve``."""
    number = next((w for w in items if w in _NERVE_OF), "")
    if "cn" in items:
        at = items.index("cn")
        number = items[at + 1] if items[at + 1 : at + 2] and items[at + 1] in _NERVE_OF else ""
        return [*items[:at], _NERVE_OF[number], "nerve", *items[at + 2 :]] if number else items
    if len(items) == 2 and number and "nerve" in items:
        return [_NERVE_OF.get(w, w) for w in items]
    if not number or "cranium" not in items or "nerve" not in items:
        return items
    return [_NERVE_OF[number] if w == "cranium" else w for w in items if w != number]


def tokens(text: str) -> tuple[str, ...]:
    """The canonical stems of a name, in its order.

    >>> tokens("Nuclei of the Thalamus (dorsal part)")
    ('nucle', 'of', 'the', 'thalam', 'dorsal', 'part')
    >>> tokens("T9 segment") == tokens("9th thoracic segment")
    True
    """
    words = _words(text)
    out: list[str] = []
    cord = any(w in _CORD_WORDS for w in words)
    cortex = not cord and any(w in ("cortex", "cortical") for w in words)
    for word in words:
        segment = _CORD.match(word) if cord else None
        layer = _LAYER.match(word) if cortex else None
        if segment:
            out += [segment[2], stem(_CORD_NAMES[segment[1]])]
        elif layer:
            out += ["layer", stem(layer[1])]
        else:
            out += compound(word)
    numbers = {CRANIAL[word] for word in out if word in CRANIAL}
    if numbers and len(out) > 2 and not _NERVE_WORDS.isdisjoint(out):
        out = [word for word in out if word not in numbers]
    elif not numbers and ("cranium" in out or "cn" in out or len(out) == 2):
        out = _by_name(out)
    if not SPINAL.isdisjoint(out):
        out = [FRONT_BACK.get(word, word) for word in out]
    return tuple(out)


def bag(items: tuple[str, ...]) -> str:
    """The tokens without filler and order, joined: names with one bag are the same words.

    >>> bag(tokens("nucleus of the solitary tract")) == bag(tokens("solitary tract nucleus"))
    True
    """
    kept = sorted(item for item in items if item not in FILLER)
    return " ".join(kept or sorted(items))


def squash(text: str) -> str:
    """The letters and digits alone, in lower case: for names written without spaces.

    >>> squash("Barrel-Cortex, L4")
    'barrelcortexl4'
    """
    return "".join(c for c in plain(text) if c.isalnum())


def camel(text: str) -> str:
    """CamelCase taken apart: ``PosteromedialVisualArea,Layer4`` → ``Posteromedial Visual Area, Layer 4``."""
    return " ".join(_CAMEL.sub(" ", text).split())


def sides(text: str) -> list[tuple[str, str]]:
    """The text, then the text with its side taken off step by step, as ``(text, side)``.

    >>> sides("ctx-lh-precuneus")
    [('ctx-lh-precuneus', ''), ('precuneus', 'left')]
    >>> [rest for rest, _ in sides("left_parietal_lobe_L")]
    ['left_parietal_lobe_L', 'left_parietal_lobe', 'parietal_lobe']
    """
    out = [(text, "")]
    if len(text) > MAX_LENGTH:
        return out
    side = ""
    for pattern in (_SIDE_WITHIN, _SIDE_AFTER, _SIDE_BEFORE, _SIDE_CAMEL):
        current = out[-1][0]
        match = pattern.search(current)
        if match and len(current) > len(match[0]) + 1:
            word = next(filter(None, match.groups()), "").lower()
            side = {"l": "left", "r": "right", "b": "both"}.get(word[:1], side)
            rest = (current[: match.start()] + current[match.end() :]).strip(" ,_-.")
            if rest:
                out.append((rest, side))
    return out


def forms(text: str) -> Forms:
    """All forms of a name at once."""
    cleaned = _NOISE.sub(" ", text[:MAX_LENGTH]).strip()
    drawn = _DESTRIEUX.match(cleaned)
    if drawn:
        cleaned = f"{cleaned[drawn.end() :]} {'sulcus' if drawn[1] == 'S' else 'gyrus'}"
    if " " not in cleaned and "_" not in cleaned and len(cleaned) > 8:
        cleaned = camel(cleaned)
    items = tokens(cleaned)
    return Forms(text, plain(text), items, bag(items), squash(cleaned))
