"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table."""
    _catalogue()
    _contents()
    _people()
    _work()
    op.execute("INSERT INTO ledger_head (id, seq, hash, seal) VALUES (1, 0, '', '')")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE text_index USING fts5(words, tokenize='unicode61 remove_diacritics 2')"
        )
    else:
        op.execute("CREATE TABLE text_index (rowid INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX text_index_words ON text_index USING gin (words)")


def _catalogue() -> None:
    op.create_table(
        "datasets",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("standard", sa.Text, nullable=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("released", sa.Text, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("rank", sa.BigInteger, nullable=False),
        sa.Column("title_key", _KEY, nullable=False),
    )
    op.create_index("datasets_rank", "datasets", ["rank", "seq"])
    op.create_index("datasets_title", "datasets", ["title_key", "seq"])
    op.create_index("datasets_owner", "datasets", ["owner", "rank"])
    op.create_table(
        "releases",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.Text, sa.ForeignKey("datasets.id"), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("version_key", _KEY, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("standard", sa.Text, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("activities", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.UniqueConstraint("dataset", "version", name="releases_version"),
    )
    op.create_index("releases_order", "releases", ["dataset", "version_key"])
    op.create_index("releases_digest", "releases", ["digest"])


def _contents() -> None:
    op.create_table(
        "assets",
        sa.Column("release", sa.Integer, sa.ForeignKey("releases.seq"), primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("encrypted", sa.Boolean, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
    )
    op.create_index("assets_sha256", "assets", ["sha256"])
    op.create_table(
        "uses",
        sa.Column("entity", sa.Text, primary_key=True),
        sa.Column("release", sa.Integer, sa.ForeignKey("releases.seq"), primary_key=True),
    )
    op.create_table(
        "facets",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("dataset", sa.Integer, sa.ForeignKey("datasets.seq"), primary_key=True),
    )
    op.create_index("facets_dataset", "facets", ["dataset", "key", "value"])
    op.create_table(
        "facet_counts",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "consents",
        sa.Column("dataset", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("purposes", sa.Text, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("grants_person", "grants", ["dataset", "person"])
    op.create_table(
        "people",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("orcid", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("affiliation", sa.Text, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
    )
    op.create_index("events_dataset", "events", ["dataset", "kind"])
    op.create_index("events_person", "events", ["person", "dataset"])


def _work() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("stop", sa.Boolean, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("updated", sa.Text, nullable=False),
    )
    op.create_index("jobs_state", "jobs", ["state", "seq"])
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("seal", sa.Text, nullable=False),
    )
