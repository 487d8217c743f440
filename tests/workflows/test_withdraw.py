"""Withdraw: the subject is gone from every release, every derived one, every backup; the others stay."""

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commissure.errors import Conflict, NotFound, NotPermitted
from commissure.govern import access
from commissure.hub import Hub, open_hub
from commissure.model import Activity, Asset, Dataset, Finding, Person, Release, Severity
from commissure.store.port import Query
from commissure.store.releases import release_digest
from commissure.workflows import withdraw as module
from commissure.workflows.audit import verify
from commissure.workflows.get import get
from commissure.workflows.withdraw import withdraw

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FILES = {
    "README": b"Two people.\nsub-01 slept.\n",
    "dataset_description.json": b'{"Name": "T"}',
    "participants.tsv": b"participant_id\tage\nsub-01\t30\nsub-02\t41\n",
    "sub-01/eeg/sub-01_eeg.edf": b"one" * 1000,
    "sub-01/eeg/sub-01_scans.tsv": b"scan one",
    "sub-02/eeg/sub-02_eeg.edf": b"two" * 1000,
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = open_hub(tmp_path / "hub", actor=Person("ada"), clock=lambda: NOW)
    yield hub
    hub.close()


def _share(
    hub: Hub, dataset: str = "ds-1", *, files: dict[str, bytes] = FILES, encrypt: bool = True, **more: Any
) -> Release:
    assets = []
    for path, data in files.items():
        subject = path.split("/")[0].removeprefix("sub-") if path.startswith("sub-") else ""
        assets.append(hub.vault.put(io.BytesIO(data), path=path, dataset=dataset, subject=subject,
                                    encrypt=bool(subject) and encrypt))  # fmt: skip
    made = tuple(f"sha256:{asset.sha256}" for asset in assets)
    about = {"subjects": 2, "age_years": [30, 41], "modalities": ["eeg"], "title": dataset}
    findings = tuple(
        Finding("quality.flat", Severity.INFO, f"In sub-{n} a channel is flat.") for n in ("01", "02")
    )
    activities = more.get("activities") or (
        Activity("standardize", ("raw:1",), made),
        Activity("validate", made),
    )
    version = hub.records.releases.next_version(dataset)
    release = Release(dataset, version, release_digest(tuple(assets)), tuple(assets), "bids", True, about, findings,
                      activities, NOW.isoformat())  # fmt: skip
    owner = str(more.get("owner", "ada"))
    return hub.records.releases.add(Dataset(dataset, dataset, owner, public=True), release, by=owner)


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def _blobs(hub: Hub) -> int:
    return sum(path.is_file() for path in (hub.root / "blobs").rglob("*"))


def _sha(release: Release, path: str) -> str:
    return "sha256:" + next(asset.sha256 for asset in release.assets if asset.path == path)


@pytest.mark.parametrize("encrypt", [True, False], ids=["person", "animal"])
def test_a_subject_is_gone_and_the_others_stay(encrypt: bool, hub: Hub, tmp_path: Path) -> None:
    first = _share(hub, encrypt=encrypt)
    second = _share(hub, files={**FILES, "CHANGES": b"0.2.0\n"}, encrypt=encrypt)
    shutil.copytree(hub.root / "blobs", tmp_path / "backup")
    grant = access.request(hub.records, "ds-1", person="ben", now=NOW)
    done = withdraw(hub, "ds-1", subject="01", reason="consent withdrawn", now=NOW)
    assert (done.release, done.files, done.derived) == ("ds-1@0.3.0", 2, ())
    assert set(done.tombstones) == {first.id, second.id}

    release = get(hub.acting_as(Person("ben")), "ds-1", into=tmp_path / "out", now=NOW)
    assert _tree(tmp_path / "out") == {
        "README": b"Two people.\n",
        "CHANGES": b"0.2.0\n",
        "dataset_description.json": b'{"Name": "T"}',
        "participants.tsv": b"participant_id\tage\nsub-02\t41\n",
        "sub-02/eeg/sub-02_eeg.edf": b"two" * 1000,
    }
    assert (release.metadata["subjects"], "age_years" in release.metadata) == (1, False)
    assert [finding.message for finding in release.findings] == ["In sub-02 a channel is flat."]
    gone = {_sha(first, path) for path in FILES if path.startswith("sub-01")}
    assert not gone & {entity for each in release.activities for entity in (*each.used, *each.made)}

    for old in (first, second):
        with pytest.raises(NotPermitted, match="was withdrawn"):
            get(hub, old.id, into=tmp_path / "old", now=NOW)
        assert hub.records.releases.get("ds-1", old.version).assets == ()
    mine = next(asset for asset in first.assets if asset.subject == "01")
    with pytest.raises(NotPermitted):
        hub.vault.of("ben").open(mine, grant)
    fresh = access.request(hub.records, "ds-1", person="ada", now=NOW)
    with pytest.raises(NotPermitted):
        hub.vault.open(mine, fresh)
    assert _blobs(hub) == len(release.assets)
    assert hub.records.catalogue.page(Query()).cards[0].version == "0.3.0"
    assert verify(hub) == ()
    if encrypt:
        _not_even_from_a_backup(hub, mine, tmp_path / "backup")


def _not_even_from_a_backup(hub: Hub, asset: Asset, backup: Path) -> None:
    shutil.rmtree(hub.root / "blobs")
    shutil.copytree(backup, hub.root / "blobs")
    gate = type("Open", (), {"stands": lambda *_, **__: True})()
    vault = hub.vault
    vault._gate = gate
    grant = access.request(hub.records, "ds-1", person="ada", now=NOW)
    with pytest.raises(NotPermitted, match="key is destroyed"):
        vault.open(asset, grant)


def test_a_withdrawn_subject_cannot_be_shared_again(hub: Hub) -> None:
    _share(hub)
    withdraw(hub, "ds-1", subject="01", reason="x", now=NOW)
    with pytest.raises(NotPermitted, match="withdrawn"):
        _share(hub)
    with pytest.raises(Conflict, match="withdrawn"):
        _share(hub, encrypt=False)


def test_a_whole_dataset_leaves_its_page(hub: Hub, tmp_path: Path) -> None:
    release = _share(hub)
    done = withdraw(hub, "ds-1", reason="x", now=NOW)
    assert (done.release, done.tombstones, done.files) == ("", (release.id,), 6)
    assert _blobs(hub) == 0
    page = hub.records.releases.get("ds-1")
    assert (page.withdrawn, page.metadata["title"], page.assets) == (True, "ds-1", ())
    assert hub.records.catalogue.page(Query()).total == 0
    with pytest.raises(NotPermitted):
        get(hub, "ds-1", into=tmp_path / "out", now=NOW)
    with pytest.raises(NotPermitted):
        access.request(hub.records, "ds-1", person="ada", now=NOW)
    assert verify(hub) == ()


def test_the_last_subject_leaves_only_the_page(hub: Hub) -> None:
    files = {path: data for path, data in FILES.items() if not path.startswith("sub-02")}
    _share(hub, files=files)
    done = withdraw(hub, "ds-1", subject="01", reason="x", now=NOW)
    assert done.release == ""
    assert _blobs(hub) == 0
    assert hub.records.releases.get("ds-1").withdrawn


def test_what_was_derived_goes_along_however_far(hub: Hub) -> None:
    raw = _share(hub)
    one, two = _sha(raw, "sub-01/eeg/sub-01_eeg.edf"), _sha(raw, "sub-02/eeg/sub-02_eeg.edf")
    files = {"README": b"clean", "sub-01/a": b"clean one", "sub-02/a": b"clean two"}
    clean = _share(hub, "ds-2", files=files, owner="ben")
    made = {path: _sha(clean, path) for path in files}
    _retell(
        hub,
        clean,
        Activity("filter", (one,), (made["sub-01/a"],)),
        Activity("filter", (two,), (made["sub-02/a"],)),
    )
    fits = _share(hub, "ds-3", files={"model.bin": b"weights"}, owner="eve")
    _retell(hub, fits, Activity("fit", tuple(made.values()), (_sha(fits, "model.bin"),)))
    apart = _share(hub, "ds-4", files={"sub-01/a": b"apart"})

    done = withdraw(hub, "ds-1", subject="01", reason="x", now=NOW)
    assert done.derived == ("ds-2@0.3.0",)
    assert {"ds-2@0.2.0", "ds-3@0.2.0"} <= set(done.tombstones)
    assert [asset.path for asset in hub.records.releases.get("ds-2").assets] == ["README", "sub-02/a"]
    assert hub.records.releases.get("ds-3").withdrawn
    assert not hub.records.releases.get("ds-4", apart.version).withdrawn
    assert verify(hub) == ()


def _retell(hub: Hub, release: Release, *activities: Activity) -> None:
    """A further version that tells how it was made."""
    dataset = hub.records.releases.dataset(release.dataset)
    told = replace(release, version="0.2.0", digest=release.digest + "'", activities=activities)
    hub.records.releases.add(dataset, told, by=dataset.owner)
    hub.records.releases.bury(dataset.id, ("0.1.0",), by=dataset.owner, at="", reason="retold")


@pytest.mark.parametrize("step", ["_destroy", "_release_rest", "_bury", "_withdraw_derived"])
def test_a_crash_at_any_step_is_made_good_by_running_it_again(
    step: str, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _share(hub)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, step, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        withdraw(hub, "ds-1", subject="01", reason="x", now=NOW)
    withdraw(hub, "ds-1", subject="01", reason="x", now=NOW)
    get(hub, "ds-1", into=tmp_path / "out", now=NOW)
    assert sorted(_tree(tmp_path / "out")) == [
        "README",
        "dataset_description.json",
        "participants.tsv",
        "sub-02/eeg/sub-02_eeg.edf",
    ]
    assert hub.records.releases.get("ds-1", "0.1.0").withdrawn
    assert hub.records.releases.versions("ds-1") == ("0.2.0", "0.1.0")
    assert _blobs(hub) == 4
    assert verify(hub) == ()


def test_only_the_owner_withdraws_and_only_whom_there_is(hub: Hub) -> None:
    _share(hub)
    with pytest.raises(NotPermitted, match="Only the owner"):
        withdraw(hub.acting_as(Person("ben")), "ds-1", reason="x", now=NOW)
    with pytest.raises(NotFound) as caught:
        withdraw(hub, "ds-1", subject="Jane", reason="x", now=NOW)
    assert "Jane" not in str(caught.value)
    with pytest.raises(NotFound):
        withdraw(hub, "ds-9", reason="x", now=NOW)


def test_the_crate_tells_of_the_new_version(hub: Hub) -> None:
    _share(hub, files={**FILES, "ro-crate-metadata.json": b"{}"})
    withdraw(hub, "ds-1", subject="01", reason="x", now=NOW)
    release = hub.records.releases.get("ds-1")
    crate = next(asset for asset in release.assets if asset.path == "ro-crate-metadata.json")
    with hub.vault.open(crate, access.request(hub.records, "ds-1", person="ada", now=NOW)) as stream:
        text = stream.read().decode()
    assert json.loads(text)["@graph"]
    assert "ds-1@0.2.0" in text or '"0.2.0"' in text
    assert "sub-01" not in text


def test_an_edited_release_is_found(hub: Hub) -> None:
    _share(hub)
    assert verify(hub) == ()
    with hub.records.database.write() as connection:
        connection.exec_driver_sql("UPDATE releases SET digest = 'forged'")
    assert [finding.check for finding in verify(hub)] == ["audit.changed"]
