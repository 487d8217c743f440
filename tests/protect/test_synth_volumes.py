"""Brains: the made ones hold what is planted, generators keep it, the bootstrap is caught, bad input is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.extras import has
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.judge import two_sample_auc
from commissure.protect.synthetic.rois import ROIS, measure_rois
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volume_floor import VolumeBootstrap, VolumeComponents
from commissure.protect.synthetic.volume_judge import check_volumes, image_scores, judge_volumes, roi_errors
from commissure.protect.synthetic.volumes import Volumes, checked_volumes
from commissure.testing.brains import PLANTED, made_brains

deep = pytest.mark.skipif(not (has("torch") and has("monai")), reason="needs the extra deep")


@pytest.fixture(scope="module")
def brains() -> tuple[Volumes, np.ndarray]:
    return made_brains(160, rng=np.random.default_rng(0), size=16)


@pytest.fixture(scope="module")
def codec(brains: tuple[Volumes, np.ndarray]) -> Any:
    from commissure.protect.synthetic.codec import Codec

    return Codec().fit(brains[0].voxels[:100])


def test_what_is_planted_is_what_is_measured(brains: tuple[Volumes, np.ndarray]) -> None:
    cohort, truth = brains
    rows, names = measure_rois(cohort.voxels), ["head", *PLANTED]
    for name, least in {"ventricles": 0.6, "cerebellum": 0.25, "hippocampus-left": 0.3}.items():
        assert np.corrcoef(rows[:, ROIS.index(name)], truth[:, names.index(name)])[0, 1] > least
    assert np.corrcoef(rows[:, 0], truth[:, 0])[0, 1] > 0.95
    age, sex, ill = cohort.covariates.values.T
    assert np.corrcoef(rows[:, ROIS.index("ventricles")], age)[0, 1] > 0.35
    assert rows[sex == 1, 0].mean() > 1.06 * rows[sex == 0, 0].mean()
    assert 0.3 < ill.mean() < 0.7


def test_components_keep_regions_and_the_bootstrap_is_caught(brains: tuple[Volumes, np.ndarray]) -> None:
    cohort, _ = brains
    fitted, unseen = cohort.take(np.arange(80)), cohort.take(np.arange(80, 160))
    made = VolumeComponents().fit(fitted).sample(80, np.random.default_rng(1))
    mean, *_ = roi_errors(measure_rois(made.voxels), measure_rois(fitted.voxels))
    assert mean.max() < 0.05
    found = judge_volumes(made, fitted=fitted, unseen=unseen)
    assert found.images.copies == 0 and found.images.neighbour_ratio > 0.8
    leak = judge_volumes(VolumeBootstrap().fit(fitted).sample(80, np.random.default_rng(2)), fitted=fitted, unseen=unseen)  # fmt: skip
    assert leak.images.copies == 1.0 and leak.images.neighbour_ratio < 0.05
    assert [f.check for f in check_volumes(leak, membership=0.9)][:1] == ["privacy.synthetic_leaks"]
    again = VolumeBootstrap().fit(fitted).sample(80, np.random.default_rng(3))
    assert np.median(image_scores(fitted, again)) > np.median(image_scores(unseen, again))


@deep
@pytest.mark.parametrize("kind", ["diffusion", "gan"])
def test_nets_learn_the_brain_and_what_is_asked_for(kind: str, codec: Any, brains: tuple[Volumes, np.ndarray]) -> None:  # fmt: skip
    from commissure.protect.synthetic.port import GENERATORS

    cohort, _ = brains
    training = Training(steps=25, width=8, batch=8)
    model: Any = GENERATORS.get(kind)
    fitted = model(training=training, codec=codec).fit(cohort)
    made = fitted.sample(80, np.random.default_rng(1))
    real, rows = measure_rois(cohort.voxels), measure_rois(made.voxels)
    mean, *_ = roi_errors(rows, real)
    assert mean[0] < 0.03 and mean.max() < 0.08
    assert rows[:, 0].std() == pytest.approx(real[:, 0].std(), rel=0.35)
    table = cohort.covariates
    young, old = (np.tile([age, 0.0, ill], (20, 1)) for age, ill in ((50.0, 0.0), (85.0, 1.0)))
    asked = [fitted.sample(20, np.random.default_rng(2), covariates=Table(table.names, each, table.levels)) for each in (young, old)]  # fmt: skip
    ventricle = [measure_rois(each.voxels)[:, ROIS.index("ventricles")].mean() for each in asked]
    assert ventricle[1] > 1.1 * ventricle[0]
    with pytest.raises(BadInput, match="given for 20 subjects, and 3 are asked for"):
        fitted.sample(3, np.random.default_rng(2), covariates=Table(table.names, young, table.levels))


@deep
@pytest.mark.parametrize("kind", ["diffusion", "gan"])
def test_training_goes_on_exactly_where_it_stopped(kind: str, tmp_path: Path) -> None:
    from commissure.protect.synthetic.port import GENERATORS

    class Stopped(Exception):
        pass

    def stop(_what: str, _step: int, _steps: int, _loss: float) -> None:
        raise Stopped

    rng, told = np.random.default_rng(0), []
    numbers, conditions, kept = rng.normal(size=(60, 5)), rng.normal(size=(60, 2)), []
    whole = Training(steps=8, width=8, batch=4, every=4, checkpoints=tmp_path, progress=lambda *said: told.append(said[1]))  # fmt: skip
    net: Any = GENERATORS.get(kind)
    with pytest.raises(Stopped):
        net(training=replace(whole, progress=stop)).learn(numbers, conditions)
    for training in (whole, replace(whole, checkpoints=None)):
        model = net(training=training)
        model.learn(numbers, conditions)
        kept.append(model.draw(conditions, np.random.default_rng(1)))
    assert told == [8, 4, 8] and np.array_equal(*kept)
    with pytest.raises(BadInput, match="another cohort or other settings"):
        net(training=whole).learn(numbers[:50], conditions[:50])


@deep
@pytest.mark.parametrize("kind", ["diffusion", "gan"])
def test_nets_learn_what_no_gaussian_has(kind: str) -> None:
    """Two kinds of people for one condition, and one kind for the other: the moments are those of a Gaussian."""
    from commissure.protect.synthetic.port import GENERATORS

    rng = np.random.default_rng(0)
    told = rng.integers(0, 2, 600).astype(float)
    two = np.sign(rng.normal(size=600)) + 0.15 * rng.normal(size=600)
    numbers = np.column_stack([np.where(told == 1, two, rng.normal(size=600)), rng.normal(size=600)])
    net: Any = GENERATORS.get(kind)
    model = net(training=Training(steps=1500, width=8, batch=128))
    model.learn(numbers, told[:, None])
    made = model.draw(told[:, None], np.random.default_rng(1))
    between = [float((np.abs(made[told == which, 0]) < 0.5).mean()) for which in (0, 1)]
    # of a Gaussian 38 in 100 lie between the two kinds, of the truth next to none
    assert between[1] < 0.2 < between[0]
    both, gaussian = (np.column_stack([each, told]) for each in (numbers, rng.normal(size=numbers.shape)))
    gain = two_sample_auc(both, gaussian) - two_sample_auc(both, np.column_stack([made, told]))
    assert gain > {"gan": 0.02, "diffusion": 0.1}[kind]
    assert kind == "gan" or model.denoiser_.trust > 0.5


@deep
def test_a_net_that_learned_by_heart_is_not_listened_to() -> None:
    from commissure.protect.synthetic.diffusion import LatentDiffusion

    rng = np.random.default_rng(0)
    model = LatentDiffusion(training=Training(steps=600, width=8))
    model.learn(rng.normal(size=(60, 40)), rng.normal(size=(60, 2)))
    assert model.denoiser_.trust < 0.3


@deep
@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_codec_keeps_brains_it_has_not_seen(size: int) -> None:
    from commissure.protect.synthetic.codec import Codec

    count, kept = {16: (60, 8), 32: (40, 4), 64: (8, 2)}[size]
    voxels = made_brains(count, rng=np.random.default_rng(3), size=size)[0].voxels
    known, new = np.split(voxels, [count - kept])
    codec = Codec().fit(known)
    again = codec.decode(codec.encode(new))
    assert again.shape == new.shape and again.dtype == np.float32
    lost = ((again - new) ** 2).sum() / ((new - codec.mean_) ** 2).sum()
    assert lost < {16: 0.1, 32: 0.25, 64: 0.1}[size]
    with pytest.raises(BadInput, match="This codec is for volumes of"):
        codec.encode(new[:, :8])


def test_bad_cohorts_are_refused_with_the_numbers(brains: tuple[Volumes, np.ndarray]) -> None:
    cohort, _ = brains
    voxels, table = cohort.voxels, cohort.covariates

    def changed(**rows: float) -> Table:
        values = table.values.copy()
        values[:7, table.names.index(next(iter(rows)))] = next(iter(rows.values()))
        return Table(table.names, values, table.levels)

    with pytest.raises(BadInput, match="takes 50 subjects at least; got 20"):
        VolumeComponents().fit(cohort.take(np.arange(20)))
    with pytest.raises(BadInput, match="7 of 160 have no 'age'"):
        checked_volumes(Volumes(voxels, changed(age=np.nan)))
    same = table.values.copy()
    same[:, 2] = 0
    with pytest.raises(BadInput, match=r"\['diagnosis'\] are constant over 160 subjects"):
        checked_volumes(Volumes(voxels, Table(table.names, same, table.levels)))
    flat = voxels.copy()
    flat[:3] = 0.5
    with pytest.raises(BadInput, match="3 of 160 volumes are constant"):
        checked_volumes(Volumes(flat, table))
    flat[0, 0, 0, 0] = np.nan
    with pytest.raises(BadInput, match="1 of 160 volumes hold values that are not finite"):
        checked_volumes(Volumes(flat, table))
    with pytest.raises(BadInput, match="scaled, white matter near 1; got 0 to"):
        checked_volumes(Volumes(voxels * 900, table))
    with pytest.raises(BadInput, match=r"\(160, 8, 16, 16\)"):
        checked_volumes(Volumes(voxels[:, :8], table))


@deep
def test_a_private_fit_spends_what_was_said_and_refuses_too_few(brains: tuple[Volumes, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    if not has("opendp"):
        pytest.skip("needs the extra protect")
    from commissure.protect.private.noise import RehearsalNoise
    from commissure.protect.synthetic.latent import LatentSpace
    from commissure.protect.synthetic.private_diffusion import PrivateDiffusion

    cohort, _ = brains
    public, private = cohort.take(np.arange(60)), cohort.take(np.arange(60, 160))
    small = Training(steps=15, width=8, batch=8)
    model = PrivateDiffusion(public=public, epsilon=8.0, training=small, noise=RehearsalNoise(np.random.default_rng(0)))  # fmt: skip
    seen, calibrate = [], LatentSpace.calibrate
    monkeypatch.setattr(LatentSpace, "calibrate", lambda space, who, *rest: (seen.append(who), calibrate(space, who, *rest)))  # fmt: skip
    made = model.fit(private).sample(4, np.random.default_rng(1))
    assert made.voxels.shape == (4, 16, 16, 16) and np.isfinite(made.voxels).all()
    # all but the two sums is learned of public people
    assert seen and all(each is public for each in seen)
    assert model.total_epsilon_ == pytest.approx(8.0, abs=1e-6)
    assert [spend.kind for spend in model.spends_] == ["gaussian", "gaussian"]
    (found,) = model.findings()
    assert found.check == "privacy.synthetic_public" and "Beside the public brains alone" in found.message
    with pytest.raises(BadInput, match=r"100 subjects are too few for epsilon 0\.1 .* it takes \d+ subjects"):
        PrivateDiffusion(public=public, epsilon=0.1, training=small).fit(private)
    with pytest.raises(BadInput, match="below 1/100"):
        PrivateDiffusion(public=public, epsilon=1.0, delta=0.05, training=small).fit(private)
