"""Stages ``release`` and ``publish``: the staged tree becomes an immutable Release of the hub."""

import base64
import hashlib
import hmac
import io
import json
import mimetypes
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import cast

from commissure.certify.environment import ENVIRONMENT
from commissure.certify.rocrate import ro_crate
from commissure.errors import NotFound, NotPermitted
from commissure.hub import Hub
from commissure.model import Activity, Asset, Consent, Dataset, Finding, Release, Severity, Software
from commissure.plugins import Registry
from commissure.store.releases import release_digest
from commissure.workflows.sharing.describing import CRATE
from commissure.workflows.sharing.environment import environment_text
from commissure.workflows.sharing.likening import keep_likeness
from commissure.workflows.sharing.options import ShareOptions
from commissure.workflows.sharing.report import ShareReport
from commissure.workflows.sharing.work import Work

__all__ = [
    "PUBLISHERS",
    "known_release",
    "layout",
    "may_be_public",
    "name_dataset",
    "publish",
    "release",
]

#: who is told of a new release: ``publisher(hub, release)``
PUBLISHERS: Registry[Callable[[Hub, Release], None]] = Registry(
    "publisher",
    {
        "index": "commissure.workflows.harvest:index_release",
        "likeness": "commissure.workflows.describe_signals:index_descriptors",
    },
)

_TYPES = {".nwb": "application/x-hdf5", ".tsv": "text/tab-separated-values", ".vhdr": "text/plain", ".vmrk": "text/plain",
          ".md": "text/markdown", ".fif": "application/x-fif", ".snirf": "application/x-hdf5"}  # fmt: skip


def layout(work: Work) -> Iterator[tuple[str, Path, str, bool]]:
    """Every staged file as (path in the release, where it lies, subject label, whether a person's), sorted.

    One standard gives its tree as it is; two give ``bids/`` and ``nwb/`` side by side.
    """
    owners = {
        (item.standard, name): item.noun.about.subject
        for item in work.standing
        if item.written is not None
        for name in item.written.files
    }
    standards = work.standards
    for standard in standards:
        top = work.staging.tree / standard
        for path in sorted(top.rglob("*")):
            if not path.is_file():
                continue
            name = path.relative_to(top).as_posix()
            subject = owners.get((standard, name))
            where = name if len(standards) == 1 else f"{standard}/{name}"
            yield where, path, subject.label if subject else "", subject.is_person if subject else False


def media_type(path: str) -> str:
    """The IANA media type of a path, by its extension."""
    suffix = Path(path).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def may_be_public(work: Work) -> bool:
    """Whether licence and consent are there; where a public release was wished and they are not, a Finding says so."""
    policy = work.hub.settings.policy
    licence = work.options.licence or policy.licence
    consent = work.options.consent or policy.consent
    missing = [name for name, value in (("licence", licence), ("consent", consent)) if not value]
    if missing:
        message = f"No {' and no '.join(missing)} given; the release is private to its owner."
        remedy = "Give --licence and --consent, or set them in commissure.yaml or the hub's policy."
        severity = Severity.WARNING if work.options.public else Severity.INFO
        work.findings.append(Finding("release.private", severity, message, remedy=remedy))
    return work.options.public and not missing


def name_dataset(hub: Hub, folder: Path, *, options: ShareOptions) -> str:
    """The id of the dataset that a folder's releases belong to: as asked, or the same each time for the same folder.

    Raises
    ------
    NotPermitted
        If the dataset belongs to somebody else.
    """
    where = str(folder.resolve()).encode()
    token = (
        base64.b32encode(hmac.new(hub.secret("datasets"), where, hashlib.sha256).digest()).decode().lower()
    )
    dataset = options.dataset or f"ds-{token[:10]}"
    try:
        owner = hub.records.releases.dataset(dataset).owner
    except NotFound:
        return dataset
    if owner != hub.actor.id:
        raise NotPermitted(
            f"Dataset {dataset!r} belongs to somebody else; give another --dataset, or ask its owner."
        )
    return dataset


def known_release(work: Work) -> ShareReport | None:
    """The report of the release that this very folder made before, if it stands and is the dataset's latest."""
    for reference in reversed(work.hub.records.releases.find_uses(_raw_entity(work))):
        dataset, _, number = reference.partition("@")
        found = work.hub.records.releases.get(dataset)
        if (
            found.version == number
            and not found.withdrawn
            and dataset in (work.dataset, *_unasked(work, dataset))
        ):
            return _report_of(found, work)
    return None


def _unasked(work: Work, dataset: str) -> tuple[str, ...]:
    return () if work.options.dataset else (dataset,)


def _raw_entity(work: Work) -> str:
    return f"raw:{work.raw_digest}:{'public' if work.options.public else 'private'}"


