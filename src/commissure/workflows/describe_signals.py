"""Describe signals: at ``share`` each session gets a descriptor, and each dataset that is large enough their mean.

A person's descriptors are subject-level data: they lie in the vault under the subject's key and open by a Grant. What a
dataset is like, the mean over its subjects, is kept beside the catalogue where it stands for five people or more.
"""

import base64
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from commissure.discover.alike import aggregate
from commissure.discover.likeness import describe_signal
from commissure.discover.likeness_layout import SIZE, VERSION
from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.nwb_signals import open_signals
from commissure.formats.registry import READERS
from commissure.govern import access
from commissure.hub import Hub
from commissure.model import Descriptor, Person, Release, Tree
from commissure.store.descriptors import Kept, Mean

__all__ = [
    "LEAST_PERSONS",
    "Described",
    "counted",
    "describe_nouns",
    "index_descriptors",
    "keep_descriptors",
    "open_descriptors",
]

#: the mean of fewer people tells too much of each
LEAST_PERSONS = 5
_STANDARDS = frozenset({"bids", "nwb"})


@dataclass(frozen=True, slots=True)
class Described:
    """One session's descriptor: whose, which session and task, from which device."""

    subject: str
    session: str
    task: str
    descriptor: Descriptor
    device: str = ""
    person: bool = True


def describe_nouns(nouns: Iterable[Any], *, scratch: Path) -> tuple[tuple[Described, ...], tuple[str, ...]]:
    """Descriptors of nouns, one for each session, task and family; and why there is none of the others.

    Parameters
    ----------
    nouns : iterable
        What was read; a tree that is BIDS already is looked into.
    scratch : Path
        A private folder for tools that must write files.
    """
    found: dict[tuple[str, str, str, str], list[Described]] = {}
    refused = []
    for noun in nouns:
        for each in _looked_into(noun, scratch):
            try:
                one = _describe(each)
            except BadInput as error:
                refused.append(str(error))
                continue
            except Exception as error:  # noqa: BLE001 - one signal that cannot be described must not end the rest
                refused.append(f"A signal could not be described ({type(error).__name__}).")
                continue
            found.setdefault((one.subject, one.session, one.task, one.descriptor.family), []).append(one)
    told = [replace(many[0], descriptor=_mean_of(many)) for _, many in sorted(found.items())]
    return tuple(told), tuple(dict.fromkeys(refused))


def _describe(noun: Any) -> Described:
    about = noun.about
    device = f"{about.device.manufacturer} {about.device.model}".strip()
    return Described(about.subject.label, about.session.label, about.entities.get("task", ""), describe_signal(noun),
                     device, about.subject.is_person)  # fmt: skip


def _mean_of(many: Sequence[Described]) -> Descriptor:
    if len(many) == 1:
        return many[0].descriptor
    return aggregate([each.descriptor for each in many], subjects=[str(i) for i in range(len(many))])


def _looked_into(noun: Any, scratch: Path) -> Iterator[Any]:
    """The noun; of a tree, the nouns in its files."""
    if not isinstance(noun, Tree):
        yield noun
        return
    if noun.standard == "nwb":
        for name in noun.files:
            with open_signals(noun.root / name, noun.about) as inside:
                yield from inside
        return
    listing = Listing.of(noun.root)
    wanted = set(noun.files)
    listing = replace(listing, files=tuple(entry for entry in listing.files if entry.path in wanted))
    readers = [(name, reader) for name, reader in READERS.items() if name not in _STANDARDS]
    for number, source in enumerate(detect(listing, readers).sources):
        place = scratch / f"look-{number:05d}"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            nouns = READERS.get(source.format).read(source, listing, scratch=place) if source.complete else ()
        except Exception:  # noqa: BLE001 - what cannot be read is a Finding of another stage
            nouns = ()
        yield from (_named(each, source.primary, noun) for each in nouns)


def _named(noun: Any, path: str, tree: Tree) -> Any:
    """The noun with the subject, session and task that its BIDS path names."""
    parts = dict(piece.split("-", 1) for piece in PurePosixPath(path).stem.split("_") if "-" in piece)
    about = noun.about
    subject = replace(tree.about.subject, label=parts.get("sub", tree.about.subject.label))
    session = replace(about.session, label=parts.get("ses", ""))
    entities = {**about.entities, **({"task": parts["task"]} if "task" in parts else {})}
    return replace(noun, about=replace(about, subject=subject, session=session, entities=entities))


