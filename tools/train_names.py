"""Train the recognizer of lone surnames (``src/commissure/protect/names_model.npz``).

Names come out of the MIT-licensed wheel ``faker``; what is no name out of the docstrings of permissively licensed
packages of the field (reference sections left out), from a list of everyday words, from the label lists of the lexicon, and from the curated eponyms.
Held out for the threshold: the names of the MIT-licensed wheel ``mimesis``, notes of other wording, and the docstrings
of whole packages.

    apt install wamerican; pip install faker mimesis     # in an environment of their own, on top of commissure[all]
    python tools/train_names.py
"""

import ast
import gzip
import importlib
import importlib.util
import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from commissure.protect.lone_names import BUCKETS, EPONYMS, bits_of, candidates, features

OUT = Path(__file__).parents[1] / "src" / "commissure" / "protect" / "names_model.npz"
#: weights beyond it tell no more
CLIP = 4.0
TRAINED_ON = (
    "mne",
    "scipy",
    "sklearn",
    "pynwb",
    "neo",
    "nibabel",
    "hed",
    "neuroconv",
    "monai",
    "probeinterface",
    "bidsschematools",
)
HELD_OUT = ("nilearn", "spikeinterface", "mne_bids", "skimage")
NOTES = """
{S} came late
{S} called in sick today
{S} was here again
{S} fell asleep
{S} stopped the recording
{S} moved during run 2
{S} coughs
{S} spoke to the subject
{S} asked for a break
{S} wants to stop
{S} is tired and anxious
{S} has a headache
{S} refused the second scan
told {S} about the results
ask {S} before analysis
seen by {S}
checked by {S}
recorded by {S} and {S}
reported to {S}
referred by {S}
sent to {S}
tested by {S} in the morning
Performed by {S}.
scan of {S}
data from {S}
file of {S}, second session
notes of {S}
with {S} in the room
mother of {S} present
{S}'s mother was present
{S}'s data were lost
{S}'s cap was loose
see {S} for details
call {S} tomorrow
spoke with {S} on the phone
appointment with {S} at noon
thanks to {S}
replaced by {S}
same as {S} last week
{S} 2nd visit
{S} pre op
{S} baseline
{S}, follow up
{S} (operator)
{S}: eyes closed
{S} - artefact
operator {S}
tech {S}
nurse {S}
patient {S}
subject {S} was drowsy
participant {S} moved
surgeon {S} entered
resident {S} on call
PI {S}
student {S} took over
{G} came late
{G} took over from {G}
{G} {S} was here
{G} fell asleep
ask {G}
told {G} to relax
{G} was nervous
{S} family history of epilepsy
As {S} said, the cap was loose
According to {S} the seizure began at 10
Because {S} moved, run 3 was repeated
After lunch {S} slept
Then {S} pressed the wrong button
We called {S} twice
Electrode fixed by {S}
Injection given by {S}
Consent signed by {S}
Video shows {S} sitting
Impedance checked, {S} ok
Restarted, {S} needed water
talk to {S}
{S}
{S} rest
{S} left the room
{S} talking
{S} laughing
{S} enters
phone of {S} rang
""".strip().splitlines()
#: notes without anybody in them; {A} is a word of science
PLAIN = """
{A} electrode bad
Electrode {A} fixed
{A} noisy
Bad channel {A}
{A} block begins
Start of {A} task
{A} condition
{A} test done
{A} filter applied
Eyes closed, {A} rhythm
Stimulus {A}
Seizure over {A}
Lesion in {A} area
{A} area stimulated
damage to {A}'s area
{A}'s area
{A}'s gyrus
{A} score 24
{A} scale, version 2
the {A} paradigm
{A} atlas, 17 networks
{A} wavelet, 7 cycles
Recorded with {A}
Amplifier {A}
{A} scanner, 3 T
Moved during {A}
{A} disease, stage 2
patients with {A} disease
{A} syndrome
{A}
Response {A}
Button {A} pressed
Left {A} stimulated
""".strip().splitlines()


#: buckets by letters, buckets by neighbours, 1 for a name
Row = tuple[list[int], list[int], int]


def docstrings(packages: tuple[str, ...]) -> list[str]:
    """Sentences of the packages' docstrings and comments of settings, without their references and authors."""
    lines: list[str] = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
            if "test" in path.as_posix() or path.stat().st_size > 400_000:
                continue
            try:
                tree = ast.parse(path.read_text("utf-8", "ignore"))
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (
                    text := ast.get_docstring(node)
                ):
                    text = re.split(r"\n\s*(?:References|Authors?|Notes on authors)\s*\n\s*-{3,}", text)[0]
                    lines += [one for one in text.splitlines() if fit(one)]
    return lines


def fit(line: str) -> bool:
    """Whether a line is prose without citations, code and markup of people."""
    line = line.strip()
    cited = re.search(
        r"et al|doi|cite|\.\. \[|https?:|author|\b(19|20)\d\d\b|>>>|@|copyright|licen[sc]e|\bBy\b|journal|proc\.",
        line,
        re.I,
    )
    return 12 < len(line) < 200 and cited is None and line.count(" ") >= 2


