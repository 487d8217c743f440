"""Datasets and their releases: written in one transaction each, immutable afterwards."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from commissure.errors import BadInput, Conflict, NotFound
from commissure.model import Asset, Consent, Dataset, Release
from commissure.store.access import end_public, put_consents, withdrawn_subjects
from commissure.store.catalogue import take_off, take_on
from commissure.store.database import Database
from commissure.store.ledger import Ledger
from commissure.store.rows import asset_of, asset_row, dataset_of, release_of, release_row, version_key
from commissure.store.schema import assets, datasets, releases, uses

__all__ = ["Releases", "release_digest", "split"]


def split(reference: str) -> tuple[str, str | None]:
    """A reference as dataset and version: ``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest.

    >>> split("ds-1@0.1.0"), split("ds-1")
    (('ds-1', '0.1.0'), ('ds-1', None))
    """
    dataset, _, version = reference.partition("@")
    return dataset, version or None


def release_digest(files: tuple[Asset, ...]) -> str:
    """Hash over all paths and hashes: the same data give the same digest, whenever they were released.

    >>> release_digest(())[:8]
    '4f53cda1'
    """
    rows = sorted((asset.path, asset.sha256) for asset in files)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


class Releases:
    """Datasets by id, releases by version."""

    def __init__(self, database: Database, *, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def add(
        self, dataset: Dataset, release: Release, *, by: str, consents: Mapping[str, Consent] | None = None
    ) -> Release:
        """Publish a release of ``dataset`` at once: all that belongs to it is written in one transaction, or nothing.

        Parameters
        ----------
        dataset : Dataset
            Made if it is new; otherwise its title and publicity are brought up to date.
        release : Release
            The new version; its assets' bytes are in the vault already.
        by : str
            The Person who releases, by id.
        consents : mapping of str to Consent, optional
            Consent by subject, the dataset's own under the empty string.

        Returns
        -------
        Release
            The release; or, if the dataset's latest has the same digest, that one, and nothing is written.

        Raises
        ------
        Conflict
            If the version exists with other content, or does not follow the latest; or if consent was withdrawn for
            the dataset, or for a subject whose files are among the assets.
        BadInput
            If an asset's path leaves the release or stands twice.
        """
        _check_paths(release.assets)
        with self._ledger.transaction() as connection:
            body = {
                "release": release.id, "digest": release.digest, "files": len(release.assets),
                "bytes": sum(asset.bytes for asset in release.assets), "public": release.public,
            }  # fmt: skip
            self._ledger.lock(connection)
            latest = _latest(connection, dataset.id)
            if latest is not None and latest.digest == release.digest and not latest.withdrawn:
                return self.get(dataset.id, latest.version)
            if latest is not None and latest.version_key >= version_key(release.version):
                raise Conflict(f"{dataset.id} has version {latest.version} already; got {release.version}.")
            line = self._ledger.write(connection, "release", body, at=release.created, by=by)
            put_consents(connection, dataset.id, given=consents or {})
            _check_consent(connection, release)
            if not release.public:
                end_public(connection, dataset.id)
            take_on(connection, release, dataset=dataset, rank=line.seq)
            self._insert(connection, release)
        return release

    @staticmethod
    def _insert(connection: sa.Connection, release: Release) -> None:
        (key,) = connection.execute(releases.insert().values(release_row(release))).inserted_primary_key or (
            0,
        )
        if release.assets:
            rows = [{"release": key, **asset_row(asset)} for asset in release.assets]
            connection.execute(assets.insert(), rows)
        used = {entity for activity in release.activities for entity in activity.used}
        if used:
            connection.execute(uses.insert(), [{"entity": entity, "release": key} for entity in sorted(used)])

    def dataset(self, id: str) -> Dataset:
        """The dataset called ``id``; :class:`NotFound` if there is none."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(datasets).where(datasets.c.id == id)).mappings().first()
        if row is None:
            raise NotFound(f"No dataset has the id {id!r}.")
        return dataset_of(row)

    def get(self, dataset: str, version: str | None = None) -> Release:
        """A release with its assets; the latest if no version is named; :class:`NotFound` if there is none."""
        with self._database.read() as connection:
            select = sa.select(releases).where(releases.c.dataset == dataset)
            if version is not None:
                select = select.where(releases.c.version == version)
            row = (
                connection.execute(select.order_by(releases.c.version_key.desc()).limit(1)).mappings().first()
            )
            if row is None:
                what = f"{dataset}@{version}" if version else dataset
                raise NotFound(f"No release is called {what!r}.")
            order = sa.select(assets).where(assets.c.release == row["seq"]).order_by(assets.c.path)
            return release_of(row, [asset_of(found) for found in connection.execute(order).mappings()])

    def ids(self) -> tuple[str, ...]:
        """The ids of all datasets that are not withdrawn, whoever may see them; for building the search index."""
        select = sa.select(datasets.c.id).where(datasets.c.withdrawn.is_(False)).order_by(datasets.c.id)
        with self._database.read() as connection:
            return tuple(connection.execute(select).scalars())

    def versions(self, dataset: str) -> tuple[str, ...]:
        """The versions of a dataset, the newest first; empty if there are none."""
        order = sa.select(releases.c.version).where(releases.c.dataset == dataset)
        with self._database.read() as connection:
            return tuple(connection.execute(order.order_by(releases.c.version_key.desc())).scalars())

    def next_version(self, dataset: str) -> str:
        """The version that a new release of ``dataset`` bears: ``0.1.0``, ``0.2.0`` …"""
        versions = self.versions(dataset)
        if not versions:
            return "0.1.0"
        major, minor, *_ = versions[0].split(".")
        return f"{major}.{int(minor) + 1}.0"

    def digests(self) -> dict[str, str]:
        """The digest of every release, by id."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(releases.c.dataset, releases.c.version, releases.c.digest))
            return {f"{dataset}@{version}": digest for dataset, version, digest in rows}

    def find_digest(self, digest: str) -> tuple[str, ...]:
        """The ids (``ds-…@0.1.0``) of the releases with this digest that are not withdrawn, the newest first."""
        select = sa.select(releases.c.dataset, releases.c.version)
        here = (releases.c.digest == digest) & releases.c.withdrawn.is_(False)
        with self._database.read() as connection:
            rows = connection.execute(select.where(here).order_by(releases.c.seq.desc()))
            return tuple(f"{dataset}@{version}" for dataset, version in rows)

    def find_asset(self, sha256: str) -> tuple[tuple[str, Asset], ...]:
        """Where a file with this hash lies: (release id, Asset), the newest release first."""
        select = sa.select(releases.c.dataset, releases.c.version, assets).join(
            releases, releases.c.seq == assets.c.release
        )
        with self._database.read() as connection:
            rows = connection.execute(select.where(assets.c.sha256 == sha256).order_by(releases.c.seq.desc()))
            return tuple((f"{row['dataset']}@{row['version']}", asset_of(row)) for row in rows.mappings())

    def find_uses(self, entity: str) -> tuple[str, ...]:
        """The ids of the releases whose Activities used ``entity`` (``sha256:…`` or a release id), oldest first."""
        select = sa.select(releases.c.dataset, releases.c.version).join(
            uses, uses.c.release == releases.c.seq
        )
        with self._database.read() as connection:
            rows = connection.execute(select.where(uses.c.entity == entity).order_by(releases.c.seq))
            return tuple(f"{dataset}@{version}" for dataset, version in rows)

    def bury(self, dataset: str, versions: tuple[str, ...], *, by: str, at: str, reason: str) -> None:
        """Make tombstones of releases: their pages stay, their lists of files go.

        Parameters
        ----------
        dataset : str
            The dataset's id.
        versions : tuple of str
            Which; those that are tombstones already stay so.
        by, at, reason : str
            Who, when (ISO 8601, UTC), and why, as a category for the ledger.
        """
        with self._ledger.transaction() as connection:
            body = {"dataset": dataset, "versions": list(versions), "reason": reason}
            self._ledger.write(connection, "tombstone", body, at=at, by=by)
            here = (releases.c.dataset == dataset) & releases.c.version.in_(versions)
            keys = connection.execute(sa.select(releases.c.seq).where(here)).scalars().all()
            connection.execute(assets.delete().where(assets.c.release.in_(keys)))
            connection.execute(releases.update().where(here).values(withdrawn=True))
            latest = _latest(connection, dataset)
            if latest is not None and latest.withdrawn:
                take_off(connection, dataset)


def _latest(connection: sa.Connection, dataset: str) -> Any:
    columns = (releases.c.version, releases.c.version_key, releases.c.digest, releases.c.withdrawn)
    select = sa.select(*columns).where(releases.c.dataset == dataset)
    return connection.execute(select.order_by(releases.c.version_key.desc()).limit(1)).first()


def _check_consent(connection: sa.Connection, release: Release) -> None:
    gone = withdrawn_subjects(connection, release.dataset)
    if "" in gone or gone & {asset.subject for asset in release.assets}:
        message = f"A subject of dataset {release.dataset!r} has withdrawn; take their files out and share it again."
        raise Conflict(message)


def _check_paths(files: tuple[Asset, ...]) -> None:
    seen: set[str] = set()
    for asset in files:
        parts = PurePosixPath(asset.path).parts
        if (
            not parts
            or asset.path.startswith("/")
            or {"..", "."} & set(asset.path.split("/"))
            or "\\" in asset.path
        ):
            raise BadInput("An asset's path must be relative, with forward slashes and inside the release.")
        if asset.path in seen:
            raise BadInput(f"Two assets have the same path; every path may stand once among {len(files)}.")
        seen.add(asset.path)
