"""What an abbreviation in running text means: a brain region, or something else.

First the document's own definition, ``long form (LF)``, by the letters of the abbreviation (Schwartz and Hearst 2003,
doi:10.1142/9789812776303_0042); then a region that the text names and whose name the letters run through. Where there is
none, a table of customary abbreviations with how often each means a
region (``HC`` is a control group more often than the hippocampus), weighed against the words around it.

>>> reader = AbbreviationReader(Mapper(Lexicon.load()))
>>> reader.read("LC", "noradrenaline neurons of the locus coeruleus (LC) were lost").label
'locus ceruleus'
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, Fault
from commissure.terms.lexicon import Lexicon
from commissure.translate.guesses import Guesser, named_in, without_side
from commissure.translate.mapper import Mapper

__all__ = ["AbbreviationReader", "Meaning", "context_features", "find_definition"]

_DATA = Path(__file__).parent / "data"
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
_SUB = re.compile(r"^(?:[advpcmrl]{1,2})(?=[A-Z]{2})")
_SHORT = re.compile(r"\b[a-z]{0,3}[A-Z][A-Za-z]{0,2}[A-Z][A-Za-z]{0,3}\b")
_SIDED = re.compile(
    r"\b(?:left|right|bilateral|bilaterally|ipsilateral|contralateral|the [LR])[\s(]*$", re.IGNORECASE
)
_ANATOMY_AFTER = re.compile(
    r"\)?[\s-]*(?:neurons?|activity|activations?|volumes?|lesions?|projections?|connectivity|inputs?|outputs?|seeds?|cells|"
    r"stimulation|subregions?|subfields?|afferents?|efferents?|nuclei|cortex)\b",
    re.IGNORECASE,
)
_METHOD_AFTER = re.compile(
    r"\)?[\s-]*(?:groups?|patients?|participants?|subjects|scores?|scale|tests?|tasks?|analys[ie]s|method|sequence|model|"
    r"trials?|values?|participants|conditions?|signals?|rate)\b",
    re.IGNORECASE,
)
ANSWER = 0.6  # from here on the id is given
NAMED = 0.95  # of a region that the text names and the letters fit
ANSWER_UNLISTED = 0.75  # the same for what the table does not have
_REGION_WORDS = frozenset(
    ("cortex", "cortical", "gyrus", "gyri", "sulcus", "lobule", "lobe", "nucleus", "nuclei", "bilateral", "left",
     "right", "anterior", "posterior", "superior", "inferior", "medial", "lateral", "dorsal", "ventral", "regions",
     "region", "hemisphere", "activation", "activations", "insula", "hippocampus", "amygdala", "thalamus", "putamen",
     "caudate", "striatum", "cerebellum", "precuneus", "cuneus", "hypothalamus", "prefrontal", "parietal", "frontal",
     "temporal", "occipital", "cingulate", "brainstem", "midbrain", "subcortical", "limbic", "neurons", "projections",
     "area", "areas", "seed", "lesions")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an abbreviation means here; ``curie`` is None where it is no region that has a term."""

    abbreviation: str
    curie: str | None
    label: str | None
    confidence: float
    how: str

    def to_dict(self) -> dict[str, object]:
        """The meaning as plain values, for JSON."""
        return {
            "abbreviation": self.abbreviation,
            "id": self.curie,
            "label": self.label,
            "confidence": round(self.confidence, 4),
            "how": self.how,
        }


def find_definition(abbreviation: str, text: str) -> str:
    """The long form that a text gives for an abbreviation, or an empty string.

    Every letter must be found from right to left, the first at the start of a word.

    >>> find_definition("STN", "in the subthalamic nucleus (STN) we found")
    'subthalamic nucleus'
    """
    for match in re.finditer(re.escape(abbreviation), text):
        before = text[: match.start()].rstrip(" ([;,")
        opened = text[len(before) : match.start()]
        if not ("(" in opened or "[" in opened):
            continue
        words = before.split()[-min(len(abbreviation) + 5, len(abbreviation) * 2) :]
        found = _long_form(abbreviation, " ".join(words))
        if found:
            return found
    return ""


