"""Synthetic brains: a GAN and latent diffusion beside their floor, the bootstrap and real brains, with attacks.

The cohort is made: the MNI152 template warped, with planted effects of age, sex and diagnosis on regions. Nets are trained
for some minutes on one core, far from what a GPU would give them. Two real heads are set beside the made ones.

Run: python benchmarks/protect_brains.py [--size 32] [--people 300] [--codec-steps 300] [--steps 600] [--shadows 0] [--drawn 2000] [--epsilon 0] [--keep FOLDER]
"""

import argparse
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import has
from commissure.protect.membership import attack_membership, auc
from commissure.protect.noise import SecureNoise
from commissure.protect.synth_rois import ROIS, measure_rois
from commissure.protect.synth_training import Training
from commissure.protect.synth_volume_floor import VolumeBootstrap, VolumeComponents
from commissure.protect.synth_volume_judge import image_scores, judge_volumes, roi_errors
from commissure.protect.synth_volumes import Volumes
from commissure.testing.brains import PLANTED, made_brains

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
HEADS = {"chris": "nii_chris_t1_face/chris_t1.nii.gz", "UIH": "nii_uih_t1_face/uih_t1_sub.nii.gz"}


def planted(cohort: Volumes, truth: np.ndarray) -> None:
    rows, names = measure_rois(cohort.voxels), ["head", *PLANTED]
    found = {
        n: np.corrcoef(rows[:, ROIS.index(n)] / rows[:, 0], truth[:, names.index(n)])[0, 1] for n in PLANTED
    }
    said = ", ".join(f"{name} {r:.2f}" for name, r in found.items())
    print(f"  measured share of the brain against what was planted, r: {said}")


def many(model: Any, count: int) -> np.ndarray:
    """Region volumes of so many synthetic people that a variance is known to some per cent, in small batches."""
    rng, rows = np.random.default_rng(2), []
    while sum(map(len, rows)) < count:
        rows.append(measure_rois(model.sample(250, rng).voxels))
    return np.concatenate(rows)


def row(
    label: str, made: Volumes, halves: tuple[Volumes, Volumes], membership: str, *, regions: np.ndarray | None = None
) -> None:  # fmt: skip
    fitted, unseen = halves
    found = judge_volumes(made, fitted=fitted, unseen=unseen)
    errors = roi_errors(measure_rois(made.voxels) if regions is None else regions, measure_rois(fitted.voxels))  # fmt: skip
    shares = ", ".join(f"{name} {a / b:.2f} ({b:.2f})" for name, (a, b) in found.trained.items())
    r, i = found.regions, found.images
    print(f"  {label:20s} C2ST regions {r.two_sample:.3f} images {i.two_sample:.3f} | MMD {r.mmd:.3f} | precision {r.precision:.2f} recall {r.recall:.2f}"
          f" | NNDR {i.neighbour_ratio:.3f} copies {i.copies:.2f} | attribute {found.attribute:+.3f} | MIA {membership}")  # fmt: skip
    said = ", ".join(f"{name} {each.mean():.3f} ({each.max():.3f})" for name, each in zip(("means", "variances", "correlations", "Wasserstein"), errors, strict=True))  # fmt: skip
    print(f"  {'':20s} regions' error, mean (worst): {said} | synthetic-trained share of real score: {shares}", flush=True)  # fmt: skip


def attacked(model: Any, cohort: Volumes, runs: int) -> str:
    rng = np.random.default_rng(0)
    attack = attack_membership(lambda who: image_scores(cohort, model().fit(cohort.take(who)).sample(len(who), rng)),
                               people=len(cohort.voxels), runs=runs, rng=rng)  # fmt: skip
    return f"{attack.auc:.3f} (plain {attack.plain_auc:.3f}, {runs} shadows)"


def heads(data: Path, cohort: Volumes, codec: Any) -> None:
    if not has("deepbet"):
        return
    import nibabel

    from commissure.protect.synth_place import place_brain

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


