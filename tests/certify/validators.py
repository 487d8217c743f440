"""The outside validators, each run without a network."""

import json
from pathlib import Path
from typing import Any

from commissure.certify.contexts import CRATE_CONTEXT


def check_croissant(document: dict[str, Any]) -> tuple[list[str], Any]:
    """What mlcroissant calls an error, and the metadata as it read them."""
    import mlcroissant

    try:
        read = mlcroissant.Dataset(jsonld=document)
    except mlcroissant.ValidationError as error:
        return [str(error)], None
    return sorted(read.metadata.ctx.issues.errors), read.metadata


def check_shapes(turtle: str, shapes: str) -> tuple[bool, str]:
    """What pyshacl says of a graph."""
    import pyshacl

    ok, _, told = pyshacl.validate(
        turtle, data_graph_format="turtle", shacl_graph=shapes, shacl_graph_format="turtle"
    )
    return bool(ok), str(told)


def check_crate(crate: dict[str, Any], folder: Path, *, profile: str) -> list[str]:
    """What roc-validator calls wrong in a crate, at the level of what is required.

    Its cache of contexts is seeded from the copy that travels with our package (which is the rocrate wheel's), and it
    is told that there is no network.
    """
    import importlib.resources

    import requests
    from requests.adapters import BaseAdapter
    from requests_cache import CachedSession
    from rocrate_validator import models, services

    text = (importlib.resources.files("commissure.certify.contexts") / "ro-crate-1.3.jsonld").read_bytes()

    class Shelf(BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            found = requests.Response()
            found.status_code, found.url, found.request = 200, str(request.url), request
            found.headers["Content-Type"] = "application/ld+json"
            found.raw = __import__("urllib3").HTTPResponse(
                body=__import__("io").BytesIO(text),
                status=200,
                headers={"Content-Type": "application/ld+json"},
                preload_content=False,
            )
            return found

        def close(self) -> None:
            """Nothing is open."""

    cache = folder / "contexts"
    session = CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1, allowable_codes=(200,))
    session.mount("https://", Shelf())
    session.get(CRATE_CONTEXT, headers={"Accept": "application/ld+json, application/json, */*;q=0.1"})
    session.close()
    settings = models.ValidationSettings(
        rocrate_uri=".", profile_identifier=profile, requirement_severity=models.Severity.REQUIRED, metadata_dict=json.loads(json.dumps(crate)),
        metadata_only=True, skip_availability_check=True, offline=True, cache_path=cache,
    )  # fmt: skip
    result = services.validate(settings)
    return [str(issue.message) for issue in result.get_issues()]
