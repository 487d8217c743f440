"""Who masks with whom: all with all for few sites, a random ring of k neighbours for many (SecAgg+).

Everybody derives the same graph from the signed roster, so a coordinator cannot tell two sites different ones.

References
----------
Bell et al. 2020, doi:10.1145/3372297.3417885.
"""

import functools
import hashlib
import math
from collections.abc import Iterable, Mapping

__all__ = ["is_connected", "neighbours_of", "suggest_degree"]

_FEW = 24


def suggest_degree(sites: int) -> int:
    """How many neighbours a site needs: all for up to 24 sites, 2 (log2 n + 4) beyond.

    >>> suggest_degree(8), suggest_degree(40), suggest_degree(500)
    (7, 20, 26)
    """
    return sites - 1 if sites <= _FEW else min(sites - 1, 2 * (math.ceil(math.log2(sites)) + 4))


@functools.lru_cache(maxsize=8)
def neighbours_of(sites: tuple[str, ...], *, degree: int, seed: bytes) -> Mapping[str, tuple[str, ...]]:
    """Each site's neighbours.

    Parameters
    ----------
    sites : tuple of str
        All that take part.
    degree : int
        How many neighbours each has; made even, unless it is all the others.
    seed : bytes
        Orders the ring: the hash of the roster.
    """
    if degree >= len(sites) - 1:
        return {site: tuple(sorted(set(sites) - {site})) for site in sites}
    ring = sorted(sites, key=lambda site: hashlib.sha256(seed + b"\0" + site.encode()).digest())
    half, count = max(1, (degree + 1) // 2), len(sites)
    return {
        site: tuple(sorted({ring[(at + step) % count] for step in range(-half, half + 1)} - {site}))
        for at, site in enumerate(ring)
    }


def is_connected(neighbours: Mapping[str, Iterable[str]], among: Iterable[str]) -> bool:
    """Whether every site of ``among`` reaches every other over sites of ``among``.

    >>> is_connected({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, ["a", "c"])
    False
    """
    left = set(among)
    if not left:
        return False
    front = [left.pop()]
    while front:
        found = left.intersection(neighbours[front.pop()])
        left -= found
        front.extend(found)
    return not left