def private(halves: tuple[Volumes, Volumes], training: Training, epsilon: float) -> None:
    from commissure.protect.synth_private_diffusion import PrivateDiffusion

    fitted, unseen = halves
    public, _ = made_brains(len(fitted.voxels), rng=np.random.default_rng(77), size=fitted.size)
    model = PrivateDiffusion(public=public, epsilon=epsilon, training=training, noise=SecureNoise()).fit(
        fitted
    )
    made = model.sample(len(unseen.voxels), np.random.default_rng(1))
    row(f"diffusion, epsilon {model.total_epsilon_:.2f}", made, halves, f"{auc(image_scores(fitted, made), image_scores(unseen, made)):.3f} (plain)")  # fmt: skip


def main(data: Path, given: list[str] | None = None) -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    for name, default in (("size", 32), ("people", 300), ("codec-steps", 300), ("steps", 600), ("shadows", 0), ("epsilon", 0), ("drawn", 2000)):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--keep", type=Path)
    said = parser.parse_args(given or [])
    cohort, truth = made_brains(2 * said.people, rng=np.random.default_rng(0), size=said.size)
    print(f"\nSynthetic brains: {2 * said.people} made at {said.size} voxels a side, fitted to {said.people}")
    planted(cohort, truth)
    halves = cohort.take(np.arange(said.people)), cohort.take(np.arange(said.people, 2 * said.people))
    rng, small = np.random.default_rng(1), cohort.take(np.arange(min(2 * said.people, 300)))
    row("real half", halves[0], halves, "-")
    for label, kind in (("bootstrap", VolumeBootstrap), ("components (ours)", VolumeComponents)):
        model: Any = kind().fit(halves[0])
        row(label, model.sample(said.people, rng), halves, attacked(kind, small, 8), regions=many(model, said.drawn))  # fmt: skip
    if not (has("torch") and has("monai")):
        print("  GAN and diffusion: the extra deep is not here")
        return
    nets(said, halves, data)
    print("  targets: means, variances, correlations within .05; share >= .95; the bootstrap caught")


def nets(said: argparse.Namespace, halves: tuple[Volumes, Volumes], data: Path) -> None:
    from commissure.protect.synth_codec import Codec
    from commissure.protect.synth_diffusion import LatentDiffusion
    from commissure.protect.synth_gan import LatentGAN

    fitted, unseen = halves
    training = Training(codec_steps=said.codec_steps, steps=said.steps, checkpoints=said.keep)
    began = time.process_time()
    codec = Codec(training=replace(training, width=8)).fit(fitted.voxels)
    print(f"  codec: {said.codec_steps} steps, {time.process_time() - began:.0f} s of CPU", flush=True)
    heads(data, fitted, codec)
    for label, kind in (("GAN (ours)", LatentGAN), ("diffusion (ours)", LatentDiffusion)):
        began = time.process_time()
        model: Any = kind(training=training, codec=codec).fit(fitted)
        made = model.sample(said.people, np.random.default_rng(1))
        spent = time.process_time() - began
        if said.shadows:
            few = replace(training, checkpoints=None)
            told = attacked(lambda kind=kind, few=few: kind(training=few, codec=codec), Volumes(np.concatenate([fitted.voxels, unseen.voxels]), _both(halves)), said.shadows)  # fmt: skip
        else:
            told = f"{auc(image_scores(fitted, made), image_scores(unseen, made)):.3f} (plain)"
        row(label, made, halves, f"{told}; {spent:.0f} s of CPU", regions=many(model, said.drawn))
        if said.keep is not None:
            np.savez(
                said.keep / f"{kind.__name__}.npz", voxels=made.voxels, covariates=made.covariates.values
            )
    if said.epsilon:
        private(halves, replace(training, checkpoints=None), said.epsilon)


def _both(halves: tuple[Volumes, Volumes]) -> Any:
    first, second = (each.covariates for each in halves)
    return replace(first, values=np.concatenate([first.values, second.values]))


if __name__ == "__main__":
    import sys

    main(SHARED, sys.argv[1:])
