"""Paths into records: ``latestSnapshot.description.Name``, ``contributor[roleName=dcite:Author].name``.

>>> list(find({"a": [{"b": 1}, {"b": None}, "x"]}, "a[].b"))
[1]
>>> record = {}
>>> put(record, "a[].b", value=["x", "y"])
>>> record
{'a': [{'b': 'x'}, {'b': 'y'}]}
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["find", "put"]

_STEP = re.compile(r"(?P<name>[^.\[\]]+)(?P<list>\[(?:(?P<key>[^=\]]+)=(?P<value>[^\]]+))?\])?(?:\.|$)")


def _steps(path: str) -> list[re.Match[str]]:
    return list(_STEP.finditer(path))


def find(record: Any, path: str) -> Iterator[Any]:
    """Every value at ``path`` that is not null; nothing where the record has another shape."""
    yield from _find(record, _steps(path))


def _find(value: Any, steps: list[re.Match[str]]) -> Iterator[Any]:
    if not steps:
        if value is not None:
            yield value
        return
    step, rest = steps[0], steps[1:]
    if not isinstance(value, Mapping):
        return
    below = value.get(step["name"])
    if step["list"] is None:
        yield from _find(below, rest)
    elif isinstance(below, list):
        for one in below:
            if step["key"] is None or _bears(one, step["key"], step["value"]):
                yield from _find(one, rest)


def _bears(one: Any, key: str, value: str) -> bool:
    found = one.get(key) if isinstance(one, Mapping) else None
    return value in found if isinstance(found, list) else found == value


def put(record: dict[str, Any], path: str, *, value: Any, template: Mapping[str, Any] | None = None) -> None:
    """Write ``value`` at ``path``; where the path has a list, ``value`` is a list, one entry each.

    Parameters
    ----------
    record : dict
        Changed in place; what is missing on the way is made.
    path : str
        At most one list on it.
    value : object
        What to write.
    template : mapping, optional
        What each entry of the list bears besides.
    """
    here = record
    steps = _steps(path)
    for place, step in enumerate(steps):
        name, rest = step["name"], path[step.end() :]
        if step["list"] is not None:
            entries = here.setdefault(name, [])
            for one in value if isinstance(value, list) else [value]:
                entries.append(_entry(one, rest, template))
            return
        if place == len(steps) - 1:
            here[name] = value
        else:
            here = here.setdefault(name, {})


def _entry(value: Any, rest: str, template: Mapping[str, Any] | None) -> Any:
    if not rest:
        return value
    entry = dict(template or {})
    put(entry, rest, value=value)
    return entry
