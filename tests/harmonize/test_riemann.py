"""Matrices: sites' means meet, what is not of the site stays, and what comes back is positive definite."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from commissure.errors import BadInput
from commissure.harmonize.diagnose import predict_sites
from commissure.harmonize.riemann import Recenter, TangentComBat, geometric_mean


def _planted(seed: int) -> tuple[NDArray[np.float64], NDArray[np.str_], NDArray[np.int_]]:
    """Covariances of 160 trials of two conditions at two sites, which mix the channels differently."""
    rng = np.random.default_rng(seed)
    sites, condition = np.repeat(["a", "b"], 80), np.tile([0, 1], 80)
    mixing = {"a": np.eye(4) + 0.3 * rng.normal(size=(4, 4)), "b": np.eye(4) + 0.3 * rng.normal(size=(4, 4))}
    made = []
    for site, kind in zip(sites, condition, strict=True):
        sources = rng.normal(size=(100, 4)) * [1.0, 1.0 + kind, 1.0, 0.5]
        made.append(np.cov((sources @ mixing[site]).T))
    return np.array(made), sites, condition


def test_the_geometric_mean_of_two_is_the_middle_of_their_geodesic() -> None:
    rng = np.random.default_rng(0)
    a, b = (m @ m.T + np.eye(4) for m in rng.normal(size=(2, 4, 4)))
    root = np.real(sqrtm(a))
    inverse = np.linalg.inv(root)
    middle = root @ np.real(sqrtm(inverse @ b @ inverse)) @ root
    assert np.allclose(geometric_mean(np.array([a, b])), middle, atol=1e-8)


@pytest.mark.parametrize("model", [Recenter(), TangentComBat()], ids=["recenter", "tangent"])
def test_sites_go_and_conditions_stay(model: Recenter | TangentComBat) -> None:
    for seed in range(4):
        C, sites, condition = _planted(seed)
        first = np.tile([True, True, False, False], 40)
        flat = model.fit(C[first], sites=sites[first]).transform(C[~first], sites=sites[~first])
        assert np.linalg.eigvalsh(flat).min() > 0
        vectors = flat[:, *np.triu_indices(4)]
        assert predict_sites(C[~first][:, *np.triu_indices(4)], sites[~first], seed=0) > 0.85
        assert predict_sites(vectors, sites[~first], seed=0) < 0.7
        assert predict_sites(vectors, condition[~first], seed=0) > 0.85


def test_a_new_site_is_learned_from_its_own() -> None:
    C, sites, _ = _planted(1)
    model = Recenter().fit(C[:80], sites=sites[:80])
    with pytest.raises(BadInput, match="learn_site"):
        model.transform(C[80:], sites=sites[80:])
    flat = model.learn_site(C[80:], site="b").transform(C[80:], sites=sites[80:])
    assert np.allclose(geometric_mean(flat), model.mean_, atol=1e-6)


def test_what_is_no_covariance_is_said() -> None:
    with pytest.raises(BadInput, match="1 of 2 matrices are not positive definite"):
        Recenter().fit(np.array([np.eye(3), np.diag([1.0, 1.0, 0.0])]))
    with pytest.raises(BadInput, match="shape"):
        TangentComBat().fit(np.eye(3))
