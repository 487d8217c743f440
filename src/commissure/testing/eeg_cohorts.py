"""Made EEG studies with known truth: signals of each person are made, and measured as a laboratory would.

None of these rows is of a person. A row is a window, a person or a trial; ``person`` tells which rows go together.
"""

import numpy as np

from commissure.federate.analysis import Array
from commissure.federate.networks import sigmoid
from commissure.kernels.eeg import (
    BANDS_HZ,
    band_power,
    cut_windows,
    line_length,
    rhythm,
    slow_share,
    suppression,
    synchrony,
)
from commissure.testing.brain_signals import Montage, make_coma, make_imagery, make_preictal, make_seizures

__all__ = ["make_coma_outcome", "make_decoding", "make_detection", "make_prediction", "measure_windows"]

Tables = dict[str, dict[str, Array]]
_WINDOW_S, _RECORD_S = 4.0, 180.0


def _montage(number: int, rng: np.random.Generator, *, channels: int = 6) -> Montage:
    rate = (128.0, 160.0, 200.0)[number % 3]
    return Montage(rate, channels, 50.0, rng.uniform(0.3, 4), rng.uniform(0.8, 1.25), rng.uniform(2, 8))


def measure_windows(windows: Array, *, rate_hz: float) -> dict[str, Array]:
    """What a window tells, over its channels: the median or the highest; powers and line length as logarithms.

    Parameters
    ----------
    windows : array, shape (window, time, channel)
        Microvolts.
    rate_hz : float
    """
    power = {n: band_power(windows, rate_hz=rate_hz, low_hz=a, high_hz=b) for n, (a, b) in BANDS_HZ.items()}
    found = {f"{name}_power": np.log(np.median(values, axis=1)) for name, values in power.items()}
    steps = line_length(windows) * rate_hz / 128.0
    found |= {"line_length": np.log(np.median(steps, axis=1)), "line_length_top": np.log(steps.max(axis=1))}
    found["theta_top"] = np.log(power["theta"].max(axis=1))
    found["rhythm"] = np.median(rhythm(windows, rate_hz=rate_hz, low_hz=2.0, high_hz=8.0), axis=1)
    return found | {"synchrony": synchrony(windows)}


def make_detection(seed: int, *, sites: int = 6, patients: int = 10) -> Tables:
    """Epilepsy monitoring: 4 s windows of records with planted seizures; is the patient in one (``seizure``)?

    Sites sample at 128, 160 or 200 Hz, with other gains, line noise and dirt. Windows that a seizure fills by half or more
    are cases.
    """
    rng, out = np.random.default_rng([seed, 4]), {}
    for number in range(sites):
        montage, parts = _montage(number, rng), []
        for patient in range(patients):
            signal, when = make_seizures(
                _RECORD_S, seizures=int(rng.integers(1, 3)), montage=montage, rng=rng
            )
            windows = cut_windows(signal, length=int(_WINDOW_S * montage.rate_hz))
            middle = (np.arange(len(windows)) + 0.5) * _WINDOW_S
            inside = np.any([(middle >= a) & (middle <= b) for a, b in when], axis=0)
            told = {
                "person": np.full(len(windows), float(patient)),
                "seizure": inside.astype(float),
                "time_s": middle,
            }
            parts.append(measure_windows(windows, rate_hz=montage.rate_hz) | told)
        out[f"EMU-{number + 1}"] = _joined(parts)
    return out


def make_prediction(seed: int, *, sites: int = 8, patients: int = 5) -> Tables:
    """Seizure prediction: 10 s windows of the half hour before a seizure (``preictal``) against hours without.

    Fast activity rises slowly in all; synchrony rises in most patients and falls in some, which a common model cannot know.
    """
    rng, out = np.random.default_rng([seed, 5]), {}
    for number in range(sites):
        montage, parts = _montage(number, rng), []
        for patient in range(patients):
            sign = 1.0 if rng.uniform() < 0.75 else -1.0
            near = np.concatenate([np.zeros(36), rng.uniform(0.35, 1.0, 24)])
            windows = np.stack(
                [make_preictal(10.0, nearness=n, montage=montage, rng=rng, sign=sign) for n in near]
            )
            told = {"person": np.full(len(near), float(patient)), "preictal": (near > 0).astype(float)}
            parts.append(measure_windows(windows, rate_hz=montage.rate_hz) | told)
        out[f"Clinic-{number + 1}"] = _joined(parts)
    return out


