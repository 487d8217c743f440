"""Stages ``release`` and ``publish``: the staged tree becomes an immutable Release of the hub."""

import hashlib
import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path

from commissure.model import Activity, Asset, Finding, Release, Severity
from commissure.workflows.sharing.work import Work

__all__ = ["layout", "may_be_public", "release_digest"]

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


def release_digest(assets: tuple[Asset, ...]) -> str:
    """Hash over all paths and hashes: the same data give the same digest, whenever they were shared."""
    rows = sorted((asset.path, asset.sha256) for asset in assets)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


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
