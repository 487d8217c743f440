"""DOIs: a client of DataCite's REST API, and the registration of a release with it.

A release's DOI is ``prefix/dataset-version`` and leads to its page; a withdrawn release keeps its DOI and its page, and
is hidden from DataCite's search.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from commissure.certify.datacite import check_datacite, datacite
from commissure.certify.identifiers import Registrar
from commissure.errors import BadInput, Conflict, Fault, NotPermitted
from commissure.extras import need
from commissure.hub import Hub
from commissure.workflows.browse import show
from commissure.workflows.certify import describe, registered
from commissure.workflows.certify_lines import REGISTERED

__all__ = ["DataCite", "register"]

_MEDIA = "application/vnd.api+json"


class DataCite:
    """DataCite's REST API, version 2.

    Parameters
    ----------
    url : str
        ``https://api.datacite.org``, or its test system's.
    account, password : str
        The repository's account.
    """

    def __init__(self, url: str, *, account: str, password: str) -> None:
        self._url = url.rstrip("/")
        coded = base64.b64encode(f"{account}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {coded}", "Content-Type": _MEDIA, "Accept": _MEDIA}

    def register(self, attributes: Mapping[str, Any], *, event: str) -> str:
        """Register or update a DOI; see :class:`commissure.certify.identifiers.Registrar`.

        Raises
        ------
        NotPermitted
            If the account may not.
        BadInput
            If DataCite calls the metadata wrong.
        Fault
            If it cannot be reached.
        """
        httpx = need("httpx", purpose="Registering DOIs")
        doi = str(attributes["doi"])
        body = {"data": {"id": doi, "type": "dois", "attributes": {**attributes, "event": event}}}
        try:
            answer = httpx.put(f"{self._url}/dois/{doi}", json=body, headers=self._headers, timeout=30.0)
        except httpx.HTTPError as error:
            raise Fault(f"DataCite cannot be reached ({type(error).__name__}); try again later.") from error
        if answer.status_code in {401, 403}:
            raise NotPermitted("DataCite does not let this account register under this prefix.")
        if answer.status_code == 422:
            raise BadInput(f"DataCite refuses the metadata: {_told(answer)}.")
        if answer.status_code >= 300:
            raise Fault(f"DataCite answered {answer.status_code}; try again later.")
        return str(answer.json()["data"]["id"])


def _told(answer: Any) -> str:
    try:
        first = answer.json()["errors"][0]
    except (ValueError, LookupError):
        return "no reason was given"
    return str(first.get("title", "no reason was given"))[:200]


def register(
    hub: Hub, reference: str, *, registrar: Registrar, prefix: str, origin: str, now: datetime
) -> str:
    """Give a release a DOI, or bring its metadata up to date; a withdrawn one is hidden. The DOI.

    Parameters
    ----------
    hub : Hub
        Where the release is; ``hub.actor`` must own its dataset.
    reference : str
        ``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest.
    registrar : Registrar
        Who registers.
    prefix : str
        The account's DOI prefix (``"10.5072"``).
    origin : str
        Where the hub is served; the DOI leads there.
    now : datetime
        The instant, in UTC.

    Raises
    ------
    NotPermitted
        If somebody else owns the dataset.
    Conflict
        If the release is private: a DOI is for what anybody may know of.
    BadInput
        If the metadata are not as DataCite 4.6 wants them.
    """
    shown = show(hub, reference, viewer=hub.actor.id, now=now)
    if shown.dataset.owner != hub.actor.id:
        raise NotPermitted("Only the owner of a dataset may register a DOI for it.")
    if not shown.release.public:
        raise Conflict("The release is private; make it public before it gets a DOI.")
    release = shown.release
    attributes = datacite(describe(hub, shown, origin=origin))
    attributes["doi"] = attributes.get("doi") or f"{prefix}/{release.dataset}-{release.version}".lower()
    if findings := check_datacite(attributes):
        raise BadInput(" ".join(finding.message for finding in findings))
    doi = registrar.register(attributes, event="hide" if release.withdrawn else "publish")
    if registered(hub, release.dataset).get(release.id) != doi:
        hub.ledger.append(
            REGISTERED, {"release": release.id, "doi": doi}, at=now.isoformat(), by=hub.actor.id
        )
    return doi
