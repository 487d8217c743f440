"""Synthetic tables beside their peers, with their attacks, over random halves of real tables (../shared/data/tables).

CTGAN's packages of today are under the BUSL; its last one under the MIT license is a peer where benchmarks/peers.py finds
it, in its defaults (300 epochs). What it makes is rounded like ours, to the decimals of the column it was fitted to, and a
column of few values is one of categories.

Run: python benchmarks/protect_tables.py [tables elsewhere rois] [--quick] [--data FOLDER] [--peers FOLDER]
"""

import argparse
import contextlib
import csv
import io
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS, missing, use_packages

from commissure.protect.private.budget import gaussian_mu
from commissure.protect.private.membership import attack_membership, auc
from commissure.protect.synthetic.columns import Column, Table
from commissure.protect.synthetic.judge import attribute_gain, judge, nearest_scores, train_on_synthetic
from commissure.protect.synthetic.private import PrivateCopula
from commissure.protect.synthetic.table import Bootstrap, Copula, SequentialForest

DELTA = 1e-5
CTGAN_EPOCHS = 300
GRID = np.linspace(0.005, 0.995, 199)
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"
#: public bins for the heart table, from what the columns mean and not from its rows
TWO, FOUR = (-0.5, 0.5, 1.5), (0.5, 1.5, 2.5, 3.5, 4.5)
EDGES = (range(25, 86, 5), TWO, FOUR, range(80, 211, 10), (-1, 1, *range(100, 501, 25)), TWO, (-0.5, 0.5, 1.5, 2.5),
         range(60, 211, 10), TWO, (-3, -0.05, 0.05, *np.arange(0.5, 6.6, 0.5)), TWO)  # fmt: skip
VOLUMES = ("age", "sex", "Left-Hippocampus", "Right-Hippocampus", "Left-Amygdala", "Left-Thalamus-Proper", "Left-Caudate",
           "Left-Putamen", "Brain-Stem", "CSF", "Left-Lateral-Ventricle", "lhCortexVol", "CerebralWhiteMatterVol",
           "lh_MeanThickness_thickness", "EstimatedTotalIntraCranialVol")  # fmt: skip


def say(name: str, value: float, target: str = "", digits: int = 3) -> None:
    print(f"  {name:66s} {value:8.{digits}f}   {target}")


def interval(values: list[float]) -> str:
    """The mean, and half of a 95 % interval over seeds."""
    half = 1.96 * np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{np.mean(values):.3f}±{half:.3f}"


@dataclass(frozen=True)
class Effort:
    """How many random halves are judged, attacks made and shadow models fitted, and the halves for CTGAN."""

    splits: int = 10
    attacks: int = 10
    shadows: int = 16
    ctgan: int = 3


def tables(said: argparse.Namespace) -> None:
    """The two tables that the method was made with, and five from installed wheels that it was not."""
    effort = Effort(3, 1, 8) if said.quick else Effort()
    judged("UCI heart disease, 4 hospitals", heart(said.data), 10, effort, said)
    judged("1000 Functional Connectomes, volumes", volumes(said.data), 0, effort, said)


def elsewhere(said: argparse.Namespace) -> None:
    effort = Effort(2, 1, 8) if said.quick else Effort(3, 1, 16, 1)
    for name, (rows, target) in found_tables().items():
        judged(name, rows, target, effort, said)


def judged(name: str, rows: np.ndarray, target: int, effort: Effort, said: argparse.Namespace) -> None:
    print(f"\nSynthetic tables: {name}, {rows.shape[0]} x {rows.shape[1]}: mean and 95 % interval over {effort.splits} random halves,")  # fmt: skip
    print(f"  {effort.attacks} membership attacks with {effort.shadows} shadow models each; share: train on synthetic, test on real")  # fmt: skip
    print(f"  {'':18s} C2ST         MMD          prec.       recall      NNDR        copies  share of real-trained score  attribute    MIA (shadow) MIA (plain)")  # fmt: skip
    peers: list[tuple[str, Any]] = [
        ("fresh real half", None),
        ("bootstrap", Bootstrap()),
        ("copula", Copula()),
    ]
    if use_packages(said.peers, "ctgan"):
        peers.append(("CTGAN 0.2.1 (MIT)", Ctgan(60 if said.quick else CTGAN_EPOCHS)))
    else:
        missing("CTGAN", said.peers)
    peers.append(("forest (ours)", SequentialForest()))
    if name.startswith("UCI"):
        private = PrivateCopula(mu=gaussian_mu(3.0, DELTA), edges=EDGES, whole=[True] * 9 + [False, True])
        peers.append(("private, epsilon 3", private))
    for label, model in peers:
        table_row(label, model, rows, target, effort)
    fresh = interval(fresh_shares(rows, target, effort))
    print(f"  trained on other real people instead, as many (thirds of the table): share {fresh}")
    print("  targets: C2ST <= .60 (known copula .72), MIA <= .53 (known copula .509), share >= .95")


