"""The brain regions a sentence names: by name, by adjective, by abbreviation.

A name found by the lexicon grows over its neighbours (``antero-dorsal thalamic nucleus``, ``ventrolateral nucleus of
the thalamus``) while the longer name is known too. An abbreviation counts if the paper defines it as a region, or if
the words around it say so (:mod:`commissure.translate.abbreviations`).
"""

import re
from functools import lru_cache

from commissure.model import Term
from commissure.terms.lexicon import Lexicon
from commissure.terms.scan import Hit
from commissure.terms.words import FILLER
from commissure.translate.abbreviations import AbbreviationReader, find_definition
from commissure.translate.mapper import Mapper
from commissure.translate.methods.sections import Sentence
from commissure.translate.methods.tag import Tag

__all__ = ["find_regions"]

SURE = 0.6  # from here on an abbreviation that the paper does not define is a region
#: adjectives that stand for a region of their own; ``cortical`` and the like say too little
_ADJECTIVES = {
    "hippocampal": "hippocampus", "thalamic": "thalamus", "hypothalamic": "hypothalamus", "amygdalar": "amygdala",
    "striatal": "striatum", "cerebellar": "cerebellum", "prefrontal": "prefrontal cortex", "entorhinal": "entorhinal cortex",
    "orbitofrontal": "orbitofrontal cortex", "parahippocampal": "parahippocampal gyrus", "insular": "insula",
    "habenular": "habenula", "subicular": "subiculum", "pallidal": "globus pallidus", "accumbal": "nucleus accumbens",
}  # fmt: skip
_ADJECTIVE = re.compile(rf"(?<![\w-])(?:{'|'.join(_ADJECTIVES)})\b(?!-)", re.IGNORECASE)
_SHORT = re.compile(r"(?<![\w-])[a-z]{0,3}[A-Z][A-Za-z]{0,4}\d?[a-z]?(?![\w])")
_ILLNESS_AFTER = re.compile(
    r"\s+(?:\w+\s+)?(?:seizures?|epilep\w+|dementia|degeneration|atrophy|stroke|tumou?rs?|ataxia|palsy|syndrome|disorder)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"((?:[\w-]+\s){0,2}[\w-]+)(?:\s*\([A-Z][A-Za-z0-9]{0,4}\))?\s*(?:,|,?\s(?:and|or)|/)\s*(?:the\s)?$"
)
_SINGULAR = {"cortices": "cortex", "gyri": "gyrus", "nuclei": "nucleus", "sulci": "sulcus", "lobes": "lobe",
             "areas": "area", "lobules": "lobule"}  # fmt: skip
_OF = re.compile(r"(?:,)?\s+(?:of|in)\s+(?:the\s+)?\w+(?:\s+\w+)?")
_BEFORE = re.compile(r"(?:[\w]+[\s-]+){0,3}$")


def find_regions(sentence: Sentence, lexicon: Lexicon, *, document: str) -> list[Tag]:
    """One tag for each place where a region is meant; offsets are those of the document."""
    text, tags, taken = sentence.text, [], list[tuple[int, int]]()
    for hit in lexicon.find(text, kinds=("region",)):
        if hit.scope == "abbreviation":
            continue
        start, end, term, sure = _grown(hit, text, lexicon)
        broken = text[start - 1 : start] == "-" and not re.search(
            r"\b(?:left|right|[LR]|non)-$", text[:start]
        )
        if broken or _ILLNESS_AFTER.match(text[end:]) or any(a < end and start < b for a, b in taken):
            continue
        taken.append((start, end))
        tags.append(_tag(term, sentence, start, end, sure))
        shared = _sharing(text, start, end, lexicon)
        if shared and not any(a < shared[1] and shared[0] < b for a, b in taken):
            taken.append(shared[:2])
            tags.append(_tag(shared[2], sentence, shared[0], shared[1], 0.8))
    for match in _ADJECTIVE.finditer(text):
        found = lexicon.match(_ADJECTIVES[match[0].lower()], kinds=("region",))
        free = not any(a < match.end() and match.start() < b for a, b in taken)
        if found and free and not _ILLNESS_AFTER.match(text[match.end() :]):
            tags.append(_tag(found[0].term, sentence, match.start(), match.end(), 0.8))
    return tags + _abbreviated(sentence, lexicon, document=document, taken=taken)


