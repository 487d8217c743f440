"""Get: a release as a plain folder, for whoever may have it."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, Fault
from commissure.govern import access
from commissure.hub import Hub
from commissure.model import Asset, Grant, Progress, Release, Silent
from commissure.store.files import full_disk, settle
from commissure.store.releases import split

__all__ = ["as_work", "get", "permitted"]

_BLOCK = 1 << 20


def get(
    hub: Hub,
    reference: str,
    *,
    into: Path,
    now: datetime,
    purpose: str = "research",
    progress: Progress | None = None,
) -> Release:
    """Write a release as a plain BIDS or NWB folder; every file is checked against its hash.

    Parameters
    ----------
    hub : Hub
        Where it is; ``hub.actor`` is who asks.
    reference : str
        ``"ds-…@0.1.0"``, or ``"ds-…"`` for the latest.
    into : Path
        The folder to make; it may exist if it is empty. It appears whole or not at all.
    now : datetime
        The instant, in UTC.
    purpose : str
        For which use: ``"research"``, ``"teaching"`` …
    progress : Progress, optional
        Told of every byte.

    Returns
    -------
    Release
        What was written.

    Raises
    ------
    NotFound
        If there is no such release.
    NotPermitted
        If it was withdrawn, or if consent does not allow it to this person for this purpose.
    BadInput
        If ``into`` is a file or holds files.
    Fault
        If the disk is full, or if stored bytes are damaged.
    """
    watch = progress or Silent()
    into = Path(into)
    _check_target(into)
    release, grant = permitted(hub, reference, purpose=purpose, now=now)
    watch.stage("get", sum(asset.bytes for asset in release.assets))
    into.parent.mkdir(parents=True, exist_ok=True)
    draft = into.parent / f".{into.name}.part-{secrets.token_hex(6)}"
    try:
        with full_disk("the folder"):
            draft.mkdir()
            for asset in release.assets:
                _write(hub, asset, grant=grant, to=draft / asset.path, watch=watch)
            _check_target(into)
            draft.replace(into)
            settle(into.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    hub.records.usage.add("get", release.dataset, person=hub.actor.id, now=now.isoformat())
    return release


def permitted(hub: Hub, reference: str, *, now: datetime, purpose: str = "research") -> tuple[Release, Grant]:
    """A release and the Grant that opens its files for ``hub.actor``; parameters and errors as for :func:`get`."""
    dataset, version = split(reference)
    release = hub.records.releases.get(dataset, version)
    return release, access.request_release(
        hub.records, release, person=hub.actor.id, purpose=purpose, now=now
    )


def as_work(hub: Hub, parameters: Mapping[str, Any], *, progress: Progress) -> Mapping[str, object]:
    """:func:`get` as a job: parameters ``reference``, ``into``, and perhaps ``purpose``."""
    into = Path(parameters["into"])
    purpose = str(parameters.get("purpose", "research"))
    release = get(
        hub, parameters["reference"], into=into, now=hub.clock(), purpose=purpose, progress=progress
    )
    return {"release": release.id, "files": len(release.assets)}


def _check_target(into: Path) -> None:
    if into.is_symlink() or (into.exists() and not into.is_dir()):
        raise BadInput("The target is a file or a link; name a folder that does not exist or is empty.")
    if into.is_dir() and any(into.iterdir()):
        raise BadInput("The target folder holds files; name a folder that does not exist or is empty.")


def _write(hub: Hub, asset: Asset, *, grant: Grant, to: Path, watch: Progress) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    digest, buffer = hashlib.sha256(), memoryview(bytearray(_BLOCK))
    with hub.vault.open(asset, grant) as stream, to.open("wb") as file:
        while count := stream.readinto(buffer):  # type: ignore[attr-defined]
            digest.update(buffer[:count])
            file.write(buffer[:count])
            watch.advance(count)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != asset.sha256:
        raise Fault(f"The vault's copy of {asset.path!r} does not have its hash; put it back from a backup.")
