"""Excerpt: a stretch of a recording, or a table, out of a release, for whoever may have it."""

import csv
import io
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotFound
from commissure.formats.detect import detect
from commissure.formats.listing import Entry, Listing
from commissure.formats.mat import write_mat
from commissure.formats.mat_tools import TOOLS, write_for
from commissure.formats.registry import READERS
from commissure.hub import Hub
from commissure.model import Asset, Recording, Release
from commissure.workflows.access import open_asset

__all__ = ["Stretch", "excerpt", "excerpt_mat", "file_mat", "table_columns"]

_TABLES = (".tsv", ".csv")
_MOST_SAMPLES = 2**26
_LARGEST_TABLE = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when, in seconds from the first sample; to the end if ``stop_s`` is None."""

    start_s: float = 0.0
    stop_s: float | None = None


def excerpt(
    hub: Hub,
    release: Release,
    *,
    path: str,
    stretch: Stretch | None = None,
    purpose: str = "research",
    now: datetime,
) -> Recording | Mapping[str, Any]:
    """A stretch of the recording at ``path`` in memory, or the columns of the table there.

    Parameters
    ----------
    hub : Hub
        Where it is; ``hub.actor`` is who asks.
    release : Release
        Which release.
    path : str
        A path inside it.
    stretch : Stretch, optional
        Which part of a recording.
    purpose : str
        For which use.
    now : datetime
        The instant at which a Grant must hold.

    Raises
    ------
    NotFound
        If there is no such file.
    NotPermitted
        If no Grant covers it.
    BadInput
        If it is neither a recording nor a table, or the stretch is empty or too long for one answer.
    """
    by_path = {asset.path: asset for asset in release.assets}
    if path not in by_path:
        raise NotFound("The release has no file at that path; see its manifest.")
    if path.endswith(_TABLES):
        if by_path[path].bytes > _LARGEST_TABLE:
            raise BadInput(f"A table of more than {_LARGEST_TABLE} bytes is fetched whole; use get.")
        with open_asset(hub, release, asset=by_path[path], purpose=purpose, now=now) as file:
            return table_columns(
                file.read().decode("utf-8-sig", "replace"), delimiter="," if path.endswith(".csv") else "\t"
            )
    folder = Path(tempfile.mkdtemp(dir=hub.work_folder))
    try:
        for asset in _beside(by_path[path], release):
            target = folder / PurePosixPath(asset.path).name
            with (
                open_asset(hub, release, asset=asset, purpose=purpose, now=now) as file,
                target.open("wb") as to,
            ):
                shutil.copyfileobj(file, to)
        return _cut(
            _recording(Listing.of(folder), PurePosixPath(path).name, scratch=folder), stretch or Stretch()
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def excerpt_mat(
    hub: Hub, release: Release, *, path: str, stretch: Stretch | None = None, tool: str = "", now: datetime
) -> bytes:
    """:func:`excerpt` as the bytes of a ``.mat`` file, plain or as ``tool`` (``"eeglab"`` …) reads it.

    Raises
    ------
    BadInput
        If the program is not known, or wants a recording and the file is a table.
    """
    if tool and tool not in TOOLS:
        raise BadInput(f"No structure is known for {tool!r}; there are: {', '.join(TOOLS)}.")
    return _as_mat(excerpt(hub, release, path=path, stretch=stretch, now=now), tool)


def file_mat(file: Path, *, stretch: Stretch | None = None, tool: str = "") -> bytes:
    """The same of a table or a recording on this machine, which no hub holds; parameters as for :func:`excerpt_mat`.

    Raises
    ------
    NotFound
        If there is no such file.
    BadInput
        If it is neither a recording nor a table, the stretch is empty, or the program is not known.
    """
    if tool and tool not in TOOLS:
        raise BadInput(f"No structure is known for {tool!r}; there are: {', '.join(TOOLS)}.")
    if not file.is_file():
        raise NotFound("There is no file at that path.")
    if file.suffix in _TABLES:
        text = file.read_bytes().decode("utf-8-sig", "replace")
        return _as_mat(table_columns(text, delimiter="," if file.suffix == ".csv" else "\t"), tool)
    with tempfile.TemporaryDirectory() as scratch:
        found = _recording(_siblings(file), file.name, scratch=Path(scratch))
        return _as_mat(_cut(found, stretch or Stretch()), tool)


def _as_mat(found: Recording | Mapping[str, Any], tool: str) -> bytes:
    buffer = io.BytesIO()
    if not isinstance(found, Recording):
        if tool:
            raise BadInput(f"The file is a table; {tool} reads recordings.")
        write_mat(buffer, {"table": found})
    elif tool:
        write_for(tool, found, to=buffer)
    else:
        write_mat(buffer, {"recording": replace(found, signal=found.si(), channels=_in_si(found))})
    return buffer.getvalue()


def _in_si(recording: Recording) -> tuple[Any, ...]:
    return tuple(replace(channel, gain=1.0, offset=0.0) for channel in recording.channels)


def _beside(asset: Asset, release: Release) -> list[Asset]:
    """The file and those that a format keeps beside it (a header's samples and markers)."""
    place = PurePosixPath(asset.path)
    stem = place.name.partition(".")[0]
    return [
        one
        for one in release.assets
        if PurePosixPath(one.path).parent == place.parent
        and PurePosixPath(one.path).name.partition(".")[0] == stem
    ]


def _siblings(file: Path) -> Listing:
    """The file and those of its name beside it, without a walk through the rest of the folder."""
    stem = file.name.partition(".")[0]
    kept = sorted(
        one for one in file.parent.iterdir() if one.is_file() and one.name.partition(".")[0] == stem
    )
    return Listing(file.parent, tuple(Entry(one.name, one.stat().st_size) for one in kept))


def _recording(listing: Listing, name: str, *, scratch: Path) -> Recording:
    for source in detect(listing, READERS.items()).sources:
        if name in source.files:
            nouns = READERS.get(source.format).read(source, listing, scratch=scratch)
            if found := next((noun for noun in nouns if isinstance(noun, Recording)), None):
                return found
    raise BadInput("The file is no recording and no table; fetch it whole with get.")


def _cut(recording: Recording, stretch: Stretch) -> Recording:
    count, rate = recording.signal.shape[0], recording.rate_hz
    first = round(stretch.start_s * rate)
    last = count if stretch.stop_s is None else min(round(stretch.stop_s * rate), count)
    if not 0 <= first < last:
        raise BadInput(f"The stretch is empty; the recording lasts {count / rate:g} s.")
    if (last - first) * len(recording.channels) > _MOST_SAMPLES:
        raise BadInput(f"The stretch has more than {_MOST_SAMPLES} samples; ask for a shorter one.")
    marks = tuple(
        mark if mark.onset_s is None else replace(mark, onset_s=mark.onset_s - first / rate)
        for mark in recording.annotations
        if mark.onset_s is None or first / rate <= mark.onset_s < last / rate
    )
    return replace(
        recording, signal=np.array(recording.signal[first:last]), annotations=marks, native=None, gaps=()
    )


def table_columns(text: str, *, delimiter: str = "\t") -> dict[str, Any]:
    """The columns of a table by name: numbers where all values are, ``n/a`` as NaN; otherwise texts.

    >>> table_columns("id\\tage\\na\\t71\\nb\\tn/a\\n")
    {'id': ['a', 'b'], 'age': array([71., nan])}
    """
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if not rows or not rows[0]:
        raise BadInput("The table has no header line.")
    head = rows[0]
    return {
        name: _column([row[place] if place < len(row) else "" for row in rows[1:]])
        for place, name in enumerate(head)
    }


def _column(values: list[str]) -> Any:
    missing = {"", "n/a", "nan", "na"}
    try:
        numbers = [float("nan") if value.strip().lower() in missing else float(value) for value in values]
    except ValueError:
        return values
    return values if not values or all(number != number for number in numbers) else np.array(numbers)
