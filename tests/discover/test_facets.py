"""Facets are read out of poor records, each with its source; nothing is invented."""

import pytest

from commissure.discover.concepts import load_concepts
from commissure.discover.facets import derive, numbers_of
from commissure.discover.reading import licence_of, read_record
from commissure.discover.words import fold_text

CONCEPTS = load_concepts()


def facets(**record: object) -> dict[str, tuple[float, str]]:
    return {f.concept: (f.confidence, f.source) for f in derive(record, concepts=CONCEPTS)}


def test_what_the_depositor_filled_in_counts_more_than_prose() -> None:
    found = facets(modality=["mri_functional"], title="Nothing", description="We also recorded EEG once.")
    assert found["fmri"] == (1.0, "modality")
    assert found["eeg"][1] == "description"
    assert found["fmri"][0] > found["eeg"][0] > 0.7


def test_a_narrower_concept_brings_the_wider_ones() -> None:
    found = facets(title="Mice with Neuropixels, CA1")
    assert {"mouse", "rodent", "nonhuman", "neuropixels", "ephys", "hippocampus"} <= found.keys()


def test_abbreviations_are_not_ordinary_words() -> None:
    assert "parkinson" not in facets(description="The pd of the ms was adapted as planned.")
    assert "parkinson" in facets(title="Gait in PD patients")
    assert "eeg" not in facets(description="Intracranial EEG only.")
    assert "ieeg" in facets(description="Intracranial EEG only.")


def test_a_condition_named_to_be_ruled_out_is_doubted() -> None:
    ruled_out = facets(description="Participants had no history of epilepsy.")["epilepsy"][0]
    stated = facets(description="Participants were patients with epilepsy.")["epilepsy"][0]
    assert ruled_out < 0.5 < stated


@pytest.mark.parametrize(
    "record",
    [{}, {"title": None, "description": None, "modality": None, "tasks": None, "authors": None, "n_subjects": None},
     {"title": 7, "modality": {"a": ["eeg"]}, "tasks": "rest", "n_subjects": "x", "date": 3, "age_min": "old"},
     {"description": "\x00<script>" * 4000, "n_subjects": float("nan"), "licence": ["CC0"]}],
)  # fmt: skip
def test_no_record_breaks_it(record: dict[str, object]) -> None:
    assert read_record(record, concepts=CONCEPTS).title is not None


def test_numbers_are_read_out_of_prose_where_no_field_has_them() -> None:
    numbers = numbers_of(
        {"description": "We scanned 42 healthy adults (aged 18-35) twice.", "date": "2021-03-01"}
    )
    assert (numbers.n, numbers.age_min, numbers.age_max, numbers.year) == (42, 18.0, 35.0, 2021)
    assert numbers_of({"n_subjects": 9, "ages": "51-65, 66+"}).age_min == 51


def test_spelling_is_one_for_both_sides_of_the_sea() -> None:
    assert fold_text("Anaesthetised paediatric behaviour, travelling colour tumour, ageing") == fold_text(
        "Anesthetized pediatric behavior, traveling color tumor, aging"
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("cc-by-4.0", "CC-BY-4.0"),
        ("CC BY-NC-SA", "CC-BY-NC-SA"),
        ("PDDL", "CC0"),
        (None, ""),
        ("MIT License", "MIT License"),
    ],
)
def test_licences_get_their_common_names(given: object, name: str) -> None:
    assert licence_of(given) == name
