"""A private group connectivity beats its public reference, refuses where it would not, and hides who was in it."""

import numpy as np
import pytest

from commissure.errors import BadInput, NotPermitted
from commissure.protect.private.budget import attack_auc, attack_mu, gaussian_mu
from commissure.protect.private.connectivity import check_plan, release_connectivity
from commissure.protect.private.connectivity_plan import ConnectivityPlan, network_matrices, plan_connectivity
from commissure.protect.private.membership import attack_membership, tracing_scores
from commissure.protect.private.noise import RehearsalNoise
from commissure.testing.populations import Population

MU = gaussian_mu(1.0, 1e-5)


def _error(matrix: np.ndarray, cohort: np.ndarray) -> float:
    mean = cohort.mean(axis=0)
    return float(np.linalg.norm(matrix - mean) / np.linalg.norm(mean))


@pytest.mark.parametrize("geometry", ["tangent", "correlation"])
def test_seventeen_networks_of_200_subjects_beat_the_public_reference(geometry: str) -> None:
    errors = []
    for seed in range(6):
        world = Population(17, np.random.default_rng(seed))
        plan = plan_connectivity(
            [world.cohort(80) for _ in range(8)], planned_n=200, mu=MU, geometry=geometry
        )
        cohort = world.cohort(200)
        made = release_connectivity(cohort, plan=plan).values["correlation"]
        assert np.allclose(np.diag(made), 1) and np.linalg.eigvalsh(made).min() > -1e-9
        errors.append((_error(made, cohort), _error(plan.reference, cohort), plan.expected_error))
    mine, reference, expected = np.mean(errors, axis=0)
    assert mine < 0.077 and mine < 0.75 * reference
    assert expected == pytest.approx(mine, rel=0.35)


def test_a_release_worse_than_the_reference_is_refused_from_public_numbers_alone() -> None:
    world = Population(17, np.random.default_rng(0))
    public = [world.cohort(60) for _ in range(4)]
    plan = plan_connectivity(public, planned_n=20, mu=gaussian_mu(0.1, 1e-5))
    with pytest.raises(NotPermitted, match=r"the public reference alone has 0\.\d+: publish the reference"):
        check_plan(plan)
    # the same answer whoever is in the private cohort, and however many
    for size in (10, 500):
        with pytest.raises(NotPermitted, match="With 20 subjects"):
            release_connectivity(world.cohort(size), plan=plan)


def test_nothing_private_moves_the_plan_and_nobody_moves_the_sum_beyond_the_clip() -> None:
    class Silence(RehearsalNoise):
        def gaussian(self, count: int, *, scale: float) -> np.ndarray:
            return np.zeros(count, dtype=np.int64)

    world = Population(7, np.random.default_rng(1))
    plan = plan_connectivity([world.cohort(40) for _ in range(3)], planned_n=30, mu=1.0, most_auc=1.0)
    assert isinstance(plan, ConnectivityPlan)
    cohort = world.cohort(30)
    odd = np.eye(7) * 0.002 + 0.998  # everything beats as one
    rows = [np.linalg.norm(plan.coordinates(m[None])) for m in (odd, cohort[0])]
    assert rows[0] > plan.clip
    one, other = (
        release_connectivity(np.concatenate([cohort, extra]), plan=plan, noise=Silence(np.random.default_rng(0))).values["correlation"]
        for extra in (np.empty((0, 7, 7)), odd[None])
    )  # fmt: skip
    assert np.linalg.norm(one - other) < 0.5 * np.linalg.norm(one - odd) / 10


