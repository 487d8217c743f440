"""What synthesize writes says that it is synthetic, is reproducible, and a leak is a Finding."""

import json
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.faces.cli import main
from commissure.workflows.synthesize import synthesize


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    age = rng.integers(20, 80, 160)
    rows = [f"sub-{i:03d}\t{a}\t{'F' if rng.uniform() < 0.5 else 'M'}\t{1500 - 4 * a + rng.normal(0, 30):.1f}\t{'n/a' if i % 9 == 0 else a // 10}"
            for i, a in enumerate(age)]  # fmt: skip
    path = tmp_path / "participants.tsv"
    path.write_text("participant_id\tage\tsex\tvolume\tdecade\n" + "\n".join(rows) + "\n")
    return path


def test_a_table_becomes_synthetic_and_says_so(table: Path, tmp_path: Path) -> None:
    made = synthesize(table, tmp_path / "out", subjects=50)
    text, beside = made.files[0].read_text(), json.loads(made.files[1].read_text())
    assert made.files[0].name == "desc-synthetic_participants.tsv"
    assert beside["Synthetic"] is True and beside["Sources"][0].startswith("sha256:")
    lines = text.splitlines()
    assert len(lines) == 51 and lines[1].startswith("sub-synthetic00001\t")
    assert {line.split("\t")[2] for line in lines[1:]} == {"F", "M"}
    assert made.activity.kind == "synthesize" and not made.findings
    assert made.figures["membership_auc"] < 0.62 and made.figures["copies"] < 0.02
    again = synthesize(table, tmp_path / "again", subjects=50, attack=False)
    assert again.files[0].read_text() == text


def test_the_bootstrap_is_a_finding(table: Path, tmp_path: Path) -> None:
    made = synthesize(table, tmp_path / "out", generator="bootstrap")
    assert [finding.check for finding in made.findings][0] == "privacy.synthetic_leaks"


def test_scans_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    mix = np.eye(5) + 0.5
    np.savez(tmp_path / "rest.npz", **{f"s{i}": rng.normal(size=(80, 5)) @ mix for i in range(8)})
    assert (
        main(
            [
                "protect",
                "synthesize",
                str(tmp_path / "rest.npz"),
                "--out",
                str(tmp_path / "o"),
                "--subjects",
                "3",
                "--no-attack",
                "--json",
            ]
        )
        == 0
    )
    target = Path(json.loads(capsys.readouterr().out)["files"][0])
    with np.load(target) as made:
        assert sorted(made.files) == [f"sub-synthetic{i:03d}" for i in (1, 2, 3)] and made[
            "sub-synthetic001"
        ].shape == (1, 80, 5)
    assert "synthetic" in target.name


def test_names_notes_and_repeated_subjects_are_refused(table: Path, tmp_path: Path) -> None:
    table.write_text(table.read_text() + "sub-001\t44\tF\t1300\t4\n")
    with pytest.raises(BadInput, match="161 rows are of 160 subjects"):
        synthesize(table, tmp_path / "out")
    note = tmp_path / "notes.csv"
    note.write_text("age,who\n" + "\n".join(f"{i % 50},person {i}" for i in range(99)))
    with pytest.raises(BadInput, match="'who' has 99 different words"):
        synthesize(note, tmp_path / "out")
    with pytest.raises(BadInput, match="must be a .tsv or .csv"):
        synthesize(tmp_path / "none.tsv", tmp_path / "out")


HEAD, COUNT = "participant_id\tage\tscore", 120
LINES = [f"sub-{i:03d}\t{20 + i * 7 % 60}\t{i * 13 % 41 / 2}" for i in range(COUNT)]


