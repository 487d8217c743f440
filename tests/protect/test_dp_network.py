"""A private network learns, costs what its plan says, and clips every subject, whatever it brings."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.protect.private.budget import total_epsilon
from commissure.protect.private.network import TrainingPlan, plan_training, train_network
from commissure.protect.private.noise import RehearsalNoise
from commissure.protect.private.statistic import Bounds

pytest.importorskip("opacus")
BOUNDS = Bounds((-3.0,) * 3, (3.0,) * 3)


class Silence(RehearsalNoise):
    def gaussian(self, count: int, *, scale: float) -> np.ndarray:
        return np.zeros(count, dtype=np.int64)


@pytest.fixture(scope="module")
def people() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1600, 3))
    return x, (x[:, 0] * x[:, 1] + 0.2 * rng.normal(size=1600) > 0).astype(float)  # no line parts these


def test_a_plan_costs_at_most_what_it_may() -> None:
    plan = plan_training(2.0, delta=1e-5, planned_n=800, steps=20)
    assert 1.98 < total_epsilon([plan.spend], delta=1e-5) <= 2.0
    with pytest.raises(BadInput, match=r"rate 1\.5"):
        plan_training(2.0, delta=1e-5, planned_n=800, rate=1.5)


@pytest.mark.parametrize("hidden", [0, 8])
def test_a_network_learns_what_is_there(people: tuple[np.ndarray, np.ndarray], hidden: int) -> None:
    x, y = people
    if not hidden:
        y = (x[:, 0] > 0).astype(float)
    plan = TrainingPlan(planned_n=800, noise_multiplier=1.5, rate=0.25, steps=80 if not hidden else 400, hidden=hidden,
                        learning_rate=2.0)  # fmt: skip
    noise = RehearsalNoise(np.random.default_rng(0))
    made = train_network(x[:800], y[:800], bounds=BOUNDS, plan=plan, noise=noise)
    assert ((made.probability(x[800:]) > 0.5) == y[800:]).mean() > (0.8 if hidden else 0.9)
    assert set(made.statistic("y").values) >= {"out.weight", "out.bias", "lower", "upper"}


def test_no_subject_moves_a_step_by_more_than_the_clip(people: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = people[0][:40], people[1][:40]
    extreme = np.vstack([x, [[1e9, -1e9, 1e9]]])
    plan = TrainingPlan(
        planned_n=40, noise_multiplier=1.0, rate=1.0, steps=1, clip=0.1, decay=0.0, learning_rate=1.0
    )
    one, other = (
        train_network(rows, np.append(y, 1.0)[: len(rows)], bounds=BOUNDS, plan=plan, noise=Silence(np.random.default_rng(0)))
        for rows in (x, extreme)
    )  # fmt: skip
    moved = np.concatenate([(one.weights[k] - other.weights[k]).ravel() for k in one.weights])
    assert 0 < np.linalg.norm(moved) <= 0.1 / 40 * (1 + 1e-6)


def test_bad_input_is_refused_with_the_numbers(people: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = people
    plan = TrainingPlan(planned_n=40, noise_multiplier=1.0, rate=0.5, steps=2)
    gone = x[:40].copy()
    gone[3, 1] = np.nan
    with pytest.raises(BadInput, match="1 features are missing"):
        train_network(gone, y[:40], bounds=BOUNDS, plan=plan)
    with pytest.raises(BadInput, match="labels must be 0 and 1"):
        train_network(x[:40], np.ones(40), bounds=BOUNDS, plan=plan)
    with pytest.raises(BadInput, match="One subject has 2 rows"):
        train_network(x[:40], y[:40], bounds=BOUNDS, plan=plan, subjects=[0, *range(39)])
