"""How well a short form runs through a long name: ``STN`` through *subthalamic nucleus*, for all names at once.

Every letter of the short form must be found in the name in order, the first at a word's start. A letter at a word's
start counts one, at the second half of a compound (``orbito-frontal``) or right after the letter before it less,
anywhere else little; a word that is passed over costs. Names are also tried with their head first (``visual area,
lateral`` for VISl), cranial nerves by their numbers (``nIII``), a decussation as ``x``. The best path is found by
dynamic programming over all names that have the letters.

>>> index = ShortForms(["subthalamic nucleus", "superior temporal gyrus", "lateral visual area"])
>>> [round(float(s), 2) for s in index.scores("stn")]
[0.93, 0.0, 0.0]
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from commissure.terms.words import CRANIAL

__all__ = ["COMPOUND_STARTS", "ShortForms"]

#: first halves of compounds, whose second half an abbreviation may name too
COMPOUND_STARTS: tuple[str, ...] = (
    "dorso", "ventro", "antero", "postero", "medio", "latero", "orbito", "intra", "inter", "supra", "infra", "para", "peri",
    "pre", "post", "sub", "retro", "temporo", "parieto", "occipito", "fronto", "hypo", "hippo", "meta", "epi", "ento",
    "rostro", "caudo", "centro", "extra", "endo", "meso", "tele", "neo", "paleo", "archi", "somato", "spino", "cortico",
    "thalamo", "cerebello", "ponto", "olivo", "rubro", "tecto", "reticulo", "vestibulo", "juxta", "gluco", "parvi", "parvo",
    "magno", "peduncul", "amygdalo", "hypothalamo", "mammillo", "habenulo", "stria", "white", "brain",
)  # fmt: skip
LONGEST = 8  # letters of a short form
MOST = 2500  # rows that are looked at closely
_WIDTH = 48
_SKIPPED = frozenset(("of", "the", "and", "in", "to", "a", "an", "for", "with", "set"))
#: what a letter counts at a word's start, at a compound's second half, after its neighbour, elsewhere (hundredths)
_START, _SECOND, _RUN, _INSIDE = np.int16(100), np.int16(80), np.int16(55), np.int16(20)
_PASSED, _TURNED = np.int16(35), 40.0
_NO = np.int16(-9999)
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_NERVES = {
    word: number for word, number in CRANIAL.items() if word not in ("vestibul", "cochlea", "olfactory", "optic")
} | {"vestibular": "8", "cochlear": "8", "vagal": "10"}  # fmt: skip


@lru_cache(maxsize=65536)
def _marked(word: str) -> str:
    """A word with ``|`` before the second half of a compound."""
    for first in COMPOUND_STARTS:
        if word.startswith(first) and len(word) - len(first) >= 4:
            return f"{first}|{word[len(first) :]}"
    return word


def _variants(name: str) -> list[list[str]]:
    """The words of a name, and with a nerve's number or an ``x`` in place of a word."""
    words = [w for w in re.findall(r"[a-z]+|\d+", name) if w not in _SKIPPED]
    out = [words]
    for i, word in enumerate(words):
        if word in _NERVES:
            number = _NERVES[word]
            out += [[*words[:i], short, *words[i + 1 :]] for short in (number, _ROMAN[int(number)])]
        elif word in ("decussation", "chiasm"):
            out.append([*words[:i], "x", *words[i + 1 :]])
    return out


class ShortForms:
    """Scores short forms against ``names`` (lower-case ASCII, words separated by spaces).

    Parameters
    ----------
    names : sequence of str
        The long names; an empty one never fits.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.size = len(names)
        texts: list[str] = []
        owners: list[int] = []
        turned: list[bool] = []
        for owner, name in enumerate(names):
            for words in _variants(name)[:5]:
                marked = [_marked(w) for w in words]
                for at in range(min(len(marked), 7)):
                    texts.append(" ".join(marked[at:] + marked[:at])[: _WIDTH - 1])
                    owners.append(owner)
                    turned.append(at > 0)
        data = "".join(f" {text}".ljust(_WIDTH) for text in texts).encode("ascii", "replace")
        signs = np.frombuffer(data, dtype=np.uint8).reshape(-1, _WIDTH)
        order = np.argsort(signs[:, 1], kind="stable") if len(signs) else np.empty(0, dtype=np.int64)
        self._signs = signs[order]
        self._owners = np.array(owners, dtype=np.int32)[order]
        self._turned = np.array(turned, dtype=np.float32)[order]
        self._first = self._signs[:, 1].copy() if len(signs) else np.empty(0, dtype=np.uint8)
        self._masks = self._letters(self._signs)
        heads = np.roll(self._signs, 1, axis=1) == 32
        self._heads = self._letters(np.where(heads, self._signs, 0))
        self._ends = _WIDTH - np.argmax(self._signs[:, ::-1] != 32, axis=1)

    @staticmethod
    def _letters(signs: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Which letters and digits a row has, one bit each."""
        masks = np.zeros(len(signs), dtype=np.int64)
        for column in signs.T:
            letter = (column >= 97) & (column <= 122)
            digit = (column >= 48) & (column <= 57)
            bit = np.where(letter, column - 97, np.where(digit, column - 22, 62)).astype(np.int64)
            masks |= np.int64(1) << bit
        return masks

    def scores(self, letters: str) -> NDArray[np.float32]:
        """How well each name gives the short form, shape (n,), from 0 to 1; ``letters`` in lower case."""
        out = np.zeros(self.size, dtype=np.float32)
        letters = "".join(c for c in letters if c.isascii() and c.isalnum())[:LONGEST]
        if len(letters) < 2:
            return out
        low, high = np.searchsorted(self._first, [ord(letters[0]), ord(letters[0]) + 1])
        wanted = np.int64(0)
        for c in letters:
            wanted |= np.int64(1) << np.int64(ord(c) - 97 if c.isalpha() else ord(c) - 22)
        rows = low + np.flatnonzero((self._masks[low:high] & wanted) == wanted)
        if len(rows) > MOST:  # keep those with the most of the letters at a word's start
            heads = np.bitwise_count(self._heads[rows] & wanted)
            rows = rows[np.argpartition(-heads.astype(np.int8), MOST)[:MOST]]
        if len(rows):
            signs = np.ascontiguousarray(self._signs[rows, : int(self._ends[rows].max())].T)
            found = self._paths(letters, signs) - _TURNED * self._turned[rows]
            np.maximum.at(out, self._owners[rows], np.maximum(found / (100 * len(letters)), 0.0))
        return out

    @staticmethod
    def _paths(letters: str, signs: NDArray[np.uint8]) -> NDArray[np.int16]:
        """The value of the best path through each column, in hundredths; signs have shape (width, columns)."""
        here, before = signs[1:], signs[:-1]
        start = (before == 32) & (here != 32)
        passed = _PASSED * np.cumsum(start, axis=0, dtype=np.int16)
        value = np.where(start, _START + _PASSED, np.where(before == 124, _SECOND, _INSIDE)) - passed
        best = np.full(here.shape, _NO)
        best[0] = _START
        step = np.full(here.shape, _NO)
        for letter in letters[1:]:
            reach = np.maximum.accumulate(best[:-1] + passed[:-1], axis=0)
            np.maximum(value[1:] + reach, best[:-1] + _RUN, out=step[1:])
            best = np.where(here == ord(letter), step, _NO)
        return np.asarray((best + passed).max(axis=0) - passed[-1], dtype=np.int16)
