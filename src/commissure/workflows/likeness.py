"""Likeness of signals: which datasets, and by a Grant which sessions, are like a dataset, a file or a descriptor."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from commissure.discover.alike import aggregate, compare_blocks, recenter
from commissure.discover.alike_bank import Bank, banks_of
from commissure.discover.likeness_layout import LAYOUTS, SIZE, VERSION
from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.formats.detect import detect
from commissure.formats.listing import Entry, Listing
from commissure.formats.registry import READERS
from commissure.hub import Hub
from commissure.model import Descriptor, Person
from commissure.store.descriptors import Mean
from commissure.workflows.describe_signals import Described, describe_nouns, open_descriptors

__all__ = [
    "SessionMatch",
    "SignalMatch",
    "describe_file",
    "near_datasets",
    "near_sessions",
    "signal_of",
    "unwired",
    "wire",
]

#: how many datasets are opened, by a Grant each, to look at their sessions
_OPENED = 60
#: how many files beside a header are looked at
_BESIDE = 2000
#: no descriptor holds a larger number
_LARGEST = 1000.0


@dataclass(frozen=True, slots=True)
class SignalMatch:
    """A dataset whose signal is like what was asked for.

    Parameters
    ----------
    dataset, family : str
        Which, and in which kind of signal.
    closeness : float
        From 0 to 1; about 0.14 for strangers of one kind. Two digits: more would tell more of who is behind it.
    alike, unlike : tuple of str
        What is alike, and what is not.
    subjects, sessions : int
        How many stand behind it.
    """

    dataset: str
    family: str
    closeness: float
    alike: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    subjects: int = 0
    sessions: int = 0

    def to_dict(self) -> dict[str, object]:
        """The match as plain values."""
        return {
            **asdict(self),
            "alike": list(self.alike),
            "unlike": list(self.unlike),
        }


@dataclass(frozen=True, slots=True)
class SessionMatch:
    """A session whose signal is like what was asked for; ``subject`` is its label in the release."""

    dataset: str
    subject: str
    session: str
    task: str
    family: str
    closeness: float
    alike: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The match as plain values."""
        return {**asdict(self), "closeness": round(self.closeness, 4), "alike": list(self.alike)}


def describe_file(path: Path) -> tuple[Mean, ...]:
    """What the recordings in a file or a folder are like; nothing is released or kept.

    Raises
    ------
    NotFound
        If nothing is there.
    BadInput
        If no reader knows it, or its signal cannot be described; the message says why.
    """
    path = path.expanduser()
    if not path.exists():
        raise NotFound("There is no file at that path, and no dataset of that id.")
    listing = Listing.of(path)
    found = detect(listing, list(READERS.items()))
    sources = [source for source in found.sources if source.complete]
    if not sources and path.is_file():
        listing = _with_companions(path)
        sources = [
            s for s in detect(listing, list(READERS.items())).sources if s.complete and path.name in s.files
        ]
    if not sources:
        why = next((finding.message for finding in found.findings), "nothing in it is a recording.")
        raise BadInput(
            f"No recording can be read there: {why} `commissure standardize formats` lists what is read."
        )
    scratch = Path(tempfile.mkdtemp(prefix="commissure-"))
    nouns: list[object] = []
    unread = ""
    try:
        for number, source in enumerate(sources):
            place = scratch / f"{number:05d}"
            place.mkdir(mode=0o700)
            try:
                nouns += READERS.get(source.format).read(source, listing, scratch=place)
            except Exception as error:  # noqa: BLE001 - a broken file must not hide the others
                unread = f"{source.format}: its reader failed ({type(error).__name__})"
        described, refused = describe_nouns(nouns, scratch=scratch / "look")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not described:
        raise BadInput(next(iter(refused), f"No recording can be read there: {unread}."))
    return _means("", described, origin="")


def _with_companions(path: Path) -> Listing:
    """The file and those that lie beside it: a header whose samples are in another file."""
    beside = sorted(each for each in path.parent.iterdir() if each.is_file() and not each.is_symlink())[
        :_BESIDE
    ]
    return Listing(path.parent, tuple(Entry(each.name, each.stat().st_size) for each in beside))


def _means(dataset: str, described: Sequence[Described], *, origin: str) -> tuple[Mean, ...]:
    told = []
    for family in sorted({each.descriptor.family for each in described}):
        mine = [each for each in described if each.descriptor.family == family]
        mean = aggregate([each.descriptor for each in mine], subjects=[each.subject for each in mine])
        told.append(Mean(dataset, mean, origin, len({each.subject for each in mine}), len(mine)))
    return tuple(told)


def _as(hub: Hub, viewer: str) -> Hub:
    return hub if viewer == hub.actor.id else hub.acting_as(Person(viewer))


def signal_of(hub: Hub, dataset: str, *, viewer: str, now: datetime) -> tuple[Mean, ...]:
    """What a dataset's signal is like, as far as ``viewer`` may know: its means, or by a Grant its sessions.

    Returns
    -------
    tuple of Mean
        One a family; empty where there is none or the viewer may not know.
    """
    records, at = hub.records.descriptors, now.isoformat()
    if found := records.means(viewer=viewer, now=at, version=VERSION, dataset=dataset):
        return found
    if not viewer or not records.of(dataset):
        return ()
    try:
        described = open_descriptors(_as(hub, viewer), dataset, now=now)
    except NotPermitted:
        return ()
    return _means(dataset, described, origin=f"{hub.records.releases.dataset(dataset).owner}|")


