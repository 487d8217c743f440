"""Questions are understood: facets, alternatives, negation, numbers, syntax, spelling."""

import pytest

from commissure.discover.concepts import load_concepts
from commissure.discover.question import Question, understand
from commissure.discover.spelling import corrector, distance

CONCEPTS = load_concepts()


def asked(words: str) -> Question:
    return understand(words, concepts=CONCEPTS)


def needs(words: str) -> list[tuple[str, ...]]:
    return [need.concepts or (need.words,) for need in asked(words).needs]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MMN in SZ", [("mmn",), ("schizophrenia",)]),
        ("PD EEG on and off medication", [("parkinson",), ("eeg",), ("medication",)]),
        ("c-VEP", [("cvep",)]),
        ("code-modulated visual evoked potentials", [("cvep",)]),
        ("visual memory in mild cognitive impairment", [("visualmemory",), ("mci",)]),
        ("MEG or EEG of faces", [("meg", "eeg"), ("faces",)]),
        ("simultaneous EEG-fMRI", [("simultaneous",), ("eeg",), ("fmri",)]),
        ("Alzheimer's disease and frontotemporal dementia", [("alzheimer", "ftd")]),
        ("paediatric epilepsy under anaesthesia", [("children",), ("epilepsy",), ("anesthesia",)]),
        ("go/no-go in ADHD", [("gonogo",), ("adhd",)]),
        ("non-human primate MRI", [("nhp",), ("mri",)]),
        ("larval zebrafish", [("zebrafish",), ("larval",)]),
    ],
)
def test_a_question_names_the_facets_it_asks_for(words: str, expected: list[tuple[str, ...]]) -> None:
    assert needs(words) == expected


@pytest.mark.parametrize(
    ("words", "limits"),
    [
        ("EEG, more than 50 participants", ["n > 50"]),
        ("EEG with at least thirty subjects", ["n >= 30"]),
        ("N≥100 resting state", ["n >= 100"]),
        ("between 20 and 40 patients with stroke", ["n >= 20", "n <= 40"]),
        ("fewer than 10 mice", ["n < 10"]),
        ("adults over 65", ["age > 65"]),
        ("aged 6-12 reading", ["age >= 6", "age <= 12"]),
        ("children under 5 years", ["age < 5"]),
        ("fMRI since 2021", ["year >= 2021"]),
        ("sampled at more than 1000 Hz", []),
        ("n:10..20 sleep", ["n >= 10", "n <= 20"]),
    ],
)
def test_numbers_become_limits(words: str, limits: list[str]) -> None:
    assert [str(limit) for limit in asked(words).limits] == limits


def test_negation_reaches_its_words_and_no_further() -> None:
    question = asked("sleep EEG without epilepsy or stroke, in children")
    assert {c for need in question.refused for c in need.concepts} == {"epilepsy", "stroke"}
    assert ("children",) in [need.concepts for need in question.needs]
    assert asked("reward fMRI in healthy volunteers only, no patients").only_healthy
    assert not asked("go/no-go and non-invasive stimulation").refused


def test_the_syntax_is_read_and_an_unknown_field_is_a_word() -> None:
    terms = asked(
        'species:mouse technique:"two-photon" n:>=30 -task:rest "visual cortex" -optogenetics foo:bar'
    ).terms
    assert [(f.field, f.value, f.wanted) for f in terms.filters] == [
        ("species", "mouse", True), ("technique", "two-photon", True), ("task", "rest", False)
    ]  # fmt: skip
    assert (terms.phrases, terms.banned, str(terms.limits[0])) == (
        ("visual cortex",),
        ("optogenetics",),
        "n >= 30",
    )
    assert "bar" in asked("foo:bar").text


@pytest.mark.parametrize(
    "words",
    ["", " ", "\x00\x1b[31m", '"', "-", ":::", "a" * 10_000, "🧠" * 3_000, "NOT AND OR NEAR(", "n:>="],
)
def test_no_question_breaks_it(words: str) -> None:
    assert len(asked(words).text) <= 2_000


def test_a_typing_error_becomes_the_known_word_and_a_rare_true_word_stays() -> None:
    counts = {"stimulation": 90, "potential": 80, "stim": 40, "xenopus": 1}
    correct = corrector(
        known=CONCEPTS.vocabulary(),
        count=lambda word: counts.get(word, 0),
        like=lambda first: {w: c for w, c in counts.items() if w[0] == first},
    )
    assert [correct(w) for w in ("stimulaton", "potental", "parkinsn")] == [
        "stimulation",
        "potential",
        "parkinson",
    ]
    assert [correct(w) for w in ("xenopus", "qqqqzzz", "memory")] == ["xenopus", "qqqqzzz", "memory"]
    assert distance("teh", "the") == 1


def test_a_condition_and_a_state_are_alternatives_where_or_stands_between_them() -> None:
    assert needs("insomnia or sleep deprivation") == [("insomnia", "sleepdeprivation")]
    assert len(needs("insomnia and sleep deprivation")) == 2


def test_the_plural_of_a_short_animal_is_that_animal() -> None:
    assert needs("fruit flies") == [("drosophila",)]
