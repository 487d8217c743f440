"""The normalizer makes equal what means the same, and keeps apart what does not."""

import doctest
import importlib

import pytest

from commissure.terms.normal import bag, camel, forms, sides, stem, tokens


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("medulla spinalis", "spinal cord"),
        ("brain stem", "brainstem"),
        ("peri-aqueductal grey", "periaqueductal gray"),
        ("polus temporalis", "temporal pole"),
        ("gyrus rectus", "straight gyrus"),
        ("fissura calcarina", "calcarine fissure"),
        ("nuclei vestibulares", "vestibular nuclei"),
        ("commissura fornicis", "commissure of fornix"),
        ("stratum granulosum", "granular layer"),
        ("BA17", "Brodmann area 17"),
        ("L5 of cortex", "layer 5 of cortex"),
        ("nucleus of CN III", "oculomotor nerve nucleus"),
        ("nucleus of the third cranial nerve", "nucleus of oculomotor nerve"),
        ("nerve IV", "trochlear nerve"),
        ("floorplate of midbrain", "mesencephalic floor plate"),
        ("ctx_lh_G_temporal_middle", "ctx_lh_temporal middle gyrus"),
    ],
)
def test_two_ways_to_write_one_name_have_one_key(one: str, other: str) -> None:
    assert forms(sides(one)[-1][0]).bag == forms(sides(other)[-1][0]).bag


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cranial nerve III", "cranial nerve IV"),
        ("lumbar nerve 3", "oculomotor nerve"),
        ("G_front_sup", "S_front_sup"),
        ("L5 spinal cord segment", "layer 5 of cortex"),
    ],
)
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    assert forms(one).bag != forms(other).bag


def test_camel_case_and_stems() -> None:
    assert camel("PosteromedialVisualArea,Layer4") == "Posteromedial Visual Area, Layer 4"
    assert stem("thalami") == stem("thalamic") == stem("Thalamus")


@pytest.mark.parametrize(
    "module",
    ["terms.normal", "terms.load", "terms.lexicon", "terms.grams", "terms.scan", "translate.mapper", "translate.lines",
     "translate.abbreviations", "translate.initials", "translate.guesses", "translate.columns", "translate.methods.ages", "translate.methods.numbers",
     "translate.methods.sections", "translate.methods.acquisition", "translate.methods.groups", "translate.methods.read"],
)  # fmt: skip
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"commissure.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
