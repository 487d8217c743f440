"""The level ``reproducible``: a release carries the environment that made it, and it is checked before it counts."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commissure.certify.environment import ENVIRONMENT, check_environment, requirements
from commissure.certify.rocrate import ro_crate
from commissure.certify.sources import of_release
from commissure.errors import NotFound, Unreadable
from commissure.faces.cli import main
from commissure.hub import Hub, open_hub
from commissure.model import Release, Software
from commissure.settings import Settings
from commissure.store.releases import release_digest
from commissure.testing.samples import write_sample_session
from commissure.workflows.browse import show
from commissure.workflows.certify import certify, describe
from commissure.workflows.certify_environment import check_rebuild, read_environment, resolve
from commissure.workflows.share import ShareOptions, share
from commissure.workflows.sharing.environment import environment_text, installed
from commissure.workflows.withdraw import withdraw

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    top = tmp_path_factory.mktemp("environment")
    write_sample_session(top / "raw")
    found = open_hub(top / "hub", settings=Settings(hub=str(top / "hub"), jobs="inline"), clock=lambda: NOW)
    said = ShareOptions(licence="CC0-1.0", consent="DUO:0000042", public=True, dataset="ds-env")
    share(found, top / "raw", now=NOW, options=said)
    yield found
    found.close()


def document() -> dict[str, Any]:
    return dict(json.loads(environment_text()))


def software(release: Release) -> list[Software]:
    return [tool for each in release.activities for tool in each.software]


def test_a_shared_release_carries_it_and_reaches_the_level(hub: Hub) -> None:
    shown = show(hub, "ds-env", viewer="local", now=NOW)
    release = shown.release
    found = certify(hub, shown, viewer="local", now=NOW, origin="https://hub.example")
    assert found.evidence.data.environment is True
    assert "reproducible" in found.levels
    # it is no part of the data: the same data have the same digest in any environment
    data = tuple(a for a in release.assets if a.path not in {ENVIRONMENT, "ro-crate-metadata.json"})
    assert release.digest == release_digest(data)
    graph = {one["@id"]: one for one in ro_crate(release)["@graph"]}  # type: ignore[attr-defined]
    assert graph[ENVIRONMENT]["sha256"] == next(a.sha256 for a in release.assets if a.path == ENVIRONMENT)
    (ours,) = [one for one in graph.values() if one.get("name") == "commissure" and "version" in one]
    assert ours["softwareRequirements"] == {"@id": ENVIRONMENT}


def test_it_is_complete_the_same_as_here_and_holds_no_path(hub: Hub) -> None:
    found = check_rebuild(hub, "ds-env", viewer="local", now=NOW)
    assert found.complete
    assert found.differences == ()
    told = found.document
    names = {row["name"] for row in told["packages"]}
    assert {"commissure", "numpy", "mne", "bids-validator-deno"} <= names
    assert not {"playwright", "ruff"} & names
    assert {"deno", "bids-validator"} <= {one["name"] for one in told["programs"]}
    assert all(len(one["sha256"]) == 64 for one in (*told["packages"], *told["programs"]))
    assert str(Path.home()) not in json.dumps(told)
    assert "commissure" not in requirements(told)


@pytest.mark.parametrize("lost", ["version", "software", "requires", "python", "all"])
def test_what_is_not_complete_does_not_count(hub: Hub, lost: str) -> None:
    shown = show(hub, "ds-env", viewer="local", now=NOW)
    told = copy.deepcopy(document())
    used = software(shown.release)[-1].name
    if lost == "version":
        told["packages"][3]["version"] = ""
    elif lost == "software":
        next(row for row in told["packages"] if row["name"] == used)["version"] = "0.0.1"
    elif lost == "requires":
        told["packages"] = [row for row in told["packages"] if row["name"] != "numpy"]
    elif lost == "python":
        told["python"] = ""
    else:
        told = {}
    assert check_environment(told, software(shown.release))
    one = describe(hub, shown, origin="https://hub.example")
    assert of_release(one, {ENVIRONMENT: json.dumps(told)}).data.environment is False
    assert of_release(one, {ENVIRONMENT: "[" * 100_000}).data.environment is False
    assert of_release(one, {}).data.environment is False
    assert of_release(one, {ENVIRONMENT: json.dumps(document())}).data.environment is True


def test_a_release_without_software_proves_nothing(hub: Hub) -> None:
    shown = show(hub, "ds-env", viewer="local", now=NOW)
    bare = replace(shown, release=replace(shown.release, activities=()))
    text = json.dumps(document())
    assert of_release(describe(hub, bare), {ENVIRONMENT: text}).data.environment is False


def test_another_environment_is_told_apart(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    other = document()
    other["python"] = "3.12.1"
    other["packages"] = [row for row in other["packages"] if row["name"] != "rich"]
    next(row for row in other["packages"] if row["name"] == "numpy")["version"] = "9.9"
    next(row for row in other["packages"] if row["name"] == "mne")["sha256"] = "0" * 64
    other["programs"][0]["sha256"] = "0" * 64
    monkeypatch.setattr(
        "commissure.workflows.certify_environment.environment_text", lambda: json.dumps(other).encode()
    )
    told = check_rebuild(hub, "ds-env", viewer="local", now=NOW).differences
    assert len(told) == 5
    assert any("numpy" in one and "9.9" in one for one in told)
    assert any("rich" in one and "not installed" in one for one in told)


def test_pip_itself_resolves_the_lock_without_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert resolve(requirements(document()), anew=False) == (True, "")
    # for an empty environment an index is needed, and there is none
    assert not resolve("numpy==2.3.0\n")[0]
    ok, why = resolve("no-such-package-of-commissure==1.0\n", anew=False)
    assert not ok
    assert "no-such-package" in why


def test_the_command(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--hub", str(hub.root)]
    assert main(["certify", "environment", "ds-env", *at, "-o", str(tmp_path / "lock.txt"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["complete"], told["same"], told["resolved"]) == (True, True, None)
    assert (tmp_path / "lock.txt").read_text() == told["requirements"]
    assert main(["certify", "environment", "ds-env", *at]) == 0
    assert "Complete" in capsys.readouterr().out
    assert main(["certify", "environment", "ds-none", *at]) == 5


def test_what_is_no_environment_says_so() -> None:
    for data in (b"", b"[1]", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(Unreadable):
            read_environment(data)
    assert installed("no-such-package-of-commissure") == {"packages": [], "programs": []}


def test_a_withdrawn_subject_leaves_it_in_place(tmp_path: Path) -> None:
    write_sample_session(tmp_path / "raw")
    hub = open_hub(
        tmp_path / "hub", settings=Settings(hub=str(tmp_path / "hub"), jobs="inline"), clock=lambda: NOW
    )
    said = ShareOptions(licence="CC0-1.0", consent="DUO:0000042", dataset="ds-w")
    share(hub, tmp_path / "raw", now=NOW, options=said)
    release = hub.records.releases.get("ds-w")
    subjects = sorted({asset.subject for asset in release.assets if asset.subject})
    withdraw(hub, "ds-w", subject=subjects[0] if len(subjects) > 1 else None, reason="test", now=NOW)
    if len(subjects) > 1:
        assert any(asset.path == ENVIRONMENT for asset in hub.records.releases.get("ds-w").assets)
    with pytest.raises(NotFound):
        check_rebuild(hub, "ds-none", viewer="local", now=NOW)
    hub.close()
