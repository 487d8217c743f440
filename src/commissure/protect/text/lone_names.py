"""Names that stand alone in a note (*Hawthorne came late*), told from words of science by a small learned model.

A surname has no shape of its own: *Brodmann area 4* and *Brodmann called* differ by what stands around it, *Kowalczyk* and
*Cortex* by their letters. So each capitalized word is weighed by its letters (two to five at a time), its neighbours and its
place in the line; words of everyday life and of the field (a Bloom filter) are passed over. The weights are of a logistic regression trained by ``tools/train_names.py`` on name lists of some 80 languages against
the docstrings of the field's software. Whole names and titles are found by rules (:mod:`commissure.protect.text.names`).

Two limits: a high one for texts whose words are science, a low one for notes, where a lost word costs less than a name kept.

>>> found = find_lone_names("Okonkwo came late, Cz was noisy", limit=NOTES_LIMIT)
>>> [(span.start, span.end) for span in found]
[(0, 7)]
>>> find_lone_names("Stimulation of Broca's area, Wechsler score 24", limit=NOTES_LIMIT)
()
"""

import hashlib
import re
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from commissure.protect.text.science_words import is_of_science

__all__ = [
    "BUCKETS",
    "EPONYMS",
    "NOTES_LIMIT",
    "SCIENCE_LIMIT",
    "Word",
    "bits_of",
    "candidates",
    "features",
    "find_lone_names",
    "is_known_word",
    "score",
]

BUCKETS = 1 << 17
NOTES_LIMIT, SCIENCE_LIMIT = -20.0, 0.0
_BITS = 1 << 21
_UPPER = "A-ZÀ-ÖØ-ÞŁŚŻČŠŽĆĐĎĘĚĞĢİĪĶĻĽŃŅŇŐŌŒŘŞȘŢȚŤŪŮŰŸŹĀĂĄĒĖĮŲẤ-Ỹ"
_CANDIDATE = re.compile(rf"(?<![^\W_])[{_UPPER}][^\W\d_]{{2,}}(?:['’-][{_UPPER}a-z][^\W\d_]+)*(?![^\W_])")
_NEIGHBOUR = re.compile(r"[^\W_]+|[^\w\s]")
_CONTEXT = 48
_SHORTEST_CAPITALS = 7
_PAIR_WEIGHS = 10.0
_JOINTS = frozenset({" ", ", ", "_"})
_CONTEXT_WEIGHS = 4.0
_PARTICLES = re.compile(
    r"(?:\b(?:De|Del|Della|Der|Den|Di|Da|Dos|Du|La|Le|El|Al|Van|Von|Ten|Ter|St|Bin|Ben|Mac|Mc)\b[ -]+|\b[DOLdol]['’])+$"
)
#: not the first word of a sentence
_GIVEN = re.compile(rf"(?<=[^.!?:;] )([{_UPPER}][a-zß-öø-ÿ]{{2,}} )$")
_FAMILY = re.compile(
    rf"(?: (?:De|Del|Di|Da|La|Le|Van|Von|van|von|de|der|den|del))* [{_UPPER}][a-zß-öø-ÿ]{{2,}}(?![^\W_])"
)

