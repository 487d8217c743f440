"""Feeds of the whole catalogue for machines: DCAT pages, and OAI-PMH."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from commissure.certify import oai
from commissure.certify.dcat import catalogue
from commissure.certify.described import Described
from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.store.port import Query
from commissure.workflows.browse import show
from commissure.workflows.certify import describe, described, registered

__all__ = ["answer_oai", "dcat_page"]

_ON_A_PAGE = 50


def _page(hub: Hub, *, cursor: str | None, origin: str, withdrawn: bool) -> tuple[list[Described], str]:
    """The latest releases of public datasets, and where the next page begins."""
    page = hub.records.catalogue.page(Query(withdrawn=withdrawn), cursor=cursor, limit=_ON_A_PAGE)
    dois, found = registered(hub), []
    for card in page.cards:
        versions = hub.records.releases.versions(card.dataset.id)
        release = hub.records.releases.get(card.dataset.id, card.version)
        found.append(
            described(hub, card.dataset, release=release, origin=origin, versions=versions, dois=dois)
        )
    return found, page.next or ""


def dcat_page(hub: Hub, *, url: str, origin: str, cursor: str | None = None) -> dict[str, object]:
    """One page of the hub's ``dcat:Catalog``: the latest release of each public dataset.

    Parameters
    ----------
    hub : Hub
        Whose catalogue.
    url : str
        Where the feed is served.
    origin : str
        Where the hub is served.
    cursor : str or None
        Where the page begins; None for the first.

    Raises
    ------
    BadInput
        If the cursor was not made here.
    """
    found, after = _page(hub, cursor=cursor, origin=origin, withdrawn=False)
    following = f"{url}?cursor={after}" if after else ""
    return catalogue(found, url=url, title=hub.settings.publisher, next_page=following)


def answer_oai(hub: Hub, asked: Mapping[str, str], *, url: str, origin: str, now: datetime) -> str:
    """The answer to an OAI-PMH request; wrong requests get the protocol's own errors.

    Parameters
    ----------
    hub : Hub
        Whose catalogue.
    asked : mapping of str to str
        The request's arguments.
    url, origin : str
        Where OAI-PMH, and the hub, are served.
    now : datetime
        The instant, in UTC.

    References
    ----------
    Lagoze et al. 2015, OAI-PMH 2.0, https://www.openarchives.org/OAI/openarchivesprotocol.html.
    """
    answer = oai.Answer(url, now.strftime("%Y-%m-%dT%H:%M:%SZ"), asked)
    verb = asked.get("verb", "")
    if verb not in oai.VERBS:
        return oai.error(answer, "badVerb", message=f"verb is one of {', '.join(oai.VERBS)}.")
    if extra := sorted(set(asked) - oai.VERBS[verb] - {"verb"}):
        return oai.error(answer, "badArgument", message=f"{verb} takes no {', '.join(extra)}.")
    if verb == "Identify":
        return oai.identify(answer, name=hub.settings.publisher, earliest="2020-01-01T00:00:00Z")
    if verb == "ListSets":
        return oai.sets(answer)
    if verb == "ListMetadataFormats":
        return oai.formats(answer)
    if verb == "GetRecord":
        return _record(hub, answer, origin=origin, now=now)
    return _listed(hub, answer, origin=origin)


def _record(hub: Hub, answer: oai.Answer, *, origin: str, now: datetime) -> str:
    identifier, prefix = answer.asked.get("identifier", ""), answer.asked.get("metadataPrefix", "")
    if not identifier or not prefix:
        return oai.error(answer, "badArgument", message="GetRecord takes identifier and metadataPrefix.")
    if prefix not in oai.FORMATS:
        return oai.error(
            answer, "cannotDisseminateFormat", message=f"metadataPrefix is one of {', '.join(oai.FORMATS)}."
        )
    try:
        shown = show(hub, identifier.removeprefix("oai:commissure:"), viewer="", now=now)
    except NotFound:
        return oai.error(answer, "idDoesNotExist", message="No public release has that identifier.")
    return oai.records(answer, [describe(hub, shown, origin=origin)], prefix=prefix, single=True)


def _listed(hub: Hub, answer: oai.Answer, *, origin: str) -> str:
    asked = answer.asked
    try:
        state = (
            _unpacked(asked["resumptionToken"]) if "resumptionToken" in asked else {**asked, "cursor": None}
        )
        if asked.get("resumptionToken") and len(asked) > 2:
            return oai.error(answer, "badArgument", message="resumptionToken stands alone.")
        prefix = str(state.get("metadataPrefix", ""))
        if not prefix:
            return oai.error(answer, "badArgument", message="metadataPrefix is needed.")
        if prefix not in oai.FORMATS:
            return oai.error(
                answer,
                "cannotDisseminateFormat",
                message=f"metadataPrefix is one of {', '.join(oai.FORMATS)}.",
            )
        if state.get("set"):
            return oai.sets(answer)
        found, after = _page(hub, cursor=state["cursor"], origin=origin, withdrawn=True)
    except (BadInput, KeyError):
        return oai.error(answer, "badResumptionToken", message="The token was not made by this repository.")
    first, last = str(state.get("from", "")), str(state.get("until", ""))
    within = [one for one in found if _within(one.release.created, first, last)]
    kept = {key: state[key] for key in ("metadataPrefix", "from", "until") if state.get(key)}
    token = _packed({**kept, "cursor": after}) if after else ""
    if not within and not token:
        return oai.error(answer, "noRecordsMatch", message="No release was made in that time.")
    if asked["verb"] == "ListIdentifiers":
        return oai.headers(answer, within, token=token)
    return oai.records(answer, within, prefix=prefix, token=token)


def _within(created: str, first: str, last: str) -> bool:
    """ISO instants compare as texts; a day means all of it."""
    return (not first or created[: len(first.rstrip("Z"))] >= first.rstrip("Z")) and (
        not last or created[: len(last.rstrip("Z"))] <= last.rstrip("Z")
    )


def _packed(state: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(dict(state)).encode()).decode().rstrip("=")


def _unpacked(token: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise BadInput("The token was not made by this repository.") from error
    if not isinstance(found, dict):
        raise BadInput("The token was not made by this repository.")
    return found
