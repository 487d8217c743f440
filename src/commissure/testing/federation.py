"""Makers of multi-site tables with planted truth, and of sites' identities."""

import random

import numpy as np

from commissure.federate.analysis import Array
from commissure.federate.letters import Identity

__all__ = ["make_identities", "make_sites", "pool"]

Tables = dict[str, dict[str, Array]]


def make_identities(count: int) -> dict[str, Identity]:
    """So many sites' identities, from fixed keys that protect nothing."""
    return {f"s{n:03d}": Identity(f"s{n:03d}", random.Random(n).randbytes(32)) for n in range(count)}


def make_sites(count: int = 5, *, seed: int = 0, rows: int = 80) -> Tables:
    """Rows of ``count`` sites: three features, a site shift, outcomes of each family, times.

    The linear predictor is .3 + .6 a - .08 (b - 50) + .004 (c - 1000); outcomes are ``line`` (linear, with a shift a
    site), ``case`` (0 or 1), ``count`` (Poisson), and ``time`` with ``event``.
    """
    rng = np.random.default_rng(seed)
    out: Tables = {}
    for number in range(count):
        n = rows + 7 * number
        x = rng.normal(size=(n, 3)) * [1, 10, 100] + [0, 50, 1000 + 40 * number]
        eta = (x - [0, 50, 1000]) @ [0.6, -0.08, 0.004] + 0.3
        time = rng.exponential(np.exp(-eta)) + 0.01
        ends = rng.uniform(0.5, 3, n)
        out[f"s{number:03d}"] = {
            "a": x[:, 0], "b": x[:, 1], "c": x[:, 2],
            "line": 2 + eta + rng.normal(0, 0.5, n) + rng.normal(0, 0.8),
            "case": (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(float),
            "count": rng.poisson(np.exp(np.clip(eta, -5, 2))).astype(float),
            "time": np.minimum(time, ends), "event": (time <= ends).astype(float),
        }  # fmt: skip
    return out


def pool(tables: Tables) -> Tables:
    """The rows of all sites as those of one."""
    names = next(iter(tables.values()))
    return {"all": {name: np.concatenate([table[name] for table in tables.values()]) for name in names}}
