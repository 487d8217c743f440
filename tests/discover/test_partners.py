"""Partners: ranked by what was planted, each ground told, and a letter without a subject in it."""

from dataclasses import replace

import pytest

from commissure.discover.partners import Design, invite, rank_partners
from commissure.harmonize.power import power_over_sites

CONCEPTS = {
    "eeg": ("modality", "EEG"), "rest": ("state", "resting state"), "human": ("species", "human"), "pd": ("condition", "Parkinson's disease"),
}  # fmt: skip
STUDY = Design("ds-1", "Resting *EEG* in\nParkinson's", CONCEPTS, subjects=60, lab="ada", authors=frozenset({"ada b."}),
               devices=("BioSemi ActiveTwo",), licence="CC0-1.0", access="public")  # fmt: skip


def _other(id: str, **more: object) -> Design:
    given = {
        "subjects": 160,
        "lab": "bea",
        "devices": ("EGI",),
        "licence": "CC-BY-4.0",
        "access": "public",
        "closeness": 0.8,
        **more,
    }
    count = given["subjects"]
    given.setdefault("power", power_over_sites(0.5, [(count // 2, count // 2)]) if count else None)
    return Design(id, id, given.pop("concepts", CONCEPTS), **given)


def _rank(*others: Design) -> list[str]:
    return [partner.design.id for partner in rank_partners(STUDY, others, needed=130, weights={"pd": 3.0})]


BETTER = {
    "design": {"concepts": {k: v for k, v in CONCEPTS.items() if k != "pd"}},
    "power": {"subjects": 20},
    "lab": {"lab": "ada"},
    "authors": {"authors": frozenset({"ada b."})},
    "device": {"devices": ("BioSemi ActiveTwo",)},
    "access": {"access": "ask"},
    "licence": {"licence": ""},
    "signal": {"closeness": 0.2},
}


@pytest.mark.parametrize("ground", BETTER)
def test_what_is_worse_in_one_ground_ranks_below(ground: str) -> None:
    assert _rank(_other("a-worse", **BETTER[ground]), _other("b-better")) == ["b-better", "a-worse"]


def test_another_modality_and_the_study_itself_are_no_partners() -> None:
    mri = _other("mri", concepts={"mri": ("modality", "MRI")})
    assert _rank(mri, replace(STUDY, title="again"), _other("ok")) == ["ok"]


def test_design_and_power_outweigh_the_rest() -> None:
    poor = _other("fits", licence="", closeness=None, devices=())
    rich = _other("no-fit", concepts={"eeg": CONCEPTS["eeg"]}, subjects=10)
    assert _rank(rich, poor)[0] == "fits"


def test_every_ground_is_told_in_words() -> None:
    (partner,) = rank_partners(
        STUDY, [_other("x", subjects=None, power=None, licence="CC-BY-NC-4.0")], needed=130, weights={}
    )
    words = {ground.name: ground.words for ground in partner.grounds}
    assert set(words) == {"design", "power", "independence", "access", "licence", "signal"}
    assert (
        "not known" in words["power"]
        and "not for every use" in words["licence"]
        and "0.80" in words["signal"]
    )


def test_the_letter_is_plain_and_names_no_subject() -> None:
    (partner,) = rank_partners(replace(STUDY, access="ask"), [_other("x")], needed=130, weights={})
    letter = invite(replace(STUDY, access="ask"), partner, effect_d=0.5, power=0.8, needed=130, sender="Ada")
    assert "Resting EEG in Parkinson's" in letter and "\n\n" in letter
    assert "130 subjects" in letter and "look through this letter" in letter and "sub-" not in letter
