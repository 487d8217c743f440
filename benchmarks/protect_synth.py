"""Synthetic scans, EEG and spike trains of simulated populations with known truth, attacked by shadow models.

The attacker looks for the nearest synthetic person by connectivity or band powers, or for the nearest trial by counts of
spikes. The bootstrap, real people or trials drawn again, must be caught.

Run: python benchmarks/protect_synth.py [scans eeg spikes] [--quick]
"""

import argparse
import warnings
from collections.abc import Callable

import numpy as np

from commissure.protect.synthetic.eeg import EpochedEEG, log_power
from commissure.protect.synthetic.fmri import RegionalSeries, connectivity_of
from commissure.protect.synthetic.judge import attack_generator, check_synthetic, two_sample_auc
from commissure.protect.synthetic.spikes import SpikeTrains, Trials, count_spikes
from commissure.testing.populations import Population

SCANS = 5
SHADOWS = 16


def say(name: str, value: float, target: str = "", digits: int = 3) -> None:
    print(f"  {name:66s} {value:8.{digits}f}   {target}")


def attacked(what: str, rows: np.ndarray, drawn: Callable[[np.ndarray], np.ndarray], *, quick: bool) -> None:
    """Membership with shadow models and nearest neighbours, of the generator and of the bootstrap."""
    rng = np.random.default_rng(0)

    def foil(who: np.ndarray) -> np.ndarray:
        return rows[rng.choice(who, len(who))]

    print(f"  attacks, by the nearest {what}, of {len(rows)}:")
    for label, made in (("ours", drawn), ("bootstrap", foil)):
        found, attack = attack_generator(rows, made, runs=8 if quick else SHADOWS, rng=np.random.default_rng(1))  # fmt: skip
        caught = [each for each in check_synthetic(found, membership=attack.auc) if each.check == "privacy.synthetic_leaks"]  # fmt: skip
        print(f"    {label:10s} MIA {attack.auc:.3f} (plain {attack.plain_auc:.3f}, {attack.runs} shadows) | NNDR {found.neighbour_ratio:.3f} copies {found.copies:.2f}: "
              f"{'caught as leaking' if caught else 'not caught'}", flush=True)  # fmt: skip


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


def population(seed: int, people: int) -> list[list[np.ndarray]]:
    """Two scans each of 30 regions and 300 volumes: traits, sessions, and three planted states."""
    rng = np.random.default_rng(seed)
    world, slow = Population(30, rng), 1 / (1 + (np.fft.rfftfreq(300)[:, None] / 0.08) ** 2)
    states = 0.3 * world.traits(3)
    real: list[list[np.ndarray]] = []
    for trait in world.traits(people):
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
    return real


def scanned(seed: int) -> list[float]:
    """What is measured on one simulated world: r, three graph ratios, retest of real and synthetic, variability, C2ST."""
    real, rng = population(seed, 40), np.random.default_rng(1000 + seed)
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


def scans(*, quick: bool) -> None:
    worlds = 2 if quick else SCANS
    print(f"\nSynthetic fMRI: 40 simulated people, 2 sessions, 30 regions, 300 volumes, 3 planted states; mean over {worlds} worlds (worst)")  # fmt: skip
    rows = np.array([scanned(seed) for seed in range(worlds)])
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
    people, rng = population(SCANS, 80), np.random.default_rng(3)
    upper = np.triu_indices(30, 1)

    def flat(cohort: list[list[np.ndarray]]) -> np.ndarray:
        return np.array([np.mean([np.corrcoef(scan.T)[upper] for scan in each], axis=0) for each in cohort])

    attacked(
        "person's connectivity",
        flat(people),
        lambda who: flat(RegionalSeries().fit([people[i] for i in who]).sample(len(who), rng)),
        quick=quick,
    )


def electro(*, quick: bool) -> None:
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
    people = np.concatenate([fitted, unseen])
    attacked(
        "person's band powers",
        np.concatenate([a, c]).reshape(len(people), -1),
        lambda who: log_power(EpochedEEG(rate_hz=rate).fit(people[who]).sample(len(who), rng), rate_hz=rate).reshape(len(who), -1),
        quick=quick,
    )  # fmt: skip


def recorded(rng: np.random.Generator) -> Trials:
    """Trials of 8 tuned units with a common gain, coincidences, three milliseconds of silence after a spike, and drift."""
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
    return Trials(tuple(trials), shown, 1.0)


def spikes(*, quick: bool) -> None:
    print("\nSynthetic spike trains: 8 simulated units, 4 stimuli, 400 trials of 1 s")
    rng = np.random.default_rng(2)
    real = recorded(rng)
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

    def counted(cohort: Trials) -> np.ndarray:
        return count_spikes(cohort, window_s=0.1).reshape(len(cohort.times_s), -1)

    attacked(
        "trial's counts in 100 ms",
        counted(real),
        lambda who: counted(SpikeTrains().fit(Trials(tuple(real.times_s[i] for i in who), real.stimulus[who], 1.0)).sample(len(who), rng)),
        quick=quick,
    )  # fmt: skip


PARTS = {"scans": scans, "eeg": electro, "spikes": spikes}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    said = parser.parse_args()
    for part in said.parts or PARTS:
        PARTS[part](quick=said.quick)
