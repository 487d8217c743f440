"""Archives whose search is one list, page after page: the table says how each is asked.

NEMAR, NeuroVault, Alyx, Zenodo, GIN and the EBRAINS search differ in the names of their parameters and in how they
turn a page, and in little else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commissure.errors import NotFound
from commissure.store.archives.paging import follow_next, rows_of, take
from commissure.store.archives.web import Web

__all__ = ["RestArchive", "alyx", "ebrains", "gin", "nemar", "neurovault", "zenodo"]


@dataclass(frozen=True, slots=True)
class RestArchive:
    """One archive of this kind.

    Parameters
    ----------
    name, base : str
        What it is called and where it is.
    list_path, one_path : str
        Where it lists, and where one record is (``{id}`` in its place).
    rows : tuple of str
        Where in an answer the records lie.
    one : tuple of str
        Where in the answer to one id the record lies.
    key : str
        The field that tells records apart.
    page : str
        The parameter that turns the page: a number from 1 on, or with ``offset`` the number of records before it.
        Empty where ``next`` holds the next page's address.
    size : str
        The parameter that says how many a page holds.
    offset : bool
        Whether ``page`` counts records.
    always : mapping
        Parameters that go along with each question.
    most : int
        The most a page may hold.
    words : tuple of str
        Fields to look for the words in, for an archive that cannot search itself.
    """

    name: str
    base: str
    list_path: str
    one_path: str
    rows: tuple[str, ...] = ("results",)
    one: tuple[str, ...] = ()
    key: str = "id"
    page: str = ""
    size: str = "limit"
    offset: bool = False
    always: Mapping[str, Any] = field(default_factory=dict)
    most: int = 100
    words: tuple[str, ...] = ()

    def search(self, asked: Mapping[str, Any], *, web: Web, limit: int) -> Iterator[Mapping[str, Any]]:
        """Up to ``limit`` records."""
        sent = {k: v for k, v in asked.items() if not (self.words and k == "words")}
        holds = self._holding(str(asked.get("words", "")) if self.words else "")
        size = self.most if self.words else min(self.most, limit)
        plain = {**self.always, **sent, self.size: size}
        if self.page:
            pages = self._turned(plain, web, size)
        else:
            pages = follow_next(web.get, self.list_path, parameters=plain, name=self.name)
        most = limit if not self.words else 10**6
        found = 0
        for row in take(pages, limit=most, key=lambda row: row.get(self.key)):
            if holds(row):
                found += 1
                yield row
            if found >= limit:
                return

    def get(self, id: str, *, web: Web) -> Mapping[str, Any]:
        """One record."""
        found = web.get(self.one_path.format(id=id), dict(self.always))
        for key in self.one:
            found = found.get(key) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise NotFound(f"{self.name} has no record {id!r}.")
        return found

    def _turned(self, plain: Mapping[str, Any], web: Web, size: int) -> Iterator[list[Mapping[str, Any]]]:
        number = 0 if self.offset else 1
        while True:
            rows = rows_of(web.get(self.list_path, {**plain, self.page: number}), *self.rows, name=self.name)
            yield rows
            if len(rows) < size:
                return
            number += len(rows) if self.offset else 1

    def _holding(self, words: str) -> Callable[[Mapping[str, Any]], bool]:
        wanted = words.lower().split()
        return lambda row: all(
            word in " ".join(str(row.get(f) or "") for f in self.words).lower() for word in wanted
        )


nemar = RestArchive(
    name="NEMAR", base="https://api.nemar.org", list_path="datasets", one_path="datasets/{id}", rows=("datasets",),
    one=("dataset",), key="dataset_id", page="offset", offset=True, most=200,
    words=("dataset_id", "name", "description", "tasks", "modalities"),
)  # fmt: skip
neurovault = RestArchive(
    name="NeuroVault", base="https://neurovault.org/api", list_path="collections/", one_path="collections/{id}/",
    always={"format": "json"},
)  # fmt: skip
alyx = RestArchive(
    name="Alyx", base="https://openalyx.internationalbrainlab.org", list_path="sessions", one_path="sessions/{id}",
)  # fmt: skip
zenodo = RestArchive(
    name="Zenodo", base="https://zenodo.org/api", list_path="records", one_path="records/{id}", rows=("hits", "hits"),
    page="page", size="size", always={"type": "dataset"}, most=25,
)  # fmt: skip
gin = RestArchive(
    name="GIN", base="https://gin.g-node.org/api/v1", list_path="repos/search", one_path="repos/{id}",
    rows=("data",), key="full_name", page="page", most=50,
)  # fmt: skip
ebrains = RestArchive(
    name="EBRAINS", base="https://search.kg.ebrains.eu/api", list_path="groups/public/search",
    one_path="groups/public/documents/{id}", rows=("hits",), page="from", size="size", offset=True,
    always={"type": "Dataset"}, most=50,
)  # fmt: skip
