"""One question to several hubs and archives: merged by one yardstick, doubles made one, and nobody holds the answer."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import commissure as cm
from commissure.discover.concepts import load_concepts
from commissure.discover.merge import Offer, doi_of, group, merged
from commissure.discover.question import understand
from commissure.discover.relax import steps
from commissure.errors import BadInput, Conflict, NotFound, NotPermitted
from commissure.faces.cli import main
from commissure.faces.http.app import create_app
from commissure.faces.http.auth import issue
from commissure.hub import Hub, open_hub
from commissure.settings import Settings
from commissure.workflows.harvest import add_records
from commissure.workflows.peers import add_peer, peers, remove_peer
from commissure.workflows.search_everywhere import OWN, search_everywhere

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "translate")]
import fake_peers  # noqa: E402
from fake_archives import COUNT, Faults  # noqa: E402
from fake_archives import make as make_archives  # noqa: E402
from loopback import serving  # noqa: E402

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DOI = "10.18112/openneuro.ds004504.v1.0.{}"
ONE = [
    {"id": "ds004504", "source": "openneuro", "title": "Resting EEG in dementia", "doi": DOI.format(2), "n_subjects": 88,
     "description": "Resting state EEG of people with Alzheimer's disease."},
    {"id": "a1", "source": "lab", "title": "MEG of healthy listeners", "modality": ["meg"]},
]  # fmt: skip
TWO = [
    {"id": "copy", "source": "mirror", "title": "Dementia EEG", "doi": f"https://doi.org/{DOI.format(7)}", "licence": "CC0"},
    {"id": "b1", "source": "lab2", "title": "Mild cognitive impairment: EEG in a visual memory task", "modality": ["eeg"],
     "diagnosis": ["mild cognitive impairment"], "tasks": ["visual memory"], "n_subjects": 31},
    {"id": "b2", "source": "lab2", "title": "EEG of healthy people at rest", "modality": ["eeg"], "n_subjects": 12},
]  # fmt: skip


def hub_at(folder: Path, records: list[dict[str, Any]]) -> Hub:
    hub = open_hub(folder, settings=Settings(hub=str(folder), jobs="inline"))
    if records:
        dump = folder.parent / f"{folder.name}.jsonl"
        dump.write_text("\n".join(map(json.dumps, records)))
        add_records(hub, dump, vectors=False)
    return hub


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Two real hubs, a server of bad ones, and nine archives with fault switches."""
    top, faults = tmp_path_factory.mktemp("everywhere"), Faults()
    one, two = hub_at(top / "one", ONE), hub_at(top / "two", TWO)
    with (
        serving(create_app(one)) as first,
        serving(create_app(two)) as second,
        serving(fake_peers.make()) as bad,
        serving(make_archives(faults)) as archives,
    ):
        yield SimpleNamespace(
            one=one, two=two, first=first, second=second, bad=bad, archives=archives, faults=faults, top=top
        )
    one.close()
    two.close()


@pytest.fixture
def asker(world: SimpleNamespace, tmp_path: Path) -> Iterator[Hub]:
    """An empty hub with the two as peers."""
    for part in (world.faults.kind, world.faults.times, world.faults.asked, world.faults.questions):
        part.clear()
    hub = hub_at(tmp_path / "asker", [])
    for address in (world.first, world.second):
        add_peer(hub, address, now=NOW)
    yield hub
    hub.close()


def states(reply: Any) -> dict[str, str]:
    return {one.source: one.state for one in reply.sources}


QUESTION = "EEG data from patients with mild cognitive impairment during visual memory tasks"


def test_hubs_are_asked_at_once_and_ranked_by_one_yardstick(world: SimpleNamespace, asker: Hub) -> None:
    reply = search_everywhere(asker, QUESTION, within_s=20)
    assert set(states(reply).values()) == {"ok"}
    first = reply.reply.results[0]
    assert (first.source_id, first.source) == ("b1", "lab2")
    assert {reason.asked for reason in first.met} >= {"EEG", "mild cognitive impairment"}
    assert not first.missed
    (place,) = reply.found_at[first.id]
    assert place["source"] == world.second.removeprefix("http://")
    assert place["rank"] == 1
    assert reply.complete


