"""Real recordings come back: one half, re-exported through another vendor's file, finds the other among all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commissure.discover.alike import distances, table_of
from commissure.discover.likeness import describe_signal
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Recording
from commissure.testing import signals
from commissure.testing.cohorts import exported

pytestmark = pytest.mark.realdata
NAMES = (
    "eeg_brainvision",
    "eeg_edf_mne",
    "eeg_eeglab_sample",
    "eeg_eeglab_testedf",
    "eeg_eeglab_xdf",
    "eeg_neuroscan_cnt",
)


def _recording(folder: Path, scratch: Path) -> Recording:
    listing = Listing.of(folder)
    source = next(s for s in detect(listing, list(READERS.items())).sources if s.complete)
    return next(
        n
        for n in READERS.get(source.format).read(source, listing, scratch=scratch)
        if isinstance(n, Recording)
    )


def _half(recording: Recording, second: bool) -> Recording:
    volts = recording.si()
    middle = len(volts) // 2
    kept = [i for i, channel in enumerate(recording.channels) if channel.type == "EEG"]
    channels = tuple(replace(recording.channels[i], gain=1.0, offset=0.0) for i in kept)
    part = volts[middle:, kept] if second else volts[:middle, kept]
    return replace(recording, signal=part, channels=channels, native=None)


def test_halves_of_real_eeg_find_each_other_across_vendors(shared: Path, tmp_path: Path) -> None:
    recordings = [_recording(shared / "data" / name, tmp_path) for name in NAMES]
    table, hits = table_of([describe_signal(_half(each, False)) for each in recordings]), 0
    for place, recording in enumerate(recordings):
        rate = max(100.0, round(recording.rate_hz * 0.8))
        whole = replace(_half(recording, True), rate_hz=float(round(recording.rate_hz)))
        moved = exported(whole, rate_hz=rate, reference="average", gain=3.0)
        folder = tmp_path / str(place)
        folder.mkdir()
        signals.write_fif(
            folder, signals.Planted(np.asarray(moved.signal), rate, tuple(c.name for c in moved.channels))
        )
        hits += int(distances(table, describe_signal(_recording(folder, folder))).argmin()) == place
    assert hits == len(NAMES)
