"""Make the picture of synthetic brains in the chapter on protection: `python tools/synthetic_pictures.py [FOLDER]`.

All brains are made or synthetic: no person's brain is put into the documentation. With a FOLDER, training keeps its
checkpoints there and goes on from them.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from commissure.protect.synthetic.codec import Codec
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.diffusion import LatentDiffusion
from commissure.protect.synthetic.gan import LatentGAN
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volume_floor import VolumeComponents
from commissure.protect.synthetic.volumes import Volumes
from commissure.testing.brains import made_brains

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PEOPLE, SIZE, SHOWN = 300, 32, 6


def shown(cohort: Volumes) -> np.ndarray:
    """Six people from young and healthy to old and ill."""
    age, _, ill = cohort.covariates.values.T
    order = np.argsort(age + 15 * ill)
    return order[np.linspace(3, len(order) - 4, SHOWN).astype(int)]


def rows(cohort: Volumes, folder: Path | None) -> list[tuple[str, Volumes]]:
    chosen = cohort.take(shown(cohort))
    table = Table(chosen.covariates.names, chosen.covariates.values, chosen.covariates.levels)
    training = Training(steps=300, width=8, checkpoints=folder)
    codec = Codec().fit(cohort.voxels)
    models: list[tuple[str, Any]] = [
        ("components", VolumeComponents()),
        ("GAN", LatentGAN(training=training, codec=codec)),
        ("diffusion", LatentDiffusion(training=training, codec=codec)),
    ]
    made = [(name, model.fit(cohort).sample(SHOWN, np.random.default_rng(5), covariates=table)) for name, model in models]  # fmt: skip
    return [("made", chosen), *made]


def draw(listed: list[tuple[str, Volumes]], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(listed), 2 * SHOWN, figsize=(10.5, 4.1), facecolor="black")
    for line, (name, people) in enumerate(listed):
        for column, brain in enumerate(people.voxels):
            middle = people.size // 2
            cuts = (brain[:, :, middle + 2], brain[:, middle - 2])
            for place, cut in enumerate(cuts):
                axis = axes[line, 2 * column + place]
                axis.imshow(cut.T, origin="lower", cmap="gray", vmin=0, vmax=1.1, interpolation="bilinear")
                axis.set_axis_off()
            if line == 0:
                age, sex, ill = people.covariates.values[column]
                said = f"{age:.0f} {'FM'[int(sex)]}{', dementia' if ill else ''}"
                axes[0, 2 * column].set_title(said, fontsize=8, color="white", loc="left")
        axes[line, 0].text(-0.15, 0.5, name, transform=axes[line, 0].transAxes, rotation=90, color="white", fontsize=9, va="center", ha="center")  # fmt: skip
    figure.subplots_adjust(left=0.025, right=0.998, top=0.94, bottom=0.005, wspace=0.02, hspace=0.02)
    figure.savefig(path, dpi=85, facecolor="black")


if __name__ == "__main__":
    mpl.use("Agg")
    brains, _ = made_brains(PEOPLE, rng=np.random.default_rng(0), size=SIZE)
    PICTURES.mkdir(parents=True, exist_ok=True)
    draw(rows(brains, Path(sys.argv[1]) if len(sys.argv) > 1 else None), PICTURES / "synthetic-brains.png")
