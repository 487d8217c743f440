"""Descriptors on record: where each subject's lie in the vault, and the mean of each dataset that is large enough."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from commissure.model import Asset, Descriptor
from commissure.store.database import Database
from commissure.store.revisions import means_changed, means_revision
from commissure.store.schema import datasets, descriptors, grants, likenesses

__all__ = ["Descriptors", "Kept", "Mean", "Means"]

T = TypeVar("T")

_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Kept:
    """The descriptors of one subject's sessions.

    Parameters
    ----------
    dataset, version : str
        The release they were made with.
    asset : Asset
        What the vault holds, by ``asset.subject``.
    basis : str
        A hash over the subject's files they were made of.
    person : bool
        Whether the subject is, or may be, a person.
    """

    dataset: str
    version: str
    asset: Asset
    basis: str
    person: bool


@dataclass(frozen=True, slots=True)
class Mean:
    """What a dataset is like: its mean descriptor, the lab and device it comes from, and how much is behind it."""

    dataset: str
    descriptor: Descriptor
    origin: str
    subjects: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Means:
    """Many means of one family and version, the numbers of all as one matrix.

    Parameters
    ----------
    family : str
        Of all.
    version : int
        Of all.
    rows : sequence of (dataset, origin, subjects, sessions, blocks)
        What stands behind each; the blocks in one text, by spaces.
    values : array of float32, shape (rows, 256)
        The descriptors.
    """

    family: str
    version: int
    rows: Sequence[tuple[str, str, int, int, str]]
    values: NDArray[np.float32]


class Descriptors:
    """The descriptors of a hub's releases.

    The means that everybody may search are kept in memory until somebody, in whatever process, writes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: tuple[object, object] | None = None

    def keep(self, kept: Kept) -> None:
        """Note one subject's, in place of what was there."""
        here = (descriptors.c.dataset == kept.dataset) & (descriptors.c.subject == kept.asset.subject)
        with self._database.write() as connection:
            connection.execute(descriptors.delete().where(here))
            connection.execute(
                descriptors.insert().values(
                    dataset=kept.dataset, subject=kept.asset.subject, version=kept.version, basis=kept.basis,
                    sha256=kept.asset.sha256, bytes=kept.asset.bytes, encrypted=kept.asset.encrypted, person=kept.person,
                )
            )  # fmt: skip

    def of(self, dataset: str) -> tuple[Kept, ...]:
        """All of a dataset's, by subject."""
        select = (
            sa.select(descriptors).where(descriptors.c.dataset == dataset).order_by(descriptors.c.subject)
        )
        with self._database.read() as connection:
            return tuple(
                Kept(row.dataset, row.version, _asset(row), row.basis, row.person)
                for row in connection.execute(select)
            )

    def forget(self, dataset: str, *, subject: str | None = None) -> tuple[Asset, ...]:
        """Delete a subject's, or all of a dataset's, with the means they are part of; gives what the vault still holds."""
        here = descriptors.c.dataset == dataset
        if subject is not None:
            here &= descriptors.c.subject == subject
        with self._database.write() as connection:
            gone = tuple(_asset(row) for row in connection.execute(sa.select(descriptors).where(here)))
            connection.execute(descriptors.delete().where(here))
            if gone or subject is None:
                means_changed(connection, dataset=dataset)
                connection.execute(likenesses.delete().where(likenesses.c.dataset == dataset))
        return gone

    def put_means(self, dataset: str, means: Iterable[Mean]) -> None:
        """The dataset's means, in place of those that were there."""
        with self._database.write() as connection:
            means_changed(connection)
            connection.execute(likenesses.delete().where(likenesses.c.dataset == dataset))
            for mean in means:
                told = mean.descriptor
                connection.execute(
                    likenesses.insert().values(
                        dataset=dataset, family=told.family, descriptor=told.version, origin=mean.origin,
                        subjects=mean.subjects, sessions=mean.sessions, blocks=" ".join(told.blocks),
                        vector=told.values.astype("<f4").tobytes(),
                    )
                )  # fmt: skip

    def has_mean(self, dataset: str) -> bool:
        """Whether a mean of the dataset is kept."""
        select = sa.select(likenesses.c.family).where(likenesses.c.dataset == dataset)
        with self._database.read() as connection:
            return connection.execute(select.limit(1)).first() is not None

    def means(self, *, viewer: str, now: str, version: int, dataset: str | None = None) -> tuple[Mean, ...]:
        """The means of the datasets (or of one) that ``viewer`` may see at the instant ``now``, of one version of descriptors."""
        here = _seen(viewer, now) & (likenesses.c.descriptor == version)
        if dataset is not None:
            here &= likenesses.c.dataset == dataset
        with self._database.read() as connection:
            return tuple(_mean(row) for row in connection.execute(_MEANS.where(here)))

    def searched(
        self, *, viewer: str, now: str, version: int, make: Callable[[Mapping[str, Means]], T]
    ) -> tuple[T, tuple[Mean, ...]]:
        """What is searched for ``viewer``: what everybody may, from memory, and what only some may, read anew.

        Parameters
        ----------
        viewer : str
            Who searches; empty for nobody who is known.
        now : str
            The instant at which a Grant must hold, ISO 8601.
        version : int
            Of descriptors.
        make : callable
            Makes of the public datasets' means, by family, what is searched; it is made anew when somebody has written.

        Returns
        -------
        made : object
            What ``make`` made.
        means : tuple of Mean
            Those of datasets that are not public, and that ``viewer`` owns or has leave to see.
        """
        right = likenesses.c.descriptor == version
        with self._database.read() as connection:
            state = (means_revision(connection), version, make)
            with self._lock:
                if self._kept is None or self._kept[0] != state:
                    self._kept = None
                    self._kept = (state, make(_public(connection, version)))
                made = self._kept[1]
            if not viewer:
                return cast(T, made), ()
            # the few of theirs, by index, before each is looked at
            theirs = sa.select(datasets.c.id).where(datasets.c.owner == viewer)
            lent = sa.select(grants.c.dataset).where(grants.c.person == viewer)
            here = likenesses.c.dataset.in_(theirs.union(lent)) & _seen(viewer, now)
            here &= datasets.c.public.is_(False) & right
            return cast(T, made), tuple(_mean(row) for row in connection.execute(_MEANS.where(here)))

    def without_mean(self, *, viewer: str, now: str) -> tuple[str, ...]:
        """The datasets that ``viewer`` may see and that have descriptors of sessions only."""
        select = (
            sa.select(descriptors.c.dataset).distinct().join(datasets, datasets.c.id == descriptors.c.dataset)
        )
        here = _seen(viewer, now) & descriptors.c.dataset.not_in(sa.select(likenesses.c.dataset))
        with self._database.read() as connection:
            return tuple(connection.execute(select.where(here).order_by(descriptors.c.dataset)).scalars())


