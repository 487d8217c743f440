"""The terms a methods section names: species, strain, technique, device, diagnosis, task, stimulus, region.

Found by the lexicon, whole words, the longest first. What is denied (``no history of epilepsy``), excluded, or told
of earlier work is left out. An abbreviation counts if the paper defines it, or if it is of a kind that nobody defines
(``EEG``, ``fMRI``).
"""

import re

from commissure.terms.lexicon import Lexicon
from commissure.terms.scan import Hit
from commissure.translate.abbreviations import find_definition
from commissure.translate.methods.places import find_regions
from commissure.translate.methods.sections import Sentence
from commissure.translate.methods.tag import Tag

__all__ = ["find_terms"]

KINDS: dict[str, str] = {
    "species": "species", "strain": "strain", "technique": "technique", "device": "device", "diagnosis": "diagnosis",
    "task": "task", "stimulus": "stimulus", "cell type": "cell_type",
}  # fmt: skip
_ROLES = frozenset(("title", "keywords", "abstract", "methods", "people"))
_DENIED = re.compile(
    r"\b(no\s+(?:\w+\s+){0,4}?(?:history|diagnosis|evidence|sign|record|current|past|known|lifetime|previous|prior|major|significant)|"
    r"without\s+(?:any\s+|a\s+)?(?:\w+\s+)?(?:history|diagnosis)?|free\s+(?:of|from)|never|none\s+(?:of|had|reported)|neither|nor|denied|"
    r"absence\s+of|exclu\w+|rule[sd]? out|ruling out|not\s+(?:have|been|meet|suffer\w*|taking)|contraindicat\w+|screened\s+for|lack\s+of|"
    r"other\s+than|family\s+history)\b",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(previous(?:ly)?|prior|earlier|other|recent)\s+(?:\w+\s+){0,2}?(?:stud(?:y|ies)|work|reports?|findings|research|literature)\b|"
    r"\bet\s+al\b[^;]{0,60}?\b(?:show|report|found|observ|demonstrat|suggest|argu|propos)\w*|has\s+been\s+(?:shown|reported|suggested|implicated|associated)|have\s+been\s+(?:shown|reported|suggested|implicated|associated)|"
    r"\bmeta-?analys",
    re.IGNORECASE,
)
_VAGUE_WORDS = (
    "brain|head|hand|tail|task|test|face|area|body|disease|syndrome|disorder|imaging|stimulation|anatomy|behavior|behaviour|"
    "neuron|neurons|cell|organism|physiology|expression|genetics|pathology|radiology|ecology|attention|memory|"
    "mental disorder|animal|mammal|vertebrate|eukaryota|metazoa|faces|words|sleep|rest|control|controls|healthy|histology|"
    "informatics|instrument|protocol|assessment|questionnaire|inventory|scale|interview|survey|surface|region|cortex|"
    "cat|pig|dog|horse|cow|sheep|chicken|chick|man|eye|nerve|muscle|nose|column|center|primates|mammals|female|male|"
    "movement|posture|judgment|choice|learning|decision|speech|language|reading|monitoring|adaptation|anxiety|patients|"
    "arm|leg|depression|white matter|gray matter|grey matter|nucleus|gyrus|sulcus|hemisphere|left hemisphere|right hemisphere|ganglion|layer|"
    "subject|procedure|statistics|software|computer|segmentation|registration|normalization|anova|correlation|regression"
    "|matrix|criteria|education|gender|quantification|interpolation|morphology|dose|expert|tract|lobe|cord|network|lens|skin"
    "|animals|rodents|rodent|mammals|vertebrates|primate|virus|viruses|bacteria|bacterium|plants|insects|birds|fish|fishes|"
    "adeno-associated virus|adenovirus|lentivirus|rabies virus|aav|retrovirus|herpes simplex virus|escherichia coli|yeast"
)
_VAGUE = frozenset(_VAGUE_WORDS.split("|"))
_SHORT_WORDS = (
    "EEG MEG MRI fMRI PET SPECT fNIRS NIRS iEEG SEEG sEEG ECoG EMG ECG EOG DTI DWI TMS rTMS tDCS tACS DBS LFP MRS ERP "
    "ERPs BOLD GCaMP GCaMP6 GCaMP6s GCaMP6f GCaMP6m GCaMP7f GCaMP8 jGCaMP7f jGCaMP8m jGCaMP8s rs-fMRI ADHD PTSD OCD ASD MDD IHC MEA 2AFC T1w MPRAGE PSG"
)
_KNOWN_SHORT = frozenset(_SHORT_WORDS.split(" "))


def find_terms(sentences: "list[Sentence]", lexicon: Lexicon, *, document: str) -> list[Tag]:
    """One tag for each place a term is meant; ``document`` is the whole text, for definitions of abbreviations."""
    tags = []
    defined: dict[str, str] = {}
    read = [s for s in sentences if s.role in _ROLES]
    told = [s for s in read if s.role in ("title", "people") or not _EARLIER.search(s.text)]
    for sentence in told:
        denied = [m.start() for m in _DENIED.finditer(sentence.text)]
        for hit in lexicon.find(sentence.text, kinds=KINDS):
            if _is_denied(hit.start, denied, sentence.text) or hit.text.lower() in _VAGUE:
                continue
            term = hit.terms[0]
            if hit.scope == "abbreviation" and not _means(hit, document, defined, lexicon):
                continue
            start, sure = sentence.start + hit.start, 0.9 if len(hit.terms) == 1 else 0.6
            kind = KINDS[term.kind]
            tags.append(Tag(kind, term.label, start, start + len(hit.text), hit.text, term.curie, sure))
        tags += [
            t for t in find_regions(sentence, lexicon, document=document)
            if not _is_denied(t.start - sentence.start, denied, sentence.text) and t.text.lower() not in _VAGUE
        ]  # fmt: skip
    return tags


def _is_denied(start: int, denied: list[int], text: str) -> bool:
    """Whether a denial stands before a place in the same clause."""
    return any(at < start and not re.search(r"[;.]|\bbut\b", text[at:start]) for at in denied)


def _means(hit: Hit, document: str, defined: dict[str, str], lexicon: Lexicon) -> bool:
    short = hit.text
    if short not in defined:
        defined[short] = find_definition(short, document)
    if defined[short]:
        meant = {m.term.curie for m in lexicon.match(defined[short])}
        return any(t.curie in meant for t in hit.terms)
    return short in _KNOWN_SHORT
