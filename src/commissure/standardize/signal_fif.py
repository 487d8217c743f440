"""The FIF file of an MEG recording, rebuilt from MNE's object and cleared of all that the noun does not say."""

import datetime
import struct
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from commissure.errors import BadInput
from commissure.extras import need
from commissure.model import Recording
from commissure.standardize.bids_channels import unique_names
from commissure.standardize.bids_names import bids_path

__all__ = ["write_fif"]

#: tags that hold the writing machine's number and the time of writing, and those of dates of creation
_ID_TAGS = {100, 101, 103, 109, 110, 116, 120}
_ID_STRUCT_TYPE = 31
_TAG = struct.Struct(">iiii")


def write_fif(recording: Recording, root: Path) -> tuple[str, ...]:
    """Write ``…_meg.fif`` (in parts of 2 GB where it is longer); return the paths below ``root``.

    Sensors, head shape and device-to-head transform come from ``recording.native``, who and when from the noun.

    Raises
    ------
    BadInput
        If ``recording.native`` is no MNE object: without its sensors an MEG recording cannot be written.
    """
    mne = need("mne", purpose="Writing MEG recordings")
    if not isinstance(recording.native, mne.io.BaseRaw):
        message = f"An MEG recording is written from MNE's own object; native is a {type(recording.native).__name__}."
        raise BadInput(f"{message} Read it with one of the MEG readers.")
    path = root / bids_path(recording.about, extension=".fif")
    with warnings.catch_warnings(), mne.utils.use_log_level("ERROR"):
        warnings.simplefilter("ignore")
        raw = _cleared(recording, mne)
        raw.save(path, overwrite=True, split_naming="bids", buffer_size_sec=1.0)
    stem = path.name.removesuffix("_meg.fif")
    written = sorted(path.parent.glob(f"{stem}_meg.fif")) + sorted(
        path.parent.glob(f"{stem}_split-*_meg.fif")
    )
    for part in written:
        with part.open("r+b") as stream:
            _settle(stream)
    return tuple(part.relative_to(root).as_posix() for part in written)


def _cleared(recording: Recording, mne: Any) -> Any:
    raw = recording.native.copy()
    places = raw.info["dig"]
    mne.io.anonymize_info(raw.info) if hasattr(mne.io, "anonymize_info") else raw.anonymize()
    with raw.info._unlock():
        raw.info["dig"] = places
        for key in (
            "subject_info",
            "experimenter",
            "description",
            "proj_name",
            "proj_id",
            "helium_info",
            "utc_offset",
        ):
            raw.info[key] = None
        raw.info["hpi_meas"] = []
        raw.info["hpi_results"] = []
        raw.info["events"] = []
        raw.info["line_freq"] = _line(recording)
    raw.info["bads"] = [one.name for one in recording.channels if one.bad and one.name in raw.ch_names]
    names = unique_names(recording)
    if list(names) != raw.ch_names:
        raw.rename_channels(dict(zip(raw.ch_names, names, strict=True)))
    start = recording.about.start
    raw.set_annotations(None)
    raw.set_meas_date(start if start is None or start.tzinfo else start.replace(tzinfo=datetime.UTC))
    marks = [one for one in recording.annotations if one.onset_s is not None and one.by != "trigger channel"]
    raw.set_annotations(
        mne.Annotations(
            [one.onset_s for one in marks],
            [one.duration_s or 0.0 for one in marks],
            [one.label for one in marks],
        )
    )
    return raw


def _line(recording: Recording) -> float | None:
    value = recording.about.sidecar.get("PowerLineFrequency")
    return float(value) if isinstance(value, int | float) else None


def _settle(stream: BinaryIO) -> None:
    """Put zeros for the machine's number and the time of writing, tag by tag."""
    position = 0
    while len(head := _read_at(stream, position, _TAG.size)) == _TAG.size:
        kind, type_, size, following = _TAG.unpack(head)
        if size < 0:
            return
        if (kind in _ID_TAGS or type_ == _ID_STRUCT_TYPE) and size >= 20:
            stream.seek(position + _TAG.size + 4)
            stream.write(bytes(size - 4))
        if following < 0:
            return
        position = following if following > 0 else position + _TAG.size + size


def _read_at(stream: BinaryIO, position: int, size: int) -> bytes:
    stream.seek(position)
    return stream.read(size)
