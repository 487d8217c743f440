"""Similar and partners over a hub of three labs: found by signal across labs, by a file, and only by who may."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from commissure.discover.likeness import describe_signal
from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.faces.cli.discover import app
from commissure.faces.client.remote import RemoteHub
from commissure.faces.client.wire import Wire
from commissure.faces.http.app import create_app
from commissure.hub import Hub, open_hub
from commissure.model import Asset, Dataset, Person, Release
from commissure.settings import Settings
from commissure.store.releases import release_digest
from commissure.testing.cohorts import Cohorts, exported
from commissure.testing.signals import Planted, write_brainvision
from commissure.workflows.access import grant
from commissure.workflows.describe_signals import Described, keep_descriptors
from commissure.workflows.harvest import add_records, index_release
from commissure.workflows.partners import partners
from commissure.workflows.similar import similar

NOW = datetime(2026, 1, 2, tzinfo=UTC)
#: lab, task, people, public
DATASETS = (
    ("ada", "rest", 5, True), ("ada", "nback", 5, True), ("bea", "rest", 5, True), ("bea", "nback", 5, True),
    ("cy", "rest", 5, False), ("cy", "nback", 5, False), ("dee", "rest", 2, True),
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Path]]:
    folder = tmp_path_factory.mktemp("similar")
    settings = Settings(hub=str(folder / "hub"), jobs="inline")
    hub = open_hub(folder / "hub", actor=Person("ada"), settings=settings, clock=lambda: NOW)
    made = Cohorts(np.random.default_rng(2))
    labs = {name: made.lab(name) for name in ("ada", "bea", "cy", "dee")}
    tasks = {name: made.paradigm(name) for name in ("rest", "nback")}
    for lab, task, people, public in DATASETS:
        sessions, last = [], None
        for number in range(people):
            last = made.record(made.participant("x"), lab=labs[lab], paradigm=tasks[task], seconds=6.0)
            sessions.append(Described(f"p{number}", "", task, describe_signal(last)))
        _release(hub, f"ds-{lab}-{task}", lab, task, people=people, public=public, sessions=sessions)
        if (lab, task) == ("bea", "nback"):
            again = exported(last, rate_hz=160.0, reference="average", gain=3.0)
            names = tuple(channel.name for channel in again.channels)
            file = write_brainvision(folder, Planted(again.si(), again.rate_hz, names), name="unreleased")
    yield hub, file
    hub.close()


def _release(
    hub: Hub, id: str, owner: str, task: str, *, people: int, public: bool, sessions: list[Described]
) -> None:
    titles = {"rest": "Resting state EEG", "nback": "EEG during an n-back working memory task"}
    about = {"title": f"{titles[task]} ({owner})", "modality": ["eeg"], "task": [task], "subjects": people,
             "species": ["Homo sapiens"], "licence": "CC0-1.0"}  # fmt: skip
    assets = tuple(Asset(f"sub-p{n}/eeg.edf", f"{n:064d}", 10, f"p{n}", True) for n in range(people))
    release = Release(
        id, "0.1.0", release_digest(assets), assets, "bids", public, about, created=NOW.isoformat()
    )
    hub.records.releases.add(Dataset(id, about["title"], owner, public=public), release, by=owner)
    index_release(hub, release)
    keep_descriptors(hub, release, described=sessions)


def _ids(reply: object) -> list[str]:
    return [result.source_id for result in reply.results]  # type: ignore[attr-defined]


def test_the_same_task_of_another_lab_comes_first_and_says_what_is_alike(world: tuple[Hub, Path]) -> None:
    hub, _ = world
    for task in ("rest", "nback"):
        reply = similar(hub, f"ds-ada-{task}", viewer="ada", now=NOW)
        assert _ids(reply)[0] == f"ds-bea-{task}"
        assert reply.signal is not None
        best = reply.signal[f"ds-bea-{task}"]
        assert (
            best.alike
            and best.closeness > reply.signal["ds-bea-rest" if task == "nback" else "ds-bea-nback"].closeness
        )
        assert any(reason.facet == "signal" for reason in reply.results[0].met)


def test_a_file_finds_the_dataset_it_is_of_without_being_released(world: tuple[Hub, Path]) -> None:
    hub, file = world
    before = hub.records.releases.ids()
    reply = similar(hub, str(file), viewer="ada", now=NOW)
    assert _ids(reply)[0] == "ds-bea-nback"
    assert hub.records.releases.ids() == before


def test_private_datasets_are_found_only_by_whom_their_owner_lets(world: tuple[Hub, Path]) -> None:
    hub, file = world
    for viewer, seen in (("", False), ("ada", False), ("cy", True)):
        asked = (
            similar(hub, "ds-ada-rest", viewer=viewer, now=NOW),
            similar(hub, str(file), viewer=viewer, now=NOW),
        )
        for reply in asked:
            assert any(id.startswith("ds-cy") for id in _ids(reply)) is seen
            assert any(id.startswith("ds-cy") for id in reply.signal or ()) is seen
    with pytest.raises(NotFound):
        similar(hub, "ds-cy-rest", viewer="eve", now=NOW)
    grant(hub.acting_as(Person("cy")), "ds-cy-nback", person="bob", now=NOW, until=NOW.replace(year=2027))
    assert "ds-cy-nback" in (similar(hub, "ds-ada-nback", viewer="bob", now=NOW).signal or ())


def test_the_signal_of_two_people_is_shown_to_who_is_named_only(world: tuple[Hub, Path]) -> None:
    hub, _ = world
    assert "ds-dee-rest" not in (similar(hub, "ds-ada-rest", viewer="", now=NOW).signal or ())
    assert "ds-dee-rest" in (similar(hub, "ds-ada-rest", viewer="bea", now=NOW).signal or ())


def test_sessions_need_a_grant(world: tuple[Hub, Path]) -> None:
    hub, file = world
    with pytest.raises(NotPermitted):
        similar(hub, str(file), viewer="", sessions=True, now=NOW)
    reply = similar(hub, str(file), viewer="ada", sessions=True, now=NOW)
    assert reply.sessions[0].dataset == "ds-bea-nback" and reply.sessions[0].subject == "p4"
    assert not any(each.dataset.startswith("ds-cy") for each in reply.sessions)


def test_bad_files_are_told(world: tuple[Hub, Path], tmp_path: Path) -> None:
    hub, _ = world
    (tmp_path / "notes.xyz").write_bytes(b"\x01\x02 nothing that anybody knows")
    with pytest.raises(BadInput, match="No recording can be read"):
        similar(hub, str(tmp_path / "notes.xyz"), viewer="ada", now=NOW)
    short = Planted(np.random.default_rng(0).normal(0, 1e-5, (20, 2)), 128.0, ("Cz", "Pz"))
    write_brainvision(tmp_path, short, name="short")
    with pytest.raises(BadInput, match="described from"):
        similar(hub, str(tmp_path / "short.vhdr"), viewer="ada", now=NOW)
    with pytest.raises(NotFound, match="no such file"):
        similar(hub, "nothing-there", viewer="ada", now=NOW)


def test_partners_are_other_labs_with_the_same_design(world: tuple[Hub, Path], tmp_path: Path) -> None:
    hub, _ = world
    rows = [{"id": "a1", "source": "archive", "title": "Resting state EEG of many", "modality": ["eeg"], "species": ["human"],
             "n_subjects": 200, "licence": "CC0"}, {"id": "m1", "source": "archive", "title": "MRI of mice", "modality": ["mri"]}]  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    add_records(hub, tmp_path / "rows.jsonl", vectors=False)
    reply = partners(hub, "ds-ada-rest", viewer="ada", now=NOW)
    ids = [partner.design.id for partner in reply.partners]
    assert reply.needed == 130 and ids[0] == "archive:a1"
    assert "archive:m1" not in ids and "ds-ada-rest" not in ids
    assert ids.index("ds-bea-rest") < ids.index("ds-bea-nback") and ids.index("ds-bea-rest") < ids.index(
        "ds-ada-nback"
    )
    assert not any(id.startswith("ds-cy") for id in ids)
    assert all(letter.startswith("**Subject:**") and "p0" not in letter for letter in reply.letters)
    assert partners(hub, "ds-ada-rest", effect=0.2, viewer="ada", now=NOW).needed > 700
    for wrong in ({"effect": 0.0}, {"power": 1.5}, {"limit": 0}):
        with pytest.raises(BadInput):
            partners(hub, "ds-ada-rest", viewer="ada", now=NOW, **wrong)
    with pytest.raises(NotFound):
        partners(hub, "ds-cy-rest", viewer="eve", now=NOW)


def test_routes_client_and_pages_tell_the_same(world: tuple[Hub, Path]) -> None:
    hub, file = world
    web = TestClient(create_app(hub), base_url="http://hub")
    told = web.get("/api/v1/similar", params={"like": "ds-ada-rest"}).json()
    assert told["results"][0]["source_id"] == "ds-bea-rest" and told["results"][0]["signal"]["alike"]
    assert (
        web.get("/api/v1/similar", params={"like": str(file)}).status_code == 404
    )  # a route reads no file of the hub's machine
    assert web.get("/api/v1/similar", params={"like": "ds-ada-rest", "sessions": True}).status_code == 403
    wire = Wire("http://hub")
    wire._client = web  # noqa: SLF001 - the client's calls, carried in memory
    web.base_url = "http://hub/api/v1/"
    remote = RemoteHub(wire)
    assert remote.similar(str(file))["results"][0]["source_id"] == "ds-bea-nback"
    assert remote.partners("ds-ada-rest")["partners"][0]["grounds"]
    with pytest.raises(BadInput):
        wire.json(
            "POST",
            "similar",
            json={"descriptors": [{"family": "no", "version": 1, "blocks": [], "values": [0.0] * 256}]},
        )
    page = web.get("http://hub/datasets/ds-ada-rest/0.1.0").text
    assert "Data like this" in page and "Resting state EEG (bea)" in page and "✓ " in page
    page = web.get("http://hub/partners/ds-ada-rest").text
    assert "Who could replicate this?" in page and "Letter of invitation" in page


def test_the_commands_speak(world: tuple[Hub, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    hub, file = world
    monkeypatch.setenv("COMMISSURE_ACTOR", "ada")
    run = CliRunner()
    said = run.invoke(app, ["similar", str(file), "--hub", str(hub.root)])
    assert said.exit_code == 0 and "ds-bea-nback" in said.output and "Closeness" in said.output
    said = run.invoke(app, ["partners", "ds-ada-rest", "--hub", str(hub.root), "--letter", "1"])
    assert said.exit_code == 0 and "Would you replicate" in said.output
    told = json.loads(run.invoke(app, ["partners", "ds-ada-rest", "--hub", str(hub.root), "--json"]).output)
    assert told["partners"][0]["invitation"]
