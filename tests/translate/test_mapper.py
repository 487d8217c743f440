"""Names to terms: known at once, misspelt still found, foreign ones refused."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from commissure.faces.cli import main
from commissure.terms.lexicon import Lexicon
from commissure.terms.load import RawTerm
from commissure.translate.abbreviations import AbbreviationReader, find_definition
from commissure.translate.align import align
from commissure.translate.initials import ShortForms
from commissure.translate.mapper import Mapper


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    return Mapper(Lexicon.load())


@pytest.mark.parametrize(
    ("name", "curie"),
    [
        ("anterior cingulate gyrus", "UBERON:0002756"),
        ("Nucleus locus coeruleus", "UBERON:0002148"),
        ("ctx-lh-caudalmiddlefrontal", "UBERON:0006445"),
        ("rh.CorpusCallosum", "UBERON:0002336"),
        ("putamen, left", "UBERON:0008884"),
        ("Left-Putamen", "UBERON:0008884"),
        ("lh.putamen", "UBERON:0001874"),
        ("SUPRAMARGINAL-GYRUS", "UBERON:0002688"),
        ("gyrus dentatus", "UBERON:0001885"),
        ("precentarl gyus", "UBERON:0002703"),
        ("substancia nigra pars compcta", "UBERON:0001965"),
        ("C7 segment", "UBERON:0006493"),
        ("BA44", "UBERON:0002980"),
        ("spinal cord", "UBERON:0002240"),
        ("medulla spinalis", "UBERON:0002240"),
        ("ctx_rh_S_temporal_sup", "UBERON:0002734"),
        ("Juxtapositional Lobule Cortex (formerly Supplementary Motor Cortex)", "UBERON:0016636"),
    ],
)
def test_names_as_labs_write_them(mapper: Mapper, name: str, curie: str) -> None:
    assert mapper.map(name).curie == curie


def test_close_is_not_the_same(mapper: Mapper) -> None:
    answer = mapper.map("anterior cingulate gyrus")
    near = {n.curie: n.predicate for n in mapper.near("anterior cingulate gyrus", besides=answer.curie)}
    assert answer.curie == "UBERON:0002756"
    assert near["UBERON:0009835"] == "skos:closeMatch"
    assert answer.curie not in near


@pytest.mark.parametrize(
    "name", ["", "   ", "😀", "עברית", "x", "zygomatic bone of the jaw", "mitral valve", "12345", "\x07"]
)
def test_what_is_no_region_gets_no_sure_answer(mapper: Mapper, name: str) -> None:
    answer = mapper.map(name)
    assert answer.confidence < 0.5
    assert answer.decision != "accept"


def test_a_short_form_runs_through_its_long_name() -> None:
    names = ["subthalamic nucleus", "superior temporal gyrus", "visual area lateral", "abducens nerve", ""]
    index = ShortForms(names)
    for short, owner in (("stn", 0), ("stg", 1), ("visl", 2), ("lva", 2), ("6n", 3), ("vin", 3)):
        assert int(index.scores(short).argmax()) == owner, short
    assert index.scores("xq").max() == 0.0
    assert index.scores("s").max() == 0.0
    assert index.scores("stn")[4] == 0.0


def test_a_short_form_that_no_source_gives_is_found_by_its_letters(mapper: Mapper) -> None:
    """Two or three letters of each word, in the manner of atlases: no table has them."""
    rng = random.Random(3)
    terms = [
        t for t in mapper.lexicon.terms("region") if 2 <= len(t.label.split()) <= 3 and t.label.isascii()
    ]
    found = []
    for term in rng.sample(terms, 60):
        words = [w for w in term.label.split() if w not in ("of", "the", "and")]
        short = "".join(word[: rng.choice((2, 3))].capitalize() for word in words)
        found.append(term.curie in {c.curie for c in mapper.likely(short).candidates[:3]})
    assert np.mean(found) >= 0.7, np.mean(found)


def test_an_abbreviation_is_known_in_its_own_case(mapper: Mapper) -> None:
    for short in ("DLPFC", "dlPFC"):
        answer = mapper.map(short)
        assert (answer.label, answer.how) == ("dorsolateral prefrontal cortex", "exact")


def test_an_abbreviation_in_another_case_is_another(mapper: Mapper) -> None:
    assert mapper.map("SNr").curie == "UBERON:0001966"
    assert mapper.map("sNR").curie != "UBERON:0001966" or mapper.map("sNR").confidence < 0.7


def test_most_misspellings_are_found_and_the_confidence_is_honest(mapper: Mapper) -> None:
    rng = random.Random(3)
    labels = [t for t in mapper.lexicon.terms("region") if len(t.label) > 10]
    right, sure = [], []
    for term in rng.sample(labels, 150):
        chars = list(term.label)
        at = rng.randrange(1, len(chars) - 1)
        chars[at], chars[at + 1] = chars[at + 1], chars[at]
        answer = mapper.map("".join(chars))
        right.append(answer.curie == term.curie)
        sure.append(answer.confidence)
    assert np.mean(right) > 0.95
    assert abs(np.mean(sure) - np.mean(right)) < 0.1


def test_a_definition_in_the_text_comes_first(mapper: Mapper) -> None:
    reader = AbbreviationReader(mapper)
    defined = reader.read("HC", "neurons of the hippocampus (HC) fired")
    assert (defined.curie, defined.how) == ("UBERON:0001954", "definition")
    assert reader.read("HC", "patients were compared with HC in age, sex and education").curie is None
    assert reader.read("EPI", "images were acquired with an EPI sequence").curie is None
    assert (
        reader.read("DLPFC", "activation in the left DLPFC and the parietal cortex").curie == "UBERON:0009834"
    )
    assert find_definition("HC", "we did a HC analysis") == ""


def test_a_region_that_the_text_names_is_meant_by_its_letters(mapper: Mapper) -> None:
    reader = AbbreviationReader(mapper)
    told = reader.read("PPN", "The peripeduncular nucleus was recorded for a month; PPN neurons fired.")
    assert (told.label, told.how) == ("peripeduncular nucleus", "document")
    told = reader.read("PPN", "The bilateral PPN neurons and the right GPi were stimulated.")
    assert (told.label, told.how) == ("pedunculopontine tegmental nucleus", "context")
    two = "The superior temporal gyrus and the supratrigeminal nucleus; STG and STN were left out."
    assert reader.read("STG", two).label == "superior temporal gyrus"
    assert reader.read("RT", "the red nucleus and thalamus; RT was 420 ms").curie is None


def test_what_no_table_lists_is_guessed_from_its_letters(mapper: Mapper) -> None:
    reader = AbbreviationReader(mapper)
    guess = reader.guesser.guess("IntParS")
    assert (guess.label, reader.may_be_region("IntParS")) == ("intraparietal sulcus", False)
    assert 0.0 < guess.lead <= guess.share <= 1.0
    assert reader.guesser.guess("").curie is None
    text = "bilateral fusiform gyrus, IntParS and lingual gyrus showed activation in the right hemisphere"
    assert reader.read("IntParS", text).label == "intraparietal sulcus"
    assert (
        reader.read("IntParS", "patients completed the IntParS score = 14 and the questionnaire").curie
        is None
    )


def test_the_words_around_decide_about_an_abbreviation(mapper: Mapper) -> None:
    reader = AbbreviationReader(mapper)
    anatomy = "dopamine neurons of the left SN and VTA project to the dorsal striatum, the nucleus accumbens and the amygdala"
    method = "the SN analysis used network scores of patients and the DMN group in an FDR test"
    assert (
        reader.sureness(reader.evidence("SN", anatomy)[0])
        > reader.sureness(reader.evidence("SN", method)[0]) + 0.2
    )
    assert reader.read("SN", anatomy).curie == "UBERON:0002038"
    assert reader.read("SN", method).curie is None


def test_two_small_ontologies_are_aligned_one_to_one() -> None:
    left = [RawTerm("A:1", "brain"), RawTerm("A:2", "forelimb bone", part_of=["A:1"]), RawTerm("A:3", "spleen capsule"),
            RawTerm("A:4", "optic nerve", parents=["A:1"]), RawTerm("A:5", "tail fin")]  # fmt: skip
    right = [RawTerm("B:1", "Brain"), RawTerm("B:2", "Bone_of_the_Upper_Extremity"), RawTerm("B:3", "Splenic_Capsule"),
             RawTerm("B:4", "Optic_Nerve"), RawTerm("B:5", "Optic_Nerve_Cell"), RawTerm("B:6", "Thumb")]  # fmt: skip
    pairs = {(p.left, p.right) for p in align(left, right, lexicon=Lexicon.load())}
    assert {("A:1", "B:1"), ("A:3", "B:3"), ("A:4", "B:4")} <= pairs
    assert not any(a == "A:5" or b == "B:6" for a, b in pairs)


def test_every_line_gives_one_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["thalamus", "", "😀", "no such thing at all", "CA1", "mouse", "thalamus"]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    assert main(["translate", "terms", str(tmp_path / "names.txt"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["query"] for row in rows] == names
    assert all(set(row) >= {"query", "id", "label", "confidence", "candidates"} for row in rows)
    assert rows[1]["id"] is None
    assert rows[0] == rows[-1]
    assert rows[5]["id"] == "NCBITaxon:10090"


def test_binary_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names.txt").write_bytes(bytes(range(256)) * 10)
    assert main(["translate", "terms", str(tmp_path / "names.txt"), "--json"]) != 0
    assert "binary" in capsys.readouterr().out
