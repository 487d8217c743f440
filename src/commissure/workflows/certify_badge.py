"""Badges: issued by a hub for what a release has earned, verified by anybody, revoked when the release is superseded or withdrawn.

Which badges were issued stands in the ledger; which are revoked follows from the releases themselves, so that no list
can be forgotten: a badge holds as long as its release is the newest and is not withdrawn.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commissure.certify.badges import LEVELS, credential
from commissure.certify.credential import check_proof, issuer_of, sign, token
from commissure.certify.evidence import items
from commissure.certify.status import revoked, status_list
from commissure.errors import BadInput, NotPermitted
from commissure.hub import Hub
from commissure.model import Finding, Severity
from commissure.workflows.browse import show
from commissure.workflows.certify import Certified, certify, keep
from commissure.workflows.certify_lines import BADGE, lines

__all__ = ["Verdict", "issue_badge", "issued", "issuer", "list_status", "signed", "verify_badge", "void"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a badge says, and whether it holds.

    Parameters
    ----------
    findings : tuple of Finding
        What is wrong; empty if the signature holds and it is not known to be revoked.
    issuer, subject : str
        Who signed (did:key) and what it is about.
    levels : tuple of str
        What was earned.
    status : str
        ``"valid"``, ``"revoked"``, or ``"unknown"`` where no status list could be looked at.
    """

    findings: tuple[Finding, ...]
    issuer: str
    subject: str
    levels: tuple[str, ...]
    status: str

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def to_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "holds": self.holds,
            "status": self.status,
            "issuer": self.issuer,
            "subject": self.subject,
            "levels": list(self.levels),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def issuer(hub: Hub) -> str:
    """The did:key under which the hub signs; its key comes from the hub's keyring."""
    return issuer_of(hub.secret("badges"))


def issue_badge(
    hub: Hub, reference: str, *, now: datetime, origin: str = "", compact: bool = False
) -> dict[str, Any] | str:
    """A signed badge of a release; asked again for the same levels, the same badge.

    Parameters
    ----------
    hub : Hub
        Where the release is; ``hub.actor`` must own its dataset.
    reference : str
        ``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest.
    now : datetime
        The instant, in UTC.
    origin : str
        Where the hub is served; part of what is signed.
    compact : bool
        Whether as a JSON Web Token instead of JSON with a proof.

    Raises
    ------
    NotPermitted
        If somebody else owns the dataset.
    BadInput
        If no level is earned, or the release is superseded or withdrawn.
    """
    shown = show(hub, reference, viewer=hub.actor.id, now=now)
    if shown.dataset.owner != hub.actor.id:
        raise NotPermitted("Only the owner of a dataset may have a badge issued for it.")
    if void(hub, shown.release.id):
        raise BadInput("The release is superseded or withdrawn; a badge is issued for the newest one.")
    found = certify(hub, shown, viewer=hub.actor.id, now=now, origin=origin)
    if not found.levels:
        wanted = " ".join(f"{level.name}: {level.criteria}" for level in LEVELS)
        raise BadInput(f"No level is earned yet. What each takes: {wanted}")
    keep(hub, found, now=now)
    body = _entry(hub, found, now=now, origin=origin)
    return signed(hub, body, compact=compact)


def _entry(hub: Hub, found: Certified, *, now: datetime, origin: str) -> Mapping[str, Any]:
    """The ledger's line of this badge, written now if there is none."""
    release = found.one.release.id
    wanted = {
        "release": release,
        "levels": list(found.levels),
        "origin": origin,
        "points": found.assessment.score.points,
    }
    with hub.lock("badges"):
        before = lines(hub, BADGE)
        for line in before:
            if {key: line.body.get(key) for key in wanted} == wanted:
                return line.body
        at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        document = _document(hub, found, index=len(before), origin=origin.rstrip("/"), at=at)
        body = {**wanted, "index": len(before), "issued": at, "document": document}
        hub.ledger.append(BADGE, body, at=now.isoformat(), by=hub.actor.id)
    return body


def _document(hub: Hub, found: Certified, *, index: int, origin: str, at: str) -> dict[str, Any]:
    home = origin or f"urn:commissure:{hub.id}"
    base = f"{origin}/badges" if origin else f"{home}:badges"
    by = {"id": issuer(hub), "name": hub.settings.publisher, "url": home}
    status = {"url": f"{base}/status", "index": index}
    return credential(found.one, found.assessment, levels=found.levels, issuer=by, status=status, now=at)


