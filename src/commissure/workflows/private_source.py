"""The private data of a release, one row, matrix or wave a subject, for a statistic that is about to be noised."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.model import Asset, Recording, Release
from commissure.protect.private.connectivity_plan import as_correlation, network_matrices
from commissure.workflows.access import open_asset
from commissure.workflows.excerpt import excerpt
from commissure.workflows.private_ask import Ask
from commissure.workflows.table_text import decode_table, find_delimiter

__all__ = ["Source"]

Array = NDArray[np.float64]
_MISSING = {"", "n/a", "na", "nan"}
_SUBJECT = re.compile(r"(?:^|/)sub-([A-Za-z0-9]+)[/_]")
#: as Schaefer's and Yeo's atlases name a region: ``17Networks_LH_VisCent_ExStr_1``
_NETWORK = re.compile(r"(?:^|_)(?:7|17)Networks_[LR]H_([A-Za-z]+)")
_RECORDED = (".edf", ".bdf", ".set", ".vhdr", ".fif")


@dataclass(frozen=True, slots=True)
class Source:
    """A release as its owner's statistics see it.

    Parameters
    ----------
    hub : Hub
        Where it is; its actor must have a Grant.
    release : Release
        Which.
    now : datetime
        The instant at which a Grant must hold.
    """

    hub: Hub
    release: Release
    now: datetime

    def rows(self, table: str, *, ask: Ask) -> list[dict[str, str]]:
        """The rows of a table; refused where a subject has several and they are not to be averaged."""
        asset = next(
            (a for a in self.release.assets if a.path == table or a.path.endswith(f"/{table}")), None
        )
        if asset is None:
            raise NotFound(f"Release {self.release.id} has no table called {table!r}.")
        rows = _table(self._text(asset), usual="\t" if table.endswith(".tsv") else ",")
        if rows and "participant_id" in rows[0] and ask.several == "refuse":
            _once([row["participant_id"] for row in rows], what="rows")
        absent = [name for name in ask.columns if rows and name not in rows[0]]
        if absent:
            raise BadInput(f"The table has no columns {absent}; it has {list(rows[0])}.")
        return rows

    def numbers(self, table: str, *, ask: Ask) -> Array:
        """One row a subject, of numbers; subjects for whom one is missing are left out."""
        kept: dict[str, list[list[float]]] = {}
        rows, wrong = self.rows(table, ask=ask), 0
        for place, row in enumerate(rows):
            values = [row[name] for name in ask.columns]
            if any(value.lower() in _MISSING for value in values):
                continue
            numbers = _finite(values)
            if not numbers:
                wrong += 1
                continue
            kept.setdefault(row.get("participant_id") or str(place), []).append(numbers)
        if wrong:
            raise BadInput(
                f"Columns {list(ask.columns)} must hold finite numbers only, n/a where missing; {wrong} of {len(rows)} rows do "
                "not. Decimals take a point, and units go into the name."
            )
        means = [np.mean(each, axis=0) for each in kept.values()]
        return np.array(means, dtype=float).reshape(len(means), len(ask.columns))

    def matrices(self, ending: str, *, ask: Ask) -> Array:
        """One correlation matrix a subject, of its matrix files (``_relmat.tsv``) or series (``_timeseries.tsv``)."""
        found: dict[str, list[Array]] = {}
        names: tuple[str, ...] | None = None
        for asset in self._of_subjects(ending):
            head, values = _square(self._text(asset), series="timeseries" in ending)
            if names is not None and len(head) != len(names):
                raise BadInput(
                    f"All matrices must be of the same regions; there are {len(names)} and {len(head)}."
                )
            names = names or head
            found.setdefault(_subject(asset), []).append(values)
        if ask.several == "refuse":
            _once([who for who, each in found.items() for _ in each], what="matrices")
        whole = np.stack(
            [as_correlation(np.mean(each, axis=0)) if len(each) > 1 else each[0] for each in found.values()]
        )
        networks = [match and match[1] for match in map(_NETWORK.search, names or ())]
        return whole if ask.regions or not all(networks) else network_matrices(whole, networks)

    def waves(self, ending: str, *, ask: Ask) -> tuple[Array, float]:
        """Each subject's mean over all epochs of an event, shape (subject, time, channel), in volts; and the rate in Hz."""
        if len(ask.points) != 2 or not ask.points[0] < ask.points[1]:
            raise BadInput(f"An ERP needs two points, from when to when in seconds; got {ask.points}.")
        epochs: dict[str, list[Array]] = {}
        rates = set()
        for asset in self._of_subjects(ending):
            recording = excerpt(self.hub, self.release, path=asset.path, now=self.now)
            if not isinstance(recording, Recording):
                continue
            rates.add(recording.rate_hz)
            if len(rates) > 1:
                raise BadInput(f"All recordings must have one rate; there are {sorted(rates)} Hz.")
            onsets = self._onsets(asset, recording, event=ask.event)
            epochs.setdefault(_subject(asset), []).extend(_epochs(recording, onsets, ask=ask))
        waves = [np.mean(each, axis=0) for each in epochs.values() if each]
        if not waves:
            raise BadInput(f"No recording has an event {ask.event!r} and the channels {list(ask.columns)}.")
        return np.stack(waves), float(rates.pop())

    def _onsets(self, asset: Asset, recording: Recording, *, event: str) -> list[float]:
        beside = asset.path.rpartition("_")[0] + "_events.tsv"
        table = next((a for a in self.release.assets if a.path == beside), None)
        if table is None:
            return [a.onset_s for a in recording.annotations if a.label == event and a.onset_s is not None]
        rows = csv.DictReader(io.StringIO(self._text(table)), delimiter="\t")
        return [float(row["onset"]) for row in rows if event in {row.get("trial_type"), row.get("value")}]

    def _of_subjects(self, ending: str) -> list[Asset]:
        tail = _RECORDED if ending == "_eeg" else ("",)
        ends = tuple(f"{ending}{each}" for each in tail)
        found = [a for a in self.release.assets if a.path.endswith(ends) and _SUBJECT.search(a.path)]
        if not found:
            raise NotFound(f"Release {self.release.id} has no files of subjects that end in {ending!r}.")
        return found

    def _text(self, asset: Asset) -> str:
        with open_asset(self.hub, self.release, asset=asset, now=self.now) as stream:
            return decode_table(stream.read())


