"""A process that is killed amid a release leaves the old release or the new one, never a half."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commissure.hub import open_hub
from commissure.store.ledgercheck import check_ledger
from commissure.store.port import Query

FILES = 400
PROGRAM = f"""
import io, sys
from commissure.hub import open_hub
from commissure.model import Dataset, Release
from commissure.store.releases import release_digest
hub = open_hub(sys.argv[1])
print("ready", flush=True)
while True:
    version = hub.records.releases.next_version("ds-1")
    text = version.encode()
    first = hub.vault.put(io.BytesIO(text * 1000), path="first", dataset="ds-1", subject="01", encrypt=True)
    rest = [hub.vault.put(io.BytesIO(b"same"), path="rest", dataset="ds-1")] * {FILES - 1}
    files = (first, *(type(each)(f"f{{n}}", each.sha256, 4) for n, each in enumerate(rest)))
    release = Release("ds-1", version, release_digest(files), files, "bids", True, {{"modalities": [version]}}, created="t")
    hub.records.releases.add(Dataset("ds-1", "T", "local"), release, by="local")
"""


@pytest.mark.parametrize("seed", range(4))
def test_killed_amid_a_release(seed: int, tmp_path: Path) -> None:
    rng, hub = random.Random(seed), open_hub(tmp_path / "hub")
    last = 0
    for _ in range(4):
        writer = subprocess.Popen([sys.executable, "-c", PROGRAM, str(hub.root)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0.0, 0.25))
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        last = _check_whole(tmp_path / "hub", at_least=last)
    hub.close()


def _check_whole(root: Path, *, at_least: int) -> int:
    hub = open_hub(root)
    versions = hub.records.releases.versions("ds-1")
    assert len(versions) >= at_least
    assert [line.body["release"] for line in hub.ledger.lines(limit=10_000)] == [
        f"ds-1@{v}" for v in reversed(versions)
    ]
    assert check_ledger(hub.ledger) == ()
    page, counts = hub.records.catalogue.page(Query()), hub.records.catalogue.facets(Query())
    assert page.total == len(page.cards) == min(1, len(versions))
    if versions:
        assert page.cards[0].version == versions[0]
        assert counts == {"modality": {versions[0]: 1}, "standard": {"bids": 1}}
        assert hub.records.catalogue.page(Query(words="t")).total == 1
    for version in versions:
        release = hub.records.releases.get("ds-1", version)
        assert len(release.assets) == FILES
        assert all(hub.vault.has(asset, dataset="ds-1") for asset in (release.assets[0], release.assets[-1]))
    hub.close()
    return len(versions)
