"""Private moments of people and brains: planted shifts are found, noise falls back on public people, a canary stays hidden."""

from collections.abc import Callable

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.extras import has
from commissure.protect.private.audit import BlockNoise, audit_epsilon
from commissure.protect.private.budget import gaussian_epsilon, gaussian_mu
from commissure.protect.private.noise import RehearsalNoise
from commissure.protect.synthetic import private_moments as synth_private_moments
from commissure.protect.synthetic import private_people as synth_private_people
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.private_moments import PrivateMoments, PublicKnowledge
from commissure.protect.synthetic.private_people import PrivatePeople

NAMES, LEVELS = ("age", "sex", "diagnosis"), ((), ("F", "M"), ("control", "dementia"))
NUMBERS = 12


def people(count: int, rng: np.random.Generator, *, oldest: float = 90.0) -> Table:
    age, man = rng.uniform(45, oldest, count), rng.integers(0, 2, count)
    ill = rng.uniform(size=count) < 1 / (1 + np.exp(-(age - 72) / 8))
    return Table(NAMES, np.column_stack([age, man, ill]).astype(float), LEVELS)


def told(table: Table) -> np.ndarray:
    values = table.values
    return np.array([values[:, 0].mean() / 10, values[:, 2].mean() * 5, np.corrcoef(values.T)[0, 2] * 5, np.corrcoef(values.T)[0, 1] * 5])  # fmt: skip


def test_people_are_those_of_the_private_cohort_as_far_as_noise_lets_one_say() -> None:
    rng = np.random.default_rng(0)
    public, private = people(300, rng, oldest=70), people(300, rng)
    apart = np.abs(told(public) - told(private))
    assert apart[0] > 0.8 and apart[1] > 0.8
    missed = {}
    for mu in (gaussian_mu(3.0, 1e-5), 1e-4):
        found = [np.abs(told(PrivatePeople(public, mu=mu, noise=RehearsalNoise(rng)).fit(private).sample(4000, rng)) - told(private))
                 for _ in range(6)]  # fmt: skip
        missed[mu] = np.sqrt(np.mean(np.square(found), axis=0))
    heard, drowned = missed.values()
    assert heard[0] < 0.2 and heard[1] < 0.25 and heard[2] < 0.5 and heard[3] < 0.5
    made = PrivatePeople(public, mu=2.0, noise=RehearsalNoise(rng)).fit(private).sample(4000, rng)
    assert made.values[:, 0].max() > public.values[:, 0].max() + 3 and made.levels == LEVELS
    # nothing is learned from noise alone: people stay mostly public, and are not thrown about
    assert drowned[0] < 1.1 * apart[0] and drowned[3] < 0.6


def test_people_of_other_columns_or_words_are_refused() -> None:
    rng = np.random.default_rng(0)
    public, private = people(80, rng), people(80, rng)
    model = PrivatePeople(public, mu=1.0)
    for wrong in (Table(("age", "sex", "group"), private.values, LEVELS), Table(NAMES, private.values, (*LEVELS[:2], ("dementia", "control")))):  # fmt: skip
        with pytest.raises(BadInput, match=r"must have the public columns \['age', 'sex', 'diagnosis'\]"):
            model.fit(wrong)


def designed(table: Table) -> np.ndarray:
    age = (table.values[:, 0] - 60) / 10
    return np.column_stack([np.ones(len(age)), age, table.values[:, 1:], age**2])


def learned(
    mu: float, rng: np.random.Generator, noise: RehearsalNoise, bend: float = 0.0
) -> tuple[float, float]:
    """The squared error of a private cohort's mean numbers, with private effects and with public ones."""
    public, private = people(200, rng, oldest=65), people(300, rng)
    first, second = designed(public), designed(private)
    true = rng.normal(size=(5, NUMBERS)) * np.array([0, 0.5, 0.3, 0.6, 0.1])[:, None]
    drawn = first @ true + rng.normal(size=(len(first), NUMBERS))
    effects = np.linalg.lstsq(first, drawn, rcond=None)[0]
    true[3] += bend
    numbers = second @ (true - effects) + rng.normal(size=(len(second), NUMBERS))
    known = PublicKnowledge.of(first, designed(people(4000, rng)))
    model = PrivateMoments(mu=mu, known=known, together=np.eye(NUMBERS), noise=noise)
    found = model.believed(model.release(numbers, second), count=300)[0]
    missed = [((second @ (true - effects - each)) ** 2).sum() / len(second) for each in (found, 0 * found)]
    return missed[0], missed[1]


@pytest.mark.parametrize(("epsilon", "share"), [(0.05, 1.0), (1.0, 0.45), (8.0, 0.4)])
def test_private_effects_are_never_worse_than_public_ones(epsilon: float, share: float) -> None:
    rng = np.random.default_rng(1)
    runs = [learned(gaussian_mu(epsilon, 1e-5), rng, RehearsalNoise(rng)) for _ in range(40)]
    private, public = np.mean(runs, axis=0)
    assert private < share * public


def test_an_effect_that_public_people_do_not_have_is_found() -> None:
    rng = np.random.default_rng(2)
    private, public = np.mean([learned(1.0, rng, RehearsalNoise(rng), bend=1.0) for _ in range(10)], axis=0)
    assert private < 0.45 * public


def canary(mu: float, rng: np.random.Generator, noise: BlockNoise) -> Callable[[bool], float]:
    """How many people are said to be there, with or without one more at the rim."""
    public, private = people(100, rng, oldest=70), people(60, rng)
    everyone = PrivatePeople(public, mu=mu, noise=noise)
    both = Table(NAMES, np.concatenate([private.values, [[90.0, 1.0, 1.0]]]), LEVELS)
    return lambda inside: everyone.fit(both if inside else private).count_


@pytest.mark.skipif(not has("opendp"), reason="needs OpenDP")
def test_a_canary_at_the_rim_does_not_show_more_than_is_claimed() -> None:
    rng = np.random.default_rng(3)
    mu = gaussian_mu(2.0, 1e-5)
    shown = canary(mu, rng, BlockNoise())
    assert audit_epsilon(shown, runs=150, delta=1e-5) <= gaussian_epsilon(mu, 1e-5)
    # with a hundredth of the noise that was claimed the same audit finds it out
    loud = canary(100 * mu, rng, BlockNoise())
    assert audit_epsilon(loud, runs=600, delta=1e-5) > gaussian_epsilon(mu, 1e-5)


def test_a_fit_knows_private_rows_by_their_noisy_sums_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, float]] = []

    def summed(rows: np.ndarray, *, norm: float, mu: float, noise: object) -> np.ndarray:
        seen.append((norm, mu))
        return np.linspace(0.1, 0.3, rows.shape[1]) * 100

    for module in (synth_private_people, synth_private_moments):
        monkeypatch.setattr(module, "noisy_sum", summed)
    rng = np.random.default_rng(4)
    public, found = people(100, rng, oldest=70), []
    for private, size in ((people(60, rng), 1.0), (people(90, rng), 50.0)):
        everyone = PrivatePeople(public, mu=0.5).fit(private)
        known = PublicKnowledge.of(designed(public), designed(everyone.sample(500, np.random.default_rng(0))))
        model = PrivateMoments(mu=0.5, known=known, together=np.eye(NUMBERS))
        numbers = size * rng.normal(size=(len(private.values), NUMBERS))
        total = model.release(numbers, designed(private))
        found.append(np.vstack(model.believed(total, count=everyone.count_)))
    assert np.array_equal(*found) and seen[:2] == seen[2:]