def signed(hub: Hub, body: Mapping[str, Any], *, compact: bool = False) -> dict[str, Any] | str:
    """A badge by its line of the ledger, signed: always the same bytes.

    Parameters
    ----------
    hub : Hub
        Who issued it.
    body : mapping
        What :func:`issued` gives.
    compact : bool
        Whether as a JSON Web Token.
    """
    seed = hub.secret("badges")
    if compact:
        return token(body["document"], seed)
    return sign(body["document"], seed, created=str(body["issued"]))


def issued(hub: Hub, release: str) -> Mapping[str, Any] | None:
    """The ledger's line of the last badge of a release; None if there is none."""
    found = [line.body for line in lines(hub, BADGE) if line.body["release"] == release]
    return found[-1] if found else None


def void(hub: Hub, release: str) -> bool:
    """Whether a badge of this release holds no more: a newer release stands, or this one is withdrawn."""
    dataset, _, version = release.partition("@")
    versions = hub.records.releases.versions(dataset)
    return versions[:1] != (version,) or hub.records.releases.get(dataset, version).withdrawn


def list_status(hub: Hub, *, url: str, now: datetime) -> dict[str, Any]:
    """The signed list of revoked badges, as it stands now.

    Parameters
    ----------
    hub : Hub
        Whose badges.
    url : str
        Where the list is served.
    now : datetime
        The instant, in UTC.
    """
    gone = [
        int(str(line.body["index"])) for line in lines(hub, BADGE) if void(hub, str(line.body["release"]))
    ]
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return sign(status_list(gone, url=url, issuer=issuer(hub), now=at), hub.secret("badges"), created=at)


def verify_badge(
    path: Path, *, issuer: str = "", status: Path | None = None, hub: Hub | None = None
) -> Verdict:
    """Whether a badge holds, without a network.

    Parameters
    ----------
    path : Path
        ``badge.json``.
    issuer : str
        The did:key that must have signed; empty for the one that the badge names.
    status : Path or None
        A saved status list, to see whether it is revoked.
    hub : Hub or None
        The hub that issued it, if it is at hand: then its own list is looked at, and its key is demanded.

    Raises
    ------
    BadInput
        If the file is no JSON object.
    """
    badge = _read(path)
    wanted = issuer or (issuer_of(hub.secret("badges")) if hub else "")
    findings = [*_check_form(badge), *check_proof(badge, issuer=wanted)]
    listed = _read(status) if status else None
    if hub is not None and listed is None:
        url = str(_part(badge, "credentialStatus").get("statusListCredential", ""))
        listed = list_status(hub, url=url, now=hub.clock())
    signer = _name(badge.get("issuer"))
    state = "unknown"
    if listed is not None and not findings:
        state, more = _state(badge, listed, signer=signer)
        findings += more
    subject = _part(badge, "credentialSubject")
    results = items(subject.get("result"))
    levels = tuple(
        str(one["resultDescription"]).partition("#")[2]
        for one in results
        if isinstance(one, dict) and one.get("status") == "Completed" and one.get("resultDescription")
    )
    return Verdict(tuple(findings), signer, str(subject.get("id", "")), levels, state)


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput("The file is no badge: it cannot be read as JSON.") from error
    if not isinstance(found, dict):
        raise BadInput(f"A badge is a JSON object; got a {type(found).__name__}.")
    return found


def _name(issuer: object) -> str:
    return str(issuer.get("id", "")) if isinstance(issuer, Mapping) else str(issuer or "")


def _check_form(badge: Mapping[str, Any]) -> tuple[Finding, ...]:
    kinds = badge.get("type") or ()
    if not {"VerifiableCredential", "OpenBadgeCredential"} <= set(
        kinds if isinstance(kinds, list) else [kinds]
    ):
        message = "This is no Open Badges 3.0 credential."
        return (
            Finding("badge.type", Severity.ERROR, message, remedy="Give the badge.json that the hub made."),
        )
    return ()


def _state(
    badge: Mapping[str, Any], listed: Mapping[str, Any], *, signer: str
) -> tuple[str, tuple[Finding, ...]]:
    entry, place = (
        _part(badge, "credentialStatus"),
        str(_part(badge, "credentialStatus").get("statusListIndex")),
    )
    if wrong := check_proof(listed, issuer=signer):
        return "unknown", wrong
    if listed.get("id") != entry.get("statusListCredential"):
        message = "The status list is another one than the badge names."
        return "unknown", (
            Finding("badge.status", Severity.ERROR, message, remedy="Fetch the list that it names."),
        )
    coded = str(_part(listed, "credentialSubject").get("encodedList", ""))
    if not revoked(coded, int(place) if place.isdecimal() else -1):
        return "valid", ()
    message = "The badge is revoked: its release was superseded or withdrawn."
    return "revoked", (
        Finding("badge.revoked", Severity.ERROR, message, remedy="Ask for the badge of the newest release."),
    )