def faker_names() -> tuple[list[str], list[str]]:
    """Surnames and given names in Latin letters of all locales."""
    last: Counter[str] = Counter()
    first: Counter[str] = Counter()
    root = Path(importlib.import_module("faker.providers.person").__file__).parent
    for folder in sorted(root.iterdir()):
        if not (folder / "__init__.py").is_file():
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        for kind, into in (("last_names", last), ("first_names", first)):
            for suffix in ("", "_male", "_female"):
                into.update(set(latin(getattr(provider, kind + suffix, ()))))
    return sorted(last), sorted(first)


def latin(names: object) -> list[str]:
    found = [] if isinstance(names, property) else [str(name) for name in (names or ())]
    return [
        name
        for name in found
        if re.fullmatch(
            r"[A-ZÀ-ÖØ-ÞŁŚŻČŠŽĐ][a-zß-öø-ÿāăąćčďđēęěğīįłńňőřśşšťūůűźżž'’-]+(?:[- ]?[A-ZÀ-Þ]\w+)?", name
        )
        and 2 < len(name) < 16
    ]


def mimesis_names() -> tuple[list[str], list[str]]:
    root = Path(importlib.import_module("mimesis").__file__).parent / "datasets"
    last: set[str] = set()
    first: set[str] = set()
    for path in sorted(root.glob("*/person.json")):
        told = json.loads(path.read_text("utf-8"))
        for key, into in (("surnames", last), ("names", first)):
            value = told.get(key, [])
            groups = value.values() if isinstance(value, dict) else [value]
            into.update(name for group in groups for name in latin(group))
    return sorted(last), sorted(first)


def vocabulary(lines: list[str]) -> set[str]:
    """Words that prose uses in lower case."""
    counts = Counter(word for line in lines for word in re.findall(r"(?<![\w.])[a-z]{3,}(?![\w.])", line))
    return {word for word, times in counts.items() if times > 1}


def lexicon_labels() -> list[str]:
    """Names of regions, techniques and diseases as the lexicon has them."""
    path = Path(__file__).parents[1] / "src" / "commissure" / "terms" / "data" / "names.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return sorted({cell for row in rows for cell in row if " " in cell or cell.isalpha()})


def dictionary() -> list[str]:
    """Lower-case words of Debian's ``wamerican`` (SCOWL, a permissive licence)."""
    found = Path("/usr/share/dict/words").read_text("utf-8").split()
    return [word for word in found if re.fullmatch("[a-z]{3,}", word)]


def rows(lines: list[str], wanted: dict[str, int] | None, label: int) -> list[Row]:
    out = []
    for line in lines:
        for token in candidates(line):
            word = line[token.start : token.end]
            if wanted is None or word in wanted:
                out.append((*features(line, token), label))
    return out


def notes_with(
    names: tuple[list[str], list[str]], rng: random.Random, count: int, templates: list[str]
) -> list[Row]:
    last, first = names
    out = []
    for _ in range(count):
        template = rng.choice(templates)
        used: dict[str, int] = {}

        def fill(match: re.Match[str], used: dict[str, int] = used) -> str:
            name = rng.choice(last if match.group() == "{S}" else first).replace("’", "'")
            name = rng.choice((name, name, name, name, name.upper())) if match.group() == "{S}" else name
            used.update(dict.fromkeys(re.split(r"[ ]", name), 1))
            return name

        line = re.sub(r"\{[SG]\}", fill, template)
        out += rows([line], used, 1)
        out += rows(
            [line],
            {w: 0 for w in re.findall(r"[^\W\d_]+", line) if w not in used and w not in " ".join(used)},
            0,
        )
    return out


