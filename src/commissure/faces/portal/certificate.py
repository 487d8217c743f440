"""The panel of a release's page that says how FAIR it is, and which badge it bears."""

from typing import Any
from urllib.parse import quote

from commissure.certify.badges import LEVELS
from commissure.certify.jsonld import described_jsonld
from commissure.faces.portal.draw import script_json
from commissure.hub import Hub
from commissure.workflows.certify import Certified
from commissure.workflows.certify_badge import issued, void

__all__ = ["panel"]

_FORMS = (("Croissant", "croissant"), ("DCAT", "dcat"), ("DataCite", "datacite"), ("RO-Crate", "ro-crate"),
          ("openMINDS", "openminds"), ("CITATION.cff", "citation"))  # fmt: skip


def panel(hub: Hub, found: Certified) -> dict[str, Any]:
    """Values of the panel, the other forms' addresses, and the page's JSON-LD with all identifiers.

    Parameters
    ----------
    hub : Hub
        Where it is.
    found : Certified
        Its points.
    """
    release, score = found.one.release, found.assessment
    top = f"/api/v1/datasets/{quote(release.dataset, safe='')}/releases/{quote(release.version, safe='')}"
    badge = issued(hub, release.id)
    fair = {
        "score": score.score.percent,
        "points": score.score.points,
        "of": score.score.of,
        "principles": [(name, part.percent) for name, part in score.principles.items()],
        "data": score.data.percent,
        "levels": [(level.name, level.name in found.levels, level.criteria) for level in LEVELS],
        "findings": [finding.to_dict() for finding in score.findings],
        "address": f"{top}/fair",
        "identifier": found.one.doi or found.one.ark,
        "badge": f"/badges/{quote(release.dataset, safe='')}/{quote(release.version, safe='')}"
        if badge
        else "",
        "revoked": bool(badge) and void(hub, release.id),
    }
    return {
        "fair": fair,
        "forms": [(name, f"{top}/metadata/{form}") for name, form in _FORMS],
        "jsonld": script_json(described_jsonld(found.one)),
    }