def _tag(term: Term, sentence: Sentence, start: int, end: int, sure: float) -> Tag:
    at = sentence.start
    return Tag("region", term.label, at + start, at + end, sentence.text[start:end], term.curie, sure)


def _grown(hit: Hit, text: str, lexicon: Lexicon) -> tuple[int, int, Term, float]:
    """The longest known name around a hit, with its term."""
    end = hit.start + len(hit.text)
    before = _BEFORE.search(text[max(0, hit.start - 60) : hit.start])
    words = list(re.finditer(r"\w+", before[0])) if before else []
    shift = hit.start - len(before[0]) if before else hit.start
    starts = [shift + w.start() for w in words if w[0].lower() not in FILLER] + [hit.start]
    of = _OF.match(text[end:])
    ends = [end + w.end() for w in re.finditer(r"\w+", of[0]) if w[0].lower() not in FILLER] if of else []
    ends = [*reversed(ends), end]
    for first in starts:
        for last in ends:
            if (first, last) != (hit.start, end) and last > first:
                found = lexicon.match(text[first:last], kinds=("region",))
                if found and not found[0].side and found[0].name.scope != "abbreviation":
                    return first, last, found[0].term, 0.9 if len(found) == 1 else 0.6
    return hit.start, end, hit.terms[0], 0.9 if len(hit.terms) == 1 else 0.6


def _sharing(text: str, start: int, end: int, lexicon: Lexicon) -> tuple[int, int, Term] | None:
    """The region before ``and`` that shares the noun of the one after it: ``superior and middle temporal gyri``."""
    match = _JOINED.search(text[max(0, start - 60) : start])
    if not match:
        return None
    offset, nouns = max(0, start - 60), text[start:end].split()
    nouns[-1] = _SINGULAR.get(nouns[-1].lower(), nouns[-1])
    words = list(re.finditer(r"\S+", match[1]))
    for first in [w for w in words if w[0].lower() not in FILLER]:
        left = match[1][first.start() :]
        for cut in range(1, len(nouns)):
            found = lexicon.match(f"{left} {' '.join(nouns[cut:])}", kinds=("region",))
            if found and found[0].how in ("exact", "words") and found[0].name.scope in ("label", "exact"):
                at = offset + match.start(1) + first.start()
                return at, at + len(left), found[0].term
    return None


@lru_cache(maxsize=2)
def _reader(lexicon: Lexicon) -> AbbreviationReader:
    return AbbreviationReader(Mapper(lexicon))


def _abbreviated(
    sentence: Sentence, lexicon: Lexicon, *, document: str, taken: list[tuple[int, int]]
) -> list[Tag]:
    tags, reader = [], _reader(lexicon)
    for match in _SHORT.finditer(sentence.text):
        short = match[0]
        if len(short) < 2 or not reader.may_be_region(short):
            continue
        if any(a < match.end() and match.start() < b for a, b in taken):
            continue
        definition = find_definition(short, document)
        if definition:
            answer = reader.mapper.map(definition)
            curie, sure = (answer.curie, answer.confidence) if answer.confidence >= 0.8 else (None, 0.0)
        else:
            features, curie = reader.evidence(short, sentence.text)
            sure = reader.sureness(features)
            curie = curie if reader.is_enough(sure, features) else None
        if curie is not None and sure >= SURE:
            tags.append(_tag(lexicon.get(curie), sentence, match.start(), match.end(), min(0.9, sure)))
    return tags