_LISTED = """
Abeta Achilles Adie Alzheimer Amari Ammon Apgar Argyll Asperger Babinski Bartlett Bayes Beck Bell Benton Beery Bender Bereitschaft
Bernoulli Berger Bessel Betz Bland Altman Blackman Bonferroni Boltzmann Borg Boston Braak Bravais Broca Brodmann Brown Burdach
Butterworth Cajal Capgras Cattell Chebyshev Cholesky Clarke Cohen Conners Cooley Corti Cotard Cronbach Cushing Cohn Daubechies
Delis Desikan Destrieux Dirichlet Doppler Down Dunnett Edinburgh Edinger Westphal Ekman Eriksen Erlang Euclid Euler Eysenck
Fagerstrom Ferrier Fisher Fitts Flanker Flechsig Fourier Frobenius Fugl Meyer Gabor Gauss Gaussian Gennari Gerstmann Gibbs Glasgow
Glasser Golgi Goll Gowers Granger Greenhouse Geisser Gudden Guillain Barre Haar Hamilton Hamming Hann Hanning Hawkes Hebb Heschl
Henle Hilbert Hodgkin Hoehn Yahr Holm Hooper Hopfield Hopkins Horner Hounsfield Huber Huntington Huxley Huygens Hurst Jacobian Jacksonian
Karolinska Kendall Killiany Kirchhoff Klein Kolmogorov Smirnov Korsakoff Kruskal Wallis Kurtzke Lagrange Laplace Laplacian Larmor
Lennox Gastaut Levene Levenberg Marquardt Lewy Likert Lilliefors Lissauer Luria Luys Mahalanobis Mann Whitney Markov Martinotti
Mathieu Mauchly Maxwell Meissner Merkel Meynert Michelson Monakow Monro Montage Monte Carlo Montreal Morlet Moro Munsell Neyman
Nernst Newton Newcastle Nissl Nuremberg Nyquist Ornstein Uhlenbeck Pacini Papez Parkinson Parseval Pavlov Pearson Penfield Pick
Pittsburgh Poisson Purkinje Raven Ramsay Rankin Ranvier Rasch Rasmussen Rathke Raynaud Rayleigh Rensink Rett Rey Reynolds Riemann
Riemannian Rolando Rolandic Romberg Rorschach Rosenthal Ruffini Sakoe Savitzky Golay Schaefer Schaffer Schwann Scoville Shannon
Shapiro Wilk Simpson Slepian Snellen Snoezelen Sobel Sommer Spearman Spielberger Stanford Binet Sternberg Sternheimer Stokes Stockholm
Stroop Student Sylvius Sylvian Talairach Tournoux Taylor Tesla Tikhonov Tourette Toeplitz Toulouse Trail Trolard Troxler Tukey Turner
Utah Varimax Verbal Vineland Virchow Volterra Wada Wald Wallerian Weber Wechsler Weibull Welch Wernicke Wiener Wigner Wilcoxon Willis
Williams Wilson Winsor Wisconsin Woodcock Yale Young Zipf Zung Vicq Azyr Labbe Galen Galton Magendie Luschka Forel Reil Gratiolet
Fano Satterthwaite Kenward Hubel Wiesel Muller Lyer Ponzo Ebbinghaus Kanizsa Necker Posner Simon Navon Tower London Hanoi Iowa Cambridge Michigan Neuropixels
Siemens Philips Bruker Neuralynx Blackrock Plexon Intan Biosemi Nihon Kohden Natus Nicolet Persyst Elekta Neuromag Artinis Hitachi
Shimadzu Kinect Tobii Eyelink Cedrus Psychtoolbox Matlab Python Matplotlib Windows Linux Emotiv Muse Cognionics Compumedics Curry Neuroscan
Brainstorm Fieldtrip Freesurfer Nilearn Allen Yeo Harvard Oxford Julich Jülich Brainnetome Gordon Power Shen Craddock
Kilosort Mountainsort Tridesclous Klusta Klustakwik Suite2p Caiman Deeplabcut Sleap Bonsai Spikeinterface Neo Elephant Cellpose Fiji Imagej
Bids Dandi Presentation Inquisit Opensesame Qualtrics Redcap Tetris Pacman Levodopa Carbidopa Ropinirole Pramipexole Rotigotine Apomorphine
Levetiracetam Lamotrigine Carbamazepine Oxcarbazepine Valproate Topiramate Lacosamide Clobazam Clonazepam Lorazepam Diazepam Midazolam
Zolpidem Propofol Ketamine Isoflurane Sevoflurane Urethane Xylazine Dexmedetomidine Fentanyl Remifentanil Buprenorphine Meloxicam Carprofen
Methylphenidate Amphetamine Modafinil Atomoxetine Haloperidol Risperidone Olanzapine Quetiapine Clozapine Aripiprazole Lithium Sertraline
Fluoxetine Citalopram Escitalopram Paroxetine Venlafaxine Duloxetine Mirtazapine Bupropion Amitriptyline Donepezil Memantine Rivastigmine
Galantamine Baclofen Gabapentin Pregabalin Propranolol Ibuprofen Paracetamol Aspirin Metformin Insulin Gadolinium Gadovist Dotarem Muscimol
Picrotoxin Bicuculline Tetrodotoxin Psilocybin Lidocaine Naltrexone Methadone Caffeine Melatonin Oxytocin
January February March April May June July August September October November December Monday Tuesday Wednesday Thursday Friday
Saturday Sunday Dravet Charcot Creutzfeldt Niemann Gaucher Fabry Krabbe Kleffner Ohtahara Panayiotopoulos Aicardi Angelman Prader Binswanger Marchiafava Bignami Hallervorden Spatz Friedreich Kugelberg Welander
Takayasu Behcet Behçet Sjogren Sjögren Meniere Ménière Pelli Ubuntu Debian Wellcome Izhikevich FitzHugh Nagumo Kalman Lempel Hirano Mauthner Renshaw Kinsbourne Paxinos Bellman Rescorla Fazekas Scheltens Koedam
Karnofsky Barthel Ashworth Tinetti Epworth Hachinski Spetzler Bayley Hjorth Kuramoto Lyapunov Kullback Leibler
Poincare Poincaré Teager Mercator Nyström Lomb Scargle Prony Durbin Breusch Cramér Nelder Scheffe Scheffé English German French Spanish Italian Dutch Chinese Japanese Latin Greek American European African Asian Caucasian Hispanic
"""
#: surnames that are words of the field; they count as names only where a rule or a header says so
EPONYMS = frozenset(word.casefold() for word in _LISTED.split())