def sent(tmp_path: Path, head: str, lines: list[str], name: str = "t.tsv") -> Path:
    path = tmp_path / name
    path.write_text(head + "\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("extra", "cells", "said"),
    [
        ("visit", [f"2020-{1 + i % 12:02d}-0{1 + i % 9}" for i in range(COUNT)], r"dates \(120 of 120 values\)"),
        ("weight", [f"{50 + i % 40} kg" for i in range(COUNT)], "120 of 120 values of column 'weight' have a unit"),
        ("volume", ["inf" if i == 3 else str(i * 17 % 89) for i in range(COUNT)], "1 values of column 'volume' are infinite"),
        ("volume", [f"{1 + i % 9}e300" for i in range(COUNT)], r"beyond 1e\+100.*'volume': 120"),
        ("top", ["89+" if i % 20 == 0 else str(20 + i * 7 % 60) for i in range(COUNT)], "6 of 120 values of column 'top' are no"),
        ("row", [str(1000 + 7 * i) for i in range(COUNT)], "'row' numbers the 120 rows in equal steps"),
        ("income", [f"{1 + i % 80},{100 + i}" for i in range(COUNT)], "120 values of column 'income' have a comma"),
        ("score", ["1"] * COUNT, r"1 names are there twice \(score\)"),
        ("site", ["A"] * COUNT, r"\['site'\] are constant"),
        ("rest", ["n/a"] * (COUNT - 4) + ["1", "2", "3", "4"], "under 25 values: {'rest': 4}"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_synthesized_are_refused_with_numbers(
    tmp_path: Path, extra: str, cells: list[str], said: str
) -> None:
    table = sent(tmp_path, f"{HEAD}\t{extra}", [f"{a}\t{b}" for a, b in zip(LINES, cells, strict=True)])
    with pytest.raises(BadInput, match=said):
        synthesize(table, tmp_path / "o", attack=False)


def test_rows_that_cannot_be_read_are_refused_with_numbers(tmp_path: Path) -> None:
    for lines, said in (
        ([], "50 subjects at least; the table has 0"),
        (LINES[:1], "50 subjects at least; the table has 1"),
        ([*LINES, "sub-x"], "header has 3 columns, and 1 rows have another number of cells, the first in line 122"),
        (LINES[:70], "takes 100 subjects, for it learns halves; the table has 70"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            synthesize(sent(tmp_path, HEAD, lines), tmp_path / "o")
    (tmp_path / "t.tsv").write_bytes(f"{HEAD}\n".encode() + "Köln".encode("latin-1"))
    with pytest.raises(BadInput, match="no UTF-8 text") as refused:
        synthesize(tmp_path / "t.tsv", tmp_path / "o")
    assert refused.value.__cause__ is None


def test_codes_are_left_out_with_a_word_and_rare_words_are_nobodys(tmp_path: Path) -> None:
    lines = [f"{line}\t{9000 + i * i}\t{'rare' if i == 5 else 'ab'[i % 2]}" for i, line in enumerate(LINES)]
    made = synthesize(sent(tmp_path, f"{HEAD}\tmrn\tgroup", lines), tmp_path / "o", attack=False)
    assert {f.where: f.message for f in made.findings} == {
        "mrn": "Column 'mrn' was left out: by its name it holds what identifies people (id).",
        "group": "1 value of column 'group' that under 3 people share: left out as missing.",
    }
    text = made.files[0].read_text()
    assert text.startswith("participant_id\tage\tscore\tgroup\n") and "rare" not in text


def test_whom_a_shared_note_names_is_left_out_and_places_stay(tmp_path: Path) -> None:
    came = ("came with mother Anna", "Beijing_Zang", "seen by Dr. Novak", "anna@clinic.example")
    lines = [f"{line}\t{came[i % 4]}" for i, line in enumerate(LINES)]
    made = synthesize(sent(tmp_path, f"{HEAD}\thow", lines), tmp_path / "o", attack=False)
    assert [f.message for f in made.findings] == [
        "3 categories of column 'how' told of somebody; what did was left out."
    ]
    told = {row.split("\t")[3] for row in made.files[0].read_text().splitlines()[1:]}
    assert "Beijing_Zang" in told and "came with mother [name]" in told and "[contact]" in told
    assert not any(name in " ".join(told) for name in ("Anna", "Novak", "anna@"))


def test_tables_as_spreadsheets_write_them_are_read(tmp_path: Path) -> None:
    lines = [line.replace("\t", ";").replace(".", ",") for line in LINES]
    table = tmp_path / "t.csv"
    table.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([HEAD.replace("\t", ";"), *lines, "", ""]).encode())
    made = synthesize(table, tmp_path / "o", attack=False)
    head, *rows = made.files[0].read_text().splitlines()
    assert head == "participant_id;age;score" and len(rows) == COUNT
    assert {float(row.split(";")[2]) * 2 % 1 for row in rows} == {0.0}


def test_eeg_and_spikes_come_back_in_the_form_they_came(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    np.savez(tmp_path / "eeg.npz", volts=rng.normal(size=(6, 8, 64, 3)) * 1e-5, rate_hz=128.0)
    made = synthesize(tmp_path / "eeg.npz", tmp_path / "o", subjects=2, attack=False)
    assert made.files[0].name == "desc-synthetic_eeg.npz"
    assert json.loads(made.files[1].read_text())["Synthetic"] is True
    with np.load(made.files[0]) as archive:
        assert archive["volts"].shape == (2, 8, 64, 3) and archive["rate_hz"] == 128.0
        assert archive["volts"].std() == pytest.approx(1e-5, rel=0.3)
    count = rng.poisson(15, size=(40, 2))
    trial, unit = (np.repeat(each.ravel(), count.ravel()) for each in np.indices((40, 2)))
    spikes = {"times_s": rng.uniform(0, 1, count.sum()), "trial": trial, "unit": unit, "stimulus": np.arange(40) % 2, "duration_s": 1.0}  # fmt: skip
    np.savez(tmp_path / "unit.npz", **spikes)
    made = synthesize(tmp_path / "unit.npz", tmp_path / "o", subjects=30, attack=False)
    with np.load(made.files[0]) as archive:
        assert (
            len(archive["stimulus"]) == 30 and archive["trial"].max() < 30 and set(archive["unit"]) == {0, 1}
        )
        assert len(archive["times_s"]) == pytest.approx(30 * 2 * 15, rel=0.2)
    np.savez(tmp_path / "bad.npz", **{**spikes, "trial": trial + 5})
    with pytest.raises(BadInput, match="trials be below 40"):
        synthesize(tmp_path / "bad.npz", tmp_path / "o")
    (tmp_path / "torn.npz").write_bytes((tmp_path / "eeg.npz").read_bytes()[:300])
    with pytest.raises(BadInput, match="cut short"):
        synthesize(tmp_path / "torn.npz", tmp_path / "o")
