"""commissure joins labs: standardize, protect, find, pool and release neuroscience data.

::

    import commissure as cm

    hub = cm.open("hub")                        # a hub in a folder; cm.connect("http://…") for one elsewhere
    report = cm.share(hub, "raw/session-12")    # raw files → an immutable, findable release
    cm.search(hub, "mouse visual cortex")
    cm.get(hub, "ds-1a2b3c@0.1.0", into="here")

Every name is loaded on first use (PEP 562); ``import commissure`` itself pulls in nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commissure.faces.client import connect
    from commissure.faces.python import (
        add_peer,
        audit,
        datasets,
        get,
        grant,
        job,
        open,
        partners,
        peers,
        privacy,
        privacy_picture,
        private_release,
        remove_peer,
        revoke,
        search,
        search_everywhere,
        set_budget,
        share,
        show,
        similar,
        withdraw,
    )

_FROM = {
    "connect": "commissure.faces.client",
    **dict.fromkeys(
        (
            "add_peer",
            "audit",
            "datasets",
            "get",
            "grant",
            "job",
            "open",
            "partners",
            "peers",
            "privacy",
            "privacy_picture",
            "private_release",
            "remove_peer",
            "revoke",
            "search",
            "search_everywhere",
            "set_budget",
            "share",
            "show",
            "similar",
            "withdraw",
        ),
        "commissure.faces.python",
    ),
}
__all__ = [
    "add_peer",
    "audit",
    "connect",
    "datasets",
    "get",
    "grant",
    "job",
    "open",
    "partners",
    "peers",
    "privacy",
    "privacy_picture",
    "private_release",
    "remove_peer",
    "revoke",
    "search",
    "search_everywhere",
    "set_budget",
    "share",
    "show",
    "similar",
    "withdraw",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("commissure")
    if name not in _FROM:
        raise AttributeError(f"module 'commissure' has no attribute {name!r}")
    found = getattr(importlib.import_module(_FROM[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
