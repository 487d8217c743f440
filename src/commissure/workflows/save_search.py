"""Saved searches: questions under a name, each its owner's."""

import json
import re

from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.store import files

__all__ = ["forget_search", "save_search", "saved_searches"]

_NAME = re.compile(r"[\w][\w .-]{0,63}")
_LONGEST, _MOST = 1_000, 200


def saved_searches(hub: Hub, *, owner: str) -> dict[str, str]:
    """The saved questions of a Person, by name, sorted."""
    return dict(sorted(_all(hub).get(owner, {}).items()))


def save_search(hub: Hub, name: str, *, words: str, owner: str) -> None:
    """Keep a question under a name, in place of one that has it.

    Raises
    ------
    BadInput
        If the name or the question cannot be kept, or the Person has 200 already.
    """
    if not _NAME.fullmatch(name) or not words.strip() or len(words) > _LONGEST:
        raise BadInput(
            f"A saved search needs a name of 1 to 64 letters and 1 to {_LONGEST} characters of words."
        )
    with hub.lock("searches"):
        kept = _all(hub)
        mine = kept.setdefault(owner, {})
        if name not in mine and len(mine) >= _MOST:
            raise BadInput(f"There are {_MOST} saved searches already; forget one first.")
        mine[name] = words
        _write(hub, kept)


def forget_search(hub: Hub, name: str, *, owner: str) -> None:
    """Delete a saved search; NotFound if there is none of that name."""
    with hub.lock("searches"):
        kept = _all(hub)
        if name not in kept.get(owner, {}):
            raise NotFound(f"No saved search is called {name[:64]!r}.")
        del kept[owner][name]
        _write(hub, kept)


def _all(hub: Hub) -> dict[str, dict[str, str]]:
    path = hub.root / "searches.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write(hub: Hub, kept: dict[str, dict[str, str]]) -> None:
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    files.replace(hub.root / "searches.json", text.encode())
