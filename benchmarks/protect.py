"""Privacy and synthetic data: every table with its peers and its attacks, measured in one run.

Connectivity is of simulated populations (a known generative truth, see commissure.testing.populations), tables are real
(../shared/data/tables). Noise of releases is the cryptographic one, so the last digits differ from run to run.

Run: python benchmarks/protect.py [folder of tables]
"""

import csv
import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from commissure.protect.budget import (
    Spend,
    attack_auc,
    attack_mu,
    gaussian_epsilon,
    gaussian_mu,
    total_epsilon,
    zcdp_epsilon,
)
from commissure.protect.connectivity import release_connectivity
from commissure.protect.connectivity_plan import ConnectivityPlan, as_correlation, plan_connectivity
from commissure.protect.membership import Attack, attack_membership, tracing_scores
from commissure.protect.noise import clip_rows, noisy_sum
from commissure.protect.privacy_audit import audit_epsilon
from commissure.protect.private_moments import nearest_correlation
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
GRID = np.linspace(0.005, 0.995, 199)
#: public bins for the heart table, from what the columns mean and not from its rows
TWO, FOUR = (-0.5, 0.5, 1.5), (0.5, 1.5, 2.5, 3.5, 4.5)
EDGES = (range(25, 86, 5), TWO, FOUR, range(80, 211, 10), (-1, 1, *range(100, 501, 25)), TWO, (-0.5, 0.5, 1.5, 2.5),
         range(60, 211, 10), TWO, (-3, -0.05, 0.05, *np.arange(0.5, 6.6, 0.5)), TWO)  # fmt: skip
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"
VOLUMES = ("age", "sex", "Left-Hippocampus", "Right-Hippocampus", "Left-Amygdala", "Left-Thalamus-Proper", "Left-Caudate",
           "Left-Putamen", "Brain-Stem", "CSF", "Left-Lateral-Ventricle", "lhCortexVol", "CerebralWhiteMatterVol",
           "lh_MeanThickness_thickness", "EstimatedTotalIntraCranialVol")  # fmt: skip


def say(name: str, value: float, target: str = "", digits: int = 3) -> None:
    print(f"  {name:66s} {value:8.{digits}f}   {target}")


def budgets() -> None:
    print("\n50 Gaussian releases of rho = .01: total epsilon at delta 1e-5")
    fifty = [Spend(what="mean", mu=math.sqrt(0.02))] * 50
    say("naive sum (delta split over releases)", 50 * zcdp_epsilon(0.01, DELTA / 50))
    say("zCDP", zcdp_epsilon(0.5, DELTA))
    say("exact (ours)", total_epsilon(fifty, delta=DELTA), "target 4.377")
    say("50 Gaussian and 10 Laplace of .05, through loss distributions",
        total_epsilon([*fifty, *[Spend(what="count", kind="laplace", epsilon=0.05)] * 10], delta=DELTA))  # fmt: skip


def error(matrix: np.ndarray, cohort: np.ndarray) -> float:
    mean = cohort.mean(axis=0)
    return float(np.linalg.norm(matrix - mean) / np.linalg.norm(mean))


def clip_and_project(cohort: np.ndarray, mu: float) -> np.ndarray:
    """The peer by hand: clip each flattened matrix at a public norm, noisy mean, nearest correlation."""
    size = cohort.shape[1]
    i, j = np.triu_indices(size, 1)
    norm = 0.35 * math.sqrt(len(i))
    total = noisy_sum(clip_rows(cohort[:, i, j], norm=norm), norm=norm, mu=mu)
    made = np.eye(size)
    made[i, j] = made[j, i] = np.clip(total / len(cohort), -1, 1)
    return nearest_correlation(made)


