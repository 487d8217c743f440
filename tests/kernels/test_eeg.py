"""Measures of EEG on signals whose truth was planted."""

import numpy as np

from commissure.kernels.eeg import (
    band_power,
    cut_windows,
    line_length,
    rhythm,
    slow_share,
    suppression,
    synchrony,
)
from commissure.testing.brain_signals import Montage, make_background, make_coma, make_imagery, make_seizures

RATE = 128.0
TIME = np.arange(int(8 * RATE)) / RATE


def test_band_power_is_that_of_a_sine_at_any_rate() -> None:
    for rate in (128.0, 250.0):
        wave = 10 * np.sin(2 * np.pi * 6 * np.arange(int(8 * rate)) / rate)[None, :, None]
        assert abs(band_power(wave, rate_hz=rate, low_hz=4, high_hz=8)[0, 0] - 50) < 1
        assert band_power(wave, rate_hz=rate, low_hz=13, high_hz=30)[0, 0] < 0.01


def test_rhythm_tells_a_rhythm_from_noise() -> None:
    noise = np.random.default_rng(0).normal(size=(20, TIME.size, 1))
    waves = np.sin(2 * np.pi * 3 * TIME)[None, :, None] + 0.3 * noise
    assert rhythm(waves, rate_hz=RATE, low_hz=2, high_hz=8).min() > 0.8
    assert rhythm(noise, rate_hz=RATE, low_hz=2, high_hz=8).max() < 0.5


def test_suppression_is_the_share_that_was_planted() -> None:
    for share in (0.2, 0.5, 0.8):
        found = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            signal = make_coma(
                120, suppressed=share, discharges=0, size_uv=25, montage=Montage(line_uv=0.5), rng=rng
            )
            found.append(float(np.median(suppression(signal[None], rate_hz=RATE))))
        assert abs(np.mean(found) - share) < 0.1
    awake = make_background(60, montage=Montage(), rng=np.random.default_rng(0))
    assert suppression(awake[None], rate_hz=RATE).max() < 0.05


def test_seizures_stand_out_in_line_length_and_rhythm() -> None:
    inside, outside = [], []
    for seed in range(4):
        montage = Montage()
        signal, when = make_seizures(180, seizures=2, montage=montage, rng=np.random.default_rng(seed))
        windows = cut_windows(signal, length=int(4 * RATE))
        middle = (np.arange(len(windows)) + 0.5) * 4
        ictal = np.any([(middle > a + 10) & (middle < b) for a, b in when], axis=0)
        tops = line_length(windows).max(axis=1)
        inside.append(np.median(tops[ictal]))
        outside.append(np.median(tops[~ictal]))
    assert np.mean(inside) > 1.3 * np.mean(outside)


def test_imagined_movement_lowers_mu_across_from_the_hand() -> None:
    mixing = np.zeros((3, 8))
    mixing[[0, 1, 2], [1, 5, 7]] = 1
    side = np.arange(80) % 2 == 1
    trials = make_imagery(side, mu_hz=11, depth=0.5, mixing=mixing, rng=np.random.default_rng(0))
    mu = np.log(band_power(trials, rate_hz=RATE, low_hz=9, high_hz=13))
    left = mu[:, 1] - mu[:, 5]
    assert left[side].mean() < left[~side].mean() - 0.5


def test_synchrony_and_slowness() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(5, 512, 1))
    assert synchrony(common + 0.1 * rng.normal(size=(5, 512, 4))).min() > 0.95
    assert synchrony(rng.normal(size=(5, 512, 4))).max() < 0.2
    slow = np.sin(2 * np.pi * 2 * TIME)[None, :, None]
    assert slow_share(slow, rate_hz=RATE)[0, 0] > 0.95
