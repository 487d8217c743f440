"""Ranking: coverage above fusion, rare concepts above common ones, honest reasons."""

import numpy as np

from commissure.discover.concepts import load_concepts
from commissure.discover.explain import highlight, reasons, relaxations
from commissure.discover.question import understand
from commissure.discover.ranking import Evidence, Weights, credits_of, fuse, rank

CONCEPTS = load_concepts()


def test_the_rare_condition_weighs_more_than_the_common_modality() -> None:
    question = understand("EEG of frontotemporal dementia", concepts=CONCEPTS)
    credits = credits_of(
        question, concepts=CONCEPTS, counts={"eeg": 800, "ftd": 3}, records=2_000, weights=Weights()
    )
    assert [c.need.family for c in credits] == ["modality", "condition"]
    assert credits[1].weight > 2 * credits[0].weight
    assert credits[1].worth["alzheimer"] < 1.0 == credits[1].worth["ftd"]


def test_order_is_by_coverage_then_fused_rank_and_the_refused_go_last() -> None:
    question = understand("EEG memory", concepts=CONCEPTS)
    credits = credits_of(question, concepts=CONCEPTS, counts={}, records=10, weights=Weights())
    met = np.array([[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    evidence = Evidence(
        credits, met, np.zeros((0, 4)), np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.2, 0.9, 1.0, 1.0])
    )
    order, score = rank(evidence)
    assert order.tolist() == [1, 0, 2, 3]
    assert 0.0 <= score.min() <= score.max() <= 1.0


def test_an_unknown_number_lies_between_one_that_holds_and_one_that_fails() -> None:
    evidence = Evidence((), np.zeros((0, 3)), np.array([[0.0, np.nan, 1.0]]), np.zeros(3), np.zeros(3))
    assert rank(evidence)[0].tolist() == [2, 1, 0]


def test_fusion_ignores_the_scale_of_the_lists() -> None:
    assert fuse([[2, 0], [2, 1]], 4, reciprocal=60.0).argmax() == 2
    assert not fuse([], 4, reciprocal=60.0).any()


def test_reasons_do_not_call_a_sibling_met() -> None:
    question = understand("mild cognitive impairment EEG", concepts=CONCEPTS)
    credits = credits_of(question, concepts=CONCEPTS, counts={}, records=10, weights=Weights())
    labels = {c.id: c.label for c in CONCEPTS}
    facets = {"eeg": (1.0, "modality", "eeg"), "alzheimer": (0.97, "title", "Alzheimer's")}
    said = reasons(credits, facets, labels=labels, held={})
    assert [(r.asked, r.met, r.near) for r in said] == [
        ("mild cognitive impairment", False, "Alzheimer's disease"), ("EEG", True, "")
    ]  # fmt: skip
    assert relaxations([[r for r in said if not r.met]]) == ["mild cognitive impairment"]


def test_highlights_are_the_words_as_written() -> None:
    assert highlight("Rested. " * 80 + "Anaesthetised mice ran.", ["mice"]).endswith(
        "Anaesthetised **mice** ran."
    )
    assert highlight("", ["x"]) == ""
