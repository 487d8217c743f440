"""A lab's participants table becomes a BIDS one, and nothing is invented."""

import json
from pathlib import Path

import pytest

from commissure.errors import Conflict
from commissure.terms.lexicon import Lexicon
from commissure.translate.columns import data_dictionary, find_columns, harmonize_rows
from commissure.translate.lines import read_table
from commissure.workflows.translate import write_harmonized

TABLE = (
    "Subject Number\tAge_months\tGENDER\tClinical Diagnosis\tdominant hand\tBDI-II total\tbody weight (lb)\tscore\n"
    "s1\t36\tF\tMDD\tR\t12\t100\t1\n"
    "s2\t42\tmale\tHC\tL\t3\t110\t2\n"
    "s3\tNA\t2\tXYZ-9\tA\t\t\t3\n"
)


def test_names_units_and_values_are_harmonized() -> None:
    rows = read_table(TABLE.encode())
    columns = {c.raw: c for c in find_columns(rows, lexicon=Lexicon.load())}
    assert [c.name for c in columns.values()] == [
        "participant_id", "age", "sex", "diagnosis", "handedness", "bdi_ii_total", "weight", "score"]  # fmt: skip
    out = harmonize_rows(rows, list(columns.values()))
    assert [row["age"] for row in out] == ["3", "3.5", "n/a"]
    assert out[0]["weight"] == "45.3592"
    assert [row["sex"] for row in out] == ["female", "male", "2"]
    assert {v.raw: v.curie for v in columns["Clinical Diagnosis"].levels}["MDD"] == "DOID:1470"
    unsure = {v.raw: v.confidence for v in columns["GENDER"].levels}
    assert unsure["2"] < 0.5 < unsure["F"]
    assert {v.raw: v.curie for v in columns["Clinical Diagnosis"].levels}["XYZ-9"] is None
    assert not columns["score"].known


def test_identifiers_are_never_listed() -> None:
    rows = read_table(TABLE.encode())
    columns = find_columns(rows, lexicon=Lexicon.load())
    assert "s1" not in json.dumps([c.to_dict() for c in columns])
    assert "Levels" not in data_dictionary(columns)["participant_id"]


def test_two_columns_never_share_a_name() -> None:
    rows = [{"Age": "20", "age": "21", "AGE (years)": "22"}]
    names = [c.name for c in find_columns(rows, lexicon=Lexicon.load())]
    assert len(set(names)) == 3


def test_the_dictionary_is_written_once(tmp_path: Path) -> None:
    rows = read_table(TABLE.encode())
    columns = find_columns(rows, lexicon=Lexicon.load())
    write_harmonized(rows, columns, into=tmp_path)
    about = json.loads((tmp_path / "participants.json").read_text())
    assert about["age"]["Units"] == "year"
    assert about["sex"]["Levels"]["female"]["TermURL"].endswith("PATO_0000383")
    assert (tmp_path / "participants.tsv").read_text().startswith("participant_id\tage\tsex\t")
    with pytest.raises(Conflict):
        write_harmonized(rows, columns, into=tmp_path)
