"""Quality of a Recording: flat, noisy, clipped and NaN channels, line noise, dropped samples, gaps in the clock.

Each channel is compared with the channels of its own type, on a robust scale (median and MAD), as in PREP (Bigdely-
Shamlo et al. 2015, doi:10.3389/fninf.2015.00016).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model import Annotation, Finding, Recording, Severity

__all__ = ["check_recording"]

_LONGEST_S = 60.0
_WINDOWS = 20
_VALUES = 16_000_000
_SHORTEST_WINDOW_S = 0.5
_IGNORED_TYPES = frozenset(
    {"TRIG", "STIM", "SYSCLOCK", "MISC", "ADC", "DIN", "SYNC", "DIGITAL", "CLOCK", "EVENT"}
)
#: of the windows; a coarse signal stands still for most samples, yet not for whole windows
_FLAT_SHARE = 0.5
_FLAT_RATIO = 1e-3
_CLIPPED_SHARE = 2e-3
_LEVELS = 16
_NOISY_RATIO, _NOISY_Z = 3.0, 5.0
_PEERS = 6
_LINE_RATIO = 20.0
_LARGE_RATIO = 1000
_DROPPED_S = 0.005
_SHOWN = 6


@dataclass
class _Sums:
    """What is gathered over the windows, one value a channel."""

    clipped: NDArray[np.float64]
    missing: NDArray[np.float64]
    amplitude: list[NDArray[np.float64]] = field(default_factory=list)
    roughness: list[NDArray[np.float64]] = field(default_factory=list)
    line: dict[float, list[NDArray[np.float64]]] = field(default_factory=lambda: {50.0: [], 60.0: []})
    dropped: list[tuple[float, float]] = field(default_factory=list)
    samples: int = 0


def check_recording(
    recording: Recording, *, rng: np.random.Generator | None = None
) -> tuple[tuple[Annotation, ...], tuple[Finding, ...]]:
    """Marks and Findings of one recording; reads at most a minute, and at most 16 million samples, spread evenly."""
    marks: list[Annotation] = list(_clock_marks(recording))
    findings = list(_clock_findings(recording))
    count = recording.signal.shape[0]
    if count < 3 or not recording.channels:
        findings.append(_finding("quality.short", f"The recording has {count} samples; too few to judge."))
        return tuple(marks), tuple(findings)
    sums = _gather(recording, rng)
    names = np.array([channel.name for channel in recording.channels])
    judged = np.array([channel.type.upper() not in _IGNORED_TYPES for channel in recording.channels])
    types = np.array([channel.type.upper() for channel in recording.channels])
    missing = sums.missing > 0
    flat = judged & ~missing & _flat(sums, types)
    clipped = judged & ~flat & (sums.clipped > _CLIPPED_SHARE * sums.samples)
    noisy = judged & ~flat & ~missing & _noisy(sums, types, judged & ~flat & ~missing)
    for label, which, message in (
        ("nan", missing, "hold values that are no numbers"),
        ("flat", flat, "do not change"),
        ("clipped", clipped, "stand at the limit of their range"),
        ("noisy", noisy, "are far noisier than their peers"),
    ):
        found = tuple(str(name) for name in names[which])
        marks += [Annotation(label, channels=(name,), by="quality") for name in found]
        if found:
            findings.append(_of_channels(label, found, len(names), message))
    _line(sums, names, judged & ~flat & ~missing, marks, findings)
    _dropped(sums, marks, findings)
    return tuple(marks), tuple(findings)


def _windows(recording: Recording, rng: np.random.Generator | None) -> Iterator[tuple[int, int]]:
    count, channels = recording.signal.shape[0], max(1, len(recording.channels))
    most = int(min(_LONGEST_S * recording.rate_hz, _VALUES / channels))
    most = max(most, min(count, int(_SHORTEST_WINDOW_S * recording.rate_hz), _VALUES // channels), 3)
    if count <= most:
        length = max(3, int(min(count, max(2 * recording.rate_hz, 256))))
        yield from ((start, min(start + length, count)) for start in range(0, count - 2, length))
        return
    length = max(most // _WINDOWS, min(most, int(_SHORTEST_WINDOW_S * recording.rate_hz)), 3)
    windows = max(1, most // length)
    step = (count - length) / max(1, windows - 1)
    for index in range(windows):
        jitter = 0.0 if rng is None else float(rng.uniform(-0.5, 0.5)) * max(0.0, step - length)
        start = int(np.clip(index * step + jitter, 0, count - length))
        yield start, start + length


def _gather(recording: Recording, rng: np.random.Generator | None) -> _Sums:
    channels = len(recording.channels)
    sums = _Sums(np.zeros(channels), np.zeros(channels))
    gain = np.array([channel.gain for channel in recording.channels], dtype=np.float64)
    for start, stop in _windows(recording, rng):
        stored = np.asarray(recording.signal[start:stop])
        _add(sums, stored, gain, start, recording.rate_hz)
    return sums


def _add(sums: _Sums, stored: NDArray[Any], gain: NDArray[np.float64], start: int, rate_hz: float) -> None:
    values = np.asarray(stored, dtype=np.float32 if stored.dtype.itemsize <= 2 else np.float64)
    if stored.dtype.kind == "f":
        bad = ~np.isfinite(values)
        if bad.any():
            sums.missing += bad.sum(axis=0)
            values = np.where(bad, 0, values)
    steps = np.diff(values, axis=0)
    still = steps == 0
    sums.clipped += _at_limits(values, still)
    scale = np.abs(gain)
    # the mean of equal numbers need not be that number, so their deviation is not left to arithmetic
    spread = np.where(still.all(axis=0), 0.0, values.std(axis=0).astype(np.float64))
    sums.amplitude.append(spread * scale)
    sums.roughness.append(steps.std(axis=0).astype(np.float64) * scale)
    sums.samples += len(values)
    _add_dropped(sums, still, start, rate_hz)
    for line_hz, ratios in sums.line.items():
        ratio = _line_ratio(values, line_hz, rate_hz)
        if ratio is not None:
            ratios.append(ratio)


def _at_limits(values: NDArray[Any], still: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How many samples stand still at the largest or smallest value for three samples or more."""
    clipped = np.zeros(values.shape[1])
    if len(values) < 4:
        return clipped
    runs = still[1:] & still[:-1]
    for limit in (values.max(axis=0), values.min(axis=0)):
        clipped += (runs & (values[2:] == limit)).sum(axis=0)
    # a signal of few levels stands still at them without being cut off
    for channel in np.flatnonzero(clipped):
        if len(np.unique(values[:, channel])) < _LEVELS:
            clipped[channel] = 0
    return clipped


