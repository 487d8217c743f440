"""Private brains: two noisy sums bring moments near the private cohort's, and attacks on them prove no more than is claimed."""

from typing import Any

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.extras import has
from commissure.protect.private.audit import BlockNoise
from commissure.protect.private.budget import attack_auc, gaussian_mu, total_epsilon
from commissure.protect.private.noise import RehearsalNoise
from commissure.protect.synthetic.private_attack import attack_cohort, audit_cohort
from commissure.protect.synthetic.private_cohort import PrivateCohort
from commissure.protect.synthetic.private_moments import PrivateMoments, PublicKnowledge
from commissure.protect.synthetic.rois import measure_rois
from commissure.protect.synthetic.volumes import Volumes
from commissure.testing.brains import made_brains

pytestmark = pytest.mark.skipif(not has("opendp"), reason="needs the extra protect")


class Quiet(RehearsalNoise):
    """A tenth of the noise that was promised."""

    def gaussian(self, count: int, *, scale: float) -> Any:
        return super().gaussian(count, scale=scale / 10)


@pytest.fixture(scope="module")
def people() -> Volumes:
    return made_brains(200, rng=np.random.default_rng(0), size=16)[0]


@pytest.fixture(scope="module")
def public() -> Volumes:
    """Younger and healthier than the people."""
    found = made_brains(360, rng=np.random.default_rng(77), size=16)[0]
    age, _, ill = found.covariates.values.T
    return found.take(np.flatnonzero((age < 65) | ((ill == 0) & (age < 80)))[:200])


@pytest.mark.parametrize("epsilon", [1.0, 3.0])
def test_no_attack_passes_what_is_claimed(epsilon: float, people: Volumes, public: Volumes) -> None:
    asked = PrivateCohort(public, epsilon=epsilon, noise=BlockNoise())
    assert total_epsilon(asked.spends, delta=1e-5) == pytest.approx(epsilon, abs=1e-6)
    ceiling = attack_auc(gaussian_mu(epsilon, 1e-5))
    found = attack_cohort(asked, people, runs=24, rng=np.random.default_rng(1))
    # 24 runs on 200 people know an area to about .01
    assert 0.47 < found.auc < ceiling + 0.02 and found.plain_auc < ceiling + 0.02
    audit = audit_cohort(asked, people.take(np.arange(20)), runs=400)
    assert audit.epsilon <= epsilon
    # the canary weighs as much as anybody can, so that it shows as much as the claim lets it: 400 runs know that to .02
    assert audit.auc == pytest.approx(ceiling, abs=0.07)


def test_a_lie_about_the_noise_is_caught(people: Volumes, public: Volumes) -> None:
    asked = PrivateCohort(public, epsilon=1.0, noise=Quiet(np.random.default_rng(0)))
    audit = audit_cohort(asked, people.take(np.arange(20)), runs=200)
    ceiling = attack_auc(gaussian_mu(1.0, 1e-5))
    assert audit.epsilon > 1.0 and audit.auc > 0.9
    assert attack_cohort(asked, people, runs=16, rng=np.random.default_rng(1)).plain_auc > ceiling + 0.02
    with pytest.raises(BadInput, match="hides among people; got none"):
        audit_cohort(asked, people.take(np.arange(0)), runs=200)


