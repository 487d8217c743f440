"""Ten thousand runs with and without a canary never prove more than was claimed, and catch what lies."""

import numpy as np
import pytest

from commissure.protect.private.audit import BlockNoise, audit_epsilon
from commissure.protect.private.budget import gaussian_mu
from commissure.protect.private.counts import release_count, release_histogram
from commissure.protect.private.moments import release_mean
from commissure.protect.private.noise import noisy_sum
from commissure.protect.private.statistic import Bounds

DELTA = 1e-5
EPSILON = 3.0
MU = gaussian_mu(EPSILON, DELTA)
OTHERS = np.full((20, 1), 0.4)
BOTH = np.vstack([OTHERS, [[1.0]]])
BOUNDS = Bounds((0.0,), (1.0,))


@pytest.mark.parametrize("kind", ["count", "histogram", "mean"])
def test_an_audit_of_ten_thousand_runs_never_proves_more_than_was_claimed(kind: str) -> None:
    noise = BlockNoise()
    shown = {
        "count": lambda inside: float(release_count(20 + inside, mu=MU, noise=noise).values["count"]),
        "histogram": lambda inside: float(
            release_histogram("a" * 20 + "b" * inside, categories="ab", mu=MU, noise=noise).values["count"][1]
        ),
        "mean": lambda inside: float(
            release_mean(BOTH if inside else OTHERS, bounds=BOUNDS, mu=MU, noise=noise).values["mean"][0]
        ),
    }[kind]
    proved = audit_epsilon(shown, runs=10_000, delta=DELTA)
    assert proved <= EPSILON
    # a count shows its canary whole (150 such audits proved 0.86 to 1.74); the mean, divided by a noisy count, hardly does
    assert kind == "mean" or proved > 0.5


def test_broken_mechanisms_are_caught() -> None:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(bounds=(0.0, 1.0)), size=21), dp.symmetric_distance()
    scale = dp.binary_search_param(
        lambda s: space >> dp.t.then_mean() >> dp.m.then_laplace(s), d_in=1, d_out=EPSILON
    )
    trap = space >> dp.t.then_mean() >> dp.m.then_laplace(scale)
    noise = BlockNoise()
    for shown in (
        lambda inside: float(trap([0.5] * 20 + [float(inside)])),  # OpenDP's sized domain: no noise at all
        lambda inside: float(
            noisy_sum(np.ones((20 + 6 * inside, 1)), norm=1.0, mu=MU, noise=noise)[0]
        ),  # six rows
    ):
        assert audit_epsilon(shown, runs=2000, delta=DELTA) > EPSILON
