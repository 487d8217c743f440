"""Describe a release that stands: for what was shared before signals were described, or by an older version."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from commissure.errors import CommissureError, NotPermitted
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.port import Noun
from commissure.formats.registry import READERS
from commissure.hub import Hub
from commissure.workflows.describe_signals import counted, describe_nouns, keep_descriptors
from commissure.workflows.get import get

__all__ = ["describe_release"]


def describe_release(hub: Hub, dataset: str, *, now: datetime) -> dict[str, int]:
    """Describe the signals of a dataset's latest release, from the vault's bytes; what was described before goes.

    Parameters
    ----------
    hub : Hub
        Where it is; ``hub.actor`` must own the dataset.
    dataset : str
        The dataset's id.
    now : datetime
        The instant at which the Grant must hold.

    Returns
    -------
    dict of str to int
        How many sessions of each family of signals are described.

    Raises
    ------
    NotFound
        If there is no such dataset.
    NotPermitted
        If somebody else owns it, or it was withdrawn.
    """
    if hub.records.releases.dataset(dataset).owner != hub.actor.id:
        raise NotPermitted(f"Only the owner of dataset {dataset!r} may have it described.")
    place = Path(tempfile.mkdtemp(dir=hub.work_folder))
    try:
        release = get(hub, dataset, into=place / "tree", now=now)
        described, _ = describe_nouns(_nouns(place / "tree", place), scratch=place / "look")
        persons = {asset.subject for asset in release.assets if asset.encrypted}
        with hub.lock(dataset):
            keep_descriptors(hub, release, described=described, encrypt_animals=bool(persons))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return dict(counted(described))


def _nouns(tree: Path, place: Path) -> list[Noun]:
    found: list[Noun] = []
    listing = Listing.of(tree)
    for number, source in enumerate(detect(listing, list(READERS.items())).sources):
        scratch = place / f"read-{number:05d}"
        scratch.mkdir(mode=0o700)
        try:
            found += (
                READERS.get(source.format).read(source, listing, scratch=scratch) if source.complete else ()
            )
        except CommissureError:
            continue
    return found
