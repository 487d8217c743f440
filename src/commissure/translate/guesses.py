"""What an abbreviation that no table lists would mean: the region whose name its letters run through best.

Three things speak for a region: the ranker's belief (its letters), an atlas that abbreviates it so, and how many of the
atlases in common use draw it, since what is abbreviated without a word is what everybody knows.

>>> from commissure.terms.lexicon import Lexicon
>>> guess = Guesser(Mapper(Lexicon.load())).guess("IntParS")
>>> guess.label
'intraparietal sulcus'
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from commissure.model import Term
from commissure.terms.lexicon import Lexicon
from commissure.terms.normal import plain
from commissure.translate.initials import ShortForms
from commissure.translate.mapper import Mapper

__all__ = ["Guess", "Guesser", "named_in", "without_side"]

_SIDE = re.compile(r"^(?:[lrLRbB]|bi|le|ri)[-_ ]?(?=[A-Z]{2})")
_MIXED = re.compile(r"^[a-z]{1,2}[A-Z]{2}|[A-Z][a-z]+[A-Z]")
_ATLASES = frozenset(("AAL", "AAL3", "DK", "Aseg", "Julich", "Brodmann", "Destrieux", "HarvardOxford"))
#: how well an abbreviation must run through a region that the text names
FITS = 0.9
#: log odds for an abbreviation that an atlas lists, and for each atlas that draws the region (three at most)
_LISTED, _DRAWN = 0.5, 0.67


def without_side(abbreviation: str) -> str:
    """The abbreviation without a side before it.

    >>> without_side("rSMG"), without_side("L-IFG"), without_side("LGN")
    ('SMG', 'IFG', 'GN')
    """
    return _SIDE.sub("", abbreviation)


def named_in(lexicon: Lexicon, abbreviation: str, *, text: str) -> Term | None:
    """The one region that a text names and that the abbreviation, of three letters or more, runs through.

    >>> from commissure.terms.lexicon import Lexicon
    >>> named_in(Lexicon.load(), "STN", text="the subthalamic nucleus and the pallidum; STN firing").label
    'subthalamic nucleus'
    """
    letters = "".join(c for c in plain(abbreviation) if c.isalnum())
    if len(letters) < 3:
        return None
    hits = [h for h in lexicon.find(text, kinds=("region",)) if h.scope != "abbreviation" and len(h.text) > 4]
    if not hits:
        return None
    fits = ShortForms([plain(h.text) for h in hits]).scores(letters)
    named = {h.terms[0].curie: h.terms[0] for h, fit in zip(hits, fits, strict=True) if fit >= FITS}
    return next(iter(named.values())) if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest region (``curie`` is None if there is none), its share of the belief, and its lead over the next."""

    abbreviation: str
    curie: str | None
    label: str | None
    share: float
    lead: float
    belief: float
    listed: float

    def features(self) -> dict[str, float]:
        """What the guess says for or against a region, for the weights of the context."""
        short = self.abbreviation
        return {
            "guess": 1.0,
            "guess_listed": float(self.listed > 0),
            "guess_listed_sure": _logit(self.listed) / 2 if self.listed else 0.0,
            "guess_belief": _logit(self.belief) / 2,
            "guess_share": _logit(self.share) / 2,
            "guess_lead": self.lead,
            "guess_mixed": float(bool(_MIXED.search(short))),
            "guess_long": float(len(short) >= 4),
            "guess_two": float(len(short) <= 2),
            "guess_tail": float(short[-1:] in "CGSLN"),
        }


def _logit(p: float) -> float:
    p = min(0.999, max(0.001, p))
    return math.log(p / (1 - p))


class Guesser:
    """Guesses the region of an abbreviation.

    Parameters
    ----------
    mapper : Mapper
        Knows the regions' names and ranks them.
    """

    def __init__(self, mapper: Mapper) -> None:
        self.mapper = mapper
        self._seen: dict[str, Guess] = {}

    @cached_property
    def _drawn(self) -> Counter[str]:
        """How many of the atlases in common use draw each region."""
        pairs = {(x.object, x.subject.partition(":")[0]) for x in self.mapper.lexicon.cross_references}
        return Counter(curie for curie, atlas in pairs if atlas in _ATLASES)

    def guess(self, abbreviation: str) -> Guess:
        """The likeliest region of an abbreviation."""
        if abbreviation not in self._seen:
            if len(self._seen) > 50_000:
                self._seen.clear()
            self._seen[abbreviation] = self._guess(abbreviation)
        return self._seen[abbreviation]

    def _guess(self, abbreviation: str) -> Guess:
        known = self.mapper.map(abbreviation)
        listed = {c.curie: c.score for c in known.candidates} if known.how in ("exact", "side") else {}
        likely = self.mapper.likely(without_side(abbreviation))
        believed = {c.curie: c.score for c in likely.candidates}
        labels = {c.curie: c.label for c in (*known.candidates, *likely.candidates)}
        scores = {
            c: math.log(believed.get(c, 0.0) + 0.02)
            + _LISTED * listed.get(c, 0.0)
            + _DRAWN * min(3, self._drawn[c])
            for c in believed | listed
        }
        if not scores:
            return Guess(abbreviation, None, None, 0.0, 0.0, 0.0, 0.0)
        total = sum(math.exp(s) for s in scores.values())
        shares = sorted(((math.exp(s) / total, c) for c, s in scores.items()), reverse=True)
        share, curie = shares[0]
        lead = share - (shares[1][0] if len(shares) > 1 else 0.0)
        belief = likely.confidence * believed.get(curie, 0.0)
        return Guess(abbreviation, curie, labels[curie], share, lead, belief, listed.get(curie, 0.0))
