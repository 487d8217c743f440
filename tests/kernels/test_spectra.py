"""Spectra, montages and embeddings against what was planted."""

import numpy as np
import pytest

from commissure.kernels.embedding import mean_embedding
from commissure.kernels.montage import NEIGHBOURS, REGIONS, region_of_name, region_of_position
from commissure.kernels.spectra import aperiodic, bin_log_power, fourier, log_bins, spread_windows


@pytest.mark.parametrize("seed", range(5))
def test_the_exponent_and_the_peak_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hz = np.linspace(2, 40, 80)
    exponent, at = rng.uniform(0.5, 2.0), rng.uniform(8, 12)
    log = 1.0 - exponent * np.log(hz) + 1.5 * np.exp(-0.5 * ((hz - at) / 1.2) ** 2) + rng.normal(0, 0.05, 80)
    _, found, above = aperiodic(log, frequencies_hz=hz)
    assert abs(found - exponent) < 0.12
    assert abs(hz[above.argmax()] - at) < 0.8


def test_power_lands_in_its_bin_whatever_the_trend() -> None:
    time = np.arange(512) / 256
    lines = np.abs(fourier((np.sin(2 * np.pi * 10 * time) + 50 * time + 7)[:, None])) ** 2
    binned = bin_log_power(lines, frequencies_hz=np.fft.rfftfreq(512, 1 / 256), edges_hz=(2, 8, 12, 20, 40))[
        :, 0
    ]
    assert binned.argmax() == 1
    assert binned[1] - np.delete(binned, 1).max() > 5


def test_windows_stay_inside_and_cover_all() -> None:
    for samples, length, most in ((10, 20, 5), (100, 10, 4), (100, 10, 400), (7, 7, 1)):
        starts = spread_windows(samples, length=length, most=most)
        assert len(starts) <= most
        assert all(0 <= start <= samples - length for start in starts)
    assert len(log_bins(1, 4, count=4)) == 5


def test_every_region_has_a_site_and_neighbours() -> None:
    sites = "Fp1 Fz F4 C3 Cz C4 T3 T8 O1 Oz P8".split()  # noqa: SIM905 - as one reads them on a cap
    assert [region_of_name(name) for name in sites] == list(range(len(REGIONS)))
    assert set(NEIGHBOURS) == set(range(len(REGIONS)))
    assert region_of_name("EOG") is None and region_of_name("Trigger 1") is None
    places = np.array([[-60.0, 60, 0], [60, 60, 0], [0, -80, 0], [0, 0, 90], [-70, 0, 0], [70, 0, 0]])
    assert [REGIONS[i] for i in region_of_position(places)] == [
        "frontal left", "frontal right", "posterior middle", "central middle", "temporal left", "temporal right",
    ]  # fmt: skip


def test_embeddings_are_as_far_apart_as_distributions() -> None:
    rng = np.random.default_rng(0)
    a, b, c = (mean_embedding(rng.normal(0, s, (800, 3)), features=128) for s in (1.0, 1.0, 2.5))
    assert np.linalg.norm(a - b) < 0.4 * np.linalg.norm(a - c)