_MEANS = (
    sa.select(likenesses)
    .join(datasets, datasets.c.id == likenesses.c.dataset)
    .order_by(likenesses.c.dataset, likenesses.c.family)
)


def _public(connection: sa.Connection, version: int) -> dict[str, Means]:
    """The means that everybody may see, by family."""
    here = _seen("", "") & (likenesses.c.descriptor == version)
    rows: dict[str, list[tuple[str, str, int, int, str]]] = {}
    vectors: dict[str, list[bytes]] = {}
    for row in connection.execute(_MEANS.where(here)):
        told = (row.dataset, row.origin, row.subjects, row.sessions, row.blocks)
        rows.setdefault(row.family, []).append(told)
        vectors.setdefault(row.family, []).append(row.vector)
    found = {}
    for family, behind in rows.items():
        values = np.frombuffer(b"".join(vectors.pop(family)), dtype="<f4").reshape(len(behind), -1)
        found[family] = Means(family, version, behind, values.astype(np.float32, copy=False))
    return found


def _seen(viewer: str, now: str) -> sa.ColumnElement[bool]:
    seen: sa.ColumnElement[bool] = datasets.c.public.is_(True)
    if viewer:
        lent = sa.select(grants.c.dataset).where(
            (grants.c.person == viewer) & grants.c.revoked.is_(False) & ((grants.c.until == "") | (grants.c.until > now))
            & (grants.c.by == datasets.c.owner) & (grants.c.dataset == datasets.c.id)
        )  # fmt: skip
        seen = seen | (datasets.c.owner == viewer) | lent.correlate(datasets).exists()
    return seen & datasets.c.withdrawn.is_(False)


def _asset(row: sa.Row[tuple[object, ...]]) -> Asset:
    return Asset("descriptors.json", row.sha256, row.bytes, row.subject, row.encrypted, _TYPE)


def _mean(row: sa.Row[tuple[object, ...]]) -> Mean:
    values = np.frombuffer(row.vector, dtype="<f4").astype(np.float32)
    told = Descriptor(row.family, values, tuple(row.blocks.split()), row.descriptor)
    return Mean(row.dataset, told, row.origin, row.subjects, row.sessions)
