"""Synthetic scans, EEG and spike trains keep what was planted in the cohorts they learned from."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.protect.synthetic.eeg import EpochedEEG, add_artifacts, log_power
from commissure.protect.synthetic.fmri import RegionalSeries, connectivity_of
from commissure.protect.synthetic.judge import attack_generator, check_synthetic
from commissure.protect.synthetic.spikes import SpikeTrains, Trials, count_spikes
from commissure.testing.populations import Population


def scans(people: int, rng: np.random.Generator, regions: int = 12) -> list[list[np.ndarray]]:
    """Two sessions each of slow noise whose connectivity is a trait plus a session."""
    world = Population(regions, rng)
    slow = 1 / (1 + (np.fft.rfftfreq(200)[:, None] / 0.1) ** 2)
    made = []
    for trait in world.traits(people):
        made.append([])
        for _ in range(2):
            values, vectors = np.linalg.eigh(world.truth + trait + 0.3 * world.traits(1)[0])
            white = np.fft.irfft(np.fft.rfft(rng.normal(size=(200, regions)), axis=0) * slow, n=200, axis=0)
            made[-1].append(white @ ((vectors * np.exp(values / 2)) @ vectors.T))
    return made


def test_scans_keep_connectivity_spectra_and_test_retest() -> None:
    rng = np.random.default_rng(0)
    real = scans(30, rng)
    made = RegionalSeries(states=2).fit(real).sample(30, rng)
    upper = np.triu_indices(12, 1)
    a, b = connectivity_of(real), connectivity_of(made)
    assert np.corrcoef(a[upper], b[upper])[0, 1] >= 0.97
    assert np.abs(b[upper]).mean() == pytest.approx(np.abs(a[upper]).mean(), rel=0.05)

    def same_and_other(cohort: list[list[np.ndarray]]) -> tuple[float, float]:
        flat = np.array([[np.corrcoef(s.T)[upper] for s in each] for each in cohort])
        alike = np.corrcoef(np.concatenate([flat[:, 0], flat[:, 1]]))[:30, 30:]
        return float(np.diag(alike).mean()), float(alike[~np.eye(30, dtype=bool)].mean())

    (same, other), (own, others) = same_and_other(real), same_and_other(made)
    assert own == pytest.approx(same, abs=0.12) and own - others == pytest.approx(same - other, abs=0.1)

    def share(cohort: list[list[np.ndarray]]) -> float:
        power = np.mean(
            [np.abs(np.fft.rfft(s / s.std(axis=0), axis=0)) ** 2 for each in cohort for s in each],
            axis=(0, 2),
        )
        return float(power[:20].sum() / power.sum())

    assert share(made) == pytest.approx(share(real), abs=0.05)


def epochs(people: int, rng: np.random.Generator, *, rate: float, each: int = 40) -> np.ndarray:
    """Six channels with an alpha rhythm of each person's own, and an ERP at 0.3 s."""
    mix = np.eye(6) + 0.4 * rng.normal(size=(6, 6))
    time, bins = np.arange(128) / rate, np.fft.rfftfreq(128, 1 / rate)
    made = np.empty((people, each, 128, 6))
    for person in range(people):
        shape = 1 / (1 + bins) + np.exp(0.5 * rng.normal()) * 0.3 * np.exp(-((bins - 10) ** 2) / 2)
        noise = np.fft.irfft(
            np.fft.rfft(rng.normal(size=(each, 128, 6)), axis=1) * shape[:, None], n=128, axis=1
        )
        erp = 4e-6 * np.exp(-((time - 0.3) ** 2) / 0.004)[:, None] * np.linspace(0.2, 1, 6)
        made[person] = noise @ mix.T * 1e-5 + erp
    return made


