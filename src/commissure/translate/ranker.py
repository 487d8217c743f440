"""The learned part of the mapper, by NumPy alone: which name fits best, and how sure that is.

Two small networks (two hidden layers each). The first gives every pair (query, name) a score; a term has the best
score of its names. The second looks at the first place, the distance to the second and what kind of likeness it is,
and gives the probability that the first place is right. Both were trained on synonyms hidden from the lexicon
(``tools/train_ranker.py``).
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Fault
from commissure.translate.features import FEATURES

__all__ = ["DECISION", "Ranker", "decision_features"]

_WEIGHTS = Path(__file__).parent / "data" / "ranker.npz"
DECISION: tuple[str, ...] = (*FEATURES, "score", "probability", "margin", "away", "away_score", "candidates")

Array = NDArray[np.float32]


def decision_features(
    features: Array, scores: Array, *, terms: NDArray[np.int32], away: NDArray[np.bool_]
) -> tuple[int, Array]:
    """The row of the best name of a wanted term (−1 if there is none), and what the decision is made on.

    Parameters
    ----------
    features, scores, terms, away : arrays of one length
        Of each name in the pool: its features, its score, its term's number, and whether that term is of a kind
        that was not asked for (its names only compete).
    """
    exps = np.exp(scores - scores.max())
    exps /= exps.sum()
    inside = np.flatnonzero(~away)
    if not len(inside):
        return -1, np.zeros(len(DECISION), dtype=np.float32)
    best = int(inside[np.argmax(scores[inside])])
    mine = terms == terms[best]
    others = scores[~mine & ~away]
    rival = scores[away]
    tail = [
        scores[best],
        exps[mine].sum(),
        scores[best] - others.max() if len(others) else 10.0,
        float(len(rival) and rival.max() > scores[best]),
        float(np.clip(rival.max() - scores[best], -10, 10)) if len(rival) else -10.0,
        np.log1p(len(set(terms.tolist()))),
    ]
    return best, np.concatenate([features[best], np.array(tail, dtype=np.float32)])


class Ranker:
    """The trained networks."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._w = weights

    @classmethod
    def load(cls) -> "Ranker":
        """The weights that ship with the package."""
        return _shipped()

    def _forward(self, prefix: str, x: Array) -> Array:
        """The mean output of an ensemble, for each row of ``x``."""
        w = self._w
        h = (x[None] - w[f"{prefix}_mean"][:, None]) / w[f"{prefix}_scale"][:, None]
        h = np.maximum(h @ w[f"{prefix}_w0"] + w[f"{prefix}_b0"][:, None], 0)
        h = np.maximum(h @ w[f"{prefix}_w1"] + w[f"{prefix}_b1"][:, None], 0)
        return np.asarray(
            (h @ w[f"{prefix}_w2"] + w[f"{prefix}_b2"][:, None])[..., 0].mean(axis=0), dtype=np.float32
        )

    def scores(self, features: Array) -> Array:
        """The score of each pair, shape (n,)."""
        return self._forward("rank", features)

    def confidence(self, decision: Array) -> float:
        """The probability that the first place is right."""
        return float(1.0 / (1.0 + np.exp(-self._forward("decide", decision[None])[0])))


@lru_cache(maxsize=1)
def _shipped() -> Ranker:
    try:
        with np.load(_WEIGHTS) as arrays:
            weights = {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError) as error:
        raise Fault("The ranker's weights cannot be read; install commissure again.") from error
    if weights["rank_mean"].shape[-1] != len(FEATURES):
        raise Fault("The ranker's weights do not fit this version's features; run tools/train_ranker.py.")
    return Ranker(weights)