def make_coma_outcome(seed: int, *, sites: int = 7) -> Tables:
    """Coma after cardiac arrest: two minutes of EEG a day on, and a poor outcome at six months (``poor``).

    A hidden injury decides: the chance is that of a logistic rule of it. EEG shows it as suppression, low amplitude and
    periodic discharges; the time to return of circulation and a rhythm that can be shocked tell of it too.
    """
    rng, out = np.random.default_rng([seed, 6]), {}
    for number in range(sites):
        montage, rows = _montage(number, rng, channels=4), []
        for _ in range(int(rng.integers(35, 70))):
            age = float(np.clip(rng.normal(62, 14), 20, 92))
            shockable = float(rng.uniform() < 0.5)
            injury = rng.normal() + 0.02 * (age - 62) - 0.8 * (shockable - 0.5)
            truth = float(sigmoid(np.array(0.4 + 2.1 * injury)))
            share = float(np.clip(sigmoid(np.array(1.6 * injury - 1.2 + rng.normal(0, 0.7))), 0, 0.95))
            signal = make_coma(
                60.0, suppressed=share if share > 0.12 else 0.0, montage=montage, rng=rng,
                discharges=2.5 * float(rng.uniform() < 0.12 + 0.25 * sigmoid(np.array(injury))),
                size_uv=float(np.exp(2.6 - 0.25 * injury + rng.normal(0, 0.3))),
            )  # fmt: skip
            told = {"age": age, "female": float(rng.uniform() < 0.35), "shockable": shockable,
                    "rosc_min": float(np.exp(2.9 + 0.25 * injury + rng.normal(0, 0.5)))}  # fmt: skip
            end = {"poor": float(rng.uniform() < truth), "truth": truth}
            rows.append(told | _coma_measures(signal, montage.rate_hz) | end)
        out[f"ICU-{number + 1}"] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return out


def _coma_measures(signal: Array, rate_hz: float) -> dict[str, float]:
    whole = signal[None]
    windows = cut_windows(signal, length=int(_WINDOW_S * rate_hz))
    alpha = band_power(windows, rate_hz=rate_hz, low_hz=8.0, high_hz=13.0)
    return {
        "suppression": float(np.median(suppression(whole, rate_hz=rate_hz))),
        "amplitude": float(np.log(np.median(windows.std(axis=1)))),
        "slow_share": float(np.median(slow_share(windows, rate_hz=rate_hz))),
        "alpha_power": float(np.log(np.median(alpha))),
        "periodic": float(np.median(rhythm(windows, rate_hz=rate_hz, low_hz=0.7, high_hz=1.5))),
        "variability": float(np.log(windows.std(axis=1).std() + 1e-9)),
    }


def make_decoding(seed: int, *, people: int = 16, trials: int = 60) -> Tables:
    """Brain-computer interface: imagined movement of the left or right hand (``right``); each person is a site.

    Heads, caps and mu rhythms (9 to 13 Hz) differ, and how far mu falls, and one cap in five is on the wrong way round.
    Measured is the logarithm of mu and beta power at eight channels.
    """
    rng, out = np.random.default_rng([seed, 7]), {}
    base = np.stack(
        [np.exp(-0.5 * ((np.arange(8) - c) / w) ** 2) for c, w in ((1.5, 1.0), (5.5, 1.0), (3.5, 2.5))]
    )
    for person in range(people):
        mixing = base * rng.uniform(0.6, 1.4, base.shape) + rng.normal(0, 0.12, base.shape)
        mixing = mixing[:, ::-1] if person % 5 == 4 else mixing
        side = rng.permutation(np.arange(trials) % 2 == 1)
        signals = make_imagery(
            side, mu_hz=rng.uniform(9, 13), depth=rng.uniform(0.25, 0.6), mixing=mixing, rng=rng
        )
        mu = np.log(band_power(signals, rate_hz=128.0, low_hz=8.0, high_hz=14.0))
        beta = np.log(band_power(signals, rate_hz=128.0, low_hz=16.0, high_hz=28.0))
        rows = {f"mu_{n + 1}": mu[:, n] for n in range(8)} | {f"beta_{n + 1}": beta[:, n] for n in range(8)}
        out[f"P{person + 1:02d}"] = rows | {"right": side.astype(float)}
    return out


def _joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
