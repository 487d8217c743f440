"""Synthetic data: tables, scans, EEG, spikes and brains beside their peers, with their attacks, over several seeds.

Tables are real (../shared/data/tables); connectivity, EEG and spikes are of simulated populations with known truth; brains
are the MNI152 template warped with planted effects (commissure.testing.brains), and two real heads are set beside them.
CTGAN's packages of today are under the BUSL; its last one under the MIT license is a peer where it is installed apart:

    pip install --no-deps --target /tmp/ctgan-peer ctgan==0.2.1
    PYTHONPATH=/tmp/ctgan-peer python benchmarks/protect_synth.py

Run: python benchmarks/protect_synth.py [folder of tables]; part of python benchmarks/protect.py
"""

import csv
import importlib.util
import math
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import protect_brains

from commissure.protect.budget import gaussian_mu
from commissure.protect.membership import attack_membership
from commissure.protect.synth_columns import Table
from commissure.protect.synth_eeg import EpochedEEG, log_power
from commissure.protect.synth_fmri import RegionalSeries, connectivity_of
from commissure.protect.synth_judge import (
    attribute_gain,
    judge,
    nearest_scores,
    train_on_synthetic,
    two_sample_auc,
)
from commissure.protect.synth_private import PrivateCopula
from commissure.protect.synth_spikes import SpikeTrains, Trials, count_spikes
from commissure.protect.synth_table import Bootstrap, Copula, SequentialForest
from commissure.testing.populations import Population

DELTA = 1e-5
SPLITS, ATTACKS, SCANS = 5, 3, 5
CTGAN_EPOCHS, FAR = 100, -1e4
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


def tables(folder: Path) -> None:
    for name, rows, target in (
        ("UCI heart disease, 4 hospitals", heart(folder), 10),
        ("1000 Functional Connectomes, volumes", volumes(folder), 0),
    ):
        print(f"\nSynthetic tables: {name}, {rows.shape[0]} x {rows.shape[1]}: mean and 95 % interval over {SPLITS} random halves")  # fmt: skip
        print(f"  {'':18s} C2ST         MMD          prec.       recall      NNDR        copies  share of real-trained score  attribute    MIA (shadow) MIA (plain)")  # fmt: skip
        peers: list[tuple[str, Any]] = [("real half", None), ("bootstrap", Bootstrap()), ("copula", Copula())]
        if ctgan_here():
            peers.append(("CTGAN 0.2.1 (MIT)", Ctgan()))
        else:
            print("  CTGAN: not here; see the docstring")
        peers.append(("forest (ours)", SequentialForest()))
        if target == 10:
            private = PrivateCopula(mu=gaussian_mu(3.0, DELTA), edges=EDGES, whole=[True] * 9 + [False, True])
            peers.append(("private, epsilon 3", private))
        for label, model in peers:
            table_row(label, model, rows, target)
        print("  targets: C2ST <= .60 (known copula .72), MIA <= .53 (known copula .509), share >= .95")


