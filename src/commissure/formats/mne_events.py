"""Events of an ``mne.io.Raw`` as Annotations: its own marks, and the codes on its trigger channels."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model import Annotation, Channel

__all__ = ["annotations_of", "trigger_annotations"]

#: trigger lines that hold the sum of the single lines; where one is there, the single ones are left out
_COMPOSITE = re.compile(r"^(?:STI ?101|STI ?201|STI ?014|STIM|UPPT001|Status)$", re.IGNORECASE)
_ORDER = ("STI101", "STI201", "STI014", "UPPT001", "STIM", "STATUS")
#: a label that is a code or a word of the trade, not a sentence that somebody typed
_CODE = re.compile(r"[\w .,:;/#+()=-]{0,40}")
_BLOCK = 200_000
_DENSEST = 0.05


def annotations_of(raw: Any, channels: tuple[Channel, ...]) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """The marks and events of ``raw`` by onset, and those labels that look like free text.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        With its annotations.
    channels : tuple of Channel
        Those of type ``TRIG`` are searched for codes.

    Returns
    -------
    annotations, free_text : tuple of Annotation, tuple of str
        Onsets in seconds from the first sample.
    """
    marks = list(_marks(raw))
    events = list(trigger_annotations(raw, channels))
    every = sorted([*marks, *events], key=lambda one: (one.onset_s or 0.0, one.label))
    labels = dict.fromkeys(one.label for one in marks)
    return tuple(every), tuple(text for text in labels if not _CODE.fullmatch(text))


def trigger_annotations(raw: Any, channels: tuple[Channel, ...]) -> Iterator[Annotation]:
    """One Annotation wherever a trigger channel rises to a new code (its label), as MNE's ``find_events`` has it.

    A composite line (``STI 014``, ``Status``) stands for its single bits. A line that changes all the time is no
    trigger line, and gives nothing.
    """
    names = [channel.name for channel in channels if channel.type == "TRIG"]
    composite = [name for name in names if _COMPOSITE.match(name)]
    if composite:
        names = [min(composite, key=lambda name: _ORDER.index(name.replace(" ", "").upper()))]
    rate_hz = float(raw.info["sfreq"])
    for name in names:
        mask = 0xFFFF if name.lower() == "status" else None
        onsets, codes = _rises(raw, raw.ch_names.index(name), mask)
        if len(onsets) > _DENSEST * raw.n_times:
            continue
        for onset, code in zip(onsets, codes, strict=True):
            details = {"value": int(code), "sample": int(onset), "line": name}
            yield Annotation(
                str(int(code)), float(onset / rate_hz), 0.0, by="trigger channel", details=details
            )


def _rises(raw: Any, index: int, mask: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    onsets, codes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    last: NDArray[np.int64] | None = None
    for start in range(0, raw.n_times, _BLOCK):
        stop = min(start + _BLOCK, raw.n_times)
        block = np.nan_to_num(raw[index, start:stop][0][0]).round().astype(np.int64)
        block = block & mask if mask is not None else block
        before = np.concatenate([block[:1] if last is None else last, block[:-1]])
        where = np.flatnonzero((block > before) & (block != 0))
        onsets.append(where + start)
        codes.append(block[where])
        last = block[-1:]
    return np.concatenate(onsets), np.concatenate(codes)


def _marks(raw: Any) -> Iterator[Annotation]:
    marks = raw.annotations
    offset = raw.first_time if marks.orig_time is not None else 0.0
    for onset, duration, label, names in zip(
        marks.onset, marks.duration, marks.description, marks.ch_names, strict=True
    ):
        yield Annotation(
            str(label), float(onset - offset), float(duration), channels=tuple(map(str, names)), by="file"
        )
