"""Words made comparable: case, accents, hyphens, camelCase, plural, British and American spelling.

Records and questions go through the same fold, so ``paediatric``, ``Pediatric`` and ``pediatrics`` meet.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

__all__ = ["STOP_WORDS", "Token", "Words", "cut", "fold", "fold_text", "tokens"]

_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z]{2})")
_WORD = re.compile(r"[^\W_]+")
_HTML = re.compile(r"<[^<>]{1,200}>|&[a-z]{2,8};|&#\d{1,6};")

#: British first; the rest of a word is kept
_SPELLINGS = (
    (re.compile(r"haem|anaes|paed|orthopaed|gynaec|encephalopathae"), "ae", "e"),
    (re.compile(r"oestr|oedem|foet|diarrhoe|oesoph"), "oe", "e"),
    (re.compile(r"^(behavi|col|tum|hum|fav|lab|neighb|vap|od|flav|harb|rum|hon|vig|endeav)our"), "our", "or"),
)  # fmt: skip
_ENDINGS = (
    ("isations", "izations"), ("isation", "ization"), ("ising", "izing"), ("ised", "ized"),
    ("yse", "yze"), ("ysed", "yzed"), ("ysing", "yzing"), ("elling", "eling"), ("elled", "eled"),
    ("ellers", "elers"), ("eller", "eler"), ("ogue", "og"), ("mme", "m"),
)  # fmt: skip
_WHOLE = {
    "flie": "fly",
    "ageing": "aging", "grey": "gray", "fibre": "fiber", "centre": "center", "multicentre": "multicenter",
    "theatre": "theater", "metre": "meter", "licence": "license", "judgement": "judgment", "sceptic": "skeptic",
    "catalogue": "catalog", "programme": "program", "practise": "practice", "mould": "mold", "defence": "defense",
    "manoeuvre": "maneuver", "aeroplane": "airplane", "tyre": "tire", "analogue": "analog", "dialogue": "dialog",
    "ischaemia": "ischemia", "ischaemic": "ischemic", "leukaemia": "leukemia", "anaemia": "anemia",
    "aesthetic": "aesthetic", "synaesthesia": "synesthesia", "recognise": "recognize", "organise": "organize",
    "localiser": "localizer", "synchronise": "synchronize", "memorise": "memorize", "hypoglycaemia": "hypoglycemia",
    "randomise": "randomize", "categorise": "categorize", "visualise": "visualize", "lateralise": "lateralize",
    "mentalise": "mentalize", "epileptologie": "epilepsy", "caecum": "cecum", "tumour": "tumor", "summarise": "summarize",
}  # fmt: skip
_NOT_Y = frozenset(("movies", "series", "species", "zombies", "calories", "cookies"))
_NOT_PLURAL = ("ss", "us", "is", "sis", "ous", "ics")

#: words that say nothing about what is looked for
STOP_WORDS = frozenset(
    resources.files("commissure.discover").joinpath("data/stopwords.txt").read_text(encoding="utf-8").split()
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text: as folded and as written, one to one."""

    folded: list[str]
    written: list[str]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: as folded, as written, and where it stands."""

    folded: str
    written: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Fold one word: lower case, no accents, American spelling, singular.

    Examples
    --------
    >>> [fold(w) for w in ("Anaesthetised", "behaviours", "Alzheimer", "mice", "studies")]
    ['anesthetized', 'behavior', 'alzheimer', 'mice', 'study']
    """
    plain = word.lower()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    if len(plain) < 4 or not plain.isalpha():
        return plain
    for pattern, british, american in _SPELLINGS:
        if pattern.search(plain):
            plain = plain.replace(british, american, 1)
    if plain.endswith("ies") and len(plain) > 5 and plain not in _NOT_Y:
        plain = plain[:-3] + "y"
    elif plain.endswith("s") and not plain.endswith(_NOT_PLURAL):
        plain = plain[:-1]
    if plain in _WHOLE:
        return _WHOLE[plain]
    for british, american in _ENDINGS:
        if plain.endswith(british) and len(plain) > len(british) + 2:
            return plain[: -len(british)] + american
    return plain


def tokens(text: str) -> list[Token]:
    """Cut a text into folded words; camelCase is cut too, markup is left out.

    Examples
    --------
    >>> [t.folded for t in tokens("VisualWorkingMemory: n-back, EEG")]
    ['visual', 'working', 'memory', 'n', 'back', 'eeg']
    """
    clean = _HTML.sub(lambda m: " " * len(m.group()), text)
    found: list[Token] = []
    for match in _WORD.finditer(clean):
        start = match.start()
        for part in _CAMEL.split(match.group()):
            found.append(Token(fold(part), part, start, start + len(part)))
            start += len(part)
    return found


def cut(text: str) -> Words:
    """Cut a text into words as :func:`tokens` does, without their places; much faster."""
    written = _WORD.findall(_CAMEL.sub(" ", _HTML.sub(" ", text)))
    return Words([fold(word) for word in written], written)


def fold_text(text: str) -> str:
    """Fold a whole text, its words one space apart."""
    return " ".join(cut(text).folded)
