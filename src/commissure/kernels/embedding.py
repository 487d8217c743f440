"""Mean embeddings by random features: two distributions are as far apart as the means of their features.

The Euclidean distance of two such means approximates the maximum mean discrepancy under a Gaussian kernel (Rahimi &
Recht 2007; Gretton et al. 2012, https://jmlr.org/papers/v13/gretton12a.html).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["mean_embedding"]


def mean_embedding(rows: NDArray[np.float64], *, features: int, seed: int = 20) -> NDArray[np.float64]:
    """The mean over rows of ``features`` random Fourier features, for a kernel of width one.

    The frequencies are drawn from a Gaussian by a generator of their own, so that every caller has the same.

    Parameters
    ----------
    rows : array, shape (rows, size)
        Scaled so that one is a typical difference.
    features : int
        Even.
    seed : int
        Decides the frequencies.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b, far = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) * 3
    >>> near = np.linalg.norm(mean_embedding(a, features=64) - mean_embedding(b, features=64))
    >>> bool(near < 0.15 < 0.4 < np.linalg.norm(mean_embedding(a, features=64) - mean_embedding(far, features=64)))
    True
    """
    frequencies = np.random.default_rng(seed).normal(size=(rows.shape[1], features // 2))
    angle = rows @ frequencies
    both = np.concatenate([np.cos(angle), np.sin(angle)], axis=1).mean(axis=0)
    return np.asarray(both * np.sqrt(2 / features))