def keep_descriptors(
    hub: Hub, release: Release, *, described: Sequence[Described], encrypt_animals: bool = False
) -> None:
    """Put the sessions' descriptors of a release into the vault, and the dataset's means beside the catalogue.

    Those of an earlier version of the dataset go.
    """
    _drop(hub, release.dataset, hub.records.descriptors.forget(release.dataset))
    for subject in sorted({each.subject for each in described}):
        mine = [each for each in described if each.subject == subject]
        person = any(each.person for each in mine)
        asset = hub.vault.put(
            io.BytesIO(_written(mine)), path="descriptors.json", dataset=release.dataset, subject=subject,
            encrypt=person or encrypt_animals, media_type="application/json",
        )  # fmt: skip
        hub.records.descriptors.keep(
            Kept(release.dataset, release.version, asset, _basis(release, subject), person)
        )
    _put_means(hub, release, described)


def _put_means(hub: Hub, release: Release, described: Sequence[Described]) -> None:
    owner = hub.records.releases.dataset(release.dataset).owner
    means = []
    for family in sorted({each.descriptor.family for each in described}):
        mine = [each for each in described if each.descriptor.family == family]
        subjects = {each.subject for each in mine}
        if any(each.person for each in mine) and len(subjects) < LEAST_PERSONS:
            continue
        devices = sorted({each.device for each in mine} - {""})
        told = aggregate([each.descriptor for each in mine], subjects=[each.subject for each in mine])
        origin = f"{owner}|{devices[0] if len(devices) == 1 else ''}"
        means.append(Mean(release.dataset, told, origin, len(subjects), len(mine)))
    hub.records.descriptors.put_means(release.dataset, means)


def _basis(release: Release, subject: str) -> str:
    rows = sorted(asset.sha256 for asset in release.assets if asset.subject == subject)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest() if rows else ""


def _written(described: Sequence[Described]) -> bytes:
    rows = [
        {
            "session": each.session, "task": each.task, "device": each.device, "person": each.person,
            "family": each.descriptor.family, "blocks": list(each.descriptor.blocks), "version": each.descriptor.version,
            "values": base64.b64encode(each.descriptor.values.astype("<f4").tobytes()).decode(),
        }
        for each in described
    ]  # fmt: skip
    return json.dumps(rows, sort_keys=True).encode()


def _read(raw: bytes, subject: str) -> list[Described]:
    found = []
    for row in json.loads(raw):
        values = np.frombuffer(base64.b64decode(row["values"]), dtype="<f4").astype(np.float32)
        if row["version"] != VERSION or values.shape != (SIZE,):
            continue
        told = Descriptor(row["family"], values, tuple(row["blocks"]), row["version"])
        found.append(Described(subject, row["session"], row["task"], told, row["device"], row["person"]))
    return found


def open_descriptors(hub: Hub, dataset: str, *, now: datetime) -> tuple[Described, ...]:
    """The sessions' descriptors of a dataset's latest release, by a Grant for the hub's actor.

    Raises
    ------
    NotPermitted
        If no Grant can be made for this person, or the release was withdrawn.
    """
    kept = hub.records.descriptors.of(dataset)
    if not kept:
        return ()
    release = hub.records.releases.get(dataset)
    grant = access.request_release(hub.records, release, person=hub.actor.id, now=now)
    found: list[Described] = []
    for each in kept:
        with hub.vault.open(each.asset, grant) as stream:
            found += _read(stream.read(), each.asset.subject)
    return tuple(found)


def index_descriptors(hub: Hub, release: Release) -> None:
    """Bring a dataset's descriptors in step with its latest release: what its subjects' files no longer hold goes.

    Told of every release and every withdrawal, as the search index is.
    """
    records, dataset = hub.records.descriptors, release.dataset
    if release.withdrawn:
        _drop(hub, dataset, records.forget(dataset))
        return
    kept = records.of(dataset)
    gone = [each for each in kept if each.basis != _basis(release, each.asset.subject)]
    if not kept or (not gone and records.has_mean(dataset)):
        return
    for each in gone:
        _drop(hub, dataset, records.forget(dataset, subject=each.asset.subject))
    owner = hub.records.releases.dataset(dataset).owner
    try:
        left = open_descriptors(hub.acting_as(Person(owner)), dataset, now=hub.clock())
    except (NotPermitted, NotFound):
        left = ()
    _put_means(hub, release, left)


def _drop(hub: Hub, dataset: str, assets: Iterable[Any]) -> None:
    for asset in assets:
        hub.vault.delete(asset, dataset=dataset)


def counted(described: Sequence[Described]) -> Mapping[str, int]:
    """How many sessions of each family are described."""
    families = sorted({each.descriptor.family for each in described})
    return {family: sum(each.descriptor.family == family for each in described) for family in families}
