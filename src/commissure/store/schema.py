"""The tables of the records, as SQLAlchemy Core sees them; ``migrations`` makes them."""

import sqlalchemy as sa

__all__ = [
    "assets",
    "bitmaps",
    "budgets",
    "consents",
    "datasets",
    "descriptors",
    "events",
    "facet_counts",
    "facets",
    "grants",
    "jobs",
    "ledger",
    "ledger_head",
    "likenesses",
    "metadata",
    "people",
    "releases",
    "revisions",
    "spends",
    "text_index",
    "tokens",
    "uses",
]

metadata = sa.MetaData()

#: text that sorts by code point everywhere
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("public", sa.Boolean, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    # what the catalogue lists and sorts by: the latest release, copied here so that a page is one index scan
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("standard", sa.Text, nullable=False),
    sa.Column("card", sa.Text, nullable=False),
    sa.Column("released", sa.Text, nullable=False),
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("rank", sa.BigInteger, nullable=False),
    sa.Column("title_key", _KEY, nullable=False),
    sa.Index("datasets_rank", "rank", "seq"),
    sa.Index("datasets_title", "title_key", "seq"),
    sa.Index("datasets_owner", "owner", "rank"),
)

releases = sa.Table(
    "releases",
    metadata,
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
    sa.Index("releases_order", "dataset", "version_key"),
    sa.Index("releases_digest", "digest"),
)

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("release", sa.Integer, sa.ForeignKey("releases.seq"), primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("encrypted", sa.Boolean, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Index("assets_sha256", "sha256"),
)

#: which release used which entity (``sha256:…`` or ``ds-…@0.1.0``), so that a withdrawal finds what was derived
uses = sa.Table(
    "uses",
    metadata,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("release", sa.Integer, sa.ForeignKey("releases.seq"), primary_key=True),
)

facets = sa.Table(
    "facets",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("dataset", sa.Integer, sa.ForeignKey("datasets.seq"), primary_key=True),
    sa.Index("facets_dataset", "dataset", "key", "value"),
)

#: which datasets bear a value, one bit a dataset; see :mod:`commissure.store.bitmaps`
bitmaps = sa.Table(
    "bitmaps",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("block", sa.Integer, primary_key=True),
    sa.Column("bits", sa.LargeBinary, nullable=False),
)

#: how many datasets bear a value, kept up to date by every release: scope ``""`` counts the public ones, ``@owner`` the
#: owner's private ones; key ``""`` counts datasets
facet_counts = sa.Table(
    "facet_counts",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

#: SQLite: an FTS5 table; PostgreSQL: a table with a tsvector. Made by the migration, never by ``create_all``.
text_index = sa.table("text_index", sa.column("rowid", sa.Integer), sa.column("words"))

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("purposes", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Index("grants_person", "dataset", "person"),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("orcid", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("affiliation", sa.Text, nullable=False),
)

#: a token is kept as the SHA-256 of its 256 random bits
tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.id"), nullable=False),
    sa.Column("created", sa.Text, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
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
    sa.Index("jobs_state", "state", "seq"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Index("events_dataset", "dataset", "kind"),
    sa.Index("events_person", "person", "dataset"),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("seal", sa.Text, nullable=False),
)

#: what all private releases of a dataset may cost together, as JSON
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("limits", sa.Text, nullable=False),
)

#: what each of them has cost, as JSON
spends = sa.Table(
    "spends",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("spend", sa.Text, nullable=False),
    sa.Index("spends_dataset", "dataset", "seq"),
)

#: what the sessions of a subject are like: where the vault keeps it, and a hash over the files it was made of
descriptors = sa.Table(
    "descriptors",
    metadata,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("encrypted", sa.Boolean, nullable=False),
    sa.Column("person", sa.Boolean, nullable=False),
)

#: what a dataset is like, one row a family of signals: the mean over its subjects, which are never fewer than it may show
likenesses = sa.Table(
    "likenesses",
    metadata,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("descriptor", sa.Integer, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("subjects", sa.Integer, nullable=False),
    sa.Column("sessions", sa.Integer, nullable=False),
    sa.Column("blocks", sa.Text, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)

#: numbers that every write of a kind raises, in its own transaction: what a process keeps in memory is old by then.
#: ``likenesses`` is raised by what changes the means that everybody may search
revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
