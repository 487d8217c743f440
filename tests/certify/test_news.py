"""Atom feeds of new releases and of questions: what RFC 4287 asks, what nobody may see, and what would break XML."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from commissure.faces.http.app import create_app
from commissure.hub import Hub, open_hub
from commissure.settings import Settings
from commissure.workflows.harvest import add_records, index_release
from commissure.workflows.withdraw import withdraw

from .test_faces import put

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
A = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    top = tmp_path_factory.mktemp("news")
    found = open_hub(
        top / "hub",
        settings=Settings(hub=str(top / "hub"), jobs="inline", publisher="A lab"),
        clock=lambda: NOW,
    )
    for name, public in (("ds-a", True), ("ds-secret", False), ("ds-gone", True)):
        index_release(found, put(found, name, public=public, title=f"EEG \x07<b>&{name}"))
    withdraw(found, "ds-gone", reason="test", now=NOW)
    dump = top / "d.jsonl"
    dump.write_text(
        '{"id":"z1","source":"zenodo","title":"EEG of sleep","date":"2024-05-06","url":"https://zenodo.org/records/1"}\n'
        '{"id":"z2","source":"zenodo","title":"EEG of dreams","date":"soon","url":"javascript:alert(1)"}\n'
    )
    add_records(found, dump, vectors=False)
    yield found
    found.close()


@pytest.fixture(scope="module")
def client(hub: Hub) -> TestClient:
    return TestClient(create_app(hub))


def feed(client: TestClient, path: str) -> ET.Element:
    """A feed, with all that RFC 4287 says must be there."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    for part in (root, *root.findall(f"{A}entry")):
        for name in ("id", "title", "updated"):
            (one,) = part.findall(f"{A}{name}")
            assert one.text
        assert datetime.fromisoformat(part.findtext(f"{A}updated", "")).tzinfo is not None
    ids = [one.findtext(f"{A}id") for one in root.findall(f"{A}entry")]
    assert len(ids) == len(set(ids))
    assert root.findtext(f"{A}author/{A}name")
    assert any(link.get("rel") == "self" for link in root.findall(f"{A}link"))
    return root


def test_new_releases(client: TestClient) -> None:
    (entry,) = feed(client, "/feed.atom").findall(f"{A}entry")
    assert entry.findtext(f"{A}title") == "EEG <b>&ds-a"
    assert entry.findtext(f"{A}id") == "http://testserver/datasets/ds-a/0.1.0"
    assert client.get(entry.find(f"{A}link").get("href")).status_code == 200  # type: ignore[union-attr]
    assert [one.get("term") for one in entry.findall(f"{A}category")] == ["eeg", "Homo sapiens"]


def test_answers_to_a_question(client: TestClient) -> None:
    root = feed(client, "/search.atom?q=EEG")
    titles = [one.findtext(f"{A}title") for one in root.findall(f"{A}entry")]
    assert titles[0] == "EEG <b>&ds-a"
    assert set(titles[1:]) == {"EEG of sleep", "EEG of dreams"}
    assert not any("secret" in str(title) or "gone" in str(title) for title in titles)
    text = client.get("/search.atom?q=EEG").text
    assert "javascript" not in text
    assert "2024-05-06T00:00:00Z" in text
    assert feed(client, "/search.atom?q=elephants").findall(f"{A}entry") == []


def test_a_reader_that_has_it_gets_nothing_again(client: TestClient) -> None:
    tag = client.get("/feed.atom").headers["etag"]
    assert client.get("/feed.atom", headers={"If-None-Match": tag}).status_code == 304


def test_odd_questions(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/search.atom").status_code == 422
    assert client.get("/search.atom", params={"q": "x" * 10_001}).status_code == 422
    feed(client, "/search.atom?q=%00%07%22%3Cb%3E%27")
    empty = open_hub(tmp_path / "hub", settings=Settings(hub=str(tmp_path / "hub"), jobs="inline"))
    assert feed(TestClient(create_app(empty)), "/feed.atom").findall(f"{A}entry") == []
    empty.close()


def test_pages_name_their_feeds(client: TestClient) -> None:
    assert 'href="/feed.atom"' in client.get("/").text
    assert 'href="/search.atom?q=EEG"' in client.get("/search?q=EEG").text
