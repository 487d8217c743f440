"""The page of a search over several hubs, in Chromium on a phone: a silent peer holds nobody, and is told."""

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commissure.faces.http.app import create_app
from commissure.workflows.peers import add_peer

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "translate")]
import fake_peers  # noqa: E402
from loopback import serving  # noqa: E402
from test_everywhere import TWO, hub_at  # noqa: E402

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_person_asks_the_other_sources_too(tmp_path: Path) -> None:
    me, other = hub_at(tmp_path / "me", TWO[2:]), hub_at(tmp_path / "other", TWO[:2])
    with (
        serving(create_app(other)) as second,
        serving(fake_peers.make()) as bad,
        serving(create_app(me)) as address,
        playwright.sync_playwright() as driver,
    ):
        for url in (second, f"{bad}/silent", f"{bad}/odd"):
            add_peer(me, url, now=NOW)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(f"{address}/search?q=EEG in mild cognitive impairment")
        begun = time.monotonic()
        page.get_by_role("link", name="ask 3 other sources too").click()
        page.wait_for_url("**/search/everywhere?q=*")
        assert time.monotonic() - begun < 4 + 6  # four seconds a source, and a busy machine
        told = page.get_by_role("list", name="How each source answered").inner_text()
        assert "silent: timed out" in told
        assert "✓ this hub: ok" in told
        first = page.locator(".card").first
        assert "Mild cognitive impairment: EEG in a visual memory task" in first.inner_text()
        assert "✓ condition mild cognitive impairment" in first.inner_text()
        assert second.removeprefix("http://") in first.inner_text()
        assert "not every source answered" in page.get_by_role("status").inner_text()
        page.get_by_text("What went wrong").click()
        assert page.get_by_text("did not answer in time.").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not page.locator("a[href^='javascript']").count()
        browser.close()
    assert not wrong
    me.close()
    other.close()
