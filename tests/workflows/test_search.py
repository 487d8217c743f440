"""Search over a hub: records and our own releases are found, with why; the index comes back from the catalogue."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.hub import Hub, open_hub
from commissure.model import Asset, Dataset, Release
from commissure.settings import Settings
from commissure.workflows.harvest import add_records, index_of, index_release
from commissure.workflows.recommend import forget_use, recommend
from commissure.workflows.save_search import forget_search, save_search, saved_searches
from commissure.workflows.search import search
from commissure.workflows.similar import similar

RECORDS: tuple[dict[str, object], ...] = (
    {"id": "a", "source": "x", "title": "Resting EEG in Alzheimer's disease", "modality": ["eeg"], "n_subjects": 88},
    {"id": "b", "source": "x", "title": "Visual working memory EEG", "modality": ["eeg"], "n_subjects": 20},
    {"id": "c", "source": "x", "title": "Mouse two-photon imaging of visual cortex", "species": ["Mus musculus"],
     "n_subjects": 31, "licence": "CC0", "date": "2022-01-01"},
    {"id": "d", "source": "x", "title": "Stroke fMRI", "modality": ["mri_functional"], "n_subjects": 12},
    {"id": "e", "source": "x", "title": "Motor task fMRI", "modality": ["mri_functional"], "n_subjects": 60},
    {"id": "f", "source": "x", "title": None, "description": None, "modality": None, "n_subjects": None},
)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("empty_postgres"))
    hub = open_hub(tmp_path / "hub", settings=Settings(database=url))
    dump = tmp_path / "x.jsonl.gz"
    dump.write_bytes(gzip.compress("\n".join(json.dumps(record) for record in RECORDS).encode()))
    add_records(hub, dump, vectors=False)
    yield hub
    index_of(hub).close()
    hub.close()


def ids(hub: Hub, words: str, **options: object) -> list[str]:
    return [result.source_id for result in search(hub, words, **options).results]  # type: ignore[arg-type]


def release(hub: Hub, ident: str, *, public: bool, title: str) -> Release:
    made = Release(
        ident, "0.1.0", "d", (Asset("x.edf", "0" * 64, 1),), "bids", public=public,
        metadata={"title": title, "modality": ["eeg"], "subjects": 3}, created="2026-01-01T00:00:00Z",
    )  # fmt: skip
    hub.records.releases.add(Dataset(ident, title, hub.actor.id, public=public), made, by=hub.actor.id)
    return made


def test_a_result_says_what_it_meets_and_misses_and_where_that_stands(hub: Hub) -> None:
    reply = search(hub, "EEG of patients with mild cognitive impairment during visual memory tasks")
    first = reply.results[0].to_dict()
    assert first["source_id"] == "a"
    assert [reason["asked"] for reason in first["met"]] == ["EEG"]  # type: ignore[attr-defined]
    assert {r["asked"]: r.get("near") for r in first["missed"]}[
        "mild cognitive impairment"
    ] == "Alzheimer's disease"  # type: ignore[attr-defined]
    assert not reply.exact
    assert reply.message.startswith("No exact match")
    assert reply.facets["modality"]["EEG"] >= 1
    json.dumps(reply.to_dict())


def test_the_syntax_filters_hard(hub: Hub) -> None:
    assert ids(hub, 'species:mouse technique:"two-photon" n:>=30') == ["c"]
    assert ids(hub, "species:mouse n:>=32") == []
    assert ids(hub, "fMRI", filters={"condition": ["stroke"]}) == ["d"]
    assert "d" not in ids(hub, "fMRI -stroke")
    assert ids(hub, "year:2022 licence:cc0") == ["c"]


def test_plain_words_rule_out_and_count(hub: Hub) -> None:
    assert ids(hub, "fMRI without stroke")[0] == "e"
    assert ids(hub, "fMRI of healthy volunteers only, no patients")[0] == "e"
    assert ids(hub, "EEG with more than 50 participants")[0] == "a"


def test_what_no_concept_takes_is_looked_up_in_the_lexicon_by_any_of_its_names(
    hub: Hub, tmp_path: Path
) -> None:
    (tmp_path / "y.jsonl").write_text(
        json.dumps({"id": "g", "source": "y", "title": "Trail making test in pilots"})
    )
    add_records(hub, tmp_path / "y.jsonl", vectors=False)
    reply = search(hub, "the trail making test")
    assert reply.results[0].source_id == "g"
    assert ("task", "Trail making test") in [(ask["facet"], ask["value"]) for ask in reply.question["asks"]]  # type: ignore[attr-defined]


def test_pages_join_and_sorts_sort(hub: Hub) -> None:
    whole = ids(hub, "EEG fMRI imaging visual", limit=5)
    assert (
        ids(hub, "EEG fMRI imaging visual", limit=2) + ids(hub, "EEG fMRI imaging visual", limit=3, offset=2)
        == whole
    )
    assert ids(hub, "fMRI", sort="size")[:2] == ["e", "d"]
    for wrong in ({"limit": 0}, {"offset": -1}, {"sort": "beauty"}):
        with pytest.raises(BadInput):
            search(hub, "x", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "x" * 10_000,
        '"; DROP TABLE record; --',
        'title:"',
        "NEAR(a b) OR *",
        "\x00\x07eeg",
        "a" + "(" * 500,
        "🧠",
        "-",
        '"" ""',
    ],
)
def test_no_question_breaks_the_search_and_nothing_is_lost(hub: Hub, words: str) -> None:
    search(hub, words)
    assert index_of(hub).size() == len(RECORDS)


def test_adding_again_adds_nothing_and_a_changed_record_takes_its_place(hub: Hub, tmp_path: Path) -> None:
    dump = tmp_path / "more.jsonl"
    changed = {**RECORDS[0], "title": "Sleep in lizards"}
    dump.write_text(
        "\n".join(
            [json.dumps(changed), json.dumps(RECORDS[1]), "{broken", "[]", json.dumps({"title": "no id"})]
        )
    )
    done = add_records(hub, dump, vectors=False)
    assert (done.added, done.same, done.refused) == (1, 1, 3)
    assert ids(hub, "lizard")[0] == "a"


def test_what_is_no_dump_is_refused_in_one_line(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        add_records(hub, tmp_path / "none.jsonl")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}\n' * 1000)[:-20])
    with pytest.raises(Unreadable):
        add_records(hub, tmp_path / "cut.jsonl.gz", vectors=False)
    (tmp_path / "text.jsonl").write_text("hello\nworld\n")
    with pytest.raises(BadInput):
        add_records(hub, tmp_path / "text.jsonl", vectors=False)


def test_a_release_is_found_at_once_and_a_private_one_by_its_owner_alone(hub: Hub) -> None:
    index_release(hub, release(hub, "ds-open", public=True, title="Chess players EEG"))
    index_release(hub, release(hub, "ds-mine", public=False, title="Chess masters EEG"))
    assert ids(hub, "chess")[:1] == ["ds-open"]
    assert "ds-mine" not in ids(hub, "chess")
    assert "ds-mine" in ids(hub, "chess", viewer=hub.actor.id)
    assert "ds-mine" not in ids(hub, "id:ds-mine")


def test_a_lost_index_comes_back_from_the_catalogue_and_the_dumps(hub: Hub) -> None:
    index_release(hub, release(hub, "ds-open", public=True, title="Chess players EEG"))
    before = ids(hub, "EEG")
    index_of(hub).close()
    for name in ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"):
        (hub.root / name).unlink(missing_ok=True)
    (hub.root / "index.sqlite").write_bytes(b"half-written rubbish" * 500)
    assert ids(hub, "EEG") == before
    assert index_of(hub).size() == len(RECORDS) + 1


def test_similar_finds_the_nearest_record_and_says_what_is_shared(hub: Hub) -> None:
    reply = similar(hub, "d", limit=2)
    assert reply.results[0].source_id == "e"
    assert "functional MRI" in [reason.asked for reason in reply.results[0].met]
    with pytest.raises(NotFound):
        similar(hub, "nothing")


def test_recommendations_go_on_from_use_words_or_a_dataset_and_use_can_be_forgotten(hub: Hub) -> None:
    for person in ("p1", "p2", "p3"):
        for dataset in ("d", "c"):
            hub.records.usage.add("get", dataset, person=person, now="2026-01-01T00:00:00Z")
    hub.records.usage.add("get", "d", person="me", now="2026-01-01T00:00:00Z")
    reply = recommend(hub, viewer="me")
    assert (reply.used, reply.results[0].source_id) == (("d",), "c")
    assert recommend(hub, words="working memory", by_use=False).results[0].source_id == "b"
    assert recommend(hub, datasets=["d"], by_use=False).results[0].source_id == "e"
    assert forget_use(hub, "me") == 1
    with pytest.raises(BadInput):
        recommend(hub, viewer="me")


def bids_tree(place: Path) -> Path:
    (place / "sub-JaneDoe" / "eeg").mkdir(parents=True)
    (place / "sub-JaneDoe" / "eeg" / "sub-JaneDoe_task-oddball_eeg.edf").write_bytes(b"0")
    (place / "sub-JaneDoe" / "eeg" / "sub-JaneDoe_task-oddball_eeg.json").write_text(
        json.dumps({"TaskDescription": "Deviant tones", "Manufacturer": "BioSemi"})
    )
    (place / "dataset_description.json").write_text(
        json.dumps({"Name": "Tones", "License": "CC0", "Authors": ["A B"]})
    )
    (place / "README").write_text("A study of hearing.")
    rows = ["participant_id\tage\tsex\tgroup", "sub-JaneDoe\t61\tF\ttinnitus", "sub-JohnRoe\t70\tM\ttinnitus", "sub-X\t66\tM\tJohn"]  # fmt: skip
    (place / "participants.tsv").write_text("\n".join(rows))
    return place


def test_a_bids_tree_is_read_as_it_is_and_no_subject_is_in_the_index(hub: Hub, tmp_path: Path) -> None:
    done = add_records(hub, bids_tree(tmp_path / "trees" / "one"), vectors=False)
    assert (done.added, add_records(hub, tmp_path / "trees", vectors=False).same) == (1, 1)
    first = search(hub, "auditory oddball EEG of older people with tinnitus, n:3").results[0]
    assert first.title == "Tones"
    assert {"oddball", "tinnitus", "EEG", "older adults"} <= {reason.asked for reason in first.met}
    assert (first.record["n"], first.record["age_min"], first.record["age_max"]) == (3, 61.0, 70.0)
    index = index_of(hub)
    kept = f"{index.rows(range(index.top()))} {index.texts(range(index.top()))} {index.words(first='j', least=1)}"
    kept += "".join(path.read_bytes().decode("latin-1") for path in hub.root.glob("index.sqlite*"))
    assert "tinnitus" in kept
    assert not any(name in kept for name in ("JaneDoe", "JohnRoe", "John", "janedoe", "johnroe"))


def test_nwb_files_tell_what_they_hold(hub: Hub, tmp_path: Path) -> None:
    import h5py

    place = tmp_path / "nwb" / "sub-7"
    place.mkdir(parents=True)
    with h5py.File(place / "sub-7_ophys.nwb", "w") as file:
        file["session_description"] = "Imaging of interneurons under a treadmill"
        file["general/subject/species"] = "Mus musculus"
        file.create_group("acquisition/movie").attrs["neurodata_type"] = "TwoPhotonSeries"
    add_records(hub, tmp_path / "nwb", vectors=False)
    assert search(hub, "species:mouse technique:two-photon interneurons").results[0].source == "tree"


def test_a_folder_of_neither_kind_is_refused(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput):
        add_records(hub, tmp_path / "empty")


def test_a_saved_search_is_its_owners_and_runs_again(hub: Hub) -> None:
    save_search(hub, "mine", words="fMRI -stroke", owner="me")
    save_search(hub, "mine", words="fMRI n:>=50", owner="me")
    assert saved_searches(hub, owner="me") == {"mine": "fMRI n:>=50"}
    assert saved_searches(hub, owner="you") == {}
    assert ids(hub, saved_searches(hub, owner="me")["mine"]) == ["e"]
    forget_search(hub, "mine", owner="me")
    assert saved_searches(hub, owner="me") == {}
    with pytest.raises(NotFound):
        forget_search(hub, "mine", owner="me")
