"""A character 3-gram index over many short strings: the names most alike, in a fraction of a millisecond.

Each word is padded with spaces, so word order hardly counts and a typo costs a few grams only. Weights are inverse
document frequencies; the score is the cosine of the two sets of grams.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["GramIndex"]


def _codes(text: str) -> NDArray[np.int64]:
    """The codes of all 3-grams of a padded text; grams that bridge two words have the space in the middle."""
    data = np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8).astype(np.int64)
    if len(data) < 3:
        return np.empty(0, dtype=np.int64)
    return (data[:-2] << 16) | (data[1:-1] << 8) | data[2:]


_BRIDGE = 32 << 8


class GramIndex:
    """Cosine similarity between a query and every one of ``texts``.

    Parameters
    ----------
    texts : sequence of str
        Lower-case ASCII, words separated by single spaces.

    Examples
    --------
    >>> index = GramIndex(["optic tract", "olfactory tract", "red nucleus"])
    >>> int(index.scores("optic trakt").argmax())
    0
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        padded = [f" {text} " for text in texts]
        lengths = np.fromiter((len(p) + 2 for p in padded), dtype=np.int64, count=self.size)
        codes = _codes("\n\n".join(padded) + "\n\n")
        owner = np.repeat(np.arange(self.size), lengths)[: len(codes)]
        keep = ~self._useless(codes)
        keys = np.unique(codes[keep] * np.int64(self.size + 1) + owner[keep])
        grams, self._owners = keys // (self.size + 1), (keys % (self.size + 1)).astype(np.int32)
        self._grams, starts, counts = np.unique(grams, return_index=True, return_counts=True)
        self._bounds = np.append(starts, len(grams))
        self._weights = (np.log((self.size + 1) / (counts + 0.5)) ** 2).astype(np.float32)
        self._unknown = float(np.log((self.size + 1) / 0.5) ** 2) * 0.5
        squares = np.bincount(self._owners, weights=np.repeat(self._weights, counts), minlength=self.size)
        self._norms = np.sqrt(np.maximum(squares, 1e-9)).astype(np.float32)

    @staticmethod
    def _useless(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        newline = ((codes >> 16) == 10) | (((codes >> 8) & 255) == 10) | ((codes & 255) == 10)
        return np.asarray(newline | ((codes & (255 << 8)) == _BRIDGE))

    def scores(self, text: str) -> NDArray[np.float32]:
        """The cosine with every text, shape (n,), from 0 to 1."""
        codes = _codes(f" {text} ")
        codes = np.unique(codes[~self._useless(codes)])
        if not len(codes) or not len(self._grams):
            return np.zeros(self.size, dtype=np.float32)
        at = np.minimum(np.searchsorted(self._grams, codes), len(self._grams) - 1)
        known = at[self._grams[at] == codes]
        weights = self._weights[known]
        spans = [self._owners[self._bounds[i] : self._bounds[i + 1]] for i in known]
        if not spans:
            return np.zeros(self.size, dtype=np.float32)
        owners = np.concatenate(spans)
        each = np.repeat(weights, [len(span) for span in spans])
        total = np.bincount(owners, weights=each, minlength=self.size)
        norm = np.sqrt(weights.sum() + self._unknown * (len(codes) - len(known)))
        return np.asarray(total / (self._norms * norm), dtype=np.float32)