def fresh_shares(rows: np.ndarray, target: int, effort: Effort) -> list[float]:
    """What a perfect generator would reach: the score of a model of other real people, over that of the fitted ones."""
    shares = []
    for seed in range(effort.splits):
        order = np.random.default_rng(seed).permutation(len(rows))
        fitted, other, unseen = (rows[part] for part in np.array_split(order, 3))
        synthetic, real = train_on_synthetic(other, fitted=fitted, unseen=unseen, target=target)
        shares.append(synthetic / real)
    return shares


def table_row(label: str, model: Any, rows: np.ndarray, target: int, effort: Effort) -> None:
    names = tuple(f"c{i}" for i in range(rows.shape[1]))

    def drawn(who: np.ndarray, count: int, seed: int) -> np.ndarray:
        if model is None:
            return who
        return model.fit(Table(names, who)).sample(count, np.random.default_rng(seed)).values

    judged, gains, shares, scores, plain = [], [], [], [], []
    for seed in range(effort.splits if not isinstance(model, Ctgan) else min(effort.ctgan, effort.splits)):
        order = np.random.default_rng(seed).permutation(len(rows))
        fitted, unseen = rows[order[: len(rows) // 2]], rows[order[len(rows) // 2 :]]
        made = drawn(fitted, len(unseen), seed)
        judged.append(judge(made, fitted=fitted, unseen=unseen))
        gains.append(attribute_gain(made, fitted=fitted, unseen=unseen, secret=target))
        scores.append(train_on_synthetic(made, fitted=fitted, unseen=unseen, target=target))
        shares.append(scores[-1][0] / scores[-1][1])
        plain.append(auc(nearest_scores(fitted, made), nearest_scores(unseen, made)))
    tail = f"-            {interval(plain)}"
    if model is not None and not isinstance(model, Ctgan):
        attacks = [
            attack_membership(lambda who, rng=rng: nearest_scores(rows, drawn(rows[who], len(who), int(rng.integers(1 << 31)))),
                              people=len(rows), runs=effort.shadows, rng=rng)
            for rng in map(np.random.default_rng, range(effort.attacks))]  # fmt: skip
        tail = f"{interval([a.auc for a in attacks])}  {interval([a.plain_auc for a in attacks])}"
    said = [interval([getattr(j, field) for j in judged]) for field in ("two_sample", "mmd", "precision", "recall", "neighbour_ratio")]  # fmt: skip
    synthetic, real = np.mean(scores, axis=0)
    print(f"  {label:18s} {' '.join(said)} {judged[0].copies:.3f}   {interval(shares)} ({synthetic:.3f} of {real:.3f})  "
          f"{interval(gains)}  {tail}", flush=True)  # fmt: skip


class Ctgan:
    """The peer, in its defaults; missing numbers are a yes or no of their own, and its calls of scikit-learn are brought up to date."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def fit(self, cohort: Table) -> "Ctgan":
        import pandas as pd
        from ctgan import CTGANSynthesizer, transformer
        from sklearn.mixture import BayesianGaussianMixture
        from sklearn.preprocessing import OneHotEncoder

        transformer.BayesianGaussianMixture = lambda count, *_, **rest: BayesianGaussianMixture(n_components=count, **rest)  # fmt: skip
        transformer.OneHotEncoder = lambda sparse: OneHotEncoder(sparse_output=sparse)
        self.names_, self.columns_ = cohort.names, [Column.of(column) for column in cohort.values.T]
        frame: dict[str, np.ndarray] = {}
        for name, values, column in zip(cohort.names, cohort.values.T, self.columns_, strict=True):
            known = np.nan_to_num(values, nan=float(np.nanmedian(values)))
            frame[name] = values.astype(str) if column.few else known
            if column.missing > 0 and not column.few:
                frame[f"{name} missing"] = np.isnan(values).astype(str)
        few = [name for name, values in frame.items() if values.dtype.kind == "U"]
        self.model_ = CTGANSynthesizer(batch_size=100)
        with contextlib.redirect_stdout(io.StringIO()):
            self.model_.fit(pd.DataFrame(frame), few, epochs=self.epochs)
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        import torch

        torch.manual_seed(int(rng.integers(1 << 31)))
        np.random.seed(int(rng.integers(1 << 31)))  # noqa: NPY002 - the peer draws from it
        frame = self.model_.sample(n)
        made = frame[list(self.names_)].astype(float).to_numpy()
        for j, (name, column) in enumerate(zip(self.names_, self.columns_, strict=True)):
            if column.lattice is not None and not column.few:
                made[:, j] = np.round(made[:, j], column.lattice.places)
            if f"{name} missing" in frame:
                made[frame[f"{name} missing"].to_numpy() == "True", j] = np.nan
        return Table(self.names_, made)


def roi_volumes(said: argparse.Namespace) -> None:
    print(
        "\nROI volumes (1000 Functional Connectomes) of 4,000 synthetic people, fitted to all 1,078: worst column (mean over columns)"
    )
    rows = volumes(said.data)
    for label, model in (("copula", Copula()), ("forest (ours)", SequentialForest())):
        made = model.fit(Table(VOLUMES, rows)).sample(4000, np.random.default_rng(0)).values
        mean = np.abs(made[:, 2:].mean(axis=0) / rows[:, 2:].mean(axis=0) - 1)
        spread = np.abs(made[:, 2:].var(axis=0) / rows[:, 2:].var(axis=0) - 1)
        pairs = np.abs(np.corrcoef(made[:, 2:].T) - np.corrcoef(rows[:, 2:].T))[
            np.triu_indices(rows.shape[1] - 2, 1)
        ]
        far = [
            np.abs(np.quantile(made[:, j], GRID) - np.quantile(rows[:, j], GRID)).mean() / rows[:, j].std()
            for j in range(2, rows.shape[1])
        ]
        say(f"{label}: means ({mean.mean():.4f})", mean.max(), "target within .05")
        say(f"{label}: variances ({spread.mean():.4f})", spread.max(), "target within .05")
        say(f"{label}: correlations, absolute ({pairs.mean():.4f})", pairs.max(), "target within .05")
        say(f"{label}: Wasserstein distance over deviation ({np.mean(far):.4f})", max(far))


def heart(folder: Path) -> np.ndarray:
    rows = []
    for place in ("cleveland", "hungarian", "switzerland", "va"):
        for line in (folder / "uci_heart" / f"processed.{place}.data").read_text().splitlines():
            rows.append(
                [math.nan if cell in {"?", "-9", "-9.0"} else float(cell) for cell in line.split(",")]
            )
    whole = np.array(rows)
    whole[:, 13] = whole[:, 13] > 0
    return whole[:, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13]]


def volumes(folder: Path) -> np.ndarray:
    with (folder / "fcon1000.csv").open(newline="") as file:
        return np.array([[float(row[name]) for name in VOLUMES] for row in csv.DictReader(file)])


def found_tables() -> dict[str, tuple[np.ndarray, int]]:
    """Real tables that lie in installed wheels, and the column that is predicted from the others."""
    from sklearn.datasets import load_diabetes, load_wine
    from statsmodels.datasets import anes96, fair, randhie

    some = np.random.default_rng(0)
    diabetes, wine = load_diabetes(scaled=False), load_wine()
    affairs, visits = (kind.load_pandas().data.to_numpy(float) for kind in (fair, randhie))
    return {
        "diabetes (scikit-learn): whole and decimal numbers": (np.column_stack([diabetes.data, diabetes.target]), 10),
        "wine (scikit-learn): 13 decimal numbers, 178 rows": (np.column_stack([wine.data, wine.target > 0]), 13),
        "ANES 1996 (statsmodels): scales of 7, skewed counts": (anes96.load_pandas().data.to_numpy(float)[:, :9], 5),
        "affairs (statsmodels), 1,000 rows: codes, zero-inflated": (some.permutation(affairs)[:1000], 0),
        "RAND health (statsmodels), 1,000 rows: counts, heaps": (some.permutation(visits)[:1000], 0),
    }  # fmt: skip


PARTS = {"tables": tables, "elsewhere": elsewhere, "rois": roi_volumes}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--peers", type=Path, default=PEERS)
    said = parser.parse_args()
    for part in said.parts or PARTS:
        PARTS[part](said)