def test_eeg_keeps_spectra_topography_and_erp_and_takes_artifacts_by_wish() -> None:
    rng, rate = np.random.default_rng(1), 128.0
    real = epochs(24, rng, rate=rate)
    made = EpochedEEG(rate_hz=rate).fit(real).sample(24, rng)
    a, b = log_power(real, rate_hz=rate), log_power(made, rate_hz=rate)
    assert np.abs(a.mean(axis=0) - b.mean(axis=0)).max() < 0.25
    assert b.std(axis=0).mean() == pytest.approx(a.std(axis=0).mean(), rel=0.35)
    assert np.corrcoef(real.mean(axis=(0, 1)).ravel(), made.mean(axis=(0, 1)).ravel())[0, 1] > 0.9
    first, second = (np.cov(x.reshape(-1, 6).T) for x in (real, made))
    assert np.linalg.norm(first - second) < 0.12 * np.linalg.norm(first)
    dirty, held = add_artifacts(made, rate_hz=rate, rng=rng, blinks=0.25)
    assert 0.18 < held.mean() < 0.32
    assert np.abs(dirty - made).max(axis=(2, 3))[held].min() > 40e-6 and (dirty[~held] == made[~held]).all()


def spikes(trials: int, rng: np.random.Generator) -> Trials:
    """Six tuned units with a common gain, three milliseconds of silence after a spike, and a drift down by a third."""
    shown, made = rng.integers(0, 4, trials), []
    grid = np.arange(0, 0.6, 0.0005)
    for trial in range(trials):
        gain, units = np.exp(0.3 * rng.normal()) * (1 - 0.35 * trial / trials), []
        for unit in range(6):
            rate = (12 + 4 * unit) * (1 + 0.8 * np.cos(2 * np.pi * (shown[trial] / 4 - unit / 6))) * gain
            times: list[float] = []
            for at in grid[rng.uniform(size=len(grid)) < rate * 0.0005]:
                if not times or at - times[-1] >= 0.003:
                    times.append(float(at))
            units.append(np.array(times))
        made.append(tuple(units))
    return Trials(tuple(made), shown, 0.6)


def test_spike_trains_keep_tuning_correlation_silence_and_drift() -> None:
    rng = np.random.default_rng(2)
    real = spikes(300, rng)
    made = SpikeTrains().fit(real).sample(300, rng)
    a, b = count_spikes(real), count_spikes(made)
    tuned, again = (
        np.array([c[t.stimulus == s].mean(axis=0) for s in range(4)]) for c, t in ((a, real), (b, made))
    )
    assert np.corrcoef(tuned.ravel(), again.ravel())[0, 1] > 0.97
    assert b.mean() == pytest.approx(a.mean(), rel=0.1)
    upper = np.triu_indices(6, 1)
    shared, kept = (
        np.corrcoef((c - m[t.stimulus]).T)[upper].mean() for c, m, t in ((a, tuned, real), (b, again, made))
    )
    assert kept == pytest.approx(shared, abs=0.12) and shared > 0.15
    shortest = min(float(np.diff(u).min()) for t in made.times_s for u in t if len(u) > 1)
    assert shortest >= 0.003 - 1e-9
    assert b[150:].mean() / b[:150].mean() == pytest.approx(a[150:].mean() / a[:150].mean(), abs=0.12)


