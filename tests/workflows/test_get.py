"""Get: a release becomes a plain folder, whole or not at all."""

import io
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commissure.errors import BadInput, Fault, NotFound, NotPermitted
from commissure.hub import Hub, open_hub
from commissure.model import Dataset, Person, Release
from commissure.store.releases import release_digest
from commissure.workflows.get import get

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FILES = {
    "README": b"Two people.\n",
    "sub-01/eeg/sub-01_eeg.edf": os.urandom(2_500_000),
    "sub-02/eeg/sub-02_eeg.edf": b"",
    "sub-02/anat/é ü.json": b"{}",
}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    hub = open_hub(tmp_path / "hub", actor=Person("ada"), clock=lambda: NOW)
    share(hub, FILES)
    return hub


def share(hub: Hub, files: dict[str, bytes], *, public: bool = True, version: str = "0.1.0") -> Release:
    """Release files; those below ``sub-XX/`` belong to subject XX and are encrypted."""
    assets = []
    for path, data in files.items():
        subject = path.split("/")[0].removeprefix("sub-") if path.startswith("sub-") else ""
        assets.append(
            hub.vault.put(io.BytesIO(data), path=path, dataset="ds-1", subject=subject, encrypt=bool(subject))
        )
    release = Release(
        "ds-1", version, release_digest(tuple(assets)), tuple(assets), "bids", public, created=NOW.isoformat()
    )
    return hub.records.releases.add(Dataset("ds-1", "T", "ada", public=public), release, by="ada")


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


class Counter:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float | None]] = []
        self.done = 0.0

    def stage(self, name: str, total: float | None = None) -> None:
        self.stages.append((name, total))

    def advance(self, amount: float = 1.0) -> None:
        self.done += amount


@pytest.mark.parametrize("reference", ["ds-1", "ds-1@0.1.0"])
@pytest.mark.parametrize("person", ["ada", "ben", "anybody"])
def test_a_release_becomes_a_folder(reference: str, person: str, hub: Hub, tmp_path: Path) -> None:
    counter = Counter()
    release = get(
        hub.acting_as(Person(person)), reference, into=tmp_path / "a" / "out", now=NOW, progress=counter
    )
    assert release.id == "ds-1@0.1.0"
    assert _tree(tmp_path / "a" / "out") == FILES
    size = sum(map(len, FILES.values()))
    assert (counter.stages, counter.done) == ([("get", size)], size)
    assert hub.records.usage.counts("ds-1") == {"get": 1}


def test_an_empty_folder_is_filled_and_a_full_one_refused(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    get(hub, "ds-1", into=tmp_path / "out", now=NOW)
    before = _tree(tmp_path / "out")
    with pytest.raises(BadInput, match="holds files"):
        get(hub, "ds-1", into=tmp_path / "out", now=NOW)
    with pytest.raises(BadInput, match="is a file"):
        get(hub, "ds-1", into=tmp_path / "out" / "README", now=NOW)
    assert _tree(tmp_path / "out") == before


def test_what_is_not_there_or_private_is_refused(hub: Hub, tmp_path: Path) -> None:
    for reference in ("ds-2", "ds-1@9.9.9"):
        with pytest.raises(NotFound):
            get(hub, reference, into=tmp_path / "out", now=NOW)
    share(hub, {"README": b"private"}, public=False, version="0.2.0")
    with pytest.raises(NotPermitted):
        get(hub.acting_as(Person("ben")), "ds-1", into=tmp_path / "out", now=NOW)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["flip", "swap a plain file", "cut"])
def test_damage_is_found_and_nothing_is_left(damage: str, hub: Hub, tmp_path: Path) -> None:
    blobs = sorted(
        (path for path in (hub.root / "blobs").rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )
    biggest, readme = blobs[-1], next(path for path in blobs if path.read_bytes() == FILES["README"])
    if damage == "swap a plain file":
        readme.write_bytes(b"Six people.\n")
    elif damage == "flip":
        data = bytearray(biggest.read_bytes())
        data[1_500_000] ^= 1
        biggest.write_bytes(data)
    else:
        os.truncate(biggest, 1_048_576 + 56)
    with pytest.raises(Fault, match="put it back from a backup"):
        get(hub, "ds-1", into=tmp_path / "out" / "deep", now=NOW)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_lost_blob_is_an_error(hub: Hub, tmp_path: Path) -> None:
    shutil.rmtree(hub.root / "blobs")
    (hub.root / "blobs" / "drafts").mkdir(parents=True)
    with pytest.raises(NotPermitted, match="does not hold these bytes"):
        get(hub, "ds-1", into=tmp_path / "out", now=NOW)


def test_get_is_a_job_too(hub: Hub, tmp_path: Path) -> None:
    job = hub.jobs.submit("get", {"reference": "ds-1", "into": str(tmp_path / "out")}, by="ben")
    hub.jobs.work(idle_s=0.1)  # type: ignore[attr-defined]
    assert hub.jobs.get(job.id).result == {"release": "ds-1@0.1.0", "files": 4}
    assert _tree(tmp_path / "out") == FILES
