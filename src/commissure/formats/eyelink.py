"""EyeLink ``.asc``: gaze and pupil with blinks, saccades and fixations, read by MNE."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.model import Annotation, Device, Gaze, Source

__all__ = ["EyeLink", "reader"]


class EyeLink:
    """Reads EyeLink's text files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a ``.asc`` that edf2asc wrote."""
        for entry in listing.with_suffix(".asc"):
            head = listing.head(entry.path)
            if head.startswith(b"** CONVERTED FROM") or b"EYELINK" in head[:2048].upper():
                yield Source("eyelink", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Gaze]:  # noqa: ARG002
        """One Gaze."""
        mne = need("mne", purpose="Reading EyeLink recordings")
        path = listing.absolute(source.primary)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                raw = mne.io.read_raw_eyelink(path, create_annotations=True, verbose="error")
        except Exception as error:
            raise Unreadable(
                f"MNE cannot read the EyeLink file ({type(error).__name__}); it is truncated or holds no samples."
            ) from error
        clues = Clues(source)
        start = _tell(clues, listing.head(source.primary).decode("latin-1"))
        clues.fact("rate_hz", float(raw.info["sfreq"]))
        about = clues.about(
            "behavior", start=start, device=Device("SR Research", "EyeLink"), entities={"desc": "gaze"}
        )
        samples = np.asarray(raw.get_data().T, dtype=np.float64)
        marks = tuple(
            Annotation(
                str(mark["description"]),
                onset_s=float(mark["onset"]),
                duration_s=float(mark["duration"]),
                by="device",
            )
            for mark in _marks(raw)
        )
        return [Gaze(samples, tuple(raw.ch_names), float(raw.info["sfreq"]), about, marks)]


def _marks(raw: Any) -> list[dict[str, Any]]:
    notes = raw.annotations
    shift = notes.onset - raw.first_time if raw.info["meas_date"] is not None else notes.onset
    return [
        {"description": text, "onset": onset, "duration": duration}
        for text, onset, duration in zip(notes.description, shift, notes.duration, strict=True)
    ]


def _tell(clues: Clues, head: str) -> datetime | None:
    start = None
    for line in head.splitlines():
        if not line.startswith("**"):
            break
        text = line[2:].strip()
        if text.startswith("CONVERTED FROM"):
            clues.hide_path(re.sub(r" using .*", "", text[len("CONVERTED FROM") :].strip()))
            name = re.search(r"([^\\/ ]+)\.edf", text, re.IGNORECASE)
            clues.hide("id", name.group(1) if name and len(name.group(1)) > 2 else "")
        elif text.startswith("DATE:"):
            clues.hide("date", text[5:].strip())
            with suppress(ValueError):
                start = datetime.strptime(text[5:].strip(), "%a %b %d %H:%M:%S %Y")
        elif text.startswith(("PREAMBLE", "TITLE", "RECORDED BY")):
            clues.hide("comment", text.partition(":")[2] or text)
        elif "S/N" in text or "SERIAL" in text.upper():
            clues.hide("serial", *re.findall(r"[A-Z0-9-]{6,}", text))
    return start


reader = EyeLink()