@pytest.mark.parametrize("kind", ["scans", "eeg", "spikes"])
def test_attacks_pass_what_is_made_and_catch_what_is_drawn_again(kind: str) -> None:
    rng, upper = np.random.default_rng(4), np.triu_indices(12, 1)

    def connected(cohort: list[list[np.ndarray]]) -> np.ndarray:
        return np.array([np.mean([np.corrcoef(s.T)[upper] for s in each], axis=0) for each in cohort])

    def counted(cohort: Trials) -> np.ndarray:
        return count_spikes(cohort, window_s=0.1).reshape(len(cohort.times_s), -1)

    if kind == "scans":
        people = scans(60, rng)
        rows = connected(people)
    elif kind == "eeg":
        volts = epochs(60, rng, rate=128.0, each=10)
        rows = log_power(volts, rate_hz=128.0)
    else:
        whole = spikes(120, rng)
        rows = counted(whole)

    def drawn(who: np.ndarray) -> np.ndarray:
        if kind == "scans":
            return connected(RegionalSeries(states=1).fit([people[i] for i in who]).sample(len(who), rng))
        if kind == "eeg":
            made = EpochedEEG(rate_hz=128.0).fit(volts[who]).sample(len(who), rng)
            return log_power(made, rate_hz=128.0)
        fitted = Trials(tuple(whole.times_s[i] for i in who), whole.stimulus[who], 0.6)
        return counted(SpikeTrains().fit(fitted).sample(len(who), rng))

    found, attack = attack_generator(rows, drawn, runs=8, rng=np.random.default_rng(0))
    again, leak = attack_generator(rows, lambda who: rows[rng.choice(who, len(who))], runs=8, rng=np.random.default_rng(0))  # fmt: skip
    assert found.copies == 0 and found.neighbour_ratio > 0.85
    assert again.copies == 1.0 and again.neighbour_ratio < 0.05
    # thirty people, or sixty trials, teach any generator their own mean; the bootstrap gives its people away
    assert attack.plain_auc < 0.7 < leak.plain_auc
    assert [each.check for each in check_synthetic(again, membership=leak.auc)][:1] == ["privacy.synthetic_leaks"]  # fmt: skip


def test_bad_cohorts_are_refused_with_the_numbers() -> None:
    rng = np.random.default_rng(3)
    flat = [[rng.normal(size=(60, 3))] for _ in range(6)]
    flat[2][0][:, 1] = 4.0
    flat[3][0][5, 0] = np.nan
    with pytest.raises(BadInput, match="1 scans hold missing values and 1 a constant region"):
        RegionalSeries().fit(flat)
    with pytest.raises(BadInput, match=r"5 subjects.*got 2"):
        RegionalSeries().fit(flat[:2])
    with pytest.raises(BadInput, match="2 channels of subjects are constant"):
        dead = rng.normal(size=(6, 5, 50, 3))
        dead[:2, :, :, 1] = 0
        EpochedEEG(rate_hz=100.0).fit(dead)
    silent = Trials(tuple((np.array([0.1, 0.2]), np.array([])) for _ in range(30)), np.zeros(30), 0.5)
    with pytest.raises(BadInput, match="1 units have under 10 spikes"):
        SpikeTrains().fit(silent)


def test_courses_that_are_there_stay_and_those_of_few_spikes_are_flattened() -> None:
    rng = np.random.default_rng(5)
    shown, time = np.arange(120) % 2, np.arange(300) * 0.002
    burst = 1 + 2 * np.exp(-((time - 0.2) ** 2) / 0.004)
    truth = np.stack([np.stack([burst, np.ones(300)], axis=1), np.stack([burst[::-1], np.ones(300)], axis=1)])
    fired = rng.uniform(size=(120, 300, 2)) < 0.04 * truth[shown]
    times = tuple(
        tuple(np.flatnonzero(fired[trial, :, unit]) * 0.002 for unit in range(2)) for trial in range(120)
    )
    learned = SpikeTrains().fit(Trials(times, shown, 0.6)).rate_
    for stimulus in range(2):
        assert np.corrcoef(learned[stimulus, :, 0], truth[stimulus, :, 0])[0, 1] > 0.95
        # sixty trials of 20 spikes a second leave a tenth or more by chance in each smoothed bin
        assert learned[stimulus, :, 1].std() < 0.05 * learned[stimulus, :, 1].mean()


def test_people_differ_along_more_than_the_people_who_were_learned() -> None:
    rng = np.random.default_rng(6)
    real, made_people = scans(8, rng), 60
    upper = np.triu_indices(12, 1)
    made = RegionalSeries(states=1, volumes=4000).fit(real).sample(made_people, rng)
    rows = np.array([np.mean([np.corrcoef(s.T)[upper] for s in each], axis=0) for each in made])
    size = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
    # sixteen scans span sixteen directions at most: what is drawn must not be confined to them
    assert size[16:].sum() > 0.1 * size.sum()
