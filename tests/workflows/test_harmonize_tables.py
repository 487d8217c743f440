"""Tables in, tables out: columns are told apart, other cells stay byte for byte, what is wrong is said."""

import csv
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput, CommissureError, Conflict, NotFound, Unreadable
from commissure.workflows.harmonize_tables import (
    Choice,
    diagnose_table,
    effects_of_table,
    harmonize_table,
    pool_table,
    read_features,
)

CHOICE = Choice(site="site", keep=("age", "sex"))


def _write(path: Path, *, delimiter: str = ",", rows: int = 120) -> Path:
    rng = np.random.default_rng(0)
    head = [
        "participant_id",
        "site",
        "age",
        "sex",
        "dx",
        "note",
        "Manufacturer",
        "ManufacturersModelName",
        "thick_a",
        "thick_b",
        "vol",
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(head)
        for n in range(rows):
            site, sick = f"S{n % 3}", n % 2
            values = rng.normal(size=3) + 4 * (n % 3) + 1.5 * sick
            maker = ("Siemens", "Prisma") if n % 3 else ("GE", "MR750")
            cells = [
                f"sub-{n:03d}",
                site,
                f"{20 + n % 50}",
                "FM"[n // 7 % 2],
                ("control", "patient")[sick],
                "fine, so far",
                *maker,
            ]
            writer.writerow([*cells, *(f"{v:.4f}" for v in values)])
    return path


def _read(path: Path, delimiter: str = ",") -> dict[str, list[str]]:
    rows = list(csv.reader(path.open(), delimiter=delimiter))
    return {name: list(cells) for name, *cells in zip(*rows, strict=True)}


@pytest.mark.parametrize(("name", "delimiter"), [("t.csv", ","), ("t.tsv", "\t")])
def test_features_are_harmonized_and_all_else_stays(tmp_path: Path, name: str, delimiter: str) -> None:
    source = _write(tmp_path / name, delimiter=delimiter)
    done = harmonize_table(source, CHOICE, into=tmp_path / "out" / name, plot=tmp_path / "p.svg")
    assert (done.rows, done.sites, done.smallest, done.features, done.missing) == (120, 3, 40, 3, 0)
    before, after = _read(source, delimiter), _read(tmp_path / "out" / name, delimiter)
    assert list(before) == list(after)
    for column in ("participant_id", "age", "dx", "note"):
        assert before[column] == after[column]
    levels = [
        np.mean([float(v) for v, s in zip(after["vol"], after["site"], strict=True) if s == site])
        for site in ("S0", "S1", "S2")
    ]
    assert np.ptp(levels) < 0.3
    assert "sub-0" not in (tmp_path / "p.svg").read_text()
    again = tmp_path / "again" / name
    harmonize_table(source, CHOICE, into=again)
    assert again.read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_the_batch_comes_from_device_columns(tmp_path: Path) -> None:
    table = read_features(
        _write(tmp_path / "t.csv"), Choice(batch_from=("device",), keep=("age",), features=("thick_*",))
    )
    assert set(table.sites) == {"GE / MR750", "Siemens / Prisma"}
    assert table.features == ("thick_a", "thick_b")


def test_missing_cells_stay_missing(tmp_path: Path) -> None:
    source = _write(tmp_path / "t.csv")
    lines = source.read_text().splitlines()
    lines[5] = ",".join([*lines[5].split(",")[:-1], "n/a"])
    source.write_text("\n".join(lines))
    done = harmonize_table(source, CHOICE, into=tmp_path / "o.csv")
    assert done.missing == 1
    assert _read(tmp_path / "o.csv")["vol"].count("") == 1


def test_diagnosis_effects_and_pooling(tmp_path: Path) -> None:
    source = _write(tmp_path / "t.csv", rows=180)
    found = diagnose_table(source, CHOICE, plot=tmp_path / "d.svg")
    assert found.before > 0.9
    assert found.after < 0.55
    table, effects, pooled = effects_of_table(source, CHOICE, cases="dx=patient", plot=tmp_path / "e.svg")
    assert table.features == ("thick_a", "thick_b", "vol")
    assert np.all(np.abs(effects.d - 1.5) < 4 * effects.error)
    assert np.abs(effects.d.mean() - 1.5) < 0.3
    assert pooled is not None
    assert np.all(np.abs(pooled.effect - effects.d) < 0.3)
    (tmp_path / "s.csv").write_text("study,effect,error\nOslo,0.1,0.1\nLund,0.3,0.1\n")
    assert np.isclose(pool_table(tmp_path / "s.csv", plot=tmp_path / "f.svg").effect[0], 0.2)
    assert "Oslo" in (tmp_path / "f.svg").read_text()


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        (Choice(), BadInput, "Name the column of sites"),
        (Choice(site="clinic"), NotFound, "'clinic'"),
        (Choice(site="site", keep=("iq",)), NotFound, "'iq'"),
        (Choice(site="site", features=("nothing_*",)), NotFound, "nothing_"),
        (Choice(site="site", features=("note",)), BadInput, "No column of numbers"),
        (Choice(site="site", method="magic"), NotFound, "combat"),
        (Choice(site="site", keep=("age",), smooth=("age",), method="longitudinal"), BadInput, "no smooth"),
        (Choice(site="site", subject="participant_id"), BadInput, "no subjects"),
        (Choice(site="site", keep=("Manufacturer",)), BadInput, "confounded with site"),
    ],
)
def test_a_wrong_choice_is_said(
    tmp_path: Path, choice: Choice, error: type[CommissureError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        harmonize_table(_write(tmp_path / "t.csv"), choice, into=tmp_path / "o.csv")
    assert "sub-" not in str(caught.value)
    assert not (tmp_path / "o.csv").exists()


def test_a_wrong_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with pytest.raises(NotFound, match="no table"):
        read_features(path, CHOICE)
    path.write_text("site,age\nA,1,2\n")
    with pytest.raises(Unreadable, match="1 rows have another number of cells"):
        read_features(path, CHOICE)
    path.write_text("site,age,sex,v\nA,1,F,2\n,2,M,3\n")
    with pytest.raises(BadInput, match="site is missing in 1 rows"):
        read_features(path, CHOICE)
    path.write_text("site,age,sex,v\nA,1,F,2\nB,,M,3\n")
    with pytest.raises(BadInput, match="'age' is missing in 1 rows"):
        read_features(path, CHOICE)
    path.write_text("here")
    with pytest.raises(Conflict):
        harmonize_table(path, CHOICE, into=path)


def test_visits_are_harmonized_with_their_subject(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = ["person,visit,scanner,thick_a,thick_b"]
    for person in range(40):
        level = rng.normal(0, 3, 2)
        for visit in range(4):
            values = level - 0.3 * visit + rng.normal(0, 0.2, 2) + 2 * (visit % 2)
            lines.append(f"p{person},{visit},{'new' if visit % 2 else 'old'},{values[0]:.4f},{values[1]:.4f}")
    (tmp_path / "v.csv").write_text("\n".join(lines) + "\n")
    choice = Choice(site="scanner", keep=("visit",), method="longitudinal", subject="person")
    harmonize_table(tmp_path / "v.csv", choice, into=tmp_path / "o.csv")
    after = _read(tmp_path / "o.csv")
    own = np.array(after["thick_a"], dtype=float).reshape(40, 4)
    assert np.allclose(own.mean(axis=0) - own.mean(), [0.45, 0.15, -0.15, -0.45], atol=0.1)


def test_ids_and_groups_of_two_are_no_measures_unless_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [f"{1000 + n},{n % 2},{'AB'[n % 2]},{n % 3 % 2},{rng.normal():.3f}" for n in range(30)]
    (tmp_path / "t.csv").write_text("sub_id,visit,site,dx,thick\n" + "\n".join(rows) + "\n")
    assert read_features(tmp_path / "t.csv", Choice(site="site")).features == ("thick",)
    assert read_features(tmp_path / "t.csv", Choice(site="site", features=("dx",))).features == ("dx",)
