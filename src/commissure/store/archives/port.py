"""What a connector to an archive is: one Protocol of two methods."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from commissure.store.archives.web import Web

__all__ = ["Connector"]


@runtime_checkable
class Connector(Protocol):
    """Asks one archive in its own words, and gives its records as it tells them.

    ``base`` is the public address. What the records mean is said by the tables in ``translate/mapping``.
    """

    base: str

    def search(self, asked: Mapping[str, Any], *, web: Web, limit: int) -> Iterator[Mapping[str, Any]]:
        """Up to ``limit`` raw records for a question in the archive's own parameters, page after page.

        It never trusts a count: it ends where the archive repeats itself or gives nothing more.
        """
        ...

    def get(self, id: str, *, web: Web) -> Mapping[str, Any]:
        """One raw record by the archive's id; :class:`commissure.errors.NotFound` if there is none."""
        ...