def test_the_same_dataset_is_one_result_with_both_places(world: SimpleNamespace, asker: Hub) -> None:
    reply = search_everywhere(asker, "EEG in dementia", within_s=20)
    (found,) = [r for r in reply.reply.results if r.source_id in {"ds004504", "copy"}]
    places = {(place["home"], place["id"]) for place in reply.found_at[found.id]}
    assert places == {("openneuro", "ds004504"), ("mirror", "copy")}
    # each field from whoever tells it
    assert (found.record["n"], found.record["licence"]) == (88, "CC0")


def test_an_archive_is_asked_in_its_own_words_and_told_apart_from_copies(
    world: SimpleNamespace, asker: Hub
) -> None:
    for name in ("openneuro", "dandi", "zenodo"):
        add_peer(asker, f"{name}={world.archives}/{name}", now=NOW)
    reply = search_everywhere(asker, "memory EEG", limit=100, within_s=20)
    assert states(reply)["openneuro"] == "ok"
    assert {"keywords": ["memory"], "modality": "EEG"} in [q.get("query") for q in world.faults.questions]
    ids = [r.id for r in reply.reply.results]
    assert len(ids) == len(set(ids))
    assert sum(r.source == "openneuro" for r in reply.reply.results) >= COUNT


def test_a_release_copied_to_another_hub_is_known_by_its_bytes(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    digest = "ab" * 32
    copies = [{"id": "x1", "source": "north", "title": "Oddball EEG", "digest": digest},
              {"id": "x2", "source": "north", "title": "Oddball EEG too", "digest": "cd" * 32}]  # fmt: skip
    other = hub_at(tmp_path / "other", copies)
    here = hub_at(tmp_path / "here", [{"id": "y1", "source": "south", "title": "Oddball", "digest": digest}])
    with serving(create_app(other)) as address:
        add_peer(here, address, now=NOW)
        reply = search_everywhere(here, "oddball", within_s=20)
    assert len(reply.reply.results) == 2
    assert sorted(len(places) for places in reply.found_at.values()) == [1, 2]
    other.close()
    here.close()


@pytest.mark.parametrize(
    ("fault", "state", "says"),
    [("html", "failed", "HTML page in place of JSON"), ("list", "failed", "shape"), ("deep", "failed", "JSON"),
     ("null", "ok", ""), ("away", "failed", "another host"), ("busy", "timed out", "status 429"),
     ("silent", "timed out", "in time"), ("drip", "timed out", "in time"), ("broken", "partial", "12 of its results"),
     ("odd", "ok", ""), ("same", "ok", "")],
)  # fmt: skip
def test_a_bad_peer_is_a_state_and_the_rest_stands(
    world: SimpleNamespace, asker: Hub, fault: str, state: str, says: str
) -> None:
    add_peer(asker, f"{world.bad}/{fault}", now=NOW)
    begun = time.perf_counter()
    reply = search_everywhere(asker, "EEG in mild cognitive impairment", within_s=1.5)
    spent = time.perf_counter() - begun
    assert spent < 1.5 + 2.0  # the bound, and merging on a busy machine
    bad = reply.sources[-1]
    assert bad.state == state, bad
    assert says in bad.message
    assert "\n" not in bad.message
    assert reply.reply.results[0].source_id == "b1"
    assert list(states(reply).values())[1:3] == ["ok", "ok"]
    json.dumps(reply.to_dict(), allow_nan=False)
    for places in reply.found_at.values():
        assert all(
            str(place.get("url", "")).startswith(("", "http://127", "https://", "/")) for place in places
        )
        assert not any("javascript" in str(place) for place in places)


def test_a_boasting_peer_gains_nothing(world: SimpleNamespace, asker: Hub) -> None:
    add_peer(asker, f"{world.bad}/boast", now=NOW)
    reply = search_everywhere(asker, "EEG in mild cognitive impairment", within_s=20)
    assert reply.sources[-1].found == 30
    assert [r.source_id for r in reply.reply.results[:2]][0] == "b1"
    assert not any("grain" in r.title for r in reply.reply.results[:2])


@pytest.mark.parametrize("kind", ["429", "503", "html", "html403", "400", "truncated", "list", "deep"])
def test_a_bad_archive_is_a_state_and_the_rest_stands(world: SimpleNamespace, asker: Hub, kind: str) -> None:
    world.faults.kind["dandi"] = kind
    add_peer(asker, f"dandi={world.archives}/dandi", now=NOW)
    reply = search_everywhere(asker, "EEG in mild cognitive impairment", within_s=3)
    assert reply.sources[-1].state in {"failed", "timed out"}
    assert reply.sources[-1].message
    assert reply.reply.results[0].source_id == "b1"


def test_what_a_slow_archive_gave_in_time_is_kept(world: SimpleNamespace, asker: Hub) -> None:
    world.faults.kind["openneuro"] = "slow"
    add_peer(asker, f"openneuro={world.archives}/openneuro", now=NOW)
    reply = search_everywhere(asker, "memory EEG", limit=100, within_s=1.6)
    # a page a second, three records a page
    assert reply.sources[-1].state == "partial"
    assert 0 < reply.sources[-1].found < COUNT


def test_many_askers_do_not_pile_up_on_a_silent_peer(world: SimpleNamespace, asker: Hub) -> None:
    add_peer(asker, f"{world.bad}/silent", now=NOW)
    name = peers(asker)[-1].name
    replies: list[Any] = []

    def ask() -> None:
        replies.append(search_everywhere(asker, "EEG", sources=[name], within_s=1.5))

    crowd = [threading.Thread(target=ask) for _ in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    busy = [r for r in replies if "earlier questions" in r.sources[0].message]
    assert len(busy) == 4
    assert {r.sources[0].state for r in replies} == {"timed out"}
    time.sleep(0.5)
    assert not [t for t in threading.enumerate() if t.name == f"ask {name}"]


def test_peers_are_kept_listed_and_removed(world: SimpleNamespace, tmp_path: Path) -> None:
    hub = hub_at(tmp_path / "hub", [])
    assert peers(hub) == ()
    made = add_peer(hub, f"{world.first}/", now=NOW)
    assert (made.kind, made.url, made.name) == ("hub", world.first, world.first.removeprefix("http://"))
    assert add_peer(hub, "openneuro", now=NOW).url == "https://openneuro.org/crn"
    with pytest.raises(Conflict):
        add_peer(hub, world.first, now=NOW)
    for wrong, says in ((f"{world.bad}/wiki", "HTML"), ("http://127.0.0.1:9", "No hub answers"), ("nowhere", "hub's address"),
                        ("file:///etc/passwd", "hub's address"), ("http://user:secret@x", "hub's address"),
                        ("openneuro=gopher://x", "hub's address"), ("", "hub's address")):  # fmt: skip
        with pytest.raises(BadInput, match=says):
            add_peer(hub, wrong, now=NOW)
    assert [one.name for one in peers(hub)] == [made.name, "openneuro"]
    remove_peer(hub, made.url)
    with pytest.raises(NotFound):
        remove_peer(hub, made.name)
    assert [one.name for one in peers(hub)] == ["openneuro"]
    hub.close()


def test_questions_that_cannot_be_put(asker: Hub) -> None:
    for words, settings, error in (("", {}, BadInput), ("EEG", {"limit": 0}, BadInput), ("EEG", {"within_s": 0.0}, BadInput),
                                   ("EEG", {"within_s": float("nan")}, BadInput), ("EEG", {"sources": ["x"]}, NotFound)):  # fmt: skip
        with pytest.raises(error):
            search_everywhere(asker, words, **settings)
    for odd in ("x" * 10_000, '"; DROP TABLE record; --', "\x00\x07", 'NEAR("', "species:"):
        assert search_everywhere(asker, odd, within_s=20).sources


def test_the_four_faces_say_the_same(
    world: SimpleNamespace, asker: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "EEG in mild cognitive impairment"
    told = cm.search_everywhere(asker, words, within_s=20)
    assert (
        main(["discover", "everywhere", words, "--within-s", "20", "--hub", str(asker.root), "--json"]) == 0
    )
    by_command = json.loads(capsys.readouterr().out)
    with serving(create_app(asker)) as address:
        with cm.connect(address) as remote:
            by_client = remote.search_everywhere(words, within_s=10)
            assert remote.peers() == cm.peers(asker)
            with pytest.raises(NotPermitted):
                remote.add_peer("zenodo")
        with cm.connect(address, token=issue(asker, "somebody")) as remote, pytest.raises(NotPermitted):
            remote.add_peer("zenodo")
        with cm.connect(address, token=issue(asker, "local")) as remote:
            assert remote.add_peer("zenodo")["kind"] == "archive"
            assert remote.remove_peer("zenodo")["name"] == "zenodo"
        page = httpx.get(f"{address}/search/everywhere", params={"q": words})
    for one in (by_command, by_client):
        assert [r["id"] for r in one["results"]] == [r["id"] for r in told["results"]]
        assert [s["state"] for s in one["sources"]] == ["ok"] * 3
    assert page.status_code == 200
    assert "visual memory task" in page.text
    assert f"✓ {world.first.removeprefix('http://')}: ok" in page.text
    assert main(["discover", "everywhere", words, "--hub", str(asker.root), "--source", OWN]) == 0
    assert OWN in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "doi"),
    [(DOI.format(1), "10.18112/openneuro.ds004504"), ("doi:10.5281/zenodo.42", "10.5281/zenodo.42"), ("n/a", ""), (None, ""),
     ("10.0.2.3/dfjj.10", ""), (["10.1/x"], ""), ("https://doi.org/10.48324/DANDI.000003/0.1.2", "10.48324/dandi.000003")],
)  # fmt: skip
def test_dois_are_compared_without_their_version(value: object, doi: str) -> None:
    assert doi_of(value) == doi


def test_what_one_archive_lists_apart_stays_apart() -> None:
    shared = {"doi": "10.5072/of.the.paper", "title": "t"}
    offers = [Offer("a", "openneuro", "ds1", 0, 0.1, shared), Offer("a", "openneuro", "ds2", 1, 0.9, shared),
              Offer("b", "openneuro", "DS2", 0, 0.2, {"title": "other", "description": "more"})]  # fmt: skip
    groups = group(offers)
    assert [[o.id for o in one] for one in groups] == [["ds1"], ["ds2", "DS2"]]
    assert merged(groups[1]) == {"doi": "10.5072/of.the.paper", "title": "t", "description": "more"}


def test_an_archive_is_asked_with_less_and_less() -> None:
    def asked(words: str) -> list[dict[str, object]]:
        return list(steps(understand(words, concepts=load_concepts())))

    assert asked(QUESTION)[0] == {"words": "mild cognitive impairment visual memory", "modality": "eeg"}
    assert {"words": "mild cognitive impairment"} in asked(QUESTION)
    assert asked("species:mouse calcium imaging") == [
        {"words": "", "modality": "ophys", "species": "Mus musculus"}
    ]
    assert asked("mice") == [{"words": "", "species": "Mus musculus"}]
    assert asked("") == []
    assert all(len(steps) <= 4 for steps in (asked(QUESTION), asked("a b c d e f g h")))
