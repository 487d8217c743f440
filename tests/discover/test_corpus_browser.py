"""The development corpus in a hub, as a person browses it in Chromium: search, why, facets, what is similar."""

import shutil
import sys
from pathlib import Path

import pytest

from commissure.faces.cli import main
from commissure.faces.http.app import create_app
from commissure.hub import open_hub
from commissure.model import Asset, Dataset, Release
from commissure.settings import Settings
from commissure.workflows.harvest import index_release

sys.path[:0] = [str(Path(__file__).parents[1] / "translate")]
from loopback import serving  # noqa: E402

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.realdata,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]
MISSION = "EEG data from patients with mild cognitive impairment during visual memory tasks"
#: EEG of people with dementia or mild cognitive impairment
DEMENTIA = ("ds004504", "ds004796", "ds005048", "ds003800", "ds003805", "ds006036")


def test_the_corpus_is_loaded_by_one_command_and_browsed(tmp_path: Path, shared: Path) -> None:
    place = tmp_path / "hub"
    corpus = shared / "bench" / "discovery" / "corpus.jsonl.gz"
    assert main(["discover", "add", str(corpus), "--hub", str(place), "--no-vectors"]) == 0
    hub = open_hub(place, settings=Settings(hub=str(place)))
    ours = Release(
        "ds-ours", "0.1.0", "d", (Asset("x.edf", "0" * 64, 1),), "bids", public=True,
        metadata={"title": "Resting EEG in Parkinson's disease", "modality": ["eeg"], "species": ["human"], "tasks": ["rest"]},
        created="2026-01-01T00:00:00Z",
    )  # fmt: skip
    hub.records.releases.add(
        Dataset("ds-ours", "Resting EEG in Parkinson's disease", hub.actor.id, public=True),
        ours,
        by=hub.actor.id,
    )
    index_release(hub, ours)
    with serving(create_app(hub)) as address, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(base_url=address)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto("/")
        page.get_by_role("main").get_by_role("searchbox").fill(MISSION)
        page.get_by_role("main").get_by_role("button", name="Search").click()
        page.wait_for_url("**/search?q=*")
        first = page.locator(".card").all_inner_texts()[:3]
        assert any(ident in card for card in first for ident in DEMENTIA)
        why = page.locator(".card .why").first.inner_text()
        assert "✓ modality EEG" in why
        assert "No exact match" in page.get_by_role("status").inner_text()
        facets = page.get_by_role("complementary", name="Narrow down")
        facets.get_by_role("link", name="openneuro").first.click()
        page.wait_for_url("**source*openneuro*")
        assert all("openneuro" in meta for meta in page.locator(".card .meta").all_inner_texts())
        page.goto("/datasets/ds-ours")
        alike = page.get_by_role("region", name="Data like this").inner_text()
        assert "Parkinson" in alike
        browser.close()
    hub.close()
    assert not wrong
