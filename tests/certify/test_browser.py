"""The panel on a release's page, as a person sees it in Chromium: the score, what is missing, the badge."""

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn

from commissure.faces.http.app import create_app
from commissure.hub import open_hub
from commissure.settings import Settings
from commissure.testing.samples import write_sample_session
from commissure.workflows.certify_badge import issue_badge
from commissure.workflows.share import ShareOptions, share

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a hub with one release that bears a badge."""
    top = tmp_path_factory.mktemp("panel")
    hub = open_hub(top / "hub", settings=Settings(hub=str(top / "hub"), jobs="inline"))
    share(
        hub, write_sample_session(top / "raw", seconds=6.0), now=NOW, options=ShareOptions(dataset="ds-panel")
    )
    server = uvicorn.Server(
        uvicorn.Config(create_app(hub), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    found = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    issue_badge(hub, "ds-panel", now=datetime.now(UTC), origin=found)
    yield found
    server.should_exit = True
    thread.join(5)
    hub.close()


def test_a_person_reads_the_score_opens_what_is_missing_and_gets_the_badge(
    address: str, tmp_path: Path
) -> None:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(f"{address}/datasets/ds-panel/0.1.0")
        panel = page.get_by_role("region", name="How FAIR it is")
        assert (
            "of 38 points" in panel.inner_text()
            and "✓ findable" in panel.inner_text()
            and "✓ reproducible" in panel.inner_text()
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        panel.get_by_text("What is missing").click()
        assert "Tag events with HED" in panel.inner_text()
        panel.get_by_role("link", name="picture").click()
        assert "5 of 5 levels" in page.content()
        page.goto(f"{address}/datasets/ds-panel")
        answer = page.request.get(
            f"{address}{page.get_by_role('link', name='Signed badge').get_attribute('href')}"
        )
        assert answer.json()["proof"]["cryptosuite"] == "eddsa-jcs-2022"
        browser.close()