@pytest.mark.parametrize(("epsilon", "share"), [(1.0, 0.9), (3.0, 0.75), (8.0, 0.6)])
def test_believed_means_and_variances_are_nearer_than_the_public_ones(epsilon: float, share: float, people: Volumes, public: Volumes) -> None:  # fmt: skip
    volumes = measure_rois(people.voxels)
    off, known = [], None
    for seed in range(5):
        found = PrivateCohort(public, epsilon=epsilon, noise=RehearsalNoise(np.random.default_rng(seed)))
        found.fit_measured(volumes, people.covariates)
        wanted = found.moments()
        design = found.numbers(volumes, people.covariates)[1]
        told = design @ wanted.effects * found.scale
        variance = told.var(axis=0) + np.diag(wanted.covariance) * found.scale**2
        off.append([np.abs(told.mean(axis=0) / volumes.mean(axis=0) - 1).mean(), np.abs(variance / volumes.var(axis=0) - 1).mean()])  # fmt: skip
        rows = measure_rois(public.voxels)
        known = [np.abs(rows.mean(axis=0) / volumes.mean(axis=0) - 1).mean(), np.abs(rows.var(axis=0) / volumes.var(axis=0) - 1).mean()]  # fmt: skip
        assert np.linalg.eigvalsh(wanted.covariance).min() > -1e-9
    assert (np.mean(off, axis=0) < share * np.array(known)).all()


def test_with_much_noise_all_stays_public() -> None:
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(300), rng.normal(size=300)])
    known = PublicKnowledge.of(design, design)
    moments = PrivateMoments(mu=0.01, known=known, together=np.eye(4), noise=RehearsalNoise(rng))
    total = moments.release(2 * rng.normal(size=(100, 4)) + 1, design[:100])
    effects, spread = moments.believed(total, count=100)
    assert np.abs(effects).max() < 0.1 and np.abs(spread - 1).max() < 0.1
    with pytest.raises(BadInput, match=r"must have shape \(subject, 4\)"):
        moments.release(np.zeros((3, 5)), design[:3])
    with pytest.raises(BadInput, match="3 values for each of 4 regions"):
        moments.believed(total[:3], count=100)


def test_noise_across_regions_that_go_together_is_not_believed() -> None:
    """Chance moves such regions alike: a difference of them is noise, and would teach false signs of age."""
    rng = np.random.default_rng(0)
    known = PublicKnowledge.of(np.ones((100, 1)), np.ones((10, 1)))
    together = np.array([[1.0, 0.99], [0.99, 1.0]])
    moments = PrivateMoments(mu=0.1, known=known, together=together, noise=RehearsalNoise(rng))
    alike, apart = (moments.believed(np.array([0.25 * a, 0.25 * b, 0.0, 0.0]) * 300, count=300)[0] for a, b in ((1, 1), (1, -1)))  # fmt: skip
    assert (alike > 0.12).all() and (np.abs(apart) < 0.06).all()


@pytest.mark.slow
@pytest.mark.skipif(not (has("torch") and has("monai")), reason="needs the extra deep")
def test_all_of_it_works_at_64_voxels_a_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few brains, few steps, few draws: codec, net, calibration, and two sums of a private cohort."""
    from commissure.protect.synthetic import codec as synth_codec
    from commissure.protect.synthetic import latent as synth_latent
    from commissure.protect.synthetic.private_diffusion import PrivateDiffusion
    from commissure.protect.synthetic.training import Training

    monkeypatch.setattr(synth_codec, "_STEPS", (1, 1, 1))
    monkeypatch.setattr(synth_codec, "_TEMPLATE_SUBJECTS", 4)
    monkeypatch.setattr(synth_codec, "_LEFT_SUBJECTS", 8)
    monkeypatch.setattr(synth_latent, "_MOST_DRAWS", 60)
    public = made_brains(50, rng=np.random.default_rng(0), size=64)[0]
    cohort = made_brains(60, rng=np.random.default_rng(1), size=64)[0]
    model = PrivateDiffusion(public=public, epsilon=8.0, training=Training().tiny(), noise=RehearsalNoise(np.random.default_rng(2)))  # fmt: skip
    made = model.fit(cohort).sample(8, np.random.default_rng(3))
    assert made.voxels.shape == (8, 64, 64, 64) and made.voxels.dtype == np.float32
    volumes, real = measure_rois(made.voxels), measure_rois(cohort.voxels)
    assert np.abs(volumes.mean(axis=0) / real.mean(axis=0) - 1).max() < 0.25
    assert volumes[:, 0].std() > 0.3 * real[:, 0].std()
