"""The normalizer makes equal what means the same, and keeps apart what does not."""

import doctest
import importlib

import pytest

from commissure.terms.normal import bag, camel, sides, stem, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nuclei of the solitary tract", "solitary tract nucleus"),
        ("locus caeruleus", "Locus Coeruleus"),
        ("sulcus frontalis medius", "middle frontal sulcus"),
        ("T9 segment", "ninth thoracic segment"),
        ("lobule VIIB", "lobule 7b"),
        ("grey matter of hippocampus", "hippocampal gray matter"),
        ("facial VII nerve", "nervus facialis"),
        ("posterior horn of spinal cord", "spinal cord dorsal horn"),
        ("Clarke's nucleus", "nucleus of Clarke"),
        ("fluid/secretion", "fluid or secretion"),
        ("ventroposterolateral nucleus", "ventral posterior lateral nucleus"),
        ("temporal-parietal junction", "temporoparietal junction"),
        ("sup. temp. gyr.", "superior temporal gyrus"),
        ("occipito-temporal sulcus", "occipitotemporal sulcus"),
    ],
)
def test_names_of_one_thing_have_one_bag(one: str, other: str) -> None:
    assert bag(tokens(one)) == bag(tokens(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anterior cingulate gyrus", "posterior cingulate gyrus"),
        ("lobule IV", "lobule VI"),
        ("superior colliculus", "inferior colliculus"),
        ("thalamus", "hypothalamus"),
        ("layer 2 of cortex", "layer 3 of cortex"),
        ("thalamus", "epithalamus"),
        ("optic layer 2", "optic layer"),
    ],
)
def test_names_of_two_things_do_not(one: str, other: str) -> None:
    assert bag(tokens(one)) != bag(tokens(other))


@pytest.mark.parametrize(
    ("name", "bare", "side"),
    [
        ("ctx-lh-precuneus", "precuneus", "left"),
        ("rh.SuperiorFrontal", "SuperiorFrontal", "right"),
        ("hippocampus (R)", "hippocampus", "right"),
        ("amygdala, left hemisphere", "amygdala", "left"),
        ("bilateral insula", "insula", "both"),
        ("Left-Accumbens-area", "Accumbens-area", "left"),
        ("red nucleus, left, magnocellular part", "red nucleus, magnocellular part", "left"),
        ("lateral sulcus", "lateral sulcus", ""),
        ("L", "L", ""),
    ],
)
def test_a_side_comes_off_and_is_told(name: str, bare: str, side: str) -> None:
    assert sides(name)[-1] == (bare, side)


@pytest.mark.parametrize(
    "text", ["", " ", "😀", "עברית", "\x00\x01", "a" * 10_000_000, "a" + " " * 1_000_000 + "b", "((((", "-_-"]
)
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(bag(tokens(text)), str)
    assert sides(text)[0][0] == text


def test_camel_case_and_stems() -> None:
    assert camel("PosteromedialVisualArea,Layer4") == "Posteromedial Visual Area, Layer 4"
    assert stem("thalami") == stem("thalamic") == stem("Thalamus")


@pytest.mark.parametrize(
    "module",
    ["terms.normal", "terms.load", "terms.lexicon", "terms.grams", "terms.scan", "translate.mapper", "translate.lines",
     "translate.abbreviations", "translate.shortening", "translate.columns", "translate.methods.ages", "translate.methods.numbers",
     "translate.methods.sections", "translate.methods.acquisition", "translate.methods.groups", "translate.methods.read"],
)  # fmt: skip
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"commissure.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