@dataclass(frozen=True, slots=True)
class Word:
    """Where a capitalized word stands in a text, and what it is scored."""

    start: int
    end: int
    score: float = 0.0


def candidates(text: str) -> list[Word]:
    """Capitalized words of three letters or more, hyphened ones whole."""
    return [Word(match.start(), match.end()) for match in _CANDIDATE.finditer(text)]


def features(text: str, word: Word) -> tuple[list[int], list[int]]:
    """The buckets that a word falls into: by its letters, and by its neighbours and its place."""
    return _by_letters(text[word.start : word.end]), _by_neighbours(text, word)


def _by_letters(written: str) -> list[int]:
    low = written.casefold()
    framed = f"^{low}$"
    letters = [f"g{framed[i : i + n]}" for n in (2, 3, 4, 5) for i in range(len(framed) - n + 1)]
    letters += [
        f"w{low}",
        f"l{min(len(low), 12)}",
        "U" if written.isupper() else "T",
        f"h{'-' in low}{not low.isalpha()}",
    ]
    return _buckets(letters)


def _by_neighbours(text: str, word: Word) -> list[int]:
    before = _NEIGHBOUR.findall(text[max(0, word.start - _CONTEXT) : word.start])[-2:]
    after = _NEIGHBOUR.findall(text[word.end : word.end + _CONTEXT])[:2]
    previous, following = [_folded(one) for one in before], [_folded(one) for one in after]
    around = [f"-1{previous[-1] if previous else '^'}", f"+1{following[0] if following else '$'}"]
    around += [f"-2{' '.join(previous)}", f"+2{' '.join(following)}", f"s{not previous}{not following}"]
    return [BUCKETS + bucket for bucket in _buckets(around)]


def _buckets(said: list[str]) -> list[int]:
    return sorted({zlib.crc32(one.encode()) % BUCKETS for one in said})


def _folded(word: str) -> str:
    if word.isdigit():
        return "0"
    return f"^{word.casefold()}" if word[0].isupper() else word.casefold()


def bits_of(word: str) -> list[int]:
    """Where a word stands in the Bloom filter of known words."""
    digest = hashlib.blake2b(word.casefold().encode(), digest_size=16).digest()
    return [int.from_bytes(digest[at : at + 4], "little") % _BITS for at in (0, 4, 8, 12)]


@cache
def _words() -> bytes:
    with (files("commissure.protect.text") / "names_model.npz").open("rb") as stream, np.load(stream) as held:
        return bytes(np.unpackbits(held["words"]))


def is_known_word(word: str) -> bool:
    """Whether a word is one of everyday life or of the field (one name in 3,000 is taken for one by chance)."""
    return _is_listed(word.casefold())


@lru_cache(maxsize=1 << 16)
def _is_listed(folded: str) -> bool:
    words = _words()
    return all(words[bit] for bit in bits_of(folded))


@cache
def _model() -> tuple[NDArray[np.float32], float]:
    with (files("commissure.protect.text") / "names_model.npz").open("rb") as stream, np.load(stream) as held:
        weights: NDArray[np.float32] = held["weights"].astype(np.float32) * held["scale"]
        return weights, float(held["bias"])


