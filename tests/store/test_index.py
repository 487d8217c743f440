"""The index: what is put in is found, replaced, removed; broken and old files are made anew; two write at once."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from commissure.store.index import FacetRow, IndexRow, SearchIndex
from commissure.store.index_schema import VERSION
from commissure.store.vectors import nearest, sign_bits


def row(ident: str, *, title: str = "Sleep", n: int | None = None) -> IndexRow:
    facet = FacetRow("eeg", "modality", 0.9, "title", "EEG")
    return IndexRow("lab", ident, title, digest=title, folded_title=title.lower(), facets=(facet,), n=n)


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    return SearchIndex(tmp_path / "index.sqlite")


def test_a_record_is_found_by_word_facet_and_number_and_replaced_whole(index: SearchIndex) -> None:
    assert index.add([row("1", n=12), row("2", title="Dream")], words={"sleep": 1}) == 2
    (first,) = index.match('"sleeping"', limit=5)
    assert index.rows([first])[0]["uid"] == "lab:1"
    assert index.having("eeg")[0].tolist() == [1, 2]
    assert index.numbers("n")[first] == 12
    index.add([row("1", title="Walking")])
    assert index.match('"sleep"', limit=5) == []
    assert index.rows([first])[0]["title"] == "Walking"
    assert index.size() == 2
    index.remove(["lab:1", "lab:none"])
    assert index.digests() == {"lab:2": "Dream"}
    assert index.having("eeg")[0].tolist() == [2]


def test_vectors_keep_their_direction_in_half_precision(index: SearchIndex) -> None:
    index.add([row("1"), row("2")])
    vectors = np.eye(2, 384, dtype=np.float32)
    index.add_vectors([1, 2], vectors)
    ids, halves = index.vectors()
    assert ids.tolist() == [1, 2]
    assert (halves.astype(np.float32) == vectors).all()
    assert index.without_vector(10) == []


def test_another_process_writes_and_this_one_sees_it(index: SearchIndex) -> None:
    index.add([row("1")])
    assert len(index.having("eeg")[0]) == 1
    other = SearchIndex(index.path)
    other.add([row("2")])
    index.refresh()
    assert len(index.having("eeg")[0]) == 2


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


def test_two_processes_index_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from commissure.store.index import IndexRow, SearchIndex\n"
        "index = SearchIndex(Path(sys.argv[1]))\n"
        "for i in range(20):\n"
        "    index.add([IndexRow(sys.argv[2], str(i), 'T', digest='d', folded_title='t')])\n"
    )
    path = str(tmp_path / "index.sqlite")
    running = [subprocess.Popen([sys.executable, "-c", code, path, name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert SearchIndex(Path(path)).size() == 40


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
