"""The portal without a browser: escaping, headers, JSON-LD, addresses, sign-in, and the graph."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from commissure.faces.http.app import create_app
from commissure.faces.portal.graph import draw_graph
from commissure.hub import Hub
from commissure.model import Activity, Software

CSS = Path(create_app.__code__.co_filename).parents[1] / "portal" / "static" / "style.css"
PAGES = (
    "/",
    "/datasets",
    "/datasets/ds-full",
    "/datasets/ds-hostile",
    "/search?q=eeg",
    "/audit",
    "/api",
    "/sign-in",
    "/jobs",
)


@pytest.fixture(scope="module")
def portal(hub: Hub) -> Iterator[TestClient]:
    with TestClient(
        create_app(hub), headers={"Accept": "text/html"}, raise_server_exceptions=False
    ) as client:
        yield client


class _Outline(HTMLParser):
    """Ids, headings, labels and addresses of a page; unclosed elements are an error."""

    _VOID = frozenset({"meta", "link", "input", "br", "img", "path", "rect", "stop"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.seen.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_whole_and_reachable(portal: TestClient, path: str) -> None:
    answer = portal.get(path)
    page = _Outline(answer.text)
    tags = [tag for tag, _ in page.seen]
    assert answer.status_code == 200 and page.open == [] and len(page.ids) == len(set(page.ids))
    assert tags.count("h1") == 1 and tags.count("main") == 1 and {"header", "nav", "footer"} <= set(tags)
    assert answer.text.index('class="skip"') < answer.text.index("<header")
    labelled = {found.get("for") for tag, found in page.seen if tag == "label"}
    inputs = [found for tag, found in page.seen if tag == "input" and found.get("type") != "hidden"]
    assert all(found.get("id") in labelled for found in inputs)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_comes_from_elsewhere_and_no_script_is_inline(portal: TestClient, path: str) -> None:
    answer = portal.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    for tag, found in _Outline(answer.text).seen:
        if tag in {"script", "link", "img"} and found.get("rel") != "canonical":
            address = str(found.get("src") or found.get("href") or "/")
            assert address.startswith("/") or found.get("type") == "application/ld+json"
        assert not [name for name in found if name.startswith("on") or name == "style"]


def test_a_hostile_title_stays_text(portal: TestClient, samples: SimpleNamespace) -> None:
    for path in (
        "/datasets/ds-hostile",
        "/datasets",
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/datasets?q=%22%3E%3Cimg+src=x+onerror=alert(1)%3E",
    ):
        text = portal.get(path).text
        assert "<script>alert" not in text and "<img src=x" not in text
    text = portal.get("/datasets/ds-hostile").text
    described = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert described is not None and json.loads(described[1])["name"] == samples.hostile


def test_the_release_page_says_what_who_and_how(portal: TestClient) -> None:
    text = portal.get("/datasets/ds-full").text
    for said in ("Ada L., Santiago R. (2026)", "commissure get ds-full@0.1.0", "Mark it bad before averaging.", "68 to 71",
                 "creativecommons.org/publicdomain", "participants.tsv?preview=1", "12 min 34 s", "bids: 0 errors"):  # fmt: skip
        assert said in text


def test_a_preview_shows_a_table_and_text(portal: TestClient) -> None:
    table = portal.get("/datasets/ds-full/0.1.0/files/participants.tsv?preview=1").text
    assert '<th scope="col">participant_id</th>' in table and "<td>sub-01</td>" in table
    assert "looked at pictures" in portal.get("/datasets/ds-full/0.1.0/files/README?preview=1").text
    assert (
        portal.get(
            "/datasets/ds-full/0.1.0/files/sub-01/eeg/sub-01_task-memory_eeg.edf?preview=1"
        ).status_code
        == 404
    )


def test_a_private_release_is_not_told_of(portal: TestClient) -> None:
    none, private = portal.get("/datasets/ds-none"), portal.get("/datasets/ds-private")
    assert none.status_code == private.status_code == 404 and "Not for everybody" not in private.text
    assert "<h1>" in none.text and "search" in none.text


def test_signing_in_and_out(hub: Hub, token: str) -> None:
    with TestClient(create_app(hub), headers={"Accept": "text/html"}) as browser:
        assert browser.post("/sign-in", data={"token": "wrong"}).status_code == 401
        answer = browser.post("/sign-in", data={"token": token}, follow_redirects=False)
        cookie = answer.headers["set-cookie"].lower()
        assert answer.status_code == 303 and "httponly" in cookie and "samesite=strict" in cookie
        assert "Not for everybody" in browser.get("/datasets/ds-private").text
        assert "Signed in as local" in browser.get("/").text
        browser.get("/sign-out")
        assert browser.get("/datasets/ds-private").status_code == 404


def test_pages_follow_on_each_other(portal: TestClient) -> None:
    seen, path = [], "/datasets?modality=eeg&modality=meg&modality=anat"
    while path:
        text = portal.get(path).text
        seen += re.findall(r'<h3><a href="/datasets/([^"]+)"', text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) > 20


def test_the_graph_joins_what_was_made_to_what_was_used() -> None:
    steps = (
        Activity("read", ("raw",), ("a", "b"), software=(Software("mne", "1"),)),
        Activity("left <i>", ("a",), ("c",)),
        Activity("right", ("b",), ("d",)),
    )
    drawn = draw_graph(steps, release="ds-1@0.2.0")
    assert drawn.count('class="edge"') == 5 and drawn.count("<rect") == 5
    assert "left &lt;i&gt;" in drawn and "<i>" not in drawn and "0.2.0" in drawn
    assert draw_graph((), release="x") == ""


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, two: str) -> float:
    low, high = sorted((_luminance(one), _luminance(two)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(scheme: str) -> None:
    """WCAG 2.2 AA: text 4.5 to 1 on every ground it stands on; the focus ring 3 to 1."""
    blocks = re.findall(r":root \{(.*?)\n *\}", CSS.read_text(), re.DOTALL)
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0] + (blocks[1] if scheme == "dark" else ""))
    colour = dict(found)
    for text in ("ink", "muted", "left"):
        for ground in ("paper", "card", "sunk"):
            assert _contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    for name in ("left", "right", "good", "warn", "bad"):
        assert _contrast(colour[name], colour[f"{name}-soft"]) >= 4.5, name
    assert _contrast(colour["ink"], colour["right-soft"]) >= 4.5
    assert _contrast(colour["paper"], colour["left"]) >= 4.5
    assert min(_contrast(colour["focus"], colour[ground]) for ground in ("paper", "card")) >= 3