def _report_of(found: Release, work: Work) -> ShareReport:
    said = found.metadata
    return ShareReport(
        dataset=found.dataset,
        version=found.version,
        standard=found.standard,
        files=tuple(asset.path for asset in found.assets),
        validators=cast(dict[str, dict[str, int]], said.get("validators", {})),
        findings=found.findings,
        identifiers_removed=cast(dict[str, int], said.get("identifiers_removed", {})),
        seconds=work.seconds,
        public=found.public,
        unchanged=True,
    )


def release(work: Work) -> None:
    """Put every staged file into the vault, and the Release into the records: all of it, or nothing."""
    hub, public = work.hub, may_be_public(work)
    encrypt_animals = work.options.encrypt_animals or hub.settings.policy.encrypt_animals
    assets = []
    for path, where, subject, person in layout(work):
        encrypt = bool(subject) and (person or encrypt_animals)
        asset = hub.vault.put(
            where,
            path=path,
            dataset=work.dataset,
            subject=subject,
            encrypt=encrypt,
            media_type=media_type(path),
        )
        assets.append(asset)
        work.progress.advance()
    draft = Release(
        dataset=work.dataset,
        version=hub.records.releases.next_version(work.dataset),
        digest=release_digest(tuple(assets)),
        assets=tuple(assets),
        standard="+".join(work.standards),
        public=public,
        metadata=_metadata(work),
        findings=tuple(dict.fromkeys(work.findings)),
        activities=_activities(work, assets),
        created=work.now.isoformat(),
    )
    work.release = _put(work, _with_crate(work, _with_environment(work, draft)))
    keep_likeness(work, work.release)


def _with_environment(work: Work, draft: Release) -> Release:
    """The draft with the environment that made it, which is no part of the data and so of their digest."""
    asset = work.hub.vault.put(
        io.BytesIO(environment_text()), path=ENVIRONMENT, dataset=work.dataset, media_type="application/json"
    )
    return replace(draft, assets=tuple(sorted((*draft.assets, asset), key=lambda each: each.path)))


def _with_crate(work: Work, draft: Release) -> Release:
    crate = json.dumps(ro_crate(draft), indent=2, ensure_ascii=False).encode()
    asset = work.hub.vault.put(
        io.BytesIO(crate), path=CRATE, dataset=work.dataset, media_type="application/ld+json"
    )
    assets = tuple(sorted((*draft.assets, asset), key=lambda each: each.path))
    return Release(**{**_fields(draft), "assets": assets})  # type: ignore[arg-type]


def _fields(draft: Release) -> dict[str, object]:
    return {name: getattr(draft, name) for name in draft.__dataclass_fields__}


def _put(work: Work, draft: Release) -> Release:
    hub, options = work.hub, work.options
    dataset = Dataset(draft.dataset, str(draft.metadata["title"]), hub.actor.id, draft.created, draft.public)
    reference = options.consent or hub.settings.policy.consent
    consents = {"": Consent(reference)} if reference else {}
    made = hub.records.releases.add(dataset, draft, by=hub.actor.id, consents=consents)
    work.unchanged = made.version != draft.version
    return made


def _metadata(work: Work) -> dict[str, object]:
    return {
        **work.metadata,
        "validators": work.validators,
        "identifiers_removed": dict(work.removed),
        "quarantined": sum(item.quarantined for item in work.items),
    }


def _activities(work: Work, assets: list[Asset]) -> tuple[Activity, ...]:
    made = tuple(sorted({f"sha256:{asset.sha256}" for asset in assets}))
    software = {tool for item in work.standing if item.written for tool in item.written.software}
    ours = Software("commissure", version("commissure"))
    instant = work.now.isoformat()
    raw = _raw_entity(work)
    formats = sorted({item.source.format for item in work.standing})
    earlier = tuple(
        replace(each, used=(raw,), made=(f"{raw}:{each.kind}d",), by=work.hub.actor.id, software=(ours, *each.software),
                started=instant, ended=instant)
        for each in work.activities
    )  # fmt: skip
    return (
        *earlier,
        Activity("deidentify", (raw,), (f"{raw}:deidentified",), work.hub.actor.id, (ours,),
                 {"removed": dict(work.removed)}, instant, instant),
        Activity("standardize", (f"{raw}:deidentified",), made, work.hub.actor.id,
                 (ours, *sorted(software - {ours}, key=lambda s: s.name)), {"formats": formats}, instant, instant),
        Activity("validate", made, (), work.hub.actor.id, (ours,), {"validators": work.validators}, instant, instant),
    )  # fmt: skip


def publish(work: Work) -> None:
    """Tell the catalogue's index, and whoever else wants to know, of the new release."""
    if work.release is None:
        return
    for name, tell in PUBLISHERS.items():
        try:
            tell(work.hub, work.release)
        except Exception as error:  # noqa: BLE001 - the release stands; an index can be rebuilt
            message = (
                f"The publisher {name!r} failed ({type(error).__name__}); the release stands all the same."
            )
            work.findings.append(
                Finding("publish.failed", Severity.WARNING, message, remedy="commissure discover rebuild")
            )
        work.progress.advance()
