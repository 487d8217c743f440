"""Which of many drawn rows are kept: those that together have the moments of the real ones.

A generator that goes from column to column lets errors add up, and each sample of it has moments that are off by chance; who
learns from such rows pays for both. So a few times as many rows are drawn as are asked for. Weights are moved as little as it
takes for means, variances and products of columns to be those of the real rows, and rows are chosen with these weights so
that the moments of the chosen ones stay there (the cube method). Real people come in by their moments alone. Weights by what a
classifier takes for real made rows harder still to tell, and gave away more of who was in.

References
----------
Deville & Särndal 1992 (calibration), doi:10.1080/01621459.1992.10475217; Deville & Tillé 2004 (the cube method),
doi:10.1093/biomet/91.4.893; Chauvet & Tillé 2006 (its fast form), doi:10.1007/s00180-006-0250-2.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["choose_rows"]

Array = NDArray[np.float64]
Places = NDArray[np.int64]
#: directions in which moments are balanced, real people and chosen rows for each, and how far weights are held
_DIRECTIONS, _PEOPLE, _HOLD = 40, 8, 0.02
_FURTHEST = 1.5
_WIDEST = 3.0
_OFTEN_MISSING = 0.02
_SETTLED = 1e-9


def choose_rows(pool: Array, *, real: Array, count: int, rng: np.random.Generator) -> Places:
    """Places of ``count`` different rows of ``pool`` that together are like the ``real`` ones.

    Parameters
    ----------
    pool : array, shape (row, column)
        Drawn rows, more than ``count``; NaN where missing.
    real : array, shape (subject, column)
        The rows that were fitted.
    count : int
        How many to choose.
    rng : Generator
        Decides.

    Examples
    --------
    Rows that are drawn too wide are chosen so that they are not:

    >>> rng = np.random.default_rng(0)
    >>> real, pool = rng.normal(size=(200, 2)), rng.normal(0, 1.2, size=(600, 2))
    >>> chosen = pool[choose_rows(pool, real=real, count=200, rng=rng)]
    >>> bool(np.abs(chosen.std(axis=0) / real.std(axis=0) - 1).max() < 0.05)
    True
    """
    wanted, moments = _moments(pool, real, most=min(_DIRECTIONS, min(len(real), count) // _PEOPLE))
    weight = _calibrated(moments - wanted)
    return _balanced(_chances(weight, count), moments, rng)


def _moments(pool: Array, real: Array, *, most: int) -> tuple[Array, Array]:
    """What is wanted on the mean, and what each row of the pool adds: columns, gaps and products, in their main directions."""
    middle, spread = np.nanmean(real, axis=0), np.nanstd(real, axis=0)
    gaps = np.isnan(real).mean(axis=0) > _OFTEN_MISSING
    first, second = np.triu_indices(real.shape[1])
    told = []
    for rows in (real, pool):
        plain = np.nan_to_num((rows - middle) / np.where(spread > 0, spread, 1.0))
        plain = np.clip(plain, -_WIDEST, _WIDEST)
        told.append(np.column_stack([plain, np.isnan(rows)[:, gaps], plain[:, first] * plain[:, second]]))
    scale = told[1].std(axis=0)
    varied = scale > _SETTLED
    asked, drawn = ((rows - told[0].mean(axis=0))[:, varied] / scale[varied] for rows in told)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(drawn.T)))
    main = np.arange(len(values))[::-1][:most]
    main = main[values[main] > _SETTLED]
    turn = vectors[:, main] / np.sqrt(values[main])
    return np.asarray((asked @ turn).mean(axis=0)), np.asarray(drawn @ turn)


def _calibrated(offset: Array) -> Array:
    """Weights as near to 1 as may be, whose mean ``offset`` is nearly 0."""
    lean, hold = np.zeros(offset.shape[1]), _HOLD * np.eye(offset.shape[1])
    for _ in range(10):
        tilted = np.exp(np.clip(offset @ lean, -_FURTHEST, _FURTHEST))
        tilted /= tilted.sum()
        mean = tilted @ offset
        curve = (offset * tilted[:, None]).T @ offset - np.outer(mean, mean) + hold
        lean -= 0.8 * np.linalg.solve(curve, mean + hold @ lean)
    return np.asarray(np.exp(np.clip(offset @ lean, -_FURTHEST, _FURTHEST)))


def _chances(weight: Array, count: int) -> Array:
    """Chances that add up to ``count``, in proportion to the weights where that leaves none above 1."""
    chance = weight * (count / weight.sum())
    while (chance > 1).any():
        sure = chance >= 1
        chance = np.where(sure, 1.0, chance)
        chance[~sure] *= (count - sure.sum()) / chance[~sure].sum()
    return np.asarray(chance)


def _balanced(chance: Array, moments: Array, rng: np.random.Generator) -> Places:
    """Rows chosen with their chances so that the sums of moments stay: a walk that settles one row or more a step."""
    chance, held = chance.copy(), np.column_stack([np.ones(len(chance)), moments])
    wide = held.shape[1] + 1
    waiting = [int(k) for k in rng.permutation(len(chance)) if _open(chance[k])]
    window, waiting = waiting[:wide], waiting[wide:][::-1]
    while len(window) == wide:
        # with one row more than sums, there is a direction in which no sum changes
        way = np.linalg.qr(held[window], mode="complete")[0][:, -1]
        now = chance[window]
        up, down = _room(now, way), _room(now, -way)
        chance[window] = now + way * (up if rng.uniform() * (up + down) < down else -down)
        window = [k for k in window if _open(chance[k])]
        while len(window) < wide and waiting:
            window.append(waiting.pop())
    rise = np.cumsum(chance[window])
    chosen = chance > 1 - _SETTLED
    left = round(float(chance.sum())) - int(chosen.sum())
    if left > 0:
        at = np.searchsorted(rise, (rng.uniform() + np.arange(left)) * rise[-1] / left)
        chosen[np.array(window)[np.minimum(at, len(window) - 1)]] = True
    return np.asarray(rng.permutation(np.flatnonzero(chosen)))


def _open(chance: float) -> bool:
    return _SETTLED < chance < 1 - _SETTLED


def _room(chance: Array, way: Array) -> float:
    """How far one may go before some chance is 0 or 1."""
    far = np.full(len(way), np.inf)
    moves = np.abs(way) > 1e-12
    far[moves] = (np.where(way[moves] > 0, 1 - chance[moves], chance[moves])) / np.abs(way[moves])
    return float(far.min())
