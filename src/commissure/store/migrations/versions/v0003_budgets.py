"""Privacy budgets of datasets, and what was spent of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "budgets",
        sa.Column("dataset", sa.Text, primary_key=True),
        sa.Column("limits", sa.Text, nullable=False),
    )
    op.create_table(
        "spends",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("spend", sa.Text, nullable=False),
    )
    op.create_index("spends_dataset", "spends", ["dataset", "seq"])
