"""Descriptions of a release: complete, deterministic, readable by the tools of others, empty of what is not known."""

import json
from dataclasses import replace
from pathlib import Path

import yaml
from rocrate.rocrate import ROCrate

from commissure.certify.describe import citation_cff, cite_as
from commissure.certify.jsonld import dataset_jsonld, licence_url
from commissure.certify.readme import nwb_readme, readme
from commissure.certify.rocrate import ro_crate
from commissure.model import Activity, Asset, Dataset, Release, Software

FACTS: dict[str, object] = {
    "title": "Finger tapping", "description": "Ten people tapped the fingers of one hand while EEG was recorded.",
    "authors": ["Ada Lovelace", "Galvani, Luigi"], "licence": "CC-BY-4.0", "keywords": ["motor"], "modality": ["eeg", "func"],
    "species": ["Homo sapiens"], "subjects": 10, "task": ["tapping"], "funding": ["A fund"], "age_years": [21.0, 40.0],
}  # fmt: skip
ASSETS = (
    Asset("README.md", "a" * 64, 120, media_type="text/markdown"),
    Asset("sub-01/eeg/sub-01 ü_eeg.edf", "b" * 64, 4000, subject="01", encrypted=True),
)
ACTIVITIES = (
    Activity("deidentify", ("raw:abc",), ("raw:abc:clean",), "ada", (Software("commissure", "0.1.0"),)),
    Activity("standardize", ("raw:abc:clean",), (f"sha256:{'b' * 64}",), "ada",
             (Software("commissure", "0.1.0"), Software("mne", "1.13")), started="2026-11-22T12:00:00+00:00"),
)  # fmt: skip
RELEASE = Release(
    "ds-1", "0.2.0", "d" * 64, ASSETS, "bids+nwb", True, FACTS, (), ACTIVITIES, "2026-11-22T12:00:00+00:00"
)
DATASET = Dataset("ds-1", "Finger tapping", "ada")


def test_the_jsonld_holds_what_is_known_and_nothing_else() -> None:
    said = dataset_jsonld(DATASET, RELEASE, url="https://hub.example/datasets/ds-1/0.2.0")
    assert said["@type"] == "Dataset"
    assert said["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert said["isAccessibleForFree"] is True
    assert said["measurementTechnique"] == ["Electroencephalography", "Functional magnetic resonance imaging"]
    assert [person["familyName"] for person in said["creator"]] == ["Lovelace", "Galvani"]  # type: ignore[attr-defined]
    assert [form["encodingFormat"] for form in said["distribution"]][:2] == ["BIDS", "NWB"]  # type: ignore[attr-defined]
    bare = dataset_jsonld(DATASET, replace(RELEASE, metadata={}, public=False))
    assert not {"license", "creator", "keywords", "funder", "species", "@id", "url", "datePublished"} & set(
        bare
    )
    assert bare["conditionsOfAccess"]
    assert all(value not in (None, "", [], {}) for value in bare.values())


def test_bioschemas_minimal_and_recommended_fields_are_there() -> None:
    said = dataset_jsonld(DATASET, RELEASE, url="https://hub.example/x")
    assert {"@context", "@type", "@id", "description", "identifier", "keywords", "license", "name", "url", "citation", "creator",
            "distribution", "includedInDataCatalog", "measurementTechnique", "variableMeasured", "version"} <= set(said)  # fmt: skip
    assert 50 <= len(str(said["description"])) <= 5000


def test_the_crate_is_read_by_rocrate_and_names_each_activity(tmp_path: Path) -> None:
    crate = ro_crate(RELEASE)
    (tmp_path / "ro-crate-metadata.json").write_text(json.dumps(crate))
    read = ROCrate(tmp_path)
    assert read.root_dataset["version"] == "0.2.0"
    actions = read.get_by_type("CreateAction")
    assert [action["name"].split(":")[0] for action in actions] == ["De-identify", "Standardize"]
    assert [one["name"] for one in actions[1]["instrument"]] == ["commissure", "mne"]
    assert actions[1]["result"][0]["sha256"] == "b" * 64
    assert [part["sha256"] for part in read.root_dataset["hasPart"]] == ["a" * 64, "b" * 64]


def test_every_reference_of_the_crate_leads_somewhere_and_ids_are_unique() -> None:
    graph = ro_crate(RELEASE)["@graph"]
    assert isinstance(graph, list)
    ids = [entity["@id"] for entity in graph]
    assert len(ids) == len(set(ids))

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            return (
                [value["@id"]]
                if set(value) == {"@id"}
                else [r for v in value.values() for r in references(v)]
            )
        return [r for item in value for r in references(item)] if isinstance(value, list) else []

    outside = ("https://w3id.org/", "http://schema.org/")
    wanted = {r for entity in graph for r in references(entity) if not r.startswith(outside)}
    assert wanted <= set(ids)
    assert "sub-01/eeg/sub-01%20%C3%BC_eeg.edf" in ids


def test_the_same_release_gives_the_same_text() -> None:
    assert json.dumps(ro_crate(RELEASE)) == json.dumps(ro_crate(RELEASE))
    assert json.dumps(dataset_jsonld(DATASET, RELEASE)) == json.dumps(dataset_jsonld(DATASET, RELEASE))


def test_the_citation_file_is_valid_yaml_with_all_authors() -> None:
    metadata = {**FACTS, "version": "0.2.0", "released": "2026-11-22", "title": 'A "quoted": title'}
    said = yaml.safe_load(citation_cff(metadata, url="https://hub.example/x"))
    assert said["title"] == 'A "quoted": title'
    assert said["authors"] == [
        {"family-names": "Lovelace", "given-names": "Ada"}, {"family-names": "Galvani", "given-names": "Luigi"},
    ]  # fmt: skip
    assert said["license"] == "CC-BY-4.0"
    assert yaml.safe_load(citation_cff({}))["authors"] == [{"name": "The authors of the dataset"}]


def test_one_line_to_cite() -> None:
    metadata = {**FACTS, "version": "0.2.0", "released": "2026-11-22", "doi": "10.1/x"}
    assert cite_as(metadata) == (
        "Lovelace A, Galvani L (2026). Finger tapping. Version 0.2.0. Dataset. https://doi.org/10.1/x"
    )


def test_readmes_say_what_is_known() -> None:
    text = readme(FACTS, standard="bids+nwb")
    assert "| Subjects | 10 |" in text
    assert "| Age in years, from and to | 21, 40 |" in text
    assert "(BIDS) and Neurodata Without Borders (NWB)" in text
    bare = nwb_readme({})
    assert "None was given" in bare
    assert "Subjects" not in bare


def test_licences_have_addresses() -> None:
    assert licence_url("CC0-1.0") == "https://spdx.org/licenses/CC0-1.0"
    assert licence_url("https://x.example/l") == "https://x.example/l"
    assert licence_url("see LICENSE file") == "see LICENSE file"
    assert licence_url("") == ""