def _table(text: str, *, usual: str) -> list[dict[str, str]]:
    """The rows by column, blanks about cells taken off; refused where two columns share a name."""
    reader = csv.DictReader(io.StringIO(text), delimiter=find_delimiter(text, usual=usual))
    names = [name.strip() for name in reader.fieldnames or ()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"Every column needs a name of its own; {', '.join(twice)} are there twice.")
    reader.fieldnames = names
    return [{name: (row[name] or "").strip() for name in names} for row in reader]


def _finite(cells: list[str]) -> list[float]:
    """Numbers of cells; none if one is no finite number."""
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return []
    return numbers if np.isfinite(numbers).all() else []


def _subject(asset: Asset) -> str:
    found = _SUBJECT.search(asset.path)
    return found[1] if found else PurePosixPath(asset.path).name


def _once(subjects: Iterable[str], *, what: str) -> None:
    names, counts = np.unique(list(subjects), return_counts=True)
    if names.size and counts.max() > 1:
        raise BadInput(
            f"One subject has {int(counts.max())} {what} ({int((counts > 1).sum())} subjects have several); privacy here is "
            "a subject's: give one each, or ask for 'mean' to have each subject's averaged first."
        )


def _square(text: str, *, series: bool) -> tuple[tuple[str, ...], Array]:
    """Names of the regions (empty without a header), and their correlations."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    try:
        [float(cell) for cell in rows[0]]
        head: Sequence[str] = [""] * len(rows[0])
    except ValueError:
        head, rows = rows[0], rows[1:]
    try:
        values = np.array(rows, dtype=float)
    except ValueError:
        raise BadInput("A matrix or series must hold numbers only, as many in each row.") from None
    if series:
        if len(values) <= 2 or (np.ptp(values, axis=0) == 0).any():
            raise BadInput(
                f"A series has {len(values)} volumes, or a region that is constant; leave that scan out."
            )
        values = np.corrcoef(values.T)
    return tuple(head), values


def _epochs(recording: Recording, onsets: list[float], *, ask: Ask) -> list[Array]:
    place = {channel.name: index for index, channel in enumerate(recording.channels)}
    if not all(name in place for name in ask.columns):
        return []
    first, last = (round(at * recording.rate_hz) for at in ask.points)
    made = []
    for onset in onsets:
        start = round(onset * recording.rate_hz) + first
        stop = start + last - first
        if start < 0 or stop > recording.signal.shape[0]:
            continue
        wave = recording.si(start, stop)[:, [place[name] for name in ask.columns]]
        before = wave[: max(-first, 1)].mean(axis=0)
        made.append(wave - before)
    return made
