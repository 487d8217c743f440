"""Planted faults are found, at a stated precision and recall, and clean data stay quiet."""

import time
from dataclasses import replace

import numpy as np
import pytest

from commissure.annotate.quality import check_quality
from commissure.annotate.quality_tracks import contamination
from commissure.model import (
    About,
    Annotation,
    Cells,
    Channel,
    Gaze,
    Image,
    Movie,
    Pose,
    Recording,
    Severity,
    Subject,
    Sweep,
    Sweeps,
    Units,
)

ABOUT = About("eeg", Subject("01"))
SEEDS = range(40)


def pink(rng: np.random.Generator, samples: int, channels: int) -> np.ndarray:
    spectrum = np.fft.rfft(rng.standard_normal((samples, channels)), axis=0)
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))[:, None]
    signal = np.fft.irfft(spectrum, n=samples, axis=0)
    return signal / signal.std(axis=0) * rng.lognormal(0, 0.25, channels)


def eeg(volts: np.ndarray, *, rate_hz: float = 250.0, **more: object) -> Recording:
    channels = tuple(Channel(f"E{i}", "EEG") for i in range(volts.shape[1]))
    return Recording(volts, rate_hz, channels, ABOUT, **more)  # type: ignore[arg-type]


def test_planted_bad_channels_are_found_over_forty_seeds() -> None:
    planted, found, right = 0, 0, 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        volts = pink(rng, 5000, 32)
        flat, noisy, clipped, missing = rng.choice(32, 4, replace=False)
        volts[:, flat] = 1e-9
        volts[:, noisy] += 12 * rng.standard_normal(5000)
        limit = 1.2 * volts[:, clipped].std()
        volts[:, clipped] = np.clip(volts[:, clipped], -limit, limit)
        volts[100:110, missing] = np.nan
        truth = {
            ("flat", f"E{flat}"),
            ("noisy", f"E{noisy}"),
            ("clipped", f"E{clipped}"),
            ("nan", f"E{missing}"),
        }
        marks, _ = check_quality(eeg(volts))
        told = {
            (mark.label, mark.channels[0]) for mark in marks if mark.channels and mark.label != "line_noise"
        }
        planted, found, right = planted + len(truth), found + len(told), right + len(told & truth)
    assert right / planted >= 0.99
    assert right / found >= 0.99


def test_clean_recordings_get_no_marks() -> None:
    told = [
        mark for seed in SEEDS for mark in check_quality(eeg(pink(np.random.default_rng(seed), 5000, 32)))[0]
    ]
    assert len(told) <= 1


@pytest.mark.parametrize("line_hz", [50.0, 60.0])
def test_line_noise_is_found_at_its_frequency_only(line_hz: float) -> None:
    hits = 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        volts = pink(rng, 5000, 16)
        hum = np.sin(2 * np.pi * line_hz * np.arange(5000) / 250.0)
        volts[:, :8] += 0.5 * hum[:, None]
        marks = [mark for mark in check_quality(eeg(volts))[0] if mark.label == "line_noise"]
        hits += (
            len(marks) == 1
            and marks[0].details["frequency_hz"] == line_hz
            and set(marks[0].channels) == {f"E{i}" for i in range(8)}
        )
    assert hits >= 39


def test_dropped_samples_are_found_where_they_are() -> None:
    volts = pink(np.random.default_rng(1), 5000, 8)
    volts[2000:2100] = volts[2000]
    marks = [mark for mark in check_quality(eeg(volts))[0] if mark.label == "dropped_samples"]
    assert len(marks) == 1
    assert marks[0].onset_s == pytest.approx(8.0, abs=0.01)
    assert marks[0].duration_s == pytest.approx(0.4, abs=0.02)


def test_gaps_backward_clocks_and_late_events_are_told() -> None:
    recording = eeg(
        pink(np.random.default_rng(1), 1000, 4),
        gaps=((250, 1.5), (500, -0.2)),
        annotations=(Annotation("stimulus", 99.0),),
    )
    marks, findings = check_quality(recording)
    assert [(mark.label, mark.onset_s) for mark in marks] == [("gap", 1.0), ("clock_backwards", 2.0)]
    assert {finding.check for finding in findings} == {
        "quality.gaps",
        "quality.clock_backwards",
        "quality.events_outside",
    }
    assert all(finding.severity is not Severity.ERROR for finding in findings)


def test_trigger_lines_are_not_called_flat() -> None:
    volts = np.zeros((1000, 2))
    recording = Recording(volts, 250.0, (Channel("STI", "TRIG"), Channel("Status", "MISC")), ABOUT)
    assert check_quality(recording) == ((), ())


def test_a_one_sample_recording_is_told_not_judged() -> None:
    assert [f.check for f in check_quality(eeg(np.zeros((1, 2))))[1]] == ["quality.short"]


class _Endless:
    """Two gigabytes of int16 that exist only where they are looked at."""

    shape = (2_700_000, 385)
    dtype = np.dtype("<i2")

    def __init__(self) -> None:
        self.read = 0
        self.block = (np.random.default_rng(0).standard_normal((30_000, 385)) * 20).astype("<i2")

    def __getitem__(self, key: slice) -> np.ndarray:
        length = key.stop - key.start
        self.read += length * 385
        return np.roll(self.block, key.start * 7919 % 30_000, axis=0)[:length]


