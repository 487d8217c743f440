"""The API's own page: every route, drawn from the OpenAPI document, without a script from elsewhere."""

from typing import Any

__all__ = ["routes"]

_METHODS = ("get", "post", "put", "delete")


def routes(document: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry a route: method, path, what it gives, parameters, by tag.

    Parameters
    ----------
    document : mapping
        An OpenAPI document.
    """
    found = []
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if (told := methods.get(method)) is not None:
                found.append(
                    {
                        "tag": (told.get("tags") or ["other"])[0],
                        "method": method.upper(),
                        "path": path,
                        "summary": told.get("description") or told.get("summary", ""),
                        "parameters": [_parameter(item) for item in told.get("parameters", ())],
                        "body": sorted(told.get("requestBody", {}).get("content", {})),
                        "token": "401" in told.get("responses", {}),
                    }
                )
    return found


def _parameter(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": item["name"],
        "where": item["in"],
        "needed": item.get("required", False),
        "text": item.get("description", ""),
    }
