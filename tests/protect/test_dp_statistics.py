"""Private statistics come out near the truth, with the noise they say, and refuse what cannot be made private."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.protect.private.budget import gaussian_mu, total_epsilon
from commissure.protect.private.counts import release_histogram, release_quantiles
from commissure.protect.private.curves import release_erp, release_survival
from commissure.protect.private.model import train_logistic
from commissure.protect.private.moments import release_correlation, release_mean, release_regression
from commissure.protect.private.statistic import Bounds, baseline

MU = gaussian_mu(1.0, 1e-5)
BOUNDS = Bounds((0.0, 40.0), (100.0, 160.0))


@pytest.fixture
def people() -> np.ndarray:
    return np.random.default_rng(0).multivariate_normal([50, 100], [[100, 80], [80, 225]], size=2000)


def test_means_are_off_by_the_noise_they_state(people: np.ndarray) -> None:
    made = [release_mean(people, bounds=BOUNDS, mu=MU) for _ in range(60)]
    errors = np.array([each.values["mean"] for each in made]) - people.mean(axis=0)
    stated = np.mean([each.noise_sd["mean"] for each in made], axis=0)
    assert np.all(errors.std(axis=0) < 1.5 * stated) and np.all(errors.std(axis=0) > stated / 1.6)
    assert np.abs(errors.mean(axis=0)).max() < stated.max()


def test_correlation_and_regression_find_the_planted_truth(people: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    many = np.tile(people, (10, 1)) + rng.normal(size=(20_000, 2))
    made = release_correlation(many, bounds=BOUNDS, mu=MU)
    assert made.values["correlation"][0, 1] == pytest.approx(np.corrcoef(many.T)[0, 1], abs=0.06)
    assert np.linalg.eigvalsh(made.values["correlation"]).min() > 0
    y = 3 + 0.5 * many[:, 0] + rng.normal(size=20_000)
    found = release_regression(many[:, :1], y, bounds=Bounds((0.0, 0.0), (100.0, 60.0)), mu=MU)
    assert found.values["coefficient"][1] == pytest.approx(0.5, abs=0.05)
    assert abs(found.values["coefficient"][1] - 0.5) < 6 * found.noise_sd["coefficient"][1]


def test_quantiles_and_histogram(people: np.ndarray) -> None:
    made = release_quantiles(people[:, 0], bounds=(0, 100), probabilities=[0.9, 0.1, 0.5], mu=MU)
    assert np.allclose(made.values["quantile"], np.quantile(people[:, 0], [0.9, 0.1, 0.5]), atol=2.0)
    counts = release_histogram(["F"] * 700 + ["M"] * 300 + ["?"] * 9, categories=["F", "M", "O"], mu=MU)
    assert np.allclose(counts.values["count"], [700, 300, 0], atol=25)


def test_an_event_related_potential_and_a_survival_curve() -> None:
    rng = np.random.default_rng(2)
    time = np.arange(150) / 250
    wave = 5e-6 * np.exp(-((time - 0.3) ** 2) / 0.004)
    people = wave[None, :, None] * rng.normal(1, 0.2, size=(1000, 1, 1)) * np.array([1, 0.6, 0.3])
    people = people + rng.normal(size=people.shape) * 1e-6
    made = release_erp(people, rate_hz=250.0, clip_v=3e-6, mu=MU)
    assert np.corrcoef(made.values["erp_v"][:, 0], wave)[0, 1] > 0.95
    assert abs(made.values["erp_v"][:, 0].argmax() / 250 - 0.3) < 0.03
    true, censored = rng.exponential(5, 1500), rng.uniform(2, 12, 1500)
    curve = release_survival(
        np.minimum(true, censored), (true < censored).astype(float), edges=np.linspace(0, 10, 21), mu=MU
    ).values["survival"]
    assert np.abs(curve - np.exp(-np.linspace(0.5, 10, 20) / 5)).max() < 0.08
    assert (np.diff(curve) <= 0).all()


def test_a_private_classifier_is_nearly_as_good() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3000, 4))
    y = (rng.uniform(size=3000) < 1 / (1 + np.exp(-2 * x[:, 0] + x[:, 1]))).astype(int)
    bounds = Bounds((-3.0,) * 4, (3.0,) * 4)
    whole = train_logistic(x[:2000], y[:2000], bounds=bounds, mu=MU, planned_n=2000)
    assert ((whole.probability(x[2000:]) > 0.5) == y[2000:]).mean() > 0.74
    sampled = train_logistic(x[:2000], y[:2000], bounds=bounds, mu=4 * MU, planned_n=2000, rate=0.25)
    assert total_epsilon([sampled.spend], delta=1e-5) < total_epsilon([whole.spend], delta=1e-5) * 1.6
    with pytest.raises(BadInput, match="0 and 1"):
        train_logistic(x, np.zeros(3000), bounds=bounds, mu=MU, planned_n=3000)


def test_bad_input_is_refused_with_the_numbers(people: np.ndarray) -> None:
    flat, gone = people.copy(), people.copy()
    flat[:, 1] = 7.0
    gone[3, 0] = np.nan
    with pytest.raises(BadInput, match=r"Columns \[1\] are constant"):
        release_correlation(flat, bounds=BOUNDS, mu=MU)
    with pytest.raises(BadInput, match="1 values are missing"):
        release_mean(gone, bounds=BOUNDS, mu=MU)
    with pytest.raises(BadInput, match="One subject has 3 rows"):
        release_mean(people[:10], bounds=BOUNDS, mu=MU, subjects=["a"] * 3 + list("bcdefgh"))
    with pytest.raises(BadInput, match="3 subjects, it takes 5"):
        release_mean(people[:3], bounds=BOUNDS, mu=MU)
    with pytest.raises(
        BadInput, match=r"20 subjects are too few for a correlation of 5 columns.*it takes 112"
    ):
        baseline("correlation", columns=5, planned_n=20, mu=MU)
    with pytest.raises(BadInput, match="lower limit must be below"):
        Bounds((1.0,), (1.0,))
