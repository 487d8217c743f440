"""The index: what is put in is found, replaced, removed; broken and old files are made anew; two write at once."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Fault
from commissure.store.index import FacetRow, IndexRow, SearchIndex
from commissure.store.index_sqlite import VERSION
from commissure.store.vectors import nearest, sign_bits


def row(ident: str, *, title: str = "Sleep", n: int | None = None) -> IndexRow:
    facet = FacetRow("eeg", "modality", 0.9, "title", "EEG")
    return IndexRow("lab", ident, title, digest=title, folded_title=title.lower(), facets=(facet,), n=n)


@pytest.fixture
def place(url: str, tmp_path: Path) -> Path | str:
    """Where an index may be: a file, or a PostgreSQL database."""
    return tmp_path / "index.sqlite" if url.startswith("sqlite") else url


@pytest.fixture
def index(place: Path | str) -> Iterator[SearchIndex]:
    index = SearchIndex(place)
    yield index
    index.close()


def test_a_record_is_found_by_word_facet_and_number_and_replaced_whole(index: SearchIndex) -> None:
    assert index.fresh
    assert index.add([row("1", n=12), row("2", title="Dream")], words={"sleep": 1}) == 2
    (first,) = index.match(["sleeping"], limit=5)
    assert index.rows([first])[0]["uid"] == "lab:1"
    assert index.having("eeg")[0].tolist() == [1, 2]
    assert index.numbers("n")[first] == 12
    assert np.isnan(index.numbers("n")[2])
    index.add([row("1", title="Walking")], words={"sleep": 2, "walking": 1})
    assert index.match(["sleep"], limit=5) == []
    assert index.rows([first])[0]["title"] == "Walking"
    assert index.size() == 2
    assert (index.word_count("sleep"), index.words(first="s", least=2)) == (3, {"sleep": 3})
    index.remove(["lab:1", "lab:none"])
    assert index.digests() == {"lab:2": "Dream"}
    assert index.having("eeg")[0].tolist() == [2]


def test_words_rank_by_where_how_often_and_how_rare_and_phrases_keep_their_order(index: SearchIndex) -> None:
    texts = {
        "title": (
            "visual cortex",
            "words of the body that are told at some length and more than once in this place",
        ),
        "body": ("something", "a study of the visual cortex in mice and of much else that is told at length"),
        "apart": ("something", "cortex that is not visual at all"),
        "common": (
            "something",
            "here is another body, as there are in many other places of which it is told at length",
        ),
    }
    index.add(
        IndexRow("lab", name, title, digest="d", folded_title=title, body=body)
        for name, (title, body) in texts.items()
    )
    names = {r["id"]: r["source_id"] for r in index.rows(range(1, 5))}
    assert [names[i] for i in index.match(["visual cortex"], limit=9)] == ["title", "body"]
    assert [names[i] for i in index.match(["visual", "cortex"], limit=9)][0] == "title"
    assert {names[i] for i in index.match(["visual cortex", "not"], limit=-1)} == {"title", "body", "apart"}
    assert [names[i] for i in index.match(["body", "mice"], limit=9)][0] == "body"
    assert index.match(["and"], limit=9) and index.match([], limit=9) == index.match([" "], limit=9) == []


@pytest.mark.parametrize(
    "phrase", ['a" OR "b', "a'; DROP TABLE record; --", "a & b | !c <-> :*", "%s ?", "\x00a"]
)
def test_whatever_a_phrase_or_a_record_holds_it_is_text(index: SearchIndex, phrase: str) -> None:
    document = {"embed": phrase, "title": phrase}
    index.add([IndexRow("lab", "1", phrase, digest="d", folded_title=phrase, body=phrase, document=document)])
    assert index.match([phrase], limit=5) in ([], [1])
    assert index.size() == 1
    assert index.where("title", phrase.replace("\x00", "")) == [1]
    assert len(index.without_vector(5)) == 1


def test_what_a_person_looks_for_in_a_column_is_found(index: SearchIndex) -> None:
    index.add([
        IndexRow("lab", "1", "One", digest="d", licence="CC0", authors="Ada B.; Carl D.", year=2020, owner="ada"),
        IndexRow("lab", "2", "Two", digest="d", licence="CC-BY", authors="Eve F.", year=2020, public=False),
    ])  # fmt: skip
    assert index.where("authors", "carl") == [1]
    assert index.where("source", "LAB") == [1, 2]
    assert index.column_counts("year", [1, 2]) == [("2020", 2)]
    assert index.column_counts("licence", [2]) == [("CC-BY", 1)]
    assert index.numbers("public")[[1, 2]].tolist() == [1.0, 0.0]


def test_vectors_keep_their_direction_and_the_nearest_come_first(index: SearchIndex) -> None:
    index.add([row("1"), row("2"), row("3")])
    assert [i for i, _ in index.without_vector(10)] == [1, 2, 3]
    vectors = np.eye(2, 384, dtype=np.float32)
    index.add_vectors([1, 2], vectors)
    assert [i for i, _ in index.without_vector(10)] == [3]
    query = np.zeros(384, dtype=np.float32)
    query[:2] = 0.6, 0.8
    ids, products = index.nearest(query, many=5)
    assert ids.tolist() == [2, 1]
    assert products == pytest.approx([0.8, 0.6], abs=1e-3)
    found = index.vectors_of([2, 3])
    assert list(found) == [2]
    assert found[2] == pytest.approx(vectors[1])
    index.add_vectors([1], vectors[1:])
    index.remove(["lab:2"])
    assert index.nearest(query, many=5)[0].tolist() == [1]


def test_another_process_writes_and_this_one_sees_it(index: SearchIndex) -> None:
    index.add([row("1")])
    index.refresh()
    assert len(index.having("eeg")[0]) == 1
    other = SearchIndex(index.place)
    assert not other.fresh
    other.add([row("2")])
    index.refresh()
    assert len(index.having("eeg")[0]) == 2
    other.close()


def test_an_index_of_another_reading_is_made_anew(index: SearchIndex) -> None:
    index.add([row("1")])
    other = SearchIndex(index.place, reading="-other")
    assert other.fresh
    assert other.size() == 0
    other.close()


def test_a_write_that_fails_leaves_what_was_there(index: SearchIndex) -> None:
    index.add([row("1")])

    def broken() -> Iterator[IndexRow]:
        yield row("2")
        raise RuntimeError("the dump breaks off")

    with pytest.raises(RuntimeError, match="breaks off"):
        index.add(broken())
    assert index.digests() == {"lab:1": "Sleep"}


@pytest.mark.postgres
def test_a_postgres_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(Fault, match="check that the server runs"):
        SearchIndex("postgresql://127.0.0.1:1/none?connect_timeout=2")


@pytest.mark.parametrize("damage", ["garbage", "older", "half"])
def test_a_broken_or_older_index_is_made_anew_and_says_so(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "index.sqlite"
    index = SearchIndex(path)
    assert index.fresh
    index.add([row("1")])
    index.close()
    assert not SearchIndex(path).fresh
    if damage == "garbage":
        path.write_bytes(b"not a database" * 1000)
    else:
        with sqlite3.connect(path) as connection:
            connection.execute(
                f"UPDATE meta SET value = '{VERSION - 1}'" if damage == "older" else "DELETE FROM meta"
            )
    again = SearchIndex(path)
    assert again.fresh
    assert again.size() == 0
    assert (tmp_path / "index.sqlite.broken").exists() == (damage == "garbage")


def test_two_processes_index_at_once_and_nothing_is_lost(place: Path | str) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from commissure.store.index import IndexRow, SearchIndex\n"
        "place = sys.argv[1] if sys.argv[1].startswith('postgres') else Path(sys.argv[1])\n"
        "index = SearchIndex(place)\n"
        "for i in range(20):\n"
        "    index.add([IndexRow(sys.argv[2], str(i), 'T', digest='d', folded_title='t')], words={'t': 1, sys.argv[2]: 1})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(place), name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    index = SearchIndex(place)
    assert index.size() == 40
    assert index.word_count("t") == 40
    index.close()


def test_the_first_choice_by_signs_finds_what_the_exact_scan_finds() -> None:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((400, 384))
    vectors = centres[rng.integers(0, 400, 20_000)] + 0.8 * rng.standard_normal((20_000, 384))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    query = (centres[7] / np.linalg.norm(centres[7])).astype(np.float32)
    exact = nearest(vectors, query, many=50)
    assert exact.tolist() == np.argsort(-(vectors.astype(np.float32) @ query), kind="stable")[:50].tolist()
    quick = nearest(vectors, query, many=50, bits=sign_bits(vectors))
    assert len(set(exact.tolist()) & set(quick.tolist())) >= 48