def test_two_gigabytes_cost_seconds_not_minutes() -> None:
    signal = _Endless()
    channels = tuple(Channel(f"AP{i}", "OTHER", gain=2.3e-6) for i in range(385))
    start = time.process_time()
    marks, _ = check_quality(Recording(signal, 30_000.0, channels, ABOUT))
    assert time.process_time() - start < 6.0
    assert signal.read <= 25_000_000
    assert not marks


def head(rng: np.random.Generator, volumes: int) -> np.ndarray:
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in (40, 40, 24)), indexing="ij")
    brain = (
        1000.0
        * (np.sqrt((x / 0.6) ** 2 + (y / 0.7) ** 2 + (z / 0.7) ** 2) < 1)
        * (1 + 0.2 * np.sin(8 * x) * np.cos(6 * y))
    )
    noise = rng.standard_normal((2, *brain.shape, volumes)) * 20
    return np.hypot(brain[..., None] + noise[0], noise[1]).astype(np.float32)


def bold(data: np.ndarray) -> Image:
    about = replace(ABOUT, datatype="func", suffix="bold", sidecar={"PhaseEncodingDirection": "j"})
    return Image(data, np.diag([3.0, 3.0, 3.0, 1.0]), about, repetition_s=2.0)


def test_a_head_that_moves_is_found_and_a_still_one_is_not() -> None:
    right, still = 0, 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        data = head(rng, 20)
        still += not check_quality(bold(data))[0]
        when = int(rng.integers(3, 18))
        data[..., when:] = np.roll(data[..., when:], 1, axis=int(rng.integers(0, 3)))
        marks = [mark for mark in check_quality(bold(data))[0] if mark.label == "motion"]
        right += [mark.details["volume"] for mark in marks] == [when] and marks[0].onset_s == 2.0 * when
    assert right == 10
    assert still == 10


def test_spikes_ghosts_and_noise_of_images_are_found() -> None:
    rng = np.random.default_rng(0)
    data = head(rng, 20)
    spiked = data.copy()
    spiked[..., 9] *= 1.25
    assert any(mark.details["volume"] == 9 for mark in check_quality(bold(spiked))[0])
    ghosted = data + 0.3 * np.roll(data, 20, axis=1)
    assert "quality.ghost" in {finding.check for finding in check_quality(bold(ghosted))[1]}
    noisy = data + np.abs(rng.standard_normal(data.shape[:3]))[..., None] * 700
    assert "quality.snr" in {finding.check for finding in check_quality(bold(noisy))[1]}
    assert "quality.empty" in {f.check for f in check_quality(bold(np.zeros((4, 4, 4, 6))))[1]}


def test_contamination_is_measured_within_a_third() -> None:
    for share in (0.15, 0.3):
        estimates = []
        for seed in range(10):
            rng = np.random.default_rng(seed)
            own = np.cumsum(0.002 + rng.exponential(0.05, 20_000))
            foreign = np.sort(rng.uniform(0, own[-1], int(share / (1 - share) * len(own))))
            estimates.append(contamination(np.sort(np.concatenate([own, foreign])), duration_s=own[-1]))
        assert np.mean(estimates) == pytest.approx(share, rel=0.34)


def test_units_sweeps_poses_gaze_films_and_cells_are_judged() -> None:
    rng = np.random.default_rng(0)
    clean = np.cumsum(0.003 + rng.exponential(0.05, 2000))
    dirty = np.sort(rng.uniform(0, clean[-1], 4000))
    marks, _ = check_quality(Units((1, 2), (clean, dirty), ABOUT))
    assert [mark.details["unit"] for mark in marks] == [2]

    sweeps = (Sweep(0.0, rng.standard_normal((10, 1))), Sweep(1.0, np.zeros((10, 1))))
    marks, _ = check_quality(Sweeps(sweeps, 10.0, (Channel("I"),), "voltage_clamp", ABOUT))
    assert [(mark.label, mark.details["sweep"]) for mark in marks] == [("flat", 1)]

    walk = np.cumsum(rng.standard_normal((500, 2, 2)), axis=0)
    walk[200, 0] += 400.0
    confidence = np.ones((500, 2))
    confidence[300:420, 1] = 0.1
    marks, findings = check_quality(Pose(("nose", "tail"), walk, confidence, np.arange(500) / 30, ABOUT))
    assert {(mark.label, mark.channels) for mark in marks} == {
        ("tracking_jump", ("nose",)),
        ("low_confidence", ("tail",)),
    }
    assert {finding.check for finding in findings} == {"quality.confidence", "quality.tracking_jump"}

    samples = rng.standard_normal((100, 2))
    samples[:50] = np.nan
    assert check_quality(Gaze(samples, ("x", "y"), 500.0, ABOUT))[1][0].check == "quality.eye_lost"

    frames = rng.integers(0, 255, (30, 8, 8))
    frames[11] = frames[10]
    marks, _ = check_quality(Movie(frames, 10.0, ABOUT))
    assert [(mark.label, mark.details["frame"]) for mark in marks] == [("dropped_frame", 10)]

    traces = rng.standard_normal((50, 3))
    traces[:, 1] = 2.0
    marks, _ = check_quality(Cells((), {"fluorescence": traces}, 10.0, ABOUT))
    assert [mark.details["cell"] for mark in marks] == [1]
