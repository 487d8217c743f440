"""Clues: what paths of recording machines give away."""

from datetime import datetime

import pytest

from commissure.formats.clues import Clues
from commissure.model import Origin, Source


def _hidden(clues: Clues) -> set[tuple[str, str]]:
    return {(i.category, i.value) for i in clues.about("ecephys").identifiers}


@pytest.mark.parametrize(
    ("path", "name"),
    [("C:\\Users\\kim\\Documents\\a.pro", "kim"), ("/home/jane/x.cfg", "jane"), ("C:/Users/Public/a", None)],
)
def test_the_account_in_a_path_is_a_name(path: str, name: str | None) -> None:
    clues = Clues(Source("x", ("a.bin",), "nwb"))
    clues.hide_path(path)
    assert ("path", path) in _hidden(clues)
    assert {value for category, value in _hidden(clues) if category == "name"} == ({name} if name else set())


def test_a_word_without_folders_is_no_path() -> None:
    clues = Clues(Source("x", ("a.bin",), "nwb"))
    clues.hide_path("sim_binary.dat", None, "")
    assert _hidden(clues) == set()


def test_what_a_header_tells_is_a_fact_and_its_label_is_not_shown() -> None:
    clues = Clues(Source("x", ("a.bin",), "nwb"))
    clues.tell(label="JD1", species="Mus musculus", sex="")
    about = clues.about("ecephys", start=datetime(2020, 1, 2))
    facts = {fact.key: fact.value for fact in about.facts}
    assert facts["subject.species"] == "Mus musculus"
    assert facts["subject.label"] == ""
    assert about.facts[-1].origin is Origin.HEADER
    assert ("date", "2020-01-02") in _hidden(clues)
