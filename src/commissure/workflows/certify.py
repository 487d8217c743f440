"""Certify: how FAIR a release is, and its description for machines; scores are kept in the ledger, so that they have a history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from commissure.certify.badges import earned
from commissure.certify.described import Described
from commissure.certify.evidence import Evidence
from commissure.certify.exports import EXPORTS
from commissure.certify.exports import export as export_room
from commissure.certify.fair import Assessment, assess
from commissure.certify.identifiers import ark
from commissure.certify.sources import of_release
from commissure.certify.tree import wanted_text
from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.hub import Hub
from commissure.model import Dataset, Person, Release
from commissure.store.ledger import Line
from commissure.workflows.access import open_asset
from commissure.workflows.browse import Shown, show
from commissure.workflows.certify_lines import ASSESSED, REGISTERED, lines

__all__ = ["Certified", "certify", "describe", "described", "export", "history", "resolve"]

_MOST_TEXTS = 60


@dataclass(frozen=True, slots=True)
class Certified:
    """What a release has earned.

    Parameters
    ----------
    one : Described
        The release.
    evidence : Evidence
        What was seen.
    assessment : Assessment
        Its points.
    levels : tuple of str
        The badge's levels that it has earned.
    """

    one: Described
    evidence: Evidence
    assessment: Assessment
    levels: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "release": self.one.release.id,
            "identifiers": list(self.evidence.identifiers),
            "levels": list(self.levels),
            **self.assessment.to_dict(),
        }


def describe(hub: Hub, shown: Shown, *, origin: str = "") -> Described:
    """A release with its page and its identifiers.

    Parameters
    ----------
    hub : Hub
        Where it is.
    shown : Shown
        The release, as the viewer may see it.
    origin : str
        Where the hub is served (``https://hub.example``); empty if it is not.
    """
    dois = registered(hub, shown.release.dataset)
    return described(
        hub, shown.dataset, release=shown.release, origin=origin, versions=shown.versions, dois=dois
    )


def described(
    hub: Hub,
    dataset: Dataset,
    *,
    release: Release,
    origin: str = "",
    versions: tuple[str, ...] = (),
    dois: Mapping[str, str] | None = None,
) -> Described:
    """As :func:`describe`, of a release that is in hand."""
    return Described(
        dataset=dataset,
        release=release,
        url=f"{origin.rstrip('/')}/datasets/{release.dataset}/{release.version}" if origin else "",
        publisher=hub.settings.publisher,
        ark=ark(hub.settings.naan, hub.id, release.dataset, release.version),
        doi=(dois or {}).get(release.id, str(release.metadata.get("doi", "") or "")),
        versions=versions,
    )


def registered(hub: Hub, dataset: str = "") -> dict[str, str]:
    """The DOIs that were registered, by release id."""
    found = {str(line.body["release"]): str(line.body["doi"]) for line in lines(hub, REGISTERED)}
    return {id: doi for id, doi in found.items() if not dataset or id.startswith(f"{dataset}@")}


def certify(hub: Hub, shown: Shown, *, viewer: str, now: datetime, origin: str = "") -> Certified:
    """Assess a release as its page shows it, small text files included as far as the viewer may read them.

    Parameters
    ----------
    hub : Hub
        Where it is.
    shown : Shown
        The release, as the viewer may see it.
    viewer : str
        Who looks, by id; empty for anybody.
    now : datetime
        The instant at which a Grant must hold.
    origin : str
        Where the hub is served; empty if it is not.
    """
    one = describe(hub, shown, origin=origin)
    evidence = of_release(one, _texts(hub, one.release, viewer=viewer, now=now), negotiated=bool(origin))
    found = assess(evidence)
    hashed = bool(one.release.assets) and all(asset.sha256 for asset in one.release.assets)
    levels = earned(found, evidence, licence=one.licence, hashed=hashed)
    return Certified(one, evidence, found, levels)


def _texts(hub: Hub, release: Release, *, viewer: str, now: datetime) -> dict[str, str]:
    small = [asset for asset in release.assets if wanted_text(asset.path, asset.bytes)]
    wanted = sorted(small, key=lambda asset: asset.path.count("/"))[:_MOST_TEXTS]
    asking, found = hub.acting_as(Person(viewer)), {}
    for asset in wanted:
        try:
            with open_asset(asking, release, asset=asset, now=now) as stream:
                found[asset.path] = stream.read().decode("utf-8", "replace")
        except (NotPermitted, NotFound):
            return found
    return found


def keep(hub: Hub, found: Certified, *, now: datetime) -> bool:
    """Write a score into the ledger, unless the release's last is the same; True if it was written."""
    release, score = found.one.release, found.assessment.score
    last = [line for line in history(hub, release.dataset) if line.body["release"] == release.id]
    if last and (last[-1].body["points"], last[-1].body["of"]) == (score.points, score.of):
        return False
    body = {
        "release": release.id,
        "score": score.percent,
        "points": score.points,
        "of": score.of,
        "levels": list(found.levels),
    }
    hub.ledger.append(ASSESSED, body, at=now.isoformat(), by=hub.actor.id)
    return True


def history(hub: Hub, dataset: str) -> tuple[Line, ...]:
    """The scores that were kept of a dataset's releases, the oldest first."""
    return tuple(line for line in lines(hub, ASSESSED) if str(line.body["release"]).startswith(f"{dataset}@"))


def export(hub: Hub, reference: str, *, form: str, viewer: str, now: datetime, origin: str = "") -> str:
    """A release in one of the forms that machines read.

    Parameters
    ----------
    hub : Hub
        Where it is.
    reference : str
        ``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest.
    form : str
        ``jsonld``, ``croissant``, ``dcat``, ``dcat-xml``, ``dcat-jsonld``, ``datacite``, ``datacite-xml``, ``ro-crate``,
        ``openminds`` or ``citation``.
    viewer, now, origin
        As for :func:`certify`.

    Raises
    ------
    BadInput
        If there is no such form.
    NotFound
        If there is no such release, or the viewer may not know of it.
    """
    if form not in EXPORTS:
        raise BadInput(f"A release is described as one of {', '.join(EXPORTS)}; got {form!r}.")
    return export_room(describe(hub, show(hub, reference, viewer=viewer, now=now), origin=origin), form)


def resolve(hub: Hub, name: str) -> str:
    """The id of the release that an ARK (or its name after the number) stands for.

    Raises
    ------
    NotFound
        If this hub never made it.
    """
    wanted = name.removeprefix("ark:").lstrip("/")
    for id in hub.records.releases.digests():
        dataset, _, version = id.partition("@")
        if ark(hub.settings.naan, hub.id, dataset, version) == f"ark:{wanted}":
            return id
    raise NotFound("This hub has made no release of that ARK.")
