"""A hub opens fast, is private, keeps to its folder and does not take over another's."""

import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commissure.errors import BadInput, NotFound
from commissure.hub import open_hub
from commissure.model import Person
from commissure.settings import Settings

OPENS = """
import sys, time
from commissure.hub import open_hub
before = time.process_time()
hub = open_hub(sys.argv[1], create=False)
print(time.process_time() - before)
print(sorted({name.split(".")[0] for name in sys.modules} & set(sys.argv[2].split())))
"""
HEAVY = (
    "alembic huey fsspec s3fs aiobotocore pandas scipy mne pynwb h5py pydicom nibabel fastapi torch sklearn"
)


def test_an_existing_hub_opens_fast_and_pulls_in_nothing_heavy(tmp_path: Path) -> None:
    open_hub(tmp_path / "hub").close()
    best, loaded = 9.0, ""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", OPENS, str(tmp_path / "hub"), HEAVY],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, loaded = done.stdout.splitlines()
        best = min(best, float(seconds))
    assert best < 0.150
    assert loaded == "[]"


def test_a_hub_is_private_and_stays_the_same(tmp_path: Path) -> None:
    hub = open_hub(tmp_path / "deep" / "hub")
    assert all(
        stat.S_IMODE(path.stat().st_mode) == 0o700 for path in (hub.root, hub.work_folder, hub.root / "keys")
    )
    again = open_hub(hub.root, create=False)
    assert (again.id, again.secret("x")) == (hub.id, hub.secret("x"))
    assert open_hub(tmp_path / "other").secret("x") != hub.secret("x")


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recording.edf").write_bytes(b"0")
    with pytest.raises(BadInput, match="holds other files"):
        open_hub(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["recording.edf"]
    with pytest.raises(NotFound, match="no hub"):
        open_hub(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_hub_acts_as_its_actor(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    hub = open_hub(tmp_path / "hub", settings=Settings(actor="ada"), clock=lambda: now)
    other = hub.acting_as(Person("ben"))
    assert (hub.actor.id, hub.vault.person, other.actor.id, other.vault.person) == (
        "ada",
        "ada",
        "ben",
        "ben",
    )
    assert (other.records is hub.records, other.clock()) == (True, now)


def test_a_lock_is_for_one_dataset(tmp_path: Path) -> None:
    hub = open_hub(tmp_path / "hub")
    with hub.lock("ds-1"), hub.lock("ds-2"):
        assert sorted(path.name for path in (hub.root / "locks").iterdir()) == ["ds-1.lock", "ds-2.lock"]
    with pytest.raises(BadInput):
        hub.lock("../ds-1")


def test_settings_come_from_the_environment() -> None:
    given = {
        "COMMISSURE_HUB": "/h",
        "COMMISSURE_ACTOR": "ada",
        "COMMISSURE_LICENCE": "CC0-1.0",
        "COMMISSURE_ENCRYPT_ANIMALS": "On",
    }
    settings = Settings.from_environment(given)
    assert (settings.hub, settings.actor, settings.policy.licence, settings.policy.encrypt_animals) == (
        "/h",
        "ada",
        "CC0-1.0",
        True,
    )
    assert Settings.from_environment({}) == Settings()
    with pytest.raises(BadInput, match="COMMISSURE_ENCRYPT_ANIMALS must be yes or no; got 'perhaps'"):
        Settings.from_environment({"COMMISSURE_ENCRYPT_ANIMALS": "perhaps"})