def table_row(label: str, model: Any, rows: np.ndarray, target: int) -> None:
    names = tuple(f"c{i}" for i in range(rows.shape[1]))

    def drawn(who: np.ndarray, count: int, seed: int) -> np.ndarray:
        if model is None:
            return who
        return model.fit(Table(names, who)).sample(count, np.random.default_rng(seed)).values

    judged, gains, shares, scores = [], [], [], []
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(len(rows))
        fitted, unseen = rows[order[: len(rows) // 2]], rows[order[len(rows) // 2 :]]
        made = drawn(fitted, len(unseen), seed)
        judged.append(judge(made, fitted=fitted, unseen=unseen))
        gains.append(attribute_gain(made, fitted=fitted, unseen=unseen, secret=target))
        synthetic, real = train_on_synthetic(made, fitted=fitted, unseen=unseen, target=target)
        shares.append(synthetic / real)
        scores.append((synthetic, real))
    tail = "-            -"
    if model is not None and not isinstance(model, Ctgan):
        attacks = [
            attack_membership(lambda who, rng=rng: nearest_scores(rows, drawn(rows[who], len(who), int(rng.integers(1 << 31)))),
                              people=len(rows), runs=16, rng=rng)
            for rng in map(np.random.default_rng, range(ATTACKS))]  # fmt: skip
        tail = f"{interval([a.auc for a in attacks])}  {interval([a.plain_auc for a in attacks])}"
    said = [interval([getattr(j, field) for j in judged]) for field in ("two_sample", "mmd", "precision", "recall", "neighbour_ratio")]  # fmt: skip
    synthetic, real = np.mean(scores, axis=0)
    print(f"  {label:18s} {' '.join(said)} {judged[0].copies:.3f}   {interval(shares)} ({synthetic:.3f} of {real:.3f})  "
          f"{interval(gains)}  {tail}", flush=True)  # fmt: skip


def ctgan_here() -> bool:
    return importlib.util.find_spec("ctgan") is not None


class Ctgan:
    """The peer. Missing values are a number far below the others; its call of scikit-learn is brought up to date."""

    def fit(self, cohort: Table) -> "Ctgan":
        import pandas as pd
        from ctgan import CTGANSynthesizer, transformer
        from sklearn.mixture import BayesianGaussianMixture
        from sklearn.preprocessing import OneHotEncoder

        transformer.BayesianGaussianMixture = lambda count, *_, **rest: BayesianGaussianMixture(n_components=count, **rest)  # fmt: skip
        transformer.OneHotEncoder = lambda sparse: OneHotEncoder(sparse_output=sparse)
        rows = np.nan_to_num(cohort.values, nan=FAR)
        self.names_, few = cohort.names, [len(np.unique(column)) <= 12 for column in rows.T]
        frame = pd.DataFrame({n: column.astype(str) if f else column for n, column, f in zip(cohort.names, rows.T, few, strict=True)})  # fmt: skip
        self.model_ = CTGANSynthesizer(batch_size=100)
        self.model_.fit(frame, [n for n, f in zip(cohort.names, few, strict=True) if f], epochs=CTGAN_EPOCHS)
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        import torch

        torch.manual_seed(int(rng.integers(1 << 31)))
        np.random.seed(int(rng.integers(1 << 31)))  # noqa: NPY002 - the peer draws from it
        rows = self.model_.sample(n)[list(self.names_)].astype(float).to_numpy()
        return Table(self.names_, np.where(rows < FAR / 2, np.nan, rows))


def roi_volumes(folder: Path) -> None:
    print("\nROI volumes of 4,000 synthetic people, fitted to all 1,078: worst column (mean over columns)")
    rows = volumes(folder)
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


def graph(matrix: np.ndarray) -> tuple[float, float, float]:
    """Mean strength, weighted clustering, and global efficiency of the absolute connectivity."""
    weight = np.abs(matrix) * (1 - np.eye(len(matrix)))
    root = np.cbrt(weight / weight.max())
    degree = (weight > 0).sum(axis=1)
    cluster = float((np.diag(root @ root @ root) / (degree * (degree - 1))).mean())
    distance = np.where(weight > 0, 1 / np.maximum(weight, 1e-9), np.inf)
    for k in range(len(matrix)):
        distance = np.minimum(distance, distance[:, [k]] + distance[[k], :])
    return float(weight.mean()), cluster, float((1 / distance[np.triu_indices(len(matrix), 1)]).mean())


def scanned(seed: int) -> list[float]:
    """What is measured on one simulated world: r, three graph ratios, retest of real and synthetic, variability, C2ST."""
    rng = np.random.default_rng(seed)
    world, slow = Population(30, rng), 1 / (1 + (np.fft.rfftfreq(300)[:, None] / 0.08) ** 2)
    states = 0.3 * world.traits(3)
    real: list[list[np.ndarray]] = []
    for trait in world.traits(40):
        real.append([])
        for _ in range(2):
            session, scan, now = 0.4 * world.traits(1)[0], np.empty((300, 30)), 0
            white = np.fft.irfft(np.fft.rfft(rng.normal(size=(300, 30)), axis=0) * slow, n=300, axis=0)
            for start in range(0, 300, 20):
                now = int(rng.integers(3)) if rng.uniform() < 0.4 else now
                values, vectors = np.linalg.eigh(world.truth + trait + session + states[now])
                scan[start : start + 20] = white[start : start + 20] @ (
                    (vectors * np.exp(values / 2)) @ vectors.T
                )
            real[-1].append(scan)
    made = RegionalSeries().fit(real).sample(40, rng)
    upper = np.triu_indices(30, 1)
    a, b = connectivity_of(real), connectivity_of(made)

    def retest(cohort: list[list[np.ndarray]]) -> tuple[float, float]:
        flat = np.array([[np.corrcoef(s.T)[upper] for s in each] for each in cohort])
        alike = np.corrcoef(np.concatenate([flat[:, 0], flat[:, 1]]))[:40, 40:]
        return float(np.diag(alike).mean()), float(alike[~np.eye(40, dtype=bool)].mean())

    def moving(cohort: list[list[np.ndarray]]) -> float:
        return float(
            np.mean(
                [
                    np.std([np.corrcoef(s[t : t + 20].T)[upper] for t in range(0, 281, 20)], axis=0).mean()
                    for each in cohort
                    for s in each
                ]
            )
        )

    same, again = retest(real), retest(made)
    ratios = [second / first for first, second in zip(graph(a), graph(b), strict=True)]
    flat = (np.array([np.corrcoef(each[0].T)[upper] for each in c]) for c in (real, made))
    return [float(np.corrcoef(a[upper], b[upper])[0, 1]), *ratios, *same, *again, moving(made) / moving(real), two_sample_auc(*flat)]  # fmt: skip


def scans() -> None:
    print(f"\nSynthetic fMRI: 40 simulated people, 2 sessions, 30 regions, 300 volumes, 3 planted states; mean over {SCANS} worlds (worst)")  # fmt: skip
    rows = np.array([scanned(seed) for seed in range(SCANS)])
    mean = rows.mean(axis=0)
    say(
        f"group connectivity, r of synthetic and real (worst {rows[:, 0].min():.3f})",
        mean[0],
        "target >= .97",
    )
    for place, name in enumerate(("strength", "clustering", "efficiency"), start=1):
        worst = rows[np.argmax(np.abs(rows[:, place] - 1)), place]
        say(f"graph {name}, synthetic over real (worst {worst:.3f})", mean[place], "target within 5 %")
    for name, place in (("real", 4), ("synthetic", 6)):
        say(f"{name}: r of a person's two sessions (other persons {mean[place + 1]:.3f})", mean[place])
    say("sliding-window variability, synthetic over real", mean[8])
    say("C2ST of people's connectivity", mean[9])


def electro() -> None:
    print("\nSynthetic EEG: 24 simulated people, 40 epochs, 8 channels")
    rng, rate = np.random.default_rng(1), 200.0
    mix, time, bins = (
        np.eye(8) + 0.4 * rng.normal(size=(8, 8)),
        np.arange(200) / 200.0,
        np.fft.rfftfreq(200, 1 / 200.0),
    )

    def cohort(count: int) -> np.ndarray:
        made = np.empty((count, 40, 200, 8))
        for person in range(count):
            shape = 1 / (1 + bins) + np.exp(0.5 * rng.normal()) * 0.3 * np.exp(-((bins - 10) ** 2) / 2)
            noise = np.fft.irfft(
                np.fft.rfft(rng.normal(size=(40, 200, 8)), axis=1) * shape[:, None], n=200, axis=1
            )
            made[person] = noise @ mix.T * 1e-5 + 4e-6 * rng.normal(1, 0.3) * np.exp(
                -((time - 0.3) ** 2) / 0.004
            )[:, None] * np.linspace(0.2, 1, 8)
        return made

    fitted, unseen = cohort(24), cohort(24)
    made = EpochedEEG(rate_hz=rate).fit(fitted).sample(24, rng)
    a, b, c = (log_power(each, rate_hz=rate) for each in (fitted, made, unseen))
    say("log power in bands, r", float(np.corrcoef(a.mean(axis=0), b.mean(axis=0))[0, 1]))
    say(
        "how much people differ in it, synthetic over real",
        float(b.std(axis=0).mean() / a.std(axis=0).mean()),
    )
    say(
        "event-related potential, r",
        float(np.corrcoef(fitted.mean(axis=(0, 1)).ravel(), made.mean(axis=(0, 1)).ravel())[0, 1]),
    )
    first, second = (np.cov(x.reshape(-1, 8).T) for x in (fitted, made))
    say("spatial covariance, relative error", float(np.linalg.norm(first - second) / np.linalg.norm(first)))
    say("C2ST of band powers against unseen people", two_sample_auc(c, b))


def spikes() -> None:
    print("\nSynthetic spike trains: 8 simulated units, 4 stimuli, 400 trials of 1 s")
    rng = np.random.default_rng(2)
    base, shown, trials = rng.uniform(8, 40, 8), rng.integers(0, 4, 400), []
    grid = np.arange(0, 1, 0.0005)
    for trial in range(400):
        gain, common = (
            np.exp(0.25 * rng.normal() + 0.1 * rng.normal(size=8)) * (1 - 0.4 * trial / 400),
            rng.uniform(size=len(grid)) < 0.004,
        )
        units = []
        for unit in range(8):
            rate = base[unit] * (1 + 0.8 * np.cos(2 * np.pi * (shown[trial] / 4 - unit / 7))) * gain[unit]
            times: list[float] = []
            for at in grid[
                (rng.uniform(size=len(grid)) < rate * 0.0005)
                | (common & (rng.uniform(size=len(grid)) < 0.35))
            ]:
                if not times or at - times[-1] >= 0.003:
                    times.append(float(at))
            units.append(np.array(times))
        trials.append(tuple(units))
    real = Trials(tuple(trials), shown, 1.0)
    made = SpikeTrains().fit(real).sample(400, rng)
    a, b = count_spikes(real), count_spikes(made)
    tuning, again = (
        np.array([c[t.stimulus == s].mean(axis=0) for s in range(4)]) for c, t in ((a, real), (b, made))
    )
    upper = np.triu_indices(8, 1)
    shared, kept = (
        np.corrcoef((c - m[t.stimulus]).T)[upper] for c, m, t in ((a, tuning, real), (b, again, made))
    )
    fine, fine_kept = (
        np.corrcoef(count_spikes(t, window_s=0.01).reshape(-1, 8).T)[upper] for t in (real, made)
    )
    say("tuning, r", float(np.corrcoef(tuning.ravel(), again.ravel())[0, 1]))
    say("rate, synthetic over real", float(b.mean() / a.mean()))
    say(
        f"noise correlation of pairs, synthetic (real {shared.mean():.3f}), r {np.corrcoef(shared, kept)[0, 1]:.3f}",
        float(kept.mean()),
    )
    say(
        f"coincidence in 10 ms, synthetic (real {fine.mean():.3f}), r {np.corrcoef(fine, fine_kept)[0, 1]:.3f}",
        float(fine_kept.mean()),
    )
    say(
        "shortest interval, ms (real 3.0)",
        1e3 * min(float(np.diff(u).min()) for t in made.times_s for u in t if len(u) > 1),
    )
    say(
        f"drift, second half over first (real {a[200:].mean() / a[:200].mean():.3f})",
        float(b[200:].mean() / b[:200].mean()),
    )


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    scans()
    electro()
    spikes()
    if folder.is_dir():
        tables(folder)
        roi_volumes(folder)
    protect_brains.main(folder.parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
