"""Our hub speaks the archives' dialects: clients from PyPI work on it unchanged, over loopback."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from loopback import dandi
from pydantic import BaseModel

from commissure.translate.archive_dandi import dandi_etag, part_sizes
from commissure.workflows.search_archives import search_archives


def test_dandi_lists_a_dandiset_and_its_files(served: SimpleNamespace, tmp_path: Path) -> None:
    said = dandi("ls", "-r", "-f", "json", f"{served.address}/dandiset/000001/0.1.0", folder=tmp_path)
    rows = json.loads(said[said.index("[") :])
    assert rows[0]["metadata"]["name"] == "EEG of visual memory"
    assert rows[0]["version"] == "0.1.0"
    assert {row["path"]: row["size"] for row in rows[1:]} == {
        path: len(b) for path, b in served.files.items()
    }


def test_dandi_downloads_every_byte_and_checks_it(served: SimpleNamespace, tmp_path: Path) -> None:
    dandi("download", "-f", "debug", f"{served.address}/dandiset/000001/draft", folder=tmp_path)
    got = tmp_path / "000001"
    found = {p.relative_to(got).as_posix(): p.read_bytes() for p in got.rglob("*") if p.is_file()}
    assert "name: EEG of visual memory" in found.pop("dandiset.yaml").decode()
    assert found == served.files


def test_dandi_downloads_what_is_private_by_a_token_only(served: SimpleNamespace, tmp_path: Path) -> None:
    url, port = f"{served.address}/dandiset/000002/draft", served.address.rpartition(":")[2]
    dandi("download", "-f", "debug", url, folder=tmp_path, check=False)
    assert not (tmp_path / "000002" / "README").exists()
    dandi("download", "-f", "debug", url, folder=tmp_path, key=served.token, port=port)
    assert (tmp_path / "000002" / "README").read_bytes() == b"Not for everybody.\n"


def test_records_are_valid_by_dandis_own_models(served: SimpleNamespace) -> None:
    from dandischema.models import Asset, Dandiset

    api = f"{served.address}/api"
    told = httpx.get(f"{api}/dandisets/000001/versions/0.1.0/").json()
    # a person's address is not told to the world; it is all that DANDI's model misses
    with pytest.raises(ValueError, match="1 validation error(.|\\n)*must have an email"):
        Dandiset.model_validate(told)
    told["contributor"][-1]["email"] = "lab@example.org"
    Dandiset.model_validate(told)
    page = httpx.get(f"{api}/dandisets/000001/versions/0.1.0/assets/", params={"glob": "*.edf"}).json()
    (row,) = page["results"]
    record = httpx.get(f"{api}/assets/{row['asset_id']}/").json()
    Asset.model_validate(record)
    data = served.files[row["path"]]
    assert record["digest"]["dandi:sha2-256"] == hashlib.sha256(data).hexdigest()


def test_pages_of_files_are_whole(served: SimpleNamespace) -> None:
    url: str | None = f"{served.address}/api/dandisets/000001/versions/draft/assets/?page_size=4"
    found = []
    while url:
        page = httpx.get(url).json()
        assert page["count"] == len(served.files)
        found += [row["path"] for row in page["results"]]
        url = page["next"]
    assert found == sorted(served.files)


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-4000-8000-000000000000", "000009", "zero"])
def test_an_unknown_id_is_not_found(served: SimpleNamespace, id: str) -> None:
    assert httpx.get(f"{served.address}/api/assets/{id}/").status_code == 404
    assert httpx.get(f"{served.address}/api/dandisets/{id}/").status_code == 404


def test_a_private_files_bytes_need_a_grant(served: SimpleNamespace) -> None:
    api = f"{served.address}/api"
    keyed = {"Authorization": f"token {served.token}"}
    page = httpx.get(f"{api}/dandisets/000002/versions/draft/assets/", headers=keyed).json()
    url = f"{api}/assets/{page['results'][0]['asset_id']}/download/"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"Authorization": "token wrong"}).status_code == 401
    assert httpx.get(url, headers=keyed).content == b"Not for everybody.\n"
    assert "000002" not in {d["identifier"] for d in httpx.get(f"{api}/dandisets/").json()["results"]}


def test_the_checksum_is_dandis_own(tmp_path: Path) -> None:
    from dandischema.digests.dandietag import DandiETag, PartGenerator

    for size in (0, 5, 64 * 2**20 - 1, 64 * 2**20 + 7):
        path = tmp_path / "blob"
        with path.open("wb") as file:
            file.truncate(size)
        with path.open("rb") as file:
            assert dandi_etag(file, size) == DandiETag.from_file(path).as_str()
    for size in (0, 1, 64 * 2**20, 10_000 * 64 * 2**20, 2**42):
        assert part_sizes(size)[:2] == [p.size for p in PartGenerator.for_file_size(size)][:2]
        assert len(part_sizes(size)) == len(PartGenerator.for_file_size(size))


def test_pynwb_streams_from_a_release_with_remfile(served: SimpleNamespace) -> None:
    import h5py
    import remfile
    from pynwb import NWBHDF5IO

    api = f"{served.address}/api/dandisets/000001/versions/draft/assets/"
    (row,) = httpx.get(api, params={"path": "sub-01/sub-01_ramp"}).json()["results"]
    url = f"{served.address}/api/assets/{row['asset_id']}/download/"
    with h5py.File(remfile.File(url), "r") as file, NWBHDF5IO(file=file) as source:
        ramp = source.read().acquisition["ramp"]
        assert (ramp.data[500:600] == served.signal[500:600]).all()


def crn(served: SimpleNamespace, query: str, status: int = 200, **variables: object) -> dict:
    """One GraphQL question to our hub."""
    told = httpx.post(
        f"{served.address}/crn/graphql", json={"query": query, "variables": variables}, timeout=60
    )
    assert told.status_code == status, told.text
    return told.json()


def test_openneuro_clients_walk_the_files(served: SimpleNamespace) -> None:
    query = """query snapshotFiles($id: ID!, $tag: String!, $tree: String) { snapshot(datasetId: $id, tag: $tag) {
      id files(tree: $tree) { id filename size directory urls } } }"""
    found, waiting = {}, [("", None)]
    while waiting:
        top, tree = waiting.pop()
        told = crn(served, query, id="ds000001", tag="0.1.0", tree=tree)["data"]["snapshot"]
        assert told["id"] == "ds000001:0.1.0"
        for file in told["files"]:
            path = f"{top}{file['filename']}"
            if file["directory"]:
                waiting.append((f"{path}/", file["id"]))
            else:
                found[path] = httpx.get(file["urls"][0]).content
    assert found == served.files


def test_openneuro_queries_of_both_ages_run(served: SimpleNamespace) -> None:
    index = """query getDatasets($cursor: String, $orderBy: DatasetSort = {created: descending},
      $filterBy: DatasetFilter = {public: true}) { datasets(first: 5, after: $cursor, orderBy: $orderBy, filterBy: $filterBy) {
      edges { node { id created public metadata { datasetName species ages modalities tasksCompleted }
        latestSnapshot { id tag description { Name Authors License } summary { tasks modalities subjects
          subjectMetadata { participantId age } } readme } analytics { downloads } } }
      pageInfo { endCursor hasNextPage count } } }"""
    page = crn(served, index)["data"]["datasets"]
    nodes = {edge["node"]["id"]: edge["node"] for edge in page["edges"]}
    node = nodes["ds000001"]
    assert (node["public"], node["metadata"]["species"]) == (True, "Human")
    assert node["latestSnapshot"]["description"] == {
        "Name": "EEG of visual memory", "Authors": ["Ada Lovelace", "Santiago Ramon"], "License": "CC0"}  # fmt: skip
    assert node["latestSnapshot"]["summary"]["modalities"] == ["EEG"]
    assert "ds000002" not in nodes
    assert page["pageInfo"]["count"] == len(nodes)
    assert crn(served, '{ dataset(id: "ds000002") { id } }')["data"]["dataset"] is None
    assert crn(served, '{ participantCount(modality: "EEG") }')["data"]["participantCount"] >= 2


@pytest.mark.parametrize(
    ("query", "says"),
    [("{ dataset(id: 1", "Syntax"), ("{ nothing }", "nothing"), ("mutation { deleteDataset(id: 1) }", "mutation"),
     ("{ " + "a: participantCount " * 1500 + "}", "token"),
     ('{ dataset(id: "ds000001") ' + "{ latestSnapshot { dataset " * 400 + "{ id }" + "}" * 801, "deep")],
)  # fmt: skip
def test_openneuro_queries_that_cannot_be_answered_are_refused(
    served: SimpleNamespace, query: str, says: str
) -> None:
    assert says in crn(served, query, 400)["errors"][0]["message"]


def test_a_query_that_winds_for_long_is_stopped(served: SimpleNamespace) -> None:
    chain = "{ latestSnapshot { dataset " * 6 + "{ id }" + "}" * 12
    names = "".join(f'd{n}: dataset(id: "ds000001") {{ ...F }} ' for n in range(100))
    told = crn(served, f"query {{ {names} }} fragment F on Dataset {chain}")
    assert "more than 500" in told["errors"][0]["message"]


def test_our_connectors_read_our_dialects(served: SimpleNamespace) -> None:
    places = {
        "openneuro": f"{served.address}/crn",
        "dandi": f"{served.address}/api",
        "neurobagel": f"{served.address}/neurobagel",
    }
    reply = search_archives({"words": "visual memory"}, archives=["openneuro", "dandi"], addresses=places)
    assert reply.complete, reply.status
    for record in reply.records:
        assert (record["title"], record["licence"]) == ("EEG of visual memory", "CC0-1.0")
        assert record["authors"] == ["Ada Lovelace", "Santiago Ramon"]
        assert record["species"] == ["Homo sapiens"]
        assert record["n_bytes"] == sum(map(len, served.files.values()))
    assert [record["source"] for record in reply.records] == ["openneuro", "dandi"]
    asked = {"modality": "eeg", "min_age": 70}
    (record,) = search_archives(asked, archives=["neurobagel"], addresses=places).records
    assert (record["title"], record["n_subjects"], record["modality"]) == ("EEG of visual memory", 2, ["eeg"])


def test_neurobagel_counts_and_keeps_subjects_to_itself(served: SimpleNamespace) -> None:
    def count(**asked: object) -> int:
        rows = httpx.post(f"{served.address}/neurobagel/datasets", json=asked).json()
        return sum(
            row["num_matching_subjects"] for row in rows if row["dataset_name"] == "EEG of visual memory"
        )

    assert count() == 2
    assert count(min_age=70) == count(max_age=70) == count(sex="snomed:248153007") == 1
    assert count(min_age=70, sex="snomed:248153007") == count(diagnosis="snomed:26929004") == 0
    assert count(image_modal="nidm:Electroencephalography") == 2
    assert count(image_modal="nidm:T1Weighted") == 0
    told = httpx.post(f"{served.address}/neurobagel/subjects", json={"min_age": 70}).json()
    assert {row["subject_data"] for row in told} == {"protected"}
    assert "sub-01" not in json.dumps(told)
    assert "Closed" not in json.dumps(httpx.post(f"{served.address}/neurobagel/datasets", json={}).json())
    assert httpx.get(f"{served.address}/neurobagel/query", params={"min_age": 70}).json() == told
    assert (
        httpx.post(f"{served.address}/neurobagel/datasets", json={"min_age": 9, "max_age": 3}).status_code
        == 422
    )


class NodeAnswer(BaseModel):
    """One dataset of a node's answer, as Neurobagel's federation reads it (it adds ``node_name`` itself)."""

    dataset_uuid: str
    dataset_name: str
    dataset_portal_uri: str | None
    dataset_total_subjects: int
    records_protected: bool
    num_matching_subjects: int
    subject_data: list[dict] | str  # type: ignore[type-arg]
    image_modals: list[str]
    available_pipelines: dict[str, list[str]]


def test_a_federation_reads_a_hub_as_a_node(served: SimpleNamespace) -> None:
    node = f"{served.address}/neurobagel/"
    found = httpx.post(f"{node}datasets", json={}).json()
    rows = [NodeAnswer.model_validate({**row, "subject_data": "protected"}, strict=True) for row in found]
    uuids = [row.dataset_uuid for row in rows if row.dataset_name == "EEG of visual memory"]
    told = httpx.post(f"{node}subjects", json={"dataset_uuids": uuids, "min_age": 70}).json()
    (one,) = [NodeAnswer.model_validate(row, strict=True) for row in told]
    assert (one.num_matching_subjects, one.records_protected, one.subject_data) == (1, True, "protected")
    assert httpx.get(f"{node}imaging-modalities").json()["nb:Image"] == [
        {"TermURL": "nidm:Electroencephalography", "Label": "Electroencephalography"}
    ]
    for name, uri in (
        ("assessments", "nb:Assessment"),
        ("diagnoses", "nb:Diagnosis"),
        ("pipelines", "np:pipeline"),
    ):
        assert httpx.get(f"{node}{name}").json() == {uri: []}
        assert httpx.get(f"{node}attributes/{uri}").json() == {uri: []}
    assert httpx.get(f"{node}nothing").status_code == 404
