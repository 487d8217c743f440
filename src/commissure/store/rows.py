"""Nouns to rows and back."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from commissure.model import Activity, Asset, Dataset, Finding, Release, Severity, Software
from commissure.store.database import dumps

__all__ = ["asset_of", "asset_row", "dataset_of", "release_of", "release_row", "version_key"]

_ASSET = tuple(field.name for field in fields(Asset))


def version_key(version: str) -> str:
    """A text that sorts as the version does, number by number.

    >>> version_key("0.10.0") > version_key("0.9.0")
    True
    """
    return ".".join(part.zfill(8) for part in version.split("."))


def dataset_of(row: Mapping[Any, Any]) -> Dataset:
    """The Dataset of a row of ``datasets``."""
    return Dataset(row["id"], row["title"], row["owner"], row["created"], row["public"])


def asset_row(asset: Asset) -> dict[str, object]:
    """The row of an Asset, without its release."""
    return {name: getattr(asset, name) for name in _ASSET}


def asset_of(row: Mapping[Any, Any]) -> Asset:
    """The Asset of a row."""
    return Asset(**{name: row[name] for name in _ASSET})


def release_row(release: Release) -> dict[str, object]:
    """The row of a Release."""
    return {
        "dataset": release.dataset,
        "version": release.version,
        "version_key": version_key(release.version),
        "digest": release.digest,
        "standard": release.standard,
        "public": release.public,
        "metadata": dumps(dict(release.metadata)),
        "findings": dumps([finding.to_dict() for finding in release.findings]),
        "activities": dumps([asdict(activity) for activity in release.activities]),
        "created": release.created,
        "withdrawn": release.withdrawn,
    }


def release_of(row: Mapping[Any, Any], assets: Iterable[Asset]) -> Release:
    """The Release of a row and its assets."""
    return Release(
        dataset=row["dataset"],
        version=row["version"],
        digest=row["digest"],
        assets=tuple(assets),
        standard=row["standard"],
        public=row["public"],
        metadata=json.loads(row["metadata"]),
        findings=tuple(_finding(found) for found in json.loads(row["findings"])),
        activities=tuple(_activity(found) for found in json.loads(row["activities"])),
        created=row["created"],
        withdrawn=row["withdrawn"],
    )


def _finding(found: dict[str, str]) -> Finding:
    return Finding(**{**found, "severity": Severity(found["severity"])})  # type: ignore[arg-type]


def _activity(found: dict[str, Any]) -> Activity:
    software = tuple(Software(**one) for one in found["software"])
    return Activity(
        **{**found, "used": tuple(found["used"]), "made": tuple(found["made"]), "software": software}
    )