def score(text: str, word: Word) -> float:
    """The log odds that a word is somebody's name."""
    weights, bias = _model()
    around = _by_neighbours(text, word)
    # what stands around may tip the scales, but no neighbour is so sure that the letters do not count
    context = float(np.clip(weights[around].sum(), -_CONTEXT_WEIGHS, _CONTEXT_WEIGHS))
    return _weight_of_letters(text[word.start : word.end]) + context + bias


@lru_cache(maxsize=1 << 14)
def _weight_of_letters(written: str) -> float:
    return float(_model()[0][_by_letters(written)].sum())


def _is_code(word: str) -> bool:
    """Whether a word is an abbreviation or a product (``NRMSE``, ``CanICA``) rather than written like a name."""
    if word.isupper():
        return len(word) < _SHORTEST_CAPITALS
    plain = re.sub(r"^(?:Mc|Mac|De|Di|Du|La|Le|Van|O['’])(?=[A-ZÀ-Þ])", "", word)
    return any(letter.isupper() for part in re.split(r"['’-]", plain) for letter in part[1:])


def find_lone_names(text: str, *, limit: float) -> tuple[Word, ...]:
    """The words of ``text`` that are likelier names than ``limit`` asks; eponyms and names of makers never are.

    Two unknown words side by side stand for a whole name, and so does one beside a name that was found: a surname that is one by
    itself takes along what a note's low limit would.

    Parameters
    ----------
    text : str
        One note or one text of a field; of long texts each line is looked at by itself.
    limit : float
        The least score, in log odds.
    """
    found: list[Word] = []
    at = 0
    for line in text.splitlines(keepends=True):
        for word in _named(line, _scored(line), limit):
            whole = _whole(line, word) if limit < 0 else _with_family(line, word)
            found.append(Word(at + whole.start, at + whole.end, word.score))
        at += len(line)
    return tuple(found)


def _named(line: str, words: list[Word], limit: float) -> list[Word]:
    """Which of a line's unknown words are names, by themselves or by the word beside them."""
    pairs = [(one, two) for one, two in pairwise(words) if line[one.end : two.start] in _JOINTS]
    beside = {word for pair in pairs for word in pair}
    codes = {word for word in words if _is_code(line[word.start : word.end])}
    named = {
        word
        for word in words
        if word.score > (max(limit, 0.0) if word in codes else limit - _PAIR_WEIGHS * (word in beside))
    }
    sure = named - codes
    for one, two in (both for pair in pairs for both in (pair, pair[::-1])):
        # the given name that stands with a surname may look like no name at all
        if one in sure and one.score > limit and two not in codes and two.score > min(limit, NOTES_LIMIT):
            named.add(two)
    return [word for word in words if word in named]


def _with_family(line: str, word: Word) -> Word:
    """In a text of science a name takes along its particles (*De*, *O'*) and one everyday word on either side that stands as
    its given name or surname (*Zivojin Fuss*)."""
    sure = word.score > SCIENCE_LIMIT and not _is_code(line[word.start : word.end])
    particle = _PARTICLES.search(line[: word.start])
    start = particle.start() if particle else word.start
    given = _GIVEN.search(line[:start])
    start = given.start(1) if given and sure else start
    after = _FAMILY.match(line, word.end) if sure else None
    return Word(start, after.end() if after else word.end, word.score)


def _whole(line: str, word: Word) -> Word:
    """In a note a name takes the capitalized words beside it along, though they are eponyms or everyday words."""
    start, end = word.start, word.end
    for other in candidates(line):
        if (
            line[end : other.start] == " "
            and other.start > end
            and not line[other.start : other.end].isupper()
        ):
            end = other.end
    for other in reversed(candidates(line)):
        if line[other.end : start] == " " and other.end < start and other.start > 0:
            start = other.start
    return Word(start, end, word.score)


def _scored(line: str) -> list[Word]:
    """The capitalized words of a line that are no words of everyday life or of the field, with their scores."""
    words = []
    for word in candidates(line):
        parts = re.split(r"['’-]", line[word.start : word.end].casefold())
        epithet = any(part in EPONYMS for part in parts)
        formula = re.search(r"[a-zß-ÿ][A-Z]{2,}", line[word.start : word.end]) is not None
        if (
            not epithet
            and not (formula and not line[word.start :].startswith("Mc"))
            and not all(len(part) < 3 or is_known_word(part) for part in parts)
            and not is_of_science(line, word.start, end=word.end)
        ):
            words.append(Word(word.start, word.end, score(line, word)))
    return words
