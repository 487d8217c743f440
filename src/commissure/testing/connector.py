"""The contract of a connector: subclass :class:`ConnectorContract` and give a fixture ``asked``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commissure.errors import Fault, NotFound
from commissure.store.archives.port import Connector
from commissure.store.archives.web import Web
from commissure.testing.expect import expect, expect_equal, expect_error

__all__ = ["Asked", "ConnectorContract"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A connector, where to ask, and what is known to be there.

    Parameters
    ----------
    connector : Connector
        What is tested.
    web : Web
        An archive that answers.
    down : Web
        One that does not.
    question : mapping
        Something in the archive's own parameters that has an answer.
    key : str
        The field of a raw record that holds its id.
    """

    connector: Connector
    web: Web
    down: Web
    question: Mapping[str, Any]
    key: str


class ConnectorContract:
    """What every Connector must do. Run by pytest, with a fixture ``asked`` that gives an :class:`Asked`."""

    def test_records_are_given_each_once(self, asked: Asked) -> None:
        rows = list(asked.connector.search(asked.question, web=asked.web, limit=100))
        expect(rows, "a question with an answer gives records")
        ids = [row[asked.key] for row in rows]
        expect_equal(len(ids), len(set(ids)), what="each record comes once")

    def test_a_limit_holds(self, asked: Asked) -> None:
        rows = list(asked.connector.search(asked.question, web=asked.web, limit=1))
        expect_equal(len(rows), 1, what="a limit of one gives one record")

    def test_a_record_is_found_by_its_id(self, asked: Asked) -> None:
        first = next(iter(asked.connector.search(asked.question, web=asked.web, limit=1)))
        got = asked.connector.get(str(first[asked.key]), web=asked.web)
        expect_equal(got[asked.key], first[asked.key], what="get gives the record with that id")

    def test_an_unknown_id_is_not_found(self, asked: Asked) -> None:
        get = asked.connector.get
        expect_error(NotFound, lambda: get("no-such-id", web=asked.web), what="an unknown id is NotFound")

    def test_an_archive_that_is_down_is_a_fault(self, asked: Asked) -> None:
        search = asked.connector.search
        expect_error(
            Fault, lambda: list(search(asked.question, web=asked.down, limit=1)), what="no answer is a Fault"
        )
