"""The batch comes out of BIDS sidecars, and the table is harmonized by it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput, Conflict, NotFound
from commissure.faces.cli import main
from commissure.workflows.harmonize_batches import add_batches


def _folder(place: Path) -> Path:
    """Thirty people: the first ten at a Prisma, ten at a Skyra, ten at a 1.5 T Avanto; one was at two scanners."""
    rng = np.random.default_rng(0)
    (place / "bids").mkdir()
    (place / "bids" / "T1w.json").write_text(json.dumps({"Manufacturer": "Siemens"}))
    lines = ["participant_id,age,lh_thickness,rh_thickness"]
    for number in range(30):
        model, field = (("Prisma", 3), ("Skyra", 3), ("Avanto", 1.5))[number // 10]
        anat = place / "bids" / f"sub-{number:02d}" / "anat"
        anat.mkdir(parents=True)
        (anat / f"sub-{number:02d}_T1w.json").write_text(json.dumps({"ManufacturersModelName": model, "MagneticFieldStrength": field}))  # fmt: skip
        shift = (0.0, 0.3, -0.3)[number // 10]
        lines.append(f"{number:02d},{rng.uniform(20, 80):.1f},{2.5 + shift + rng.normal(0, 0.1):.4f},{2.4 + shift + rng.normal(0, 0.1):.4f}")  # fmt: skip
    table = place / "table.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


def test_scanner_and_field_strength_become_columns_and_a_batch(tmp_path: Path) -> None:
    table = _folder(tmp_path)
    out, flat = tmp_path / "with.csv", tmp_path / "flat.csv"
    assert main(["harmonize", "batches", str(table), str(tmp_path / "bids"), "-o", str(out)]) == 0
    rows = list(csv.DictReader(out.open()))
    assert {row["Manufacturer"] for row in rows} == {"Siemens"}
    assert [row["ManufacturersModelName"] for row in rows[::10]] == ["Prisma", "Skyra", "Avanto"]
    assert [row["MagneticFieldStrength"] for row in rows[::10]] == ["3", "3", "1.5"]
    assert (
        main(
            [
                "harmonize",
                "combat",
                str(out),
                "--batch-from",
                "device,field",
                "--keep",
                "age",
                "-o",
                str(flat),
            ]
        )
        == 0
    )
    told = np.array([float(row["lh_thickness"]) for row in csv.DictReader(flat.open())]).reshape(3, 10)
    assert np.ptp(told.mean(axis=1)) < 0.1


def test_two_scanners_are_a_batch_of_their_own(tmp_path: Path) -> None:
    table = _folder(tmp_path)
    second = tmp_path / "bids" / "sub-03" / "ses-2" / "anat"
    second.mkdir(parents=True)
    (second / "sub-03_ses-2_T1w.json").write_text(json.dumps({"ManufacturersModelName": "Skyra"}))
    add_batches(table, tmp_path / "bids", into=tmp_path / "out.tsv")
    rows = list(csv.DictReader((tmp_path / "out.tsv").open(), delimiter="\t"))
    assert rows[3]["ManufacturersModelName"] == "Prisma + Skyra"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    table = _folder(tmp_path)
    with pytest.raises(NotFound, match="No sidecar"):
        add_batches(table, tmp_path / "bids", into=tmp_path / "a.csv", suffix="bold")
    with pytest.raises(Conflict):
        add_batches(table, tmp_path / "bids", into=table)
    (tmp_path / "bids" / "sub-01" / "anat" / "sub-01_T1w.json").write_text("{")
    with pytest.raises(BadInput, match="no JSON"):
        add_batches(table, tmp_path / "bids", into=tmp_path / "b.csv")
    (tmp_path / "nameless.csv").write_text("age\n3\n")
    with pytest.raises(BadInput, match="participant_id"):
        add_batches(tmp_path / "nameless.csv", tmp_path / "bids", into=tmp_path / "c.csv")
    escape = tmp_path / "escape.csv"
    escape.write_text("participant_id\nsub-/../../..\n")
    with pytest.raises(NotFound):
        (tmp_path / "bids" / "T1w.json").unlink()
        add_batches(escape, tmp_path / "bids", into=tmp_path / "d.csv")