def near_datasets(
    hub: Hub, asked: Sequence[Mean], *, viewer: str, now: datetime, limit: int = 50, small: bool = True
) -> tuple[SignalMatch, ...]:
    """The datasets whose signal is most like what was asked for, the nearest first.

    Parameters
    ----------
    hub : Hub
        Where to look.
    asked : sequence of Mean
        What is looked for, one a family; a named dataset is not found itself.
    viewer : str
        Who looks: private datasets are found by their owner and whom they gave leave; small ones by who is named.
    now : datetime
        The instant at which a Grant must hold.
    limit : int
        How many.
    small : bool
        Whether datasets of too few people for a mean are opened, by a Grant each, for who is named.
    """
    records, at = hub.records.descriptors, now.isoformat()
    banks, own = records.searched(viewer=viewer, now=at, version=VERSION, make=banks_of)
    if viewer and small:
        few = records.without_mean(viewer=viewer, now=at)[:_OPENED]
        own += tuple(mean for name in few for mean in signal_of(hub, name, viewer=viewer, now=now))
    best: dict[str, SignalMatch] = {}
    for query in asked:
        for match in _near(query, banks, own=own, limit=limit):
            if match.dataset not in best or match.closeness > best[match.dataset].closeness:
                best[match.dataset] = match
    return tuple(sorted(best.values(), key=lambda m: -m.closeness)[:limit])


def _near(query: Mean, banks: Mapping[str, Bank], *, own: Sequence[Mean], limit: int) -> list[SignalMatch]:
    family = query.descriptor.family
    more = [mean for mean in own if mean.descriptor.family == family]
    bank = banks.get(family) or Bank.empty(family, version=VERSION)
    return [
        SignalMatch(mean.dataset, family, round(told.closeness, 2), told.alike, told.unlike, mean.subjects, mean.sessions)
        for mean, told in bank.nearest(query, limit=limit, more=more)
    ]  # fmt: skip


def near_sessions(
    hub: Hub, asked: Sequence[Mean], *, among: Sequence[str], viewer: str, now: datetime, limit: int = 20
) -> tuple[SessionMatch, ...]:
    """The sessions most like what was asked for, in the datasets that a Grant opens for ``viewer``.

    Raises
    ------
    NotPermitted
        If nobody has signed in: a session is of a person, and is shown by a Grant only.
    """
    if not viewer:
        raise NotPermitted("Sessions are shown by a Grant; sign in, or ask for datasets only.")
    known = hub.records.descriptors.means(viewer=viewer, now=now.isoformat(), version=VERSION)
    origins = {mean.dataset: mean.origin for mean in known}
    opened: list[tuple[str, Described]] = []
    for dataset in dict.fromkeys(among[:_OPENED]):
        try:
            opened += [(dataset, each) for each in open_descriptors(_as(hub, viewer), dataset, now=now)]
        except NotPermitted:
            continue
        origins.setdefault(dataset, f"{hub.records.releases.dataset(dataset).owner}|")
    found = [match for query in asked for match in _sessions_near(query, opened, known, origins)]
    return tuple(sorted(found, key=lambda m: (-m.closeness, m.dataset, m.subject, m.session))[:limit])


def _sessions_near(
    query: Mean, opened: Sequence[tuple[str, Described]], known: Sequence[Mean], origins: Mapping[str, str]
) -> list[SessionMatch]:
    family = query.descriptor.family
    rows = [(dataset, each) for dataset, each in opened if each.descriptor.family == family]
    behind = [mean for mean in known if mean.descriptor.family == family]
    moved = [query.descriptor, *(each.descriptor for _, each in rows)]
    if query.origin:
        names = [query.dataset, *(dataset for dataset, _ in rows), *(mean.dataset for mean in behind)]
        labs = [query.origin, *(origins[dataset] for dataset, _ in rows), *(mean.origin for mean in behind)]
        moved = list(recenter([*moved, *(mean.descriptor for mean in behind)], datasets=names, origins=labs))
    found = []
    for (dataset, each), place in zip(rows, moved[1:], strict=False):
        told = compare_blocks(moved[0], place)
        found.append(
            SessionMatch(dataset, each.subject, each.session, each.task, family, told.closeness, told.alike)
        )
    return found


def wire(means: Sequence[Mean]) -> list[dict[str, object]]:
    """Descriptors as plain values, to ask a hub elsewhere with."""
    return [
        {"family": m.descriptor.family, "blocks": list(m.descriptor.blocks), "version": m.descriptor.version,
         "values": [round(float(value), 5) for value in m.descriptor.values]}
        for m in means
    ]  # fmt: skip


def unwired(rows: Sequence[Mapping[str, object]]) -> tuple[Mean, ...]:
    """What :func:`wire` wrote.

    Raises
    ------
    BadInput
        If a family, a block, a length or the version is not known here.
    """
    found = []
    for row in rows:
        family, blocks = str(row.get("family")), row.get("blocks")
        values = np.asarray(row.get("values"), dtype=np.float64)
        names = {block.name for block in LAYOUTS.get(family, ())}
        if row.get("version") != VERSION or not names:
            raise BadInput(
                f"This hub compares descriptors of version {VERSION}; update commissure on both sides."
            )
        if (
            values.shape != (SIZE,)
            or not (np.abs(values) <= _LARGEST).all()
            or not isinstance(blocks, list)
            or not set(blocks) <= names
        ):
            raise BadInput(f"A descriptor is {SIZE} finite numbers and the names of its blocks.")
        found.append(
            Mean(
                "",
                Descriptor(family, values.astype(np.float32), tuple(str(b) for b in blocks), VERSION),
                "",
                1,
                1,
            )
        )
    return tuple(found)