def test_membership_cannot_be_told_from_a_private_release() -> None:
    rng = np.random.default_rng(3)
    world = Population(17, rng)
    public = [world.cohort(80) for _ in range(6)]
    people = world.cohort(160, site=world.site())
    upper = np.triu_indices(17, 1)
    flat = np.concatenate(public)[:, upper[0], upper[1]]
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    white = vectors / np.sqrt(values + 0.003)
    plan = plan_connectivity(public, planned_n=80, mu=MU)

    def scores(matrix: np.ndarray) -> np.ndarray:
        return tracing_scores(
            people[:, upper[0], upper[1]] @ white,
            centre=flat.mean(axis=0) @ white,
            released=matrix[upper] @ white,
        )

    def private(who: np.ndarray) -> np.ndarray:
        return scores(release_connectivity(people[who], plan=plan).values["correlation"])

    open_attack = attack_membership(
        lambda who: scores(people[who].mean(axis=0)), people=160, runs=60, rng=rng
    )
    attack = attack_membership(private, people=160, runs=60, rng=rng)
    assert plan.mu < MU == plan.asked_mu
    assert open_attack.auc > 0.78
    assert attack.auc < attack_auc(plan.mu) + 0.02 < 0.571


def test_networks_are_made_of_regions_and_bad_matrices_are_refused() -> None:
    regions = Population(12, np.random.default_rng(0)).cohort(30)
    blocks = network_matrices(regions, ["a", "b", "c"] * 4)
    assert blocks.shape == (30, 3, 3) and np.allclose(np.diagonal(blocks, axis1=1, axis2=2), 1)
    plan = plan_connectivity([blocks], planned_n=500, mu=1.0)
    bad = blocks.copy()
    bad[2], bad[5, 0, 1] = np.eye(3), 3.0
    with pytest.raises(BadInput, match=r"1 matrices are no correlation matrices and 1 have no correlation"):
        release_connectivity(bad, plan=plan)
    with pytest.raises(BadInput, match="One subject has 2 rows"):
        release_connectivity(blocks, plan=plan, subjects=[0, *range(29)])
    with pytest.raises(BadInput, match="20 public subjects"):
        plan_connectivity([blocks[:5]], planned_n=500, mu=1.0)


@pytest.mark.parametrize("epsilon", [1.0, 2.0, 3.0])
def test_whatever_is_asked_no_more_is_spent_than_the_limit_on_attacks_allows(epsilon: float) -> None:
    world = Population(17, np.random.default_rng(0))
    public, asked = [world.cohort(80) for _ in range(4)], gaussian_mu(epsilon, 1e-5)
    plan = plan_connectivity(public, planned_n=200, mu=asked)
    assert attack_auc(plan.mu) == pytest.approx(0.55, abs=1e-9)
    assert plan.expected_error < 0.98 * plan.reference_error
    made = release_connectivity(world.cohort(200), plan=plan)
    assert (made.spend.mu, made.spend.asked_mu) == (plan.mu, asked)
    assert "passes an AUC of 0.55; most_auc=1 lifts this limit" in made.notes[1]
    lifted = plan_connectivity(public, planned_n=200, mu=asked, most_auc=1.0)
    assert lifted.mu == asked and lifted.expected_error < plan.expected_error
    made = release_connectivity(world.cohort(200), plan=lifted)
    assert made.spend.asked_mu == 0.0 and len(made.notes) == 1


def test_a_limit_on_attacks_that_leaves_nothing_to_say_is_told_with_the_way_to_lift_it() -> None:
    world = Population(17, np.random.default_rng(0))
    public = [world.cohort(60) for _ in range(4)]
    with pytest.raises(NotPermitted, match=r"lift the limit on attacks \(most_auc above 0\.51; 1 for none\)"):
        check_plan(plan_connectivity(public, planned_n=40, mu=gaussian_mu(3.0, 1e-5), most_auc=0.51))
    check_plan(plan_connectivity(public, planned_n=40, mu=gaussian_mu(3.0, 1e-5), most_auc=1.0))
    with pytest.raises(BadInput, match="between 0.5 and 1"):
        plan_connectivity(public, planned_n=40, mu=1.0, most_auc=0.4)
    # what is asked stays below the limit: all of it is spent
    assert plan_connectivity(public, planned_n=40, mu=0.1).mu == 0.1 < attack_mu(0.55)
