"""Train the recognizer of lone surnames (``src/commissure/protect/text/names_model.npz``).

Names come out of the MIT-licensed wheel ``faker``; what is no name out of the docstrings of permissively licensed
packages of the field (reference sections left out), from a list of everyday words, from the label lists of the lexicon, and from the curated eponyms.
Held out for the threshold: the names of the MIT-licensed wheel ``mimesis``, notes of other wording, and the docstrings
of whole packages.

    apt install wamerican; pip install faker mimesis     # in an environment of their own, on top of commissure[all]
    python tools/train_names.py
"""

import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from names_corpora import dictionary, docstrings, faker_names, lexicon_labels, mimesis_names, vocabulary
from names_notes import HELD_NOTES, NOTES, PLAIN
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from commissure.protect.text.lone_names import BUCKETS, EPONYMS, bits_of, candidates, features

OUT = Path(__file__).parents[1] / "src" / "commissure" / "protect" / "text" / "names_model.npz"
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
#: buckets by letters, buckets by neighbours, 1 for a name
Row = tuple[list[int], list[int], int]


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


@dataclass
class Corpus:
    """Lines of prose, names and words to learn from; ``known`` are the words that are never taken for names."""

    prose: list[str]
    names: tuple[list[str], list[str]]
    words: set[str]
    everyday: list[str]
    known: set[str]


def corpus(rng: random.Random) -> tuple[Corpus, list[str], tuple[list[str], list[str]]]:
    """What is learned from, and the prose and names that are held out."""
    prose, held_prose = docstrings(TRAINED_ON), docstrings(HELD_OUT)
    names, held_names = faker_names(), mimesis_names()
    words, everyday = vocabulary(prose), dictionary()
    print(
        len(prose), "lines,", len(names[0]), "surnames,", len(names[1]), "given names,", len(words), "words"
    )
    # a name that is a word of prose too says nothing
    names = without(names, words)
    held_names = without(held_names, {*words, *(n.lower() for part in names for n in part)})
    print("held out:", len(held_names[0]), "surnames that training has not seen")
    rng.shuffle(prose)
    known = known_words(prose, {name.casefold() for part in names for name in part}, everyday)
    learned = Corpus(prose[:90_000], without(names, set(everyday)), words, everyday, known)
    return learned, held_prose, without(held_names, set(everyday))


def without(names: tuple[list[str], list[str]], words: set[str]) -> tuple[list[str], list[str]]:
    last, first = ([n for n in part if n.lower() not in words] for part in names)
    return last, first


def no_names(told: Corpus, rng: random.Random) -> list[Row]:
    """Words of the field, eponyms, everyday words and labels as they stand in notes."""
    nouns = [w.capitalize() for w in sorted(told.words) if len(w) > 3]
    common = [w.capitalize() for w in told.everyday]
    science = [*nouns, *sorted(EPONYMS) * 20]
    plain: list[Row] = []
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
        several = (rng.choice(nouns).lower() if i else rng.choice(nouns) for i in range(rng.randint(1, 6)))
        plain += rows([" ".join(several)], None, 0)
    return plain


def labels_as_notes(rng: random.Random) -> list[Row]:
    labels = lexicon_labels()
    chosen = rng.sample(labels, min(len(labels), 60_000))
    return rows([rng.choice((label, label.title(), label.capitalize())) for label in chosen], None, 0)


def main() -> None:
    rng = random.Random(20261129)
    told, held_prose, held_names = corpus(rng)
    negatives, plain = rows(told.prose, None, 0), no_names(told, rng)
    positives = notes_with(told.names, rng, 150_000, NOTES)
    x, y = matrix([*negatives, *plain, *labels_as_notes(rng), *positives], rng, without=0.6)
    print(x.shape, y.mean())
    model = SGDClassifier(loss="log_loss", alpha=4e-6, max_iter=8, tol=None, random_state=0, average=True)
    model.fit(x, y)
    weights, bias = model.coef_[0], float(model.intercept_[0])
    held = [row for row in notes_with(held_names, rng, 4000, HELD_NOTES) if row[2] == 1]
    limits(weights, bias, held, rows(held_prose, None, 0))
    scale = CLIP / 127
    np.savez_compressed(
        OUT,
        words=bloom(told.known),
        weights=np.rint(np.clip(weights, -CLIP, CLIP) / scale).astype(np.int8),
        scale=np.float32(scale),
        bias=np.float32(bias),
    )
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


if __name__ == "__main__":
    main()
