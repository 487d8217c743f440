"""Other archives: their records in common fields, and every way in which they are known to fail."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.store.archives.registry import CONNECTORS
from commissure.store.archives.web import Web
from commissure.testing.connector import Asked, ConnectorContract
from commissure.translate.archive_records import (
    ARCHIVES,
    FIELDS,
    from_common,
    mapping_of,
    to_common,
    to_query,
    translate_record,
)
from commissure.translate.archive_values import KINDS
from commissure.workflows.search_archives import ArchivesReply, Patience, search_archives
from commissure.workflows.translate_record import translate_record as translate_file

sys.path.insert(0, str(Path(__file__).parent))
from fake_archives import COUNT, Faults, make, node  # noqa: E402
from loopback import serving  # noqa: E402

QUICK = Patience(timeout_s=5, tries=3, sleep=lambda seconds: None)
NAMES = ("openneuro", "dandi", "nemar", "neurobagel", "ebrains", "neurovault", "alyx", "zenodo", "gin")


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Faults, str]]:
    faults = Faults()
    with serving(make(faults)) as address:
        yield faults, address


@pytest.fixture
def faults(running: tuple[Faults, str]) -> Faults:
    found = running[0]
    for part in (found.kind, found.times, found.asked, found.questions):
        part.clear()
    return found


@pytest.fixture
def address(running: tuple[Faults, str]) -> str:
    return running[1]


def ask(
    address: str, *archives: str, patience: Patience = QUICK, limit: int = 50, **asked: Any
) -> ArchivesReply:
    places = {name: f"{address}/{name}" for name in NAMES}
    question = asked or {"words": "memory"}
    return search_archives(question, archives=archives, addresses=places, limit=limit, patience=patience)


def test_every_connector_gives_records_in_common_fields(faults: Faults, address: str) -> None:
    assert CONNECTORS.names() == NAMES
    reply = ask(address)
    states = {one.archive: (one.state, one.found) for one in reply.status}
    # Neurobagel knows no words; one dandiset of the seven is embargoed
    assert states.pop("neurobagel") == ("skipped", 0)
    assert states == {
        "openneuro": ("ok", COUNT), "dandi": ("ok", COUNT - 1), "nemar": ("ok", COUNT), "ebrains": ("ok", 1),
        "neurovault": ("ok", 1), "alyx": ("ok", 1), "zenodo": ("ok", 1), "gin": ("ok", 1),
    }  # fmt: skip
    first = {record["source"]: record for record in reversed(reply.records)}
    assert first["openneuro"] == {
        "id": "ds000001", "title": "Memory 1", "description": "Memory of pictures.", "licence": "CC0-1.0",
        "authors": ["Ada Lovelace", "Santiago Cajal"], "species": ["Homo sapiens"], "modality": ["eeg"],
        "tasks": ["memory"], "funding": ["Grant 1"], "n_subjects": 3, "n_files": 40, "n_bytes": 1_000_001,
        "doi": "10.18112/openneuro.ds000001.v1.0.0", "version": "1.0.0", "date": "2025-01-02", "source": "openneuro",
    }  # fmt: skip
    assert first["dandi"]["authors"] == ["Alan Hodgkin"]
    assert first["dandi"]["species"] == ["Mus musculus"]
    assert first["zenodo"]["description"] == "Sleep & dreams"
    assert "n_files" not in first["zenodo"]
    assert first["nemar"]["modality"] == ["eeg", "meg"]
    assert first["neurovault"]["authors"] == ["A. One", "B. Two"]
    assert first["gin"]["title"] == "lab/spikes"


def test_openneuro_is_asked_in_both_shapes(faults: Faults, address: str) -> None:
    new = ask(address, "openneuro", words="memory", modality="eeg")
    assert faults.questions[0]["query"] == {"keywords": ["memory"], "modality": "EEG"}
    faults.kind["openneuro"] = "old"
    old = ask(address, "openneuro", words="memory", modality="eeg")
    assert "bool" in faults.questions[-1]["query"]
    assert (
        [r["id"] for r in old.records]
        == [r["id"] for r in new.records]
        == [f"ds{n:06d}" for n in range(1, 8)]
    )


@pytest.mark.parametrize("kind", ["429", "500", "503"])
def test_what_passes_is_asked_again(faults: Faults, address: str, kind: str) -> None:
    faults.kind, faults.times = {"nemar": kind}, {"nemar": 2}
    reply = ask(address, "nemar")
    assert reply.complete
    assert faults.asked["nemar"] == 3


def test_waits_grow_and_obey_the_archive(faults: Faults, address: str) -> None:
    waits: list[float] = []
    faults.kind = {"nemar": "503", "gin": "429"}
    patience = Patience(timeout_s=5, tries=4, sleep=waits.append)
    ask(address, "nemar", patience=patience)
    assert waits == [0.5, 1.0, 2.0]
    waits.clear()
    ask(address, "gin", patience=patience)
    assert waits == [0.01, 0.01, 0.01]


@pytest.mark.parametrize(
    ("kind", "says"),
    [("429", "status 429"), ("500", "status 500"), ("html", "HTML page in place of JSON"), ("html403", "token"),
     ("400", "Malformed search"), ("truncated", "in place of JSON"), ("list", "shape"), ("deep", "JSON")],
)  # fmt: skip
@pytest.mark.parametrize("archive", NAMES)
def test_one_archives_failure_is_its_state_and_the_rest_stands(
    faults: Faults, address: str, archive: str, kind: str, says: str
) -> None:
    faults.kind[archive] = kind
    other = "gin" if archive != "gin" else "zenodo"
    reply = ask(address, archive, other, words="memory", modality="eeg")
    broken, whole = reply.status
    assert (broken.state, broken.found) == ("failed", 0)
    assert says in broken.message
    assert "\n" not in broken.message
    assert (whole.archive, whole.state, whole.found) == (other, "ok", 1)
    assert not reply.complete


@pytest.mark.parametrize("archive", NAMES)
def test_null_in_place_of_every_list_is_nothing(faults: Faults, address: str, archive: str) -> None:
    faults.kind[archive] = "nothing"
    (told,) = ask(address, archive, words="memory", modality="eeg").status
    assert (told.found, told.state) == (0, "failed" if archive == "zenodo" else "ok")


@pytest.mark.parametrize("archive", NAMES)
@pytest.mark.parametrize("kind", ["429", "500", "503"])
def test_every_archive_is_asked_again_when_it_passes(
    faults: Faults, address: str, archive: str, kind: str
) -> None:
    faults.kind, faults.times = {archive: kind}, {archive: 2}
    reply = ask(address, archive, words="memory", modality="eeg")
    assert reply.complete or archive == "neurobagel"
    assert reply.status[0].found >= 1
    assert faults.asked[archive] >= 3


@pytest.mark.parametrize("archive", NAMES)
def test_no_slow_archive_holds_up_the_answer(faults: Faults, address: str, archive: str) -> None:
    faults.kind[archive] = "slow"
    other = "gin" if archive != "gin" else "zenodo"
    patience = Patience(timeout_s=0.2, tries=1, sleep=lambda seconds: None)
    reply = ask(address, archive, other, patience=patience, words="memory", modality="eeg")
    assert [one.state for one in reply.status] == ["failed", "ok"]
    assert "no answer in time" in reply.status[0].message


def test_nobody_there(address: str) -> None:
    reply = search_archives(
        {"words": "x"}, archives=["gin"], addresses={"gin": "http://127.0.0.1:9"}, patience=QUICK
    )
    assert reply.status[0].state == "failed"


@pytest.mark.parametrize("kind", ["lying count", "same cursor", "next for ever"])
def test_lies_about_pages_end(faults: Faults, address: str, kind: str) -> None:
    faults.kind = {"openneuro": kind, "dandi": kind, "zenodo": kind}
    reply = ask(address, "openneuro", "dandi", "zenodo")
    ids = [(record["source"], record["id"]) for record in reply.records]
    assert len(ids) == len(set(ids))
    assert sum(faults.asked.values()) < 20


def test_part_of_an_answer_is_kept(faults: Faults, address: str) -> None:
    faults.kind = {"dandi": "other host", "neurobagel": "partial"}
    reply = ask(address, "dandi", "neurobagel", words="", modality="anat", min_age=60)
    dandi, neurobagel = reply.status
    assert (dandi.state, dandi.found) == ("partial", 2)
    assert (neurobagel.state, neurobagel.found) == ("partial", 1)
    assert "two" in neurobagel.message
    assert faults.questions == [{"image_modal": "nidm:T1Weighted", "min_age": 60}]


def test_null_where_a_list_or_an_object_should_be(faults: Faults, address: str) -> None:
    faults.kind = {"openneuro": "null nodes", "neurovault": "null", "dandi": "no metadata"}
    reply = ask(address, "openneuro", "neurovault", "dandi")
    assert [one.found for one in reply.status] == [COUNT, 0, COUNT - 1]
    assert "title" not in reply.records[0]
    assert reply.records[-1]["title"] == f"Spikes {COUNT}"


def test_limits_and_names(address: str) -> None:
    assert len(ask(address, "openneuro", limit=4).records) == 4
    with pytest.raises(NotFound, match="nowhere"):
        search_archives({"words": "x"}, archives=["nowhere"])
    with pytest.raises(BadInput, match="limit"):
        search_archives({"words": "x"}, limit=0)
    with pytest.raises(BadInput, match="Nothing is asked"):
        search_archives({"words": ""})


@pytest.mark.parametrize("archive", ARCHIVES)
def test_tables_are_sound(archive: str) -> None:
    for rule in mapping_of(archive)["fields"]:
        assert rule["field"] in FIELDS
        assert rule.get("as", "text") in KINDS
        assert rule.get("as") != "code" or rule["values"]


def test_openneuro_to_dandi_and_back_keeps_what_both_can_say() -> None:
    made = translate_record(node(1), source="openneuro", target="dandi")
    assert made.record["license"] == ["spdx:CC0-1.0"]
    assert made.record["contributor"][0]["name"] == "Lovelace, Ada"
    assert made.record["assetsSummary"]["species"] == [
        {"schemaKey": "SpeciesType", "name": "Homo sapiens - Human"}
    ]
    assert {finding.where for finding in made.findings} == {"tasks"}
    back = to_common(made.record, archive="dandi")
    same = {k for k in made.common if made.common[k] == back.get(k)}
    # EEG is a kind of electrophysiology there; tasks have no place; the id stands among the other names
    assert set(made.common) - same == {"modality", "tasks", "source"}
    assert back["modality"] == ["electrophysiology"]


@pytest.mark.parametrize("archive", [name for name in ARCHIVES if name not in {"alyx"}])
def test_what_an_archive_writes_it_reads(archive: str) -> None:
    common = {"title": "A title", "authors": ["Ada Lovelace"], "licence": "CC-BY-4.0", "description": "Words.",
              "doi": "10.5072/x", "version": "1.0.0", "date": "2025-01-02"}  # fmt: skip
    record, findings = from_common(common, archive=archive)
    lost = {finding.where for finding in findings}
    read = to_common(record, archive=archive)
    assert {k: read[k] for k in common if k not in lost} == {k: v for k, v in common.items() if k not in lost}


def test_what_cannot_be_said_is_lost_aloud() -> None:
    _, findings = from_common({"licence": "ODbL-1.0", "n_subjects": 5, "modality": ["xray"]}, archive="dandi")
    assert {finding.where for finding in findings} == {"licence", "modality"}
    query, left = to_query({"words": "rest", "min_age": 3}, archive="zenodo")
    assert (query, left) == ({"q": "rest"}, ("min_age",))


@pytest.mark.parametrize("junk", [{}, {"latestSnapshot": []}, {"latestSnapshot": {"description": "x"}},
                                  {"latestSnapshot": {"summary": {"subjects": "many", "modalities": {"a": 1}}}},
                                  {"id": float("nan")}, {"metadata": [[[]]]}])  # fmt: skip
def test_odd_records_invent_nothing(junk: dict[str, Any]) -> None:
    assert set(to_common(junk, archive="openneuro")) <= {"source", "id"}


def test_a_file_is_translated_or_refused(tmp_path: Path) -> None:
    good = tmp_path / "node.json"
    good.write_text(json.dumps({"data": {"dataset": node(1)}}))
    assert translate_file(good, source="openneuro", target="zenodo").record["metadata"]["title"] == "Memory 1"
    for name, data, error in (
        ("a", b"\xff\xfe\x00", Unreadable),
        ("b", b"[1]", Unreadable),
        ("c", b"{}", BadInput),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(error):
            translate_file(tmp_path / name, source="openneuro", target="dandi")
    with pytest.raises(NotFound):
        translate_file(tmp_path / "none", source="openneuro", target="dandi")


_KEYS = {
    "openneuro": "id",
    "dandi": "identifier",
    "nemar": "dataset_id",
    "neurobagel": "dataset_uuid",
    "gin": "full_name",
}


class TestConnectors(ConnectorContract):
    """Every built-in connector keeps the contract that third parties run on theirs."""

    @pytest.fixture(params=NAMES)
    def asked(self, request: pytest.FixtureRequest, faults: Faults, address: str) -> Asked:
        name = request.param
        webs = [
            Web(at, name=name, tries=1, sleep=lambda seconds: None)
            for at in (f"{address}/{name}", "http://127.0.0.1:9")
        ]
        question = to_query(
            {"modality": "anat"} if name == "neurobagel" else {"words": "memory"}, archive=name
        )[0]
        return Asked(CONNECTORS.get(name), webs[0], webs[1], question, _KEYS.get(name, "id"))
