"""How good and how safe synthetic brains are: regions, images, what can be learned from them, and what an attacker learns.

References
----------
Esteban, Hyland & Rätsch 2017 (train on synthetic, test on real), arXiv:1706.02633; Dar et al. 2024 (memorized brains),
doi:10.1016/j.media.2024.103295; others in :mod:`commissure.protect.synthetic.judge`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.model import Finding
from commissure.protect.private.membership import auc
from commissure.protect.synthetic.judge import Judgement, attribute_gain, check_synthetic, judge
from commissure.protect.synthetic.rois import measure_rois
from commissure.protect.synthetic.volumes import Volumes

__all__ = ["VolumeJudgement", "check_volumes", "image_scores", "judge_volumes", "roi_errors", "roi_rows", "trained_scores"]  # fmt: skip

Array = NDArray[np.float64]
_COMPONENTS = 20
_QUANTILES = np.linspace(0.005, 0.995, 199)


@dataclass(frozen=True, slots=True)
class VolumeJudgement:
    """What was measured on synthetic brains.

    Parameters
    ----------
    regions : Judgement
        On region volumes, age, sex and diagnosis.
    images : Judgement
        On 20 principal components of unseen real images and how sharp they are.
    mean, variance, correlation : float
        The worst region's relative error of mean and variance, and the worst pair's absolute error of correlation,
        against the fitted cohort.
    wasserstein : float
        The worst region's distance of distributions, over its standard deviation.
    trained : mapping of str to (float, float)
        For each covariate the score on unseen people of a model trained on synthetic people, and on the fitted.
    attribute : float
        How much better the last covariate is guessed for fitted people than for others.
    """

    regions: Judgement
    images: Judgement
    mean: float
    variance: float
    correlation: float
    wasserstein: float
    trained: dict[str, tuple[float, float]]
    attribute: float


def judge_volumes(synthetic: Volumes, *, fitted: Volumes, unseen: Volumes, seed: int = 0) -> VolumeJudgement:
    """Measure synthetic brains against those that were fitted and those that were kept back.

    Parameters
    ----------
    synthetic, fitted, unseen : Volumes
        On the same grid; ``fitted`` and ``unseen`` are disjoint random parts of the real people.
    """
    sizes = {synthetic.size, fitted.size, unseen.size}
    if len(sizes) != 1:
        raise BadInput(f"Brains must be on one grid; got {sorted(sizes)} voxels a side.")
    rows = [roi_rows(each) for each in (synthetic, fitted, unseen)]
    count = min(len(each) for each in rows)
    images = _components([each.take(np.arange(count)) for each in (synthetic, fitted, unseen)], basis=unseen)
    mean, variance, correlation, far = roi_errors(measure_rois(synthetic.voxels), measure_rois(fitted.voxels))
    return VolumeJudgement(
        judge(rows[0][:count], fitted=rows[1][:count], unseen=rows[2][:count], seed=seed),
        judge(images[0], fitted=images[1], unseen=images[2], seed=seed),
        float(mean.max()), float(variance.max()), float(correlation.max()), float(far.max()),
        trained_scores(synthetic, fitted=fitted, unseen=unseen),
        attribute_gain(rows[0], fitted=rows[1], unseen=rows[2], secret=rows[0].shape[1] - 1),
    )  # fmt: skip


def roi_rows(people: Volumes) -> Array:
    """Region volumes with the covariates behind them, one row a subject."""
    return np.column_stack([measure_rois(people.voxels), people.covariates.values])


def roi_errors(synthetic: Array, real: Array) -> tuple[Array, Array, Array, Array]:
    """Errors of means and variances (relative), of correlations (absolute, by pair), and distances of distributions.

    Parameters
    ----------
    synthetic, real : array, shape (subject, region)
        Volumes of regions.
    """
    mean = np.abs(synthetic.mean(axis=0) / real.mean(axis=0) - 1)
    variance = np.abs(synthetic.var(axis=0) / real.var(axis=0) - 1)
    upper = np.triu_indices(real.shape[1], 1)
    correlation = np.abs(np.corrcoef(synthetic.T) - np.corrcoef(real.T))[upper]
    gap = np.quantile(synthetic, _QUANTILES, axis=0) - np.quantile(real, _QUANTILES, axis=0)
    return mean, variance, correlation, np.abs(gap).mean(axis=0) / real.std(axis=0)


def trained_scores(synthetic: Volumes, *, fitted: Volumes, unseen: Volumes) -> dict[str, tuple[float, float]]:
    """For each covariate the score on unseen people of a model trained on synthetic and of one trained on fitted people.

    A ridge or logistic regression from region volumes: area under the ROC curve for two values, R squared for numbers;
    covariates of more than two words are left out.
    """
    linear: Any = need("sklearn.linear_model", purpose="Judging synthetic data")
    scores: dict[str, tuple[float, float]] = {}
    regions = [measure_rois(each.voxels) for each in (synthetic, fitted, unseen)]
    for j, name in enumerate(unseen.covariates.names):
        truth = unseen.covariates.values[:, j]
        words = unseen.covariates.levels[j] if unseen.covariates.levels else ()
        if len(words) > 2:
            continue
        found = []
        for rows, people in zip(regions, (synthetic, fitted), strict=False):
            centre, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
            wanted = people.covariates.values[:, j]
            asked = (regions[2] - centre) / spread
            if words:
                model = linear.LogisticRegression(C=1.0, max_iter=1000)
                said = model.fit((rows - centre) / spread, wanted > 0.5).decision_function(asked)
                found.append(auc(said[truth > 0.5], said[truth < 0.5]))
            else:
                said = linear.Ridge(1.0).fit((rows - centre) / spread, wanted).predict(asked)
                found.append(float(1 - ((truth - said) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()))
        scores[name] = (found[0], found[1])
    return scores


def image_scores(people: Volumes, synthetic: Volumes) -> Array:
    """For each person the negative distance to the nearest synthetic brain, voxel by voxel: the score of an attack."""
    first, second = (each.voxels.reshape(len(each.voxels), -1).astype(np.float64) for each in (people, synthetic))  # fmt: skip
    square = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * first @ second.T
    return np.asarray(-np.sqrt(np.maximum(square.min(axis=1), 0.0)))


def check_volumes(found: VolumeJudgement, *, membership: float) -> tuple[Finding, ...]:
    """Findings on synthetic brains that give people away or are of little use."""
    return check_synthetic(found.images, membership=membership)


def _components(groups: list[Volumes], *, basis: Volumes) -> list[Array]:
    """Principal components of the basis' images, and the log of how much neighbouring voxels differ."""
    flat = basis.voxels.reshape(len(basis.voxels), -1).astype(float)
    centre = flat.mean(axis=0)
    values, vectors = np.linalg.eigh((flat - centre) @ (flat - centre).T)
    kept = np.argsort(values)[::-1][: min(_COMPONENTS, len(flat) // 4)]
    directions = ((flat - centre).T @ vectors[:, kept]) / np.sqrt(np.maximum(values[kept], 1e-12))
    made = []
    for each in groups:
        image = each.voxels.astype(float)
        rough = sum((np.diff(image, axis=axis) ** 2).mean(axis=(1, 2, 3)) for axis in (1, 2, 3))
        made.append(np.column_stack([(image.reshape(len(image), -1) - centre) @ directions, np.log(rough + 1e-12)]))  # fmt: skip
    return made
