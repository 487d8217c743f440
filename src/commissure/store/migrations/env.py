"""Alembic's entry: runs on the connection that :class:`commissure.store.database.Database` hands over."""

from alembic import context

from commissure.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
