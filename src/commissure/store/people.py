"""People who work with a hub, and the tokens by which their programs say who they are."""

import hashlib
from dataclasses import asdict

import sqlalchemy as sa

from commissure.errors import NotFound
from commissure.model import Person
from commissure.store.database import Database
from commissure.store.schema import people, tokens

__all__ = ["People"]


class People:
    """Persons by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, person: Person) -> None:
        """Add a Person, or replace what is known of them."""
        with self._database.write() as connection:
            row = asdict(person)
            if not connection.execute(people.update().where(people.c.id == person.id).values(row)).rowcount:
                connection.execute(people.insert().values(row))

    def get(self, id: str) -> Person:
        """The Person called ``id``; :class:`NotFound` if there is none."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(people).where(people.c.id == id)).first()
        if row is None:
            raise NotFound(f"No person has the id {id!r}.")
        return Person(**row._asdict())

    def all(self) -> tuple[Person, ...]:
        """Everybody, by id."""
        with self._database.read() as connection:
            return tuple(
                Person(**row._asdict()) for row in connection.execute(sa.select(people).order_by(people.c.id))
            )

    def add_token(self, person: str, token: str, *, now: str) -> None:
        """Let ``token`` (at least 128 random bits) stand for ``person``; only its SHA-256 is kept."""
        self.get(person)
        with self._database.write() as connection:
            connection.execute(tokens.insert().values(digest=_digest(token), person=person, created=now))

    def by_token(self, token: str) -> Person:
        """Whom ``token`` stands for; :class:`NotFound` if for nobody."""
        select = sa.select(people).join(tokens, tokens.c.person == people.c.id)
        with self._database.read() as connection:
            row = connection.execute(select.where(tokens.c.digest == _digest(token))).first()
        if row is None:
            raise NotFound("This token stands for nobody; ask the hub's owner for a new one.")
        return Person(**row._asdict())

    def drop_tokens(self, person: str) -> None:
        """Make every token of ``person`` useless."""
        with self._database.write() as connection:
            connection.execute(tokens.delete().where(tokens.c.person == person))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
