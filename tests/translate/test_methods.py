"""Method text to metadata: numbers, sexes, ages, parameters and terms, each where the text says it."""

import json
from pathlib import Path

import pytest

from commissure.errors import Unreadable
from commissure.faces.cli import main
from commissure.terms.lexicon import Lexicon
from commissure.translate.methods.ages import find_ages
from commissure.translate.methods.emit import bids_sidecar, nwb_fields, openminds_document
from commissure.translate.methods.model import ask_model
from commissure.translate.methods.numbers import find_numbers
from commissure.translate.methods.read import read_methods
from commissure.translate.methods.sections import from_jats, from_text

PAPER = """# Title

Working memory in schizophrenia: an fMRI study

# Abstract

We scanned 27 patients with schizophrenia and 24 healthy controls during an n-back task.

# Introduction

Previous studies of bipolar disorder et al. reported 300 participants.

# Methods

## Participants

Thirty patients with schizophrenia (12 women; mean age 31.2 ± 6.1 years, range 19–45) and 24 healthy controls (10 women;
mean age 29.8 ± 5.0 years) took part. Three patients were excluded because of excessive head motion. No participant had a
history of epilepsy or multiple sclerosis.

## Image acquisition

Images were acquired on a 3 T Siemens Magnetom Trio (TR = 2,000 ms, TE = 30 ms, flip angle 90°, 3 × 3 × 3 mm voxels).

# Results

Activation in the dorsolateral prefrontal cortex differed, t(49) = 2.9; t(49) = 3.1.
"""


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


def test_groups_are_summed_and_the_excluded_left_out(lexicon: Lexicon) -> None:
    found = read_methods(from_text(PAPER), lexicon=lexicon)
    assert found.n == 51
    assert not found.n_abstains
    assert {"male": 14, "female": 10}.items() <= found.groups[1].to_dict().items()
    assert found.groups[1].ages["age_mean"] == 29.8


def test_terms_are_found_and_what_is_denied_is_not(lexicon: Lexicon) -> None:
    found = read_methods(from_text(PAPER), lexicon=lexicon)
    said = {(t.field, t.curie) for t in found.tags}
    assert ("diagnosis", "DOID:5419") in said
    assert ("species", "NCBITaxon:9606") in said
    labels = {t.value for t in found.tags}
    assert "Siemens MAGNETOM Trio" in labels
    assert not {"epilepsy", "multiple sclerosis", "bipolar disorder"} & labels


def test_every_tag_quotes_its_own_place(lexicon: Lexicon) -> None:
    found = read_methods(from_text(PAPER), lexicon=lexicon)
    assert len(found.tags) > 8
    assert all(t.text in PAPER[t.start : t.end + 1] for t in found.tags)


def test_bids_nwb_and_openminds_fields(lexicon: Lexicon) -> None:
    found = read_methods(from_text(PAPER), lexicon=lexicon)
    sidecar = bids_sidecar(found)
    assert (sidecar["RepetitionTime"], sidecar["EchoTime"], sidecar["MagneticFieldStrength"]) == (
        2.0,
        0.03,
        3.0,
    )
    assert nwb_fields(found)["Subject"]["species"] == "Homo sapiens"
    graph = openminds_document(found)["@graph"]
    assert [node["numberOfSubjects"] for node in graph if "numberOfSubjects" in node] == [27, 24]


def test_bids_takes_the_fields() -> None:
    from bidsschematools.schema import load_schema

    known = {entry["name"] for entry in load_schema().objects.metadata.to_dict().values()}
    found = read_methods(from_text(PAPER), lexicon=Lexicon.load())
    assert set(bids_sidecar(found)) <= known


def test_hed_takes_the_tags(lexicon: Lexicon) -> None:
    import hed
    from hed.schema import load_schema

    from commissure.translate.methods.emit import hed_tags

    text = "# Methods\n## Stimuli\nTwelve adults saw checkerboards and heard pure tones."
    tags = hed_tags(read_methods(from_text(text), lexicon=lexicon))
    assert len(tags) == 2
    newest = sorted((Path(hed.__file__).parent / "schema" / "schema_data").glob("HED8.*.xml"))[-1]
    schema = load_schema(str(newest))
    assert not [issue for tag in tags for issue in hed.HedString(tag, schema).validate()]


def test_numbers_in_words_and_what_is_none() -> None:
    text = "Twenty-four of one hundred and five, 12.5 years, 20-30, 5%, 1,204; fifty‐four"
    assert [n.value for n in find_numbers(text)] == [24, 105, 1204, 54]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("aged 20 to 40 years (mean= 25.4 yrs)", {"age_min": 20, "age_max": 40, "age_mean": 25.4}),
        ("mean age: 24.3 years; age range: 20–29 years", {"age_mean": 24.3, "age_min": 20, "age_max": 29}),
        ("The patients were aged 59.1 ± 10.8 years", {"age_mean": 59.1, "age_sd": 10.8}),
        ("TR 2000 ms, 30 slices of 3 mm", {}),
    ],
)
def test_ages(text: str, fields: dict[str, float]) -> None:
    assert {a.field: a.value for a in find_ages(text)} == fields


def test_jats_is_read_and_entities_are_refused() -> None:
    xml = (
        b"<article><front><article-meta><title-group><article-title>A study</article-title></title-group>"
        b"<abstract><p>Ten <italic>healthy</italic> adults took part.</p></abstract></article-meta></front>"
        b"<body><sec><title>Methods</title><sec><title>Participants</title><p>Ten adults.</p></sec></sec></body></article>"
    )
    paper = from_jats(xml)
    assert [s.role for s in paper.sections][-1] == "people"
    assert "Ten healthy adults" in paper.text
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><article><body><p>&b;</p></body></article>'
    for bad in (bomb, b"<article", b"<a></a>"):
        with pytest.raises(Unreadable):
            from_jats(bad)


@pytest.mark.parametrize("text", ["", "\n\n", "😀" * 1000, "a " * 50_000, "# Methods\n" * 300, "(" * 5000])
def test_strange_text_gives_no_number(text: str, lexicon: Lexicon) -> None:
    found = read_methods(from_text(text), lexicon=lexicon)
    assert found.n is None
    assert found.groups == []


def test_a_model_must_quote_the_text() -> None:
    paper = from_text(PAPER)
    reply = [
        {"field": "n", "value": 30, "quote": "Thirty patients with schizophrenia"},
        {"field": "n", "value": 99, "quote": "99 patients with schizophrenia"},
        {"field": "age_mean", "value": 31.2, "quote": "mean age 31.2 ± 6.1 years"},
        {"field": "age_mean", "value": 77, "quote": "mean age 31.2 ± 6.1 years"},
        {"field": "password", "value": 1, "quote": "TR = 2,000 ms"},
    ]
    tags = ask_model(paper, lambda prompt: "Sure: " + json.dumps(reply))
    assert [(t.field, t.value) for t in tags] == [("n", 30), ("age_mean", 31.2)]
    assert ask_model(paper, lambda prompt: "I cannot.") == []


def test_the_command_prints_one_object_a_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.dumps({"id": str(i), "text": PAPER}) for i in range(2)]
    (tmp_path / "papers.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["translate", "methods", str(tmp_path / "papers.jsonl"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["n"] for row in rows] == [51, 51]
    assert rows[0]["bids"]["RepetitionTime"] == 2.0
