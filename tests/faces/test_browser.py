"""The portal as a person sees it: in Chromium, with a mouse, a phone, in the dark, and by keyboard alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from commissure.hub import Hub
from commissure.model import Job, JobState
from commissure.workflows.harvest import index_release

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser(hub: Hub) -> Iterator["playwright.Browser"]:
    for name in ("ds-full", "ds-hostile", "ds-00000", "ds-00001"):
        index_release(hub, hub.records.releases.get(name))
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def page(browser: "playwright.Browser", address: str) -> Iterator["playwright.Page"]:
    context = browser.new_context(base_url=address)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text) if "Content Security" in line.text else None)
    opened.on("dialog", lambda dialog: wrong.append(dialog.message))
    yield opened
    context.close()
    assert not wrong


def test_search_from_the_first_page_and_open_a_result(page) -> None:  # type: ignore[no-untyped-def]
    page.goto("/")
    page.get_by_role("main").get_by_role("searchbox").fill("EEG visual memory")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.wait_for_url("**/search?q=*")
    first = page.locator(".card").first
    assert "✓ modality EEG" in first.inner_text()
    first.get_by_role("link").click()
    page.wait_for_url("**/datasets/ds-*")
    assert page.get_by_role("heading", name="Get it").is_visible()


def test_a_facet_narrows_and_lets_go(page) -> None:  # type: ignore[no-untyped-def]
    page.goto("/datasets")
    before = page.get_by_role("status").inner_text()
    page.get_by_role("complementary").get_by_role("link", name="MEG").click()
    page.wait_for_url("**modality=meg*")
    assert page.get_by_role("status").inner_text() != before
    assert all("MEG" in tags for tags in page.locator(".card .tags").all_inner_texts())
    page.get_by_role("complementary").get_by_role("link", name="MEG").click()
    assert page.get_by_role("status").inner_text() == before


def test_a_hostile_title_runs_nothing(page) -> None:  # type: ignore[no-untyped-def]
    page.goto("/datasets/ds-hostile")
    assert "<script>alert" in page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("path", ["/", "/datasets", "/datasets/ds-full", "/datasets/ds-hostile", "/search?q=eeg", "/audit", "/api", "/nope"])  # fmt: skip
def test_a_phone_scrolls_one_way_only(browser, address: str, path: str) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(viewport={"width": 360, "height": 740}, base_url=address)
    page = context.new_page()
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        "[...document.querySelectorAll('button,.button,input[type=search]')].filter(e => e.offsetParent)"
        ".filter(e => e.getBoundingClientRect().height < 24).length"
    )
    assert small == 0
    context.close()


def test_the_dark_is_dark(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    ground = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, base_url=address)
        page = context.new_page()
        page.goto("/datasets/ds-full")
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        ground[scheme] = sum(int(part) for part in colour[4:-1].split(","))
        context.close()
    assert ground["dark"] < 120 and ground["light"] > 600


def test_the_keyboard_alone_is_enough(page) -> None:  # type: ignore[no-untyped-def]
    page.goto("/datasets")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.card') !== null"):
            break
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    title = page.evaluate("document.activeElement.textContent")
    assert ring == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/ds-*")
    assert page.get_by_role("heading", level=1).inner_text() == title


def test_it_works_without_scripts(browser, address: str, token: str) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/datasets/ds-private")
    assert page.get_by_role("heading", level=1).inner_text() == "Not for everybody"
    context.close()


def test_the_link_that_serve_prints_signs_in(page, address: str, token: str) -> None:  # type: ignore[no-untyped-def]
    page.goto(f"/sign-in#{token}")
    page.wait_for_url(f"{address}/")
    assert "Signed in as local" in page.get_by_role("contentinfo").inner_text()


def test_a_job_moves_by_itself(page, hub: Hub, token: str) -> None:  # type: ignore[no-untyped-def]
    hub.records.jobs.add(
        Job("job-live", "share", created="2026-03-01T12:00", updated="2026-03-01T12:00"), by="local"
    )
    hub.records.jobs.start("job-live", now="2026-03-01T12:00", tries=3)
    page.goto(f"/sign-in#{token}")
    page.wait_for_url("**/")
    page.goto("/jobs/job-live")
    hub.records.jobs.tell("job-live", progress=0.42, stage="standardize", now="2026-03-01T12:01")
    page.get_by_text("42 %").wait_for(timeout=5000)
    assert page.locator("#stage").inner_text() == "standardize"
    done = {"release": {"id": "ds-full", "version": "0.1.0"}}
    hub.records.jobs.end("job-live", state=JobState.DONE, now="2026-03-01T12:02", result=done)
    page.get_by_role("link", name="Open the release").wait_for(timeout=5000)


def test_the_citation_can_be_copied(page, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/datasets/ds-full")
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert "Ada L., Santiago R. (2026)" in page.evaluate("navigator.clipboard.readText()")
