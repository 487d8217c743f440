"""One registry a kind of plugin: built-ins by name, third parties by entry point, loaded on first use.

A built-in is a line ``name: "module:object"``; a third party declares an entry point in the group
``commissure.<kind>``. A plugin that fails to load warns and is left out; the rest goes on.

>>> from commissure.plugins import Registry
>>> registry = Registry("number", {"pi": "math:pi"})
>>> registry.get("pi") > 3
True
>>> registry.names()
('pi',)
"""

import importlib
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from commissure.errors import BadInput, NotFound

__all__ = ["PluginWarning", "Registry"]

T = TypeVar("T")


class PluginWarning(UserWarning):
    """A plugin could not be loaded and is left out."""


class Registry(Generic[T]):
    """The plugins of one kind.

    Parameters
    ----------
    kind : str
        The kind, in the singular: the entry points are looked for in ``commissure.<kind>``.
    builtins : mapping of str to str
        ``name -> "module:object"``.
    """

    def __init__(self, kind: str, builtins: Mapping[str, str]) -> None:
        self.kind = kind
        self._targets = dict(builtins)
        self._loaded: dict[str, T] = {}
        self._scanned = False

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        for point in entry_points(group=f"commissure.{self.kind}"):
            if point.name in self._targets:
                message = (
                    f"The {self.kind} plugin {point.name!r} has the name of one that exists; it is left out."
                )
                warnings.warn(message, PluginWarning, stacklevel=3)
            else:
                self._targets[point.name] = point.value

    def names(self) -> tuple[str, ...]:
        """The names of all plugins, built-ins first."""
        self._scan()
        return tuple(self._targets)

    def get(self, name: str) -> T:
        """The plugin ``name``, loaded on first use; :class:`NotFound` if there is none."""
        self._scan()
        if name not in self._loaded:
            if name not in self._targets:
                known = ", ".join(self._targets) or "none"
                raise NotFound(f"No {self.kind} is called {name!r}; there are: {known}.")
            self._loaded[name] = self._load(self._targets[name])
        return self._loaded[name]

    def add(self, name: str, plugin: T) -> None:
        """Register an object under ``name`` for the life of the process; :class:`BadInput` if taken."""
        self._scan()
        if name in self._targets:
            raise BadInput(f"A {self.kind} called {name!r} exists already; choose another name.")
        self._targets[name] = ""
        self._loaded[name] = plugin

    def drop(self, name: str) -> None:
        """Forget a plugin that :meth:`add` registered; :class:`NotFound` if there is none."""
        if self._targets.get(name) != "":
            raise NotFound(f"No {self.kind} called {name!r} was added by this process.")
        del self._targets[name], self._loaded[name]

    def _load(self, target: str) -> T:
        module, _, attribute = target.partition(":")
        return cast(T, getattr(importlib.import_module(module), attribute))

    def items(self) -> Iterator[tuple[str, T]]:
        """Every plugin that loads, as ``(name, plugin)``; one that does not load warns."""
        for name in self.names():
            try:
                yield name, self.get(name)
            except Exception as error:  # noqa: BLE001 - a broken plugin warns and never crashes
                message = f"The {self.kind} plugin {name!r} does not load ({error}); it is left out."
                warnings.warn(message, PluginWarning, stacklevel=2)