def _add_dropped(sums: _Sums, still: NDArray[np.bool_], start: int, rate_hz: float) -> None:
    """Stretches in which no channel that moves at all moves: the device repeated or lost samples."""
    moving = still.mean(axis=0) < 0.5
    if moving.sum() < 2:
        return
    frozen = still[:, moving].all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frozen, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if (end - begin) / rate_hz >= _DROPPED_S and end - begin >= 3:
            sums.dropped.append(((start + begin) / rate_hz, (end - begin) / rate_hz))


def _line_ratio(values: NDArray[Any], line_hz: float, rate_hz: float) -> NDArray[np.float64] | None:
    """The highest power within 1 Hz of the mains over the median power from 3 Hz away on; None where it cannot be seen."""
    if rate_hz < 2 * (line_hz + 9) or len(values) < rate_hz * 0.4:
        return None
    taper = np.hanning(len(values)).astype(values.dtype)[:, None]
    spectrum = np.abs(np.fft.rfft((values - values.mean(axis=0)) * taper, axis=0)) ** 2
    away = np.abs(np.fft.rfftfreq(len(values), 1 / rate_hz) - line_hz)
    bin_hz = rate_hz / len(values)
    here, around = away <= max(1.0, bin_hz), (away >= 3) & (away <= max(9.0, 12 * bin_hz))
    if not around.any():
        return None
    floor = np.median(spectrum[around], axis=0)
    ratio = np.divide(spectrum[here].max(axis=0), floor, out=np.zeros(values.shape[1]), where=floor > 0)
    return np.asarray(ratio, dtype=np.float64)


