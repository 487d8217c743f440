"""The client against a real server on loopback: the Python surface's calls, errors and transfers."""

import io
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

import commissure as cm
from commissure.errors import BadInput, Fault, NotFound, NotPermitted
from commissure.faces.client.transfer import pack
from commissure.hub import Hub
from commissure.model import Dataset, Release
from commissure.store.releases import release_digest


@pytest.fixture
def ours(hub: Hub, address: str, token: str) -> cm.connect:  # type: ignore[valid-type]
    with cm.connect(address, token=token) as found:
        yield found


def test_the_client_answers_as_the_library_does(hub: Hub, ours) -> None:  # type: ignore[no-untyped-def]
    assert ours.datasets("visual", facet=["modality=eeg"]) == cm.datasets(
        hub, "visual", facet=["modality=eeg"]
    )
    assert ours.show("ds-full") == cm.show(hub, "ds-full")
    assert ours.audit() == cm.audit(hub)


def test_get_writes_the_same_folder(ours, tmp_path: Path, samples: SimpleNamespace) -> None:  # type: ignore[no-untyped-def]
    told = ours.get("ds-full@0.1.0", tmp_path / "here")
    assert told["files"] == len(samples.files)
    found = {
        p.relative_to(tmp_path / "here").as_posix(): p.read_bytes()
        for p in (tmp_path / "here").rglob("*")
        if p.is_file()
    }
    assert found == samples.files
    with pytest.raises(BadInput, match="holds files"):
        ours.get("ds-full", tmp_path / "here")


def test_a_get_that_broke_off_goes_on(ours, tmp_path: Path, samples: SimpleNamespace) -> None:  # type: ignore[no-untyped-def]
    name = "sub-01/eeg/sub-01_task-memory_eeg.edf"
    left = tmp_path / ".here.part" / name
    left.parent.mkdir(parents=True)
    left.write_bytes(samples.files[name][:1000])
    ours.get("ds-full", tmp_path / "here")
    assert (tmp_path / "here" / name).read_bytes() == samples.files[name]


def test_damage_on_the_way_is_found(ours, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    left = tmp_path / ".here.part" / "README"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"something else")
    with pytest.raises(Fault, match="did not arrive"):
        ours.get("ds-full", tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_errors_come_back_as_they_left(address: str, ours) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFound, match="ds-none"):
        ours.show("ds-none")
    with pytest.raises(BadInput, match="key=value"):
        ours.datasets(facet=["x"])
    with cm.connect(address) as nobody, pytest.raises(NotPermitted, match="token"):
        nobody.withdraw("ds-full")


def test_a_hub_that_is_not_there_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with cm.connect(f"http://127.0.0.1:{port}") as gone, pytest.raises(Fault, match="cannot be reached"):
        gone.datasets()
    with pytest.raises(BadInput, match="http"):
        cm.connect("hub.example.org")


def test_the_same_folder_is_packed_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "é.txt").write_text("same")
    (tmp_path / "one" / "link").symlink_to("/etc/passwd")
    first, second = (pack(tmp_path / name, tmp_path / f"{name}.zip").read_bytes() for name in ("one", "two"))
    assert first == second


def test_share_sends_follows_and_reports(ours, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "thing.bin").write_bytes(bytes(range(256)))
    report = ours.share(tmp_path / "raw", title="Nothing in it")
    assert report["release"] is None and report["findings"]


def test_grants_over_the_wire(hub: Hub, ours, samples: SimpleNamespace) -> None:  # type: ignore[no-untyped-def]
    samples.add_full(hub, "ds-lent", public=False)
    assert ours.grant("ds-lent", person="ada", days=3)["purpose"] == "research"
    assert ours.revoke("ds-lent", person="ada") == 1
    assert ours.withdraw("ds-lent")["tombstones"] == ["ds-lent@0.1.0"]


def _with_ages(hub: Hub, name: str) -> None:
    """A public dataset of 600 people, by their ages alone."""
    lines = [f"sub-{n:04d}\t{40 + n % 21}" for n in range(600)]
    table = ("participant_id\tage\n" + "\n".join(lines) + "\n").encode()
    asset = hub.vault.put(io.BytesIO(table), path="participants.tsv", dataset=name)
    at = datetime(2026, 1, 2, tzinfo=UTC).isoformat()
    release = Release(name, "0.1.0", release_digest((asset,)), (asset,), "bids", True, created=at)
    hub.records.releases.add(Dataset(name, name, "local", at, True), release, by="local", consents={})


def test_a_privacy_budget_over_the_wire(hub: Hub, address: str, ours) -> None:  # type: ignore[no-untyped-def]
    _with_ages(hub, "ds-ages")
    limit = ours.set_budget("ds-ages", epsilon=1.0)
    assert limit["epsilon"] == 1.0 and limit["delta"] == 1e-5 and limit["most_auc"] == 1.0
    asked = {"columns": ("age",), "lower": (20.0,), "upper": (80.0,), "planned_n": 600}
    made = ours.private_release("ds-ages", statistic="mean", epsilon=0.6, **asked)
    assert made["values"]["mean"][0] == pytest.approx(50, abs=8)
    assert set(made) == set(cm.private_release(hub, "ds-ages", statistic="mean", epsilon=0.6, **asked))
    with pytest.raises(NotPermitted, match="is spent over 2 releases"):
        ours.private_release("ds-ages", statistic="mean", epsilon=0.6, **asked)
    with pytest.raises(BadInput):
        ours.private_release("ds-ages", statistic="mean", epsilon=0.1, colour="red")
    with cm.connect(address) as anybody:
        told = anybody.privacy("ds-ages")
        assert told == cm.privacy(hub, "ds-ages") and len(told["spends"]) == 2
        drawn = anybody.privacy_picture("ds-ages")
        assert drawn == cm.privacy_picture(hub, "ds-ages") and drawn.startswith("<svg")
        with pytest.raises(NotPermitted, match="token"):
            anybody.set_budget("ds-ages", epsilon=2.0)
        with pytest.raises((NotFound, NotPermitted)):
            anybody.privacy("ds-private")