def matrix(data: list[Row], rng: random.Random, *, without: float) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Rows as a sparse matrix; a share ``without`` neighbours, so that letters learn to stand for themselves."""
    kept = [letters if rng.random() < without else letters + around for letters, around, _ in data]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in kept])])
    columns = np.concatenate([np.array(row, dtype=np.int64) for row in kept])
    made = sparse.csr_matrix(
        (np.ones(len(columns), dtype=np.float32), columns, indptr), shape=(len(data), 2 * BUCKETS)
    )
    return made, np.array([label for _, _, label in data])


def scored(data: list[Row], weights: np.ndarray, bias: float) -> np.ndarray:
    return np.array([weights[a].sum() + np.clip(weights[b].sum(), -4, 4) + bias for a, b, _ in data])


def bloom(words: set[str]) -> np.ndarray:
    """The words as a Bloom filter: one bit in each of the places a word falls into."""
    bits = np.zeros(1 << 21, dtype=bool)
    for word in words:
        bits[bits_of(word)] = True
    return np.packbits(bits)


def known_words(prose: list[str], names: set[str], everyday: list[str]) -> set[str]:
    """Words that are not taken for names: of the dictionary, of prose, of the lexicon, and capitalized ones that several
    packages use and no name list holds."""
    known = {*everyday, *vocabulary(prose)}
    for label in lexicon_labels():
        known.update(
            word.casefold() for word in re.findall(r"[^\W\d_]{3,}", label) if word.casefold() not in names
        )
    capital = Counter(
        word for line in prose for word in re.findall(r"(?<![\w.])[A-Z][^\W\d_]{2,}(?![\w.])", line)
    )
    known.update(
        word.casefold() for word, times in capital.items() if times > 3 and word.casefold() not in names
    )
    return known


def main() -> None:
    rng = random.Random(20261129)
    prose, held_prose = docstrings(TRAINED_ON), docstrings(HELD_OUT)
    names, held_names = faker_names(), mimesis_names()
    words = vocabulary(prose)
    print(
        len(prose), "lines,", len(names[0]), "surnames,", len(names[1]), "given names,", len(words), "words"
    )
    # a name that is a word of prose too says nothing
    names = tuple([n for n in part if n.lower() not in words] for part in names)
    seen = {n.lower() for part in names for n in part}
    held_names = tuple(
        [n for n in part if n.lower() not in seen and n.lower() not in words] for part in held_names
    )
    print("held out:", len(held_names[0]), "surnames that training has not seen")
    everything, all_names = prose, names
    rng.shuffle(prose)
    prose = prose[:90_000]
    everyday = dictionary()
    known = set(everyday)
    names = tuple([n for n in part if n.lower() not in known] for part in names)
    held_names = tuple([n for n in part if n.lower() not in known] for part in held_names)
    nouns = [w.capitalize() for w in sorted(words) if len(w) > 3]
    common = [w.capitalize() for w in everyday]
    negatives = rows(prose, None, 0)
    science = [*nouns, *sorted(EPONYMS) * 20]
    plain = []
    for _ in range(60_000):
        word = rng.choice(science)
        word = rng.choice((word, word, word.upper(), word.capitalize()))
        plain += rows([rng.choice(PLAIN).replace("{A}", word)], None, 0)
    for _ in range(150_000):
        word = rng.choice(common)
        word = rng.choice((word, word, word.upper()))
        rest = " ".join(rng.choice(nouns).lower() for _ in range(rng.randint(0, 4)))
        plain += rows([rng.choice((f"{word} {rest}", rng.choice(PLAIN).replace("{A}", word)))], None, 0)
    # everyday words at the head of notes, with and without capitals
    for _ in range(30_000):
        plain += rows(
            [
                " ".join(
                    rng.choice(nouns).lower() if i else rng.choice(nouns) for i in range(rng.randint(1, 6))
                )
            ],
            None,
            0,
        )
    positives = notes_with(names, rng, 150_000, NOTES)
    labels = lexicon_labels()
    plain += rows(
        [
            rng.choice((label, label.title(), label.capitalize()))
            for label in rng.sample(labels, min(len(labels), 60_000))
        ],
        None,
        0,
    )
    data = [*negatives, *plain, *positives]
    x, y = matrix(data, rng, without=0.6)
    print(x.shape, y.mean())
    model = SGDClassifier(loss="log_loss", alpha=4e-6, max_iter=8, tol=None, random_state=0, average=True)
    model.fit(x, y)
    weights = model.coef_[0]
    bias = float(model.intercept_[0])
    limits(
        weights,
        bias,
        [row for row in notes_with(held_names, rng, 4000, HELD_NOTES) if row[2] == 1],
        rows(held_prose, None, 0),
    )
    weights = np.clip(weights, -CLIP, CLIP)
    scale = CLIP / 127
    known = known_words(everything, {name.casefold() for part in all_names for name in part}, everyday)
    told = {
        "words": bloom(known),
        "weights": np.rint(weights / scale).astype(np.int8),
        "scale": np.float32(scale),
        "bias": np.float32(bias),
    }
    np.savez_compressed(OUT, **told)
    print(OUT.stat().st_size, "bytes")


def limits(weights: np.ndarray, bias: float, names: list[Row], prose: list[Row]) -> None:
    """Print what each limit costs and gains, on names, notes and packages that were held out."""
    clipped = np.clip(weights, -CLIP, CLIP)
    pos, neg = scored(names, clipped, bias), np.sort(scored(prose, clipped, bias))
    for rate in (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05):
        limit = neg[int((1 - rate) * len(neg))]
        print(
            f"false {rate:.4f}: limit {limit:.2f}, recall of unseen names in unseen notes {np.mean(pos > limit):.3f}"
        )


HELD_NOTES = """
{S} sneezed twice
waiting for {S}
{S} arrived with her husband
please contact {S} first
{S} pulled the cable
electrode cap put on by {S}
{S} withdrew after the break
spoke to {S}
{S} looked sleepy
Protocol deviation, see {S}
{S} on duty
{G} pressed early
{S} repeats the task
handed over to {S}
{S} held still
as discussed with {S}
{S} took medication at 8
""".strip().splitlines()

if __name__ == "__main__":
    main()