def _flat(sums: _Sums, types: NDArray[Any]) -> NDArray[np.bool_]:
    amplitude = np.median(sums.amplitude, axis=0)
    flat = np.mean([window == 0 for window in sums.amplitude], axis=0) >= _FLAT_SHARE
    for kind in np.unique(types):
        peers = types == kind
        if peers.sum() >= _PEERS:
            flat |= peers & (amplitude < _FLAT_RATIO * np.median(amplitude[peers]))
    return np.asarray(flat)


def _noisy(sums: _Sums, types: NDArray[Any], usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    noisy = np.zeros(len(types), dtype=bool)
    for measure in (np.median(sums.amplitude, axis=0), np.median(sums.roughness, axis=0)):
        for kind in np.unique(types):
            peers = usable & (types == kind) & (measure > 0)
            if peers.sum() < _PEERS:
                continue
            logs = np.log(measure, out=np.full(len(measure), -np.inf), where=measure > 0)
            middle = np.median(logs[peers])
            spread = 1.4826 * np.median(np.abs(logs[peers] - middle)) + 0.05
            noisy |= peers & (logs - middle > np.log(_NOISY_RATIO)) & (logs - middle > _NOISY_Z * spread)
    return noisy


def _line(
    sums: _Sums,
    names: NDArray[Any],
    usable: NDArray[np.bool_],
    marks: list[Annotation],
    findings: list[Finding],
) -> None:
    for line_hz, ratios in sums.line.items():
        if not ratios:
            continue
        over = usable & (np.median(ratios, axis=0) > _LINE_RATIO)
        if not over.any():
            continue
        found = tuple(str(name) for name in names[over])
        ratio = float(np.median(np.median(ratios, axis=0)[over]))
        details = {"frequency_hz": line_hz, "ratio": ratio}
        marks.append(Annotation("line_noise", channels=found, by="quality", details=details))
        message = f"{len(found)} of {len(names)} channels hold line noise at {line_hz:.0f} Hz, {_times(ratio)} times their surroundings."
        findings.append(
            _finding("quality.line_noise", message, "Notch-filter before analysis.", Severity.INFO)
        )


def _times(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio < _LARGE_RATIO else f"over {_LARGE_RATIO}"


def _dropped(sums: _Sums, marks: list[Annotation], findings: list[Finding]) -> None:
    marks += [Annotation("dropped_samples", onset, length, by="quality") for onset, length in sums.dropped]
    if sums.dropped:
        total = sum(length for _, length in sums.dropped)
        message = f"All channels stand still in {len(sums.dropped)} stretches, {total:.3f} s in all, of what was looked at: samples were dropped."
        findings.append(
            _finding("quality.dropped_samples", message, "Leave these stretches out of the analysis.")
        )


def _clock_marks(recording: Recording) -> Iterator[Annotation]:
    for sample, length_s in recording.gaps:
        label = "gap" if length_s >= 0 else "clock_backwards"
        yield Annotation(
            label, sample / recording.rate_hz, 0.0, by="quality", details={"length_s": float(length_s)}
        )


def _clock_findings(recording: Recording) -> Iterator[Finding]:
    forward = [length for _, length in recording.gaps if length >= 0]
    backward = [length for _, length in recording.gaps if length < 0]
    if forward:
        message = f"The clock jumps {len(forward)} times, {sum(forward):.3f} s in all, the longest {max(forward):.3f} s."
        yield _finding("quality.gaps", message, "Analyse the stretches between the gaps apart.")
    if backward:
        message = f"The clock runs backwards {len(backward)} times, by up to {-min(backward):.3f} s."
        yield _finding(
            "quality.clock_backwards", message, "Check the device's clock before using absolute times."
        )
    late = sum(1 for mark in recording.annotations if mark.onset_s is not None
               and not -1e-6 <= mark.onset_s <= recording.duration_s + 1 / recording.rate_hz)  # fmt: skip
    if late:
        message = f"{late} of {len(recording.annotations)} events lie outside the recording's {recording.duration_s:.3f} s."
        yield _finding("quality.events_outside", message, "Check the events' clock.")


def _of_channels(label: str, found: tuple[str, ...], total: int, message: str) -> Finding:
    shown = ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
    return _finding(
        f"quality.{label}", f"{len(found)} of {total} channels {message}: {shown}.", "Mark them as bad."
    )


def _finding(check: str, message: str, remedy: str = "", severity: Severity = Severity.WARNING) -> Finding:
    return Finding(check, severity, message, remedy=remedy)
