"""Consents and Grants as they stand, for :mod:`commissure.govern` to decide on and the vault to ask."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commissure.errors import Conflict
from commissure.model import Consent, Grant
from commissure.store.database import Database, dumps
from commissure.store.ledger import Ledger
from commissure.store.schema import consents, grants

__all__ = ["Access", "end_public", "put_consents", "withdrawn_subjects"]


class Access:
    """What subjects have allowed, and who holds which Grant."""

    def __init__(self, database: Database, *, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def put_consent(self, dataset: str, consent: Consent, *, subject: str = "", by: str, at: str) -> None:
        """Note what was allowed for a dataset, or for one subject of it.

        Raises
        ------
        Conflict
            If consent was withdrawn: that is for ever.
        """
        with self._ledger.transaction() as connection:
            body = {"dataset": dataset, "reference": consent.reference, "whole": not subject}
            self._ledger.write(connection, "consent", body, at=at, by=by)
            put_consents(connection, dataset, given={subject: consent})

    def consents(self, dataset: str) -> dict[str, Consent]:
        """Consent by subject; the dataset's own under the empty string."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(consents).where(consents.c.dataset == dataset))
            return {row.subject: _consent(row._mapping) for row in rows}

    def withdraw(self, dataset: str, *, subject: str = "", reason: str, by: str, at: str) -> bool:
        """Mark consent as withdrawn and revoke every Grant to the dataset; False if it was withdrawn before.

        ``reason`` goes into the ledger: a category, never a name.
        """
        here = (consents.c.dataset == dataset) & (consents.c.subject == subject)
        with self._ledger.transaction() as connection:
            body = {"dataset": dataset, "whole": not subject, "reason": reason}
            self._ledger.write(connection, "consent withdrawn", body, at=at, by=by)
            found = connection.execute(sa.select(consents.c.withdrawn).where(here)).scalar()
            if found is None:
                connection.execute(
                    consents.insert().values(_row(dataset, subject, Consent("", withdrawn=True)))
                )
            connection.execute(consents.update().where(here).values(withdrawn=True))
            connection.execute(grants.update().where(grants.c.dataset == dataset).values(revoked=True))
        return not found

    def add_grant(self, grant: Grant, *, by: str, at: str) -> None:
        """Record a Grant that ``govern.consent`` made; without this the vault does not honour it."""
        row = {
            "id": grant.id, "person": grant.person, "dataset": grant.dataset, "purpose": grant.purpose,
            "until": _text(grant.until), "revoked": False, "by": by,
        }  # fmt: skip
        with self._ledger.transaction() as connection:
            body = {
                "dataset": grant.dataset,
                "person": grant.person,
                "purpose": grant.purpose,
                "grant": grant.id,
            }
            self._ledger.write(connection, "grant", body, at=at, by=by)
            connection.execute(grants.insert().values(row))

    def grants(self, dataset: str, *, person: str = "", by: str = "") -> tuple[Grant, ...]:
        """The Grants to ``dataset`` that are not revoked, of one person or of all, given by one or by anybody.

        ``by`` is the owner where the owner gave leave, ``"consent"`` where the rules did.
        """
        select = sa.select(grants).where(grants.c.dataset == dataset, grants.c.revoked.is_(False))
        if person:
            select = select.where(grants.c.person == person)
        if by:
            select = select.where(grants.c.by == by)
        with self._database.read() as connection:
            rows = connection.execute(select.order_by(grants.c.until.desc(), grants.c.id))
            return tuple(_grant(row._mapping) for row in rows)

    def revoke(self, dataset: str, *, person: str, by: str, at: str) -> int:
        """Revoke every Grant of ``person`` to ``dataset``; how many there were."""
        with self._ledger.transaction() as connection:
            self._ledger.write(connection, "revoke", {"dataset": dataset, "person": person}, at=at, by=by)
            here = (grants.c.dataset == dataset) & (grants.c.person == person) & grants.c.revoked.is_(False)
            return connection.execute(grants.update().where(here).values(revoked=True)).rowcount

    def stands(self, grant: Grant, *, subject: str) -> bool:
        """Whether this very Grant was recorded, is not revoked, and neither dataset nor ``subject`` has withdrawn."""
        taken_back = sa.select(consents.c.dataset).where(
            consents.c.dataset == grant.dataset,
            consents.c.subject.in_({"", subject}),
            consents.c.withdrawn.is_(True),
        )
        select = sa.select(grants).where(
            grants.c.id == grant.id, grants.c.revoked.is_(False), ~taken_back.exists()
        )
        with self._database.read() as connection:
            row = connection.execute(select).first()
        return row is not None and _grant(row._mapping) == grant


def put_consents(connection: sa.Connection, dataset: str, *, given: Mapping[str, Consent]) -> None:
    """Note consents, by subject, within a transaction; :class:`Conflict` where one was withdrawn."""
    for subject, consent in given.items():
        here = (consents.c.dataset == dataset) & (consents.c.subject == subject)
        found = connection.execute(sa.select(consents.c.withdrawn).where(here)).scalar()
        if found and not consent.withdrawn:
            who = "a subject of it" if subject else "it"
            raise Conflict(
                f"Consent for dataset {dataset!r} or for {who} was withdrawn; share it as a new dataset."
            )
        row = _row(dataset, subject, consent)
        connection.execute(consents.insert() if found is None else consents.update().where(here), row)


def end_public(connection: sa.Connection, dataset: str) -> None:
    """Revoke, within a transaction, the Grants that the rules gave while ``dataset`` was public; leave given stays."""
    here = (grants.c.dataset == dataset) & (grants.c.by == "consent")
    connection.execute(grants.update().where(here).values(revoked=True))


def withdrawn_subjects(connection: sa.Connection, dataset: str) -> frozenset[str]:
    """The labels of the subjects who have withdrawn from ``dataset``; the empty one if all of it is withdrawn."""
    select = sa.select(consents.c.subject).where(
        consents.c.dataset == dataset, consents.c.withdrawn.is_(True)
    )
    return frozenset(connection.execute(select).scalars())


def _row(dataset: str, subject: str, consent: Consent) -> dict[str, object]:
    return {
        "dataset": dataset,
        "subject": subject,
        "reference": consent.reference,
        "purposes": dumps(list(consent.purposes)),
        "until": _text(consent.until),
        "withdrawn": consent.withdrawn,
    }


def _consent(row: Mapping[Any, Any]) -> Consent:
    purposes = tuple(json.loads(row["purposes"]))
    return Consent(row["reference"], purposes, _instant(row["until"]), row["withdrawn"])


def _grant(row: Mapping[Any, Any]) -> Grant:
    return Grant(row["id"], row["person"], row["dataset"], row["purpose"], _instant(row["until"]))


def _text(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
