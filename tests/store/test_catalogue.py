"""The catalogue's answers agree with counting by hand, across bitmap blocks and schema versions, and stay fast."""

import random
import statistics
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from commissure.model import Dataset, Release
from commissure.store import bitmaps
from commissure.store.catalogue import take_on
from commissure.store.database import Database
from commissure.store.ledger import Ledger
from commissure.store.port import Query
from commissure.store.records import Records
from commissure.testing.records import add, sample_release

MODALITIES, SPECIES = ("eeg", "meg", "func", "ecephys"), ("Homo sapiens", "Mus musculus", "Danio rerio")


def _fill(records: Records, count: int, *, start: int = 0) -> list[Release]:
    rng, made = random.Random(count), []
    with records.database.write() as connection:
        for number in range(start, start + count):
            about = {
                "modalities": rng.sample(MODALITIES, k=rng.randint(1, 2)),
                "species": rng.choices(SPECIES, weights=(60, 38, 2))[0],
                "description": " ".join(rng.choices(("cortex", "sleep", "motor", "reward"), k=2)),
            }
            release = Release(
                f"ds-{number:05d}", "0.1.0", "d", (), "bids", number % 7 > 0, about, created="2026"
            )
            dataset = Dataset(
                release.dataset, f"Title {rng.randint(0, 9)}", f"owner{number % 3}", public=release.public
            )
            take_on(connection, release, dataset=dataset, rank=number + 1)
            made.append(release)
    return made


def _all(records: Records, query: Query, limit: int = 37) -> list[str]:
    found: list[str] = []
    page = records.catalogue.page(query, limit=limit)
    total = page.total
    while True:
        found += [card.dataset.id for card in page.cards]
        if page.next is None:
            assert len(found) == total
            return found
        page = records.catalogue.page(query, cursor=page.next, limit=limit)


@pytest.mark.parametrize("few", [0, 10_000], ids=["scanned", "by number"])
def test_answers_are_those_of_counting_by_hand(
    few: int, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commissure.store.catalogue._FEW", few)
    monkeypatch.setattr("commissure.store.catalogue._STRIDE", 13)
    made = _fill(records, 120)
    for viewer, wanted, word in (("", {"modality": "eeg"}, ""), ("owner1", {"modality": ("eeg", "meg")}, "sleep"),
                                 ("", {"modality": "func", "species": "Mus musculus"}, "cor"), ("owner0", {}, "motor"),
                                 ("", {"species": "Danio rerio"}, ""), ("", {"species": "nobody"}, "")):  # fmt: skip
        right = [
            release
            for number, release in enumerate(made)
            if (release.public or f"owner{number % 3}" == viewer)
            and all(_bears(release, key, value) for key, value in wanted.items())
            and any(each.startswith(word) for each in str(release.metadata["description"]).split())
        ]
        query = Query(viewer=viewer, facets=wanted, words=word)
        assert _all(records, query) == [release.dataset for release in reversed(right)]
        assert sorted(_all(records, Query(viewer=viewer, facets=wanted, words=word, sort="title"))) == sorted(
            release.dataset for release in right
        )
        counts = Counter(each for release in right for each in release.metadata["modalities"])  # type: ignore[attr-defined]
        assert records.catalogue.facets(query).get("modality", {}) == dict(counts)


def _bears(release: Release, key: str, wanted: str | tuple[str, ...]) -> bool:
    values = release.metadata["modalities"] if key == "modality" else [release.metadata["species"]]
    return any(each in values for each in ((wanted,) if isinstance(wanted, str) else wanted))  # type: ignore[operator]


def test_a_catalogue_grows_over_the_edge_of_a_block(records: Records) -> None:
    add(records, sample_release("ds-first", modalities=["eeg"]))
    with records.database.write() as connection:
        connection.execute(sa.text(f"UPDATE text_index SET rowid = {bitmaps.BLOCK - 2} WHERE rowid = 1"))
        connection.execute(sa.text("DELETE FROM facets"))
        connection.execute(sa.text("DELETE FROM bitmaps"))
        connection.execute(sa.text("DELETE FROM facet_counts"))
        connection.execute(sa.text(f"UPDATE datasets SET seq = {bitmaps.BLOCK - 2}, withdrawn = '1'"))
        if not records.database.sqlite:
            connection.execute(sa.text(f"SELECT setval('datasets_seq_seq', {bitmaps.BLOCK - 2})"))
    _fill(records, 5)
    assert len(_all(records, Query(words="title"))) == 4
    assert len(_all(records, Query(facets={"standard": "bids"}))) == 4
    records.releases.bury("ds-00003", (), by="ada", at="", reason="x")
    assert records.catalogue.facets(Query(words="bids"))["standard"] == {"bids": 4}


def test_an_older_hub_is_brought_up_to_date(records: Records, url: str, ledger: Ledger) -> None:
    _fill(records, 40)
    add(records, sample_release("ds-x", modalities=["eeg"]))
    records.releases.bury("ds-x", ("0.1.0",), by="ada", at="", reason="x")
    table = sa.text("SELECT key, value, block, bits FROM bitmaps ORDER BY key, value, block")

    def bits() -> list[tuple[str, str, list[int]]]:
        with records.database.read() as connection:
            names = [(row.key, row.value) for row in connection.execute(table)]
            found = [(key, value, bitmaps.members(bitmaps.read(connection, key, values=(value,), blocks=1)).tolist())
                     for key, value in names]  # fmt: skip
            return [each for each in found if each[2]]

    before = bits()
    with records.database.write() as connection:
        for later in ("bitmaps", "spends", "budgets", "descriptors", "likenesses", "revisions"):
            connection.execute(sa.text(f"DROP TABLE {later}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    Database(url).close()
    assert bits() == before
    assert len(before) > 8


def test_pages_and_counts_stay_fast(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    records = Records.of(database, ledger=Ledger(database, mirror=tmp_path / "l.jsonl", secret=b"s"))
    _fill(records, 1000)
    wanted = {"modality": "eeg", "species": "Homo sapiens"}
    catalogue = records.catalogue
    for call in (
        lambda: catalogue.page(Query(), limit=50),
        lambda: catalogue.page(Query(facets=wanted), limit=50),
        lambda: catalogue.page(Query(words="cortex"), limit=50),
        lambda: catalogue.facets(Query(facets=wanted, words="sleep")),
    ):
        times = []
        for _ in range(7):
            before = time.perf_counter()
            call()
            times.append(time.perf_counter() - before)
        assert statistics.median(times) < 0.050
    for column in ("rank DESC", "title_key, seq"):
        with database.read() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT * FROM datasets ORDER BY {column} LIMIT 5"
            )
            said = " ".join(str(row) for row in plan)
        assert "USING INDEX" in said
        assert "TEMP B-TREE" not in said
    database.close()
