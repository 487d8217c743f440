"""The client against a real server on loopback: the Python surface's calls, errors and transfers."""

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

import commissure as cm
from commissure.errors import BadInput, Fault, NotFound, NotPermitted
from commissure.faces.client.transfer import pack
from commissure.hub import Hub


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
