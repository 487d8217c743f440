"""Revisions: a number that every write raises in its own transaction, so that what is kept in memory is known to be old."""

import sqlalchemy as sa

from commissure.store.schema import likenesses, revisions

__all__ = ["means_changed", "means_revision"]

_MEANS = revisions.c.name == "likenesses"


def means_revision(connection: sa.Connection) -> int:
    """The number of the means that everybody may search, as the transaction sees it."""
    return int(connection.execute(sa.select(revisions.c.value).where(_MEANS)).scalar_one())


def means_changed(connection: sa.Connection, *, dataset: str | None = None) -> None:
    """Raise the number, within the transaction that writes; of a named dataset only if it has a mean."""
    here = _MEANS
    if dataset is not None:
        here &= sa.select(likenesses.c.dataset).where(likenesses.c.dataset == dataset).exists()
    connection.execute(revisions.update().where(here).values(value=revisions.c.value + 1))
