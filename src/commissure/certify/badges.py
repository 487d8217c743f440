"""Badges: five levels with published criteria, as an Open Badges 3.0 credential with the evidence inside.

A level is earned by what was measured, never by a fee or a word. The criteria below are the whole rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from commissure.certify.described import Described
from commissure.certify.evidence import Evidence, is_persistent
from commissure.certify.fair import Assessment
from commissure.model import Finding, Severity

__all__ = ["LEVELS", "Level", "check_levels", "credential", "earned", "svg"]

_CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
_FINDABLE_PERCENT = 80.0


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its name, and what must hold."""

    name: str
    criteria: str


LEVELS: tuple[Level, ...] = (
    Level("findable", "A persistent identifier, and at least 80 % of F-UJI's points for findability (metrics v0.8)."),
    Level("standard", "BIDS or NWB, without an error of the field's own validators (BIDS validator, NWB Inspector, HED)."),
    Level("quality-checked", "Quality control ran, and neither it nor any validator found an error."),
    Level("reproducible", "Raw input and code with versions are linked, the environment is there and complete (an interpreter, every "
          "package at one version, programs by their hash), every file has a SHA-256, and the provenance is described in PROV."),
    Level("ethical", "A licence; the search for identifying information ran; for persons, consent is stated by a reference or a "
          "DUO term."),
)  # fmt: skip


def earned(assessment: Assessment, evidence: Evidence, *, licence: str, hashed: bool) -> tuple[str, ...]:
    """The names of the levels that a dataset has earned, in the order of :data:`LEVELS`.

    Parameters
    ----------
    assessment : Assessment
        Its points.
    evidence : Evidence
        What they were given for.
    licence : str
        Its licence; empty for none.
    hashed : bool
        Whether every file has a hash.
    """
    facts, points = evidence.data, {one.id: one for one in assessment.results}

    def whole(id: str) -> bool:
        return id in points and points[id].points >= points[id].of

    holds = {
        "findable": any(is_persistent(name) for name in evidence.identifiers)
        and assessment.principles["findable"].percent >= _FINDABLE_PERCENT,
        "standard": bool(facts.valid) and whole("FsF-R1.3-01M") and whole("FsF-R1.3-02D"),
        "quality-checked": bool(facts.quality) and facts.valid is not False,
        "reproducible": bool(facts.raw and facts.code and facts.environment)
        and hashed
        and whole("FsF-R1.2-01M"),
        "ethical": bool(licence)
        and bool(facts.deidentified)
        and facts.consent in {None, "reference", "machine"},
    }
    return tuple(level.name for level in LEVELS if holds[level.name])


def check_levels(levels: tuple[str, ...]) -> tuple[Finding, ...]:
    """One remark for each level that is not earned, with what it takes."""
    return tuple(
        Finding(
            f"badge.{level.name}",
            Severity.INFO,
            f"The level {level.name!r} is not earned.",
            remedy=level.criteria,
        )
        for level in LEVELS
        if level.name not in levels
    )


def credential(
    one: Described,
    assessment: Assessment,
    *,
    levels: tuple[str, ...],
    issuer: Mapping[str, str],
    status: Mapping[str, object],
    now: str,
) -> dict[str, Any]:
    """The credential of a release, to be signed.

    Parameters
    ----------
    one : Described
        The release.
    assessment : Assessment
        Its points: the evidence.
    levels : tuple of str
        What it has earned.
    issuer : mapping
        ``id`` (did:key), ``name`` and ``url`` of the hub.
    status : mapping
        ``url`` of the status list and ``index`` of this badge in it.
    now : str
        ISO 8601 instant from which it is valid.

    References
    ----------
    1EdTech 2024, Open Badges 3.0, https://www.imsglobal.org/spec/ob/v3p0/.
    """  # fmt: skip
    release, base = one.release, str(status["url"]).rpartition("/")[0]
    listed = f"{status['url']}#{status['index']}"
    return {
        "@context": _CONTEXT,
        "id": f"{base}/{release.dataset}/{release.version}.json",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"Certified: {', '.join(levels)}",
        "issuer": {"id": issuer["id"], "type": ["Profile"], "name": issuer["name"], "url": issuer["url"]},
        "validFrom": now,
        "credentialSubject": {
            "id": one.identity,
            "type": ["AchievementSubject"],
            "achievement": _achievement(base),
            "result": [
                {"type": ["Result"], "resultDescription": f"{base}/criteria#{level.name}",
                 "status": "Completed" if level.name in levels else "Failed"}
                for level in LEVELS
            ],
        },
        "evidence": _evidence(one, assessment),
        "credentialStatus": {
            "id": listed, "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
            "statusListIndex": str(status["index"]), "statusListCredential": str(status["url"]),
        },
    }  # fmt: skip


def _achievement(base: str) -> dict[str, Any]:
    return {
        "id": f"{base}/criteria",
        "type": ["Achievement"],
        "achievementType": "Certification",
        "name": "Certified neuroscience dataset",
        "description": "A dataset that was measured against published criteria in five levels.",
        "criteria": {"id": f"{base}/criteria", "narrative": "\n".join(f"- {each.name}: {each.criteria}" for each in LEVELS)},
        "resultDescription": [
            {"id": f"{base}/criteria#{each.name}", "type": ["ResultDescription"], "name": each.name, "resultType": "Status"}
            for each in LEVELS
        ],
    }  # fmt: skip


def _evidence(one: Described, assessment: Assessment) -> list[dict[str, Any]]:
    score, release = assessment.score, one.release
    points = "; ".join(f"{each.id} {each.points:g}/{each.of:g}" for each in assessment.results)
    validators = release.metadata.get("validators")
    counts = (
        "; ".join(f"{name}: {count.get('errors', 0)} errors" for name, count in validators.items())
        if isinstance(validators, Mapping)
        else "none ran"
    )
    told = (
        ("FAIR assessment", f"{score.points:g} of {score.of:g} points ({score.percent:g} %). {points}."),
        ("Validators", f"{counts}."),
        ("Content", f"Release {release.id}, digest over all paths and hashes (SHA-256) {release.digest}."),
    )
    where = {"id": one.url} if one.url else {}
    return [{"type": ["Evidence"], **where, "name": name, "narrative": narrative} for name, narrative in told]


def svg(levels: tuple[str, ...], *, score: float, valid: bool = True) -> str:
    """A picture of the badge for a README: words and a colour, readable by a screen reader.

    Parameters
    ----------
    levels : tuple of str
        What was earned.
    score : float
        In per cent.
    valid : bool
        False for a badge that is revoked.
    """
    words = f"{len(levels)} of {len(LEVELS)} levels · FAIR {score:.0f} %" if valid else "revoked"
    colour = "#6b7280" if not valid else "#15803d" if len(levels) >= 4 else "#0f766e" if levels else "#b45309"
    left, right = 92, 16 + 7 * len(words)
    label = escape(f"commissure: {words}{' (' + ', '.join(levels) + ')' if levels and valid else ''}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="22" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<rect width="{left}" height="22" fill="#1f2937"/><rect x="{left}" width="{right}" height="22" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="8" y="15">commissure</text><text x="{left + 8}" y="15">{escape(words)}</text></g></svg>\n'
    )