def plain_tangent(cohort: np.ndarray, public: list[np.ndarray], mu: float) -> np.ndarray:
    """The peer by hand: log-Euclidean offsets from the public mean, clipped at the public median, no weight, no prior."""
    size = cohort.shape[1]
    i, j = np.triu_indices(size)
    weight = np.where(i == j, 1.0, math.sqrt(2))

    def logs(matrices: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(0.9 * matrices + 0.1 * np.eye(size))
        return ((vectors * np.log(values)[:, None, :]) @ np.swapaxes(vectors, 1, 2))[:, i, j] * weight

    known = logs(np.concatenate(public))
    base = known.mean(axis=0)
    norm = float(np.median(np.linalg.norm(known - base, axis=1)))
    point = base + noisy_sum(logs(cohort) - base, norm=norm, mu=mu) / len(cohort)
    matrix = np.zeros((size, size))
    matrix[i, j] = matrix[j, i] = point / weight
    values, vectors = np.linalg.eigh(matrix)
    return as_correlation(((vectors * np.exp(values)) @ vectors.T - 0.1 * np.eye(size)) / 0.9)


def connectivity(regions: int, people: int, worlds: int, target: str, *, epsilon: float = 1.0) -> None:
    print(
        f"\nGroup connectivity, {regions} regions, n = {people}, epsilon {epsilon:.3g}, delta 1e-5: relative error, mean of {worlds} simulated worlds"
    )
    mu, rows, won = gaussian_mu(epsilon, DELTA), [], 0
    for seed in range(worlds):
        world = Population(regions, np.random.default_rng(seed))
        public = [world.cohort(100) for _ in range(8)]
        cohort = world.cohort(people)
        plans = {
            kind: plan_connectivity(public, planned_n=people, mu=mu, geometry=kind)
            for kind in ("tangent", "correlation")
        }
        made = {
            kind: error(release_connectivity(cohort, plan=plan).values["correlation"], cohort)
            for kind, plan in plans.items()
        }
        reference = error(plans["tangent"].reference, cohort)
        won += made["tangent"] < reference
        rows.append((error(clip_and_project(cohort, mu), cohort), error(plain_tangent(cohort, public, mu), cohort), reference,
                     made["correlation"], made["tangent"], plans["tangent"].expected_error))  # fmt: skip
    mean = np.mean(rows, axis=0)
    names = ("clip, noise, nearest correlation (by hand)", "tangent, clip, noise (by hand)", "publish only the public reference",
             "ours, geometry 'correlation'", "ours, geometry 'tangent' (default)", "  what the plan expected, from public data")  # fmt: skip
    for name, value in zip(names, mean, strict=True):
        say(name, value, target if name.startswith("ours") else "", 4)
    print(f"  ours below the reference in {won} of {worlds} worlds")


def membership(people: int = 100) -> None:
    print(
        f"\nMembership inference on group connectivity, 17 networks, n = {people} of {2 * people} known to the attacker, 100 shadow releases: AUC"
    )
    rng = np.random.default_rng(0)
    world = Population(17, rng)
    public = [world.cohort(100) for _ in range(8)]
    known = world.cohort(2 * people, site=world.site())
    upper = np.triu_indices(17, 1)
    flat = np.concatenate(public)[:, upper[0], upper[1]]
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    white = vectors / np.sqrt(values + 0.003)
    candidates, centre = known[:, upper[0], upper[1]] @ white, flat.mean(axis=0) @ white

    def attacked(release: Callable[[np.ndarray], np.ndarray]) -> Attack:
        def scores(who: np.ndarray) -> np.ndarray:
            return tracing_scores(candidates, centre=centre, released=release(who)[upper] @ white)

        return attack_membership(scores, people=2 * people, runs=100, rng=rng)

    def private(plan: ConnectivityPlan) -> Callable[[np.ndarray], np.ndarray]:
        return lambda who: release_connectivity(known[who], plan=plan).values["correlation"]

    found = attacked(lambda who: known[who].mean(axis=0))
    say("no privacy (known: .817)", found.auc)
    safe = gaussian_epsilon(attack_mu(0.55), DELTA)
    for epsilon in (safe, 1.0, 2.0, 3.0):
        mu = gaussian_mu(epsilon, DELTA)
        found = attacked(private(plan_connectivity(public, planned_n=people, mu=mu)))
        say(
            f"ours, epsilon {epsilon:.3g} (without shadow models {found.plain_auc:.3f}; no attack passes {attack_auc(mu):.3f})",
            found.auc,
            "target <= .55",
        )


def audit() -> None:
    print(
        "\nEmpirical audit, canary in or out, 10,000 runs each: epsilon proved at 95 % must not exceed the claim"
    )
    world = Population(5, np.random.default_rng(0))
    public = [world.cohort(60) for _ in range(4)]
    others, canary = world.cohort(30), np.full((5, 5), 0.995) + 0.005 * np.eye(5)
    for epsilon in (1.0, 3.0):
        plan = plan_connectivity(public, planned_n=30, mu=gaussian_mu(epsilon, DELTA))
        proved = audit_epsilon(canary_shows(plan, others, canary), delta=DELTA)
        verdict = "holds" if proved <= epsilon else "BROKEN"
        say(f"connectivity release, claimed epsilon {epsilon:g}", proved, f"<= {epsilon:g}: {verdict}")


def canary_shows(plan: ConnectivityPlan, others: np.ndarray, canary: np.ndarray) -> Callable[[bool], float]:
    """The release's noisy sum along the canary's own direction, where it shows most."""

    def rows(matrices: np.ndarray) -> np.ndarray:
        return np.column_stack(
            [clip_rows(plan.coordinates(matrices), norm=plan.clip), np.full(len(matrices), plan.count)]
        )

    without, within, own = rows(others), rows(np.concatenate([others, canary[None]])), rows(canary[None])[0]
    direction = own / np.linalg.norm(own)
    return lambda inside: float(
        noisy_sum(within if inside else without, norm=plan.norm, mu=plan.mu) @ direction
    )


def tables(folder: Path) -> None:
    for name, rows, target in (
        ("UCI heart disease, 4 hospitals", heart(folder), 10),
        ("1000 Functional Connectomes, volumes", volumes(folder), 0),
    ):
        rows = rows[np.random.default_rng(0).permutation(len(rows))]
        print(
            f"\nSynthetic tables: {name}, {rows.shape[0]} x {rows.shape[1]}, fitted to a half (mean of 4 draws)"
        )
        print(
            f"  {'':18s} C2ST   MMD  prec. recall  NNDR copies  share of real-trained score   attribute  MIA (shadow) MIA (plain)"
        )
        peers: list[tuple[str, Any]] = [("real half", None), ("bootstrap", Bootstrap()), ("copula", Copula())]
        peers.append(("forest (ours)", SequentialForest()))
        if target == 10:
            private = PrivateCopula(mu=gaussian_mu(3.0, DELTA), edges=EDGES, whole=[True] * 9 + [False, True])
            peers.append(("private, epsilon 3", private))
        for label, model in peers:
            table_row(label, model, rows, target)
        print("  targets: C2ST <= .60 (known copula .72), MIA <= .53 (known copula .509), share >= .95")


def table_row(label: str, model: Any, rows: np.ndarray, target: int) -> None:
    half, names = len(rows) // 2, tuple(f"c{i}" for i in range(rows.shape[1]))
    fitted, unseen = rows[:half], rows[half:]

    def drawn(who: np.ndarray, count: int, seed: int) -> np.ndarray:
        return (
            who
            if model is None
            else model.fit(Table(names, who)).sample(count, np.random.default_rng(seed)).values
        )

    made = [drawn(fitted, len(unseen), seed) for seed in range(4 if model else 1)]
    judged = [judge(each, fitted=fitted, unseen=unseen) for each in made]
    synthetic, real = train_on_synthetic(
        drawn(fitted, 4 * half, 9), fitted=fitted, unseen=unseen, target=target
    )
    gain = np.mean([attribute_gain(each, fitted=fitted, unseen=unseen, secret=target) for each in made])
    tail = "       -         -"
    if model is not None:
        rng = np.random.default_rng(1)
        attack = attack_membership(
            lambda who: nearest_scores(rows, drawn(rows[who], len(who), int(rng.integers(1 << 31)))),
            people=len(rows), runs=16, rng=rng)  # fmt: skip
        tail = f"{attack.auc:8.3f}     {attack.plain_auc:.3f}"
    alike, j = np.mean([each.two_sample for each in judged]), judged[0]
    print(f"  {label:18s} {alike:.3f} {j.mmd:.3f} {j.precision:.3f}  {j.recall:.3f} {j.neighbour_ratio:.3f}  {j.copies:.3f}"
          f"   {synthetic / real:6.2f} ({synthetic:.3f} of {real:.3f})     {gain:+.3f}   {tail}")  # fmt: skip


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


def scans() -> None:
    print("\nSynthetic fMRI: 40 simulated people, 2 sessions, 30 regions, 300 volumes, 3 planted states")
    rng = np.random.default_rng(0)
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
    say(
        "group connectivity, r of synthetic and real",
        float(np.corrcoef(a[upper], b[upper])[0, 1]),
        "target >= .97",
    )
    for name, first, second in zip(("strength", "clustering", "efficiency"), graph(a), graph(b), strict=True):
        say(f"graph {name}, synthetic over real", second / first, "target within 5 %")

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

    for name, (same, other) in (("real", retest(real)), ("synthetic", retest(made))):
        say(f"{name}: r of a person's two sessions (other persons {other:.3f})", same)
    say("sliding-window variability, synthetic over real", moving(made) / moving(real))
    say(
        "C2ST of people's connectivity",
        two_sample_auc(*(np.array([np.corrcoef(each[0].T)[upper] for each in c]) for c in (real, made))),
    )


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
    say("check: mu 1 at delta 1e-5", gaussian_epsilon(1.0, DELTA), "4.377")
    budgets()
    connectivity(17, 200, 20, "target < .077")
    connectivity(
        17,
        200,
        10,
        "(at the epsilon with which no attack passes .55)",
        epsilon=gaussian_epsilon(attack_mu(0.55), DELTA),
    )
    connectivity(68, 1000, 3, "target < .10")
    membership()
    audit()
    scans()
    electro()
    spikes()
    if folder.is_dir():
        tables(folder)
        roi_volumes(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