def _long_form(short: str, text: str) -> str:
    letters = [c.lower() for c in short if c.isalnum()]
    lowered = text.lower()
    at = len(lowered) - 1
    for index in range(len(letters) - 1, -1, -1):
        while at >= 0 and (
            lowered[at] != letters[index] or (index == 0 and at > 0 and lowered[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return ""
        at -= 1
    long_form = text[at + 1 :].strip(" -–,;")
    return long_form if len(long_form) > len(short) + 2 and not re.search(r"[.;:(]\s", long_form) else ""


def context_features(abbreviation: str, text: str, *, prior: float, known: bool) -> dict[str, float]:
    """The evidence for a region: the table's prior, and the words around the abbreviation."""
    at = text.find(abbreviation)
    near = text[max(0, at - 110) : at + len(abbreviation) + 110] if at >= 0 else text[:220]
    close = text[max(0, at - 35) : at + len(abbreviation) + 25] if at >= 0 else ""
    words = [w.lower() for w in _WORD.findall(near.replace(abbreviation, " "))]
    before = text[max(0, at - 24) : max(0, at)]
    after = text[at + len(abbreviation) : at + len(abbreviation) + 24] if at >= 0 else ""
    out = {
        "bias": 1.0,
        "prior": math.log(prior / (1 - prior)),
        "known": float(known),
        "region_words": min(6.0, sum(w in _REGION_WORDS for w in words)),
        "region_close": min(3.0, sum(w.lower() in _REGION_WORDS for w in _WORD.findall(close))),
        "equals": float(bool(re.match(r"\)?\s*[=:<>]", after))),
        "number": float(bool(re.match(r"\)?\s*[=/]?\s*\d", after))),
        "length": min(5.0, len(abbreviation)),
        "side_before": float(bool(_SIDED.search(before))),
        "anatomy_after": float(bool(_ANATOMY_AFTER.match(after))),
        "method_after": float(bool(_METHOD_AFTER.match(after))),
    }
    for word in set(words):
        if word not in _REGION_WORDS and len(word) > 2:
            out[f"w:{word}"] = 1.0
    return out


class AbbreviationReader:
    """Reads abbreviations in context.

    Parameters
    ----------
    mapper : Mapper
        Maps long forms to terms.
    """

    def __init__(self, mapper: Mapper) -> None:
        self.mapper = mapper

    @property
    def lexicon(self) -> Lexicon:
        """The terms that may be meant."""
        return self.mapper.lexicon

    @cached_property
    def _table(self) -> dict[str, tuple[float, str | None]]:
        table: dict[str, tuple[float, str | None]] = {}
        with (_DATA / "abbreviations.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                curie = next(filter(None, map(self._certain, filter(None, row["names"].split("|")))), None)
                table[row["abbreviation"]] = (float(row["prior"]), curie)
        return table

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {key.lower(): key for key in reversed(self._table)}

    @cached_property
    def _weights(self) -> dict[str, float]:
        try:
            loaded: dict[str, Any] = json.loads((_DATA / "context.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Fault("The weights of context words cannot be read; install commissure again.") from error
        return {str(key): float(value) for key, value in loaded.items()}

    @cached_property
    def guesser(self) -> Guesser:
        """Guesses what an abbreviation that the table lacks would mean."""
        return Guesser(self.mapper)

    def _certain(self, name: str) -> str | None:
        answer = self.mapper.map(name)
        return answer.curie if answer.how == "exact" or answer.confidence >= 0.85 else None

    def may_be_region(self, abbreviation: str) -> bool:
        """Whether the table or the lexicon knows a region by this abbreviation, written just so."""
        found = self._table.get(abbreviation)
        if found is not None:
            return found[1] is not None
        return any(m.name.text == abbreviation for m in self.lexicon.match(abbreviation, kinds=("region",)))

    def prior(self, abbreviation: str, *, listed: bool = True) -> tuple[float, str | None, bool]:
        """How often it means a region, which one, and whether the table has it.

        With ``listed`` false the table is not looked at: how an abbreviation that it lacks would fare.
        """
        for form in (abbreviation, without_side(abbreviation)) if listed else ():
            found = self._table.get(form)
            if found is None and form.lower() in self._folded and len(form) > 2:
                found = self._table[self._folded[form.lower()]]
            if found is not None:
                return found[0] if form == abbreviation else min(0.9, found[0]), found[1], True
        guess = self.guesser.guess(abbreviation)
        return max(0.02, 0.3 * guess.share), guess.curie, False

    def read_all(self, rows: Iterable[Mapping[str, str]]) -> list[Meaning]:
        """What each row's abbreviation (column ``abbrev`` or ``abbreviation``) means in its ``context``.

        Raises
        ------
        BadInput
            If there is no such column.
        """
        meanings = []
        for row in rows:
            short = row.get("abbrev", row.get("abbreviation"))
            if short is None or "context" not in row:
                raise BadInput(f"The table needs the columns 'abbrev' and 'context'; got {sorted(row)}.")
            meanings.append(self.read(short, row["context"]))
        return meanings

    def read(self, abbreviation: str, text: str) -> Meaning:
        """What the abbreviation means in this text."""
        short = abbreviation.strip()
        if not short:
            return Meaning(abbreviation, None, None, 0.0, "empty")
        definition = find_definition(short, text)
        if definition:
            answer = self.mapper.map(definition)
            if answer.curie is not None and answer.confidence >= 0.8 and answer.how != "empty":
                return Meaning(abbreviation, answer.curie, answer.label, answer.confidence, "definition")
        named = named_in(self.lexicon, short, text=text)
        if named is not None:
            return Meaning(abbreviation, named.curie, named.label, NAMED, "document")
        features, curie = self.evidence(short, text)
        confidence = self.sureness(features)
        if definition:
            confidence *= 0.5
        if curie is None or not self.is_enough(confidence, features):
            return Meaning(abbreviation, None, None, min(confidence, ANSWER) if curie else 0.0, "context")
        return Meaning(abbreviation, curie, self.lexicon.get(curie).label, confidence, "context")

    def evidence(self, short: str, text: str, *, listed: bool = True) -> tuple[dict[str, float], str | None]:
        """What speaks for a region in this text, and which region it would be; ``listed`` as for :meth:`prior`."""
        prior, curie, known = self.prior(short, listed=listed)
        features = context_features(short, text, prior=prior, known=known)
        if not known:
            features |= self.guesser.guess(short).features()
        at = max(0, text.find(short))
        near = text[max(0, at - 110) : at + len(short) + 110]
        others = {m[0] for m in _SHORT.finditer(near) if short not in m[0]}
        priors = [self._table[o][0] for o in others if o in self._table]
        features["region_shorts"] = min(4.0, sum(p >= 0.8 for p in priors))
        features["other_shorts"] = min(4.0, sum(p <= 0.1 for p in priors))
        hits = self.lexicon.find(near, kinds=("region",))
        named = {h.text.lower() for h in hits if h.scope != "abbreviation" and len(h.text) > 4}
        features["region_names"] = min(4.0, len(named))
        return features, curie

    @staticmethod
    def is_enough(confidence: float, features: Mapping[str, float]) -> bool:
        """Whether a region may be answered: what the table lacks must be surer."""
        return confidence >= (ANSWER if features["known"] else ANSWER_UNLISTED)

    def sureness(self, features: dict[str, float]) -> float:
        """The probability that a region is meant."""
        total = sum(self._weights.get(key, 0.0) * value for key, value in features.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
