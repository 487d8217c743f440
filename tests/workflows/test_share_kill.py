"""A share that is killed at any moment, and run again, ends in the same release."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commissure.hub import open_hub
from commissure.store.port import Query
from commissure.testing.samples import write_sample_session
from commissure.workflows.sharing.describing import CRATE

KILLS = 20
pytestmark = pytest.mark.slow


def command(raw: Path, hub: Path) -> list[str]:
    return [str(Path(sys.executable).parent / "commissure"), "share", str(raw), "--hub", str(hub), "--json"]


def outcome(raw: Path, hub: Path) -> tuple[object, ...]:
    done = subprocess.run(command(raw, hub), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout)["release"]
    release = open_hub(hub).records.releases.get(told["id"], told["version"])
    # the crate tells when it was made; all else must be the same to the byte
    data = sorted((a.path, a.sha256) for a in release.assets if a.path != CRATE)
    return told["id"], told["version"], release.digest, data


def test_killing_share_at_random_moments_always_ends_in_the_same_release(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_sample_session(raw, seed=7)
    template = tmp_path / "template"
    open_hub(template)
    whole = tmp_path / "whole"
    shutil.copytree(template, whole)
    begun = time.monotonic()
    expected = outcome(raw, whole)
    lasts_s = time.monotonic() - begun
    assert outcome(raw, whole) == expected
    rng = random.Random(20)
    for number in range(KILLS):
        hub = tmp_path / f"hub-{number:02d}"
        shutil.copytree(template, hub)
        process = subprocess.Popen(command(raw, hub), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.1, 1.0) * lasts_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen = open_hub(hub).records
        listed = seen.catalogue.page(Query(viewer="local")).cards
        assert [card.version for card in listed] in ([], ["0.1.0"])
        assert all(seen.releases.get(card.dataset.id).digest == expected[2] for card in listed)
        assert outcome(raw, hub) == expected
        shutil.rmtree(hub)
