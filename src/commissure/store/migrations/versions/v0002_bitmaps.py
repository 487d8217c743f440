"""Bitmaps of the datasets that bear a value, filled from what the catalogue holds."""

import zlib
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BLOCK = 1 << 15


def upgrade() -> None:
    """Make the table and fill it."""
    table = op.create_table(
        "bitmaps",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("block", sa.Integer, primary_key=True),
        sa.Column("bits", sa.LargeBinary, nullable=False),
    )
    filled: dict[tuple[str, str, int], bytearray] = {}
    for key, value, number in _borne(op.get_bind()):
        block, within = divmod(number, _BLOCK)
        bits = filled.setdefault((key, value, block), bytearray(_BLOCK // 8))
        bits[within >> 3] |= 1 << (within & 7)
    rows = [
        {"key": key, "value": value, "block": block, "bits": zlib.compress(bits, 1)}
        for (key, value, block), bits in filled.items()
    ]
    if rows:
        op.bulk_insert(table, rows)


def _borne(connection: sa.Connection) -> Iterator[tuple[str, str, int]]:
    for key, value, number in connection.execute(sa.text("SELECT key, value, dataset FROM facets")):
        yield key, value, number
    for number, public, owner, gone in connection.execute(
        sa.text("SELECT seq, public, owner, withdrawn FROM datasets")
    ):
        if not gone:
            yield ("", "public", number) if public else ("@", owner, number)
