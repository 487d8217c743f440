"""``commissure harmonize``: each command, its JSON, and a wrong use told in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from commissure.faces import cli


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["id,site,age,dx,left,right"]
    for n in range(90):
        a, b = rng.normal(size=2) + 3 * (n % 3) + (n % 2)
        lines.append(f"sub-{n},S{n % 3},{20 + n // 2},{n % 2},{a:.3f},{b:.3f}")
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def _said(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert cli.main(["harmonize", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_combat_diagnose_and_effects(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [str(table), "--site", "site", "--keep", "age", "--features", "left,right"]
    out = tmp_path / "out.csv"
    done = _said(
        ["combat", *given, "--smooth", "age", "-o", str(out), "--plot", str(tmp_path / "p.svg")], capsys
    )
    assert (done["rows"], done["sites"], done["features"]) == (90, 3, 2)
    assert out.read_text().startswith("id,site,age,dx,left,right\n")
    judged = _said(["diagnose", *given], capsys)
    assert judged["before"] > judged["after"]  # type: ignore[operator]
    found = _said(["effects", *given, "--cases", "dx=1"], capsys)["effects"]
    assert {row["feature"] for row in found} == {"left", "right"}  # type: ignore[attr-defined]
    assert all(0.4 < row["d"] < 1.6 and 0.4 < row["meta_d"] < 1.6 for row in found)  # type: ignore[attr-defined]
    for command in (["diagnose", *given], ["effects", *given, "--cases", "dx=1"]):
        assert cli.main(["harmonize", *command]) == 0
        said = capsys.readouterr().out
        assert "sub-" not in said
        assert said.strip()


def test_meta_and_power(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studies = tmp_path / "s.csv"
    studies.write_text("study,effect,error\nOslo,0.1,0.1\nLund,0.3,0.1\nGent,0.2,0.1\n")
    found = _said(["meta", str(studies), "--plot", str(tmp_path / "f.svg")], capsys)
    assert found["effect"] == pytest.approx(0.2)
    assert (tmp_path / "f.svg").read_text().startswith("<svg")
    assert _said(["power", "0.5", "--sites", "1"], capsys)["cases"] in (64, 65)
    assert _said(["power", "0.3", "--cases", "20", "--tau2", "0.02"], capsys)["sites"] == 11
    assert _said(["power", "0.5", "--sites", "1", "--cases", "64"], capsys)["power"] == pytest.approx(
        0.8, abs=0.01
    )


def test_a_wrong_use_is_one_line(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["harmonize", "combat", str(table), "-o", str(tmp_path / "o.csv")]) == 2
    said = capsys.readouterr().err
    assert "Name the column of sites" in said
    assert said.count("\n") <= 3
    assert cli.main(["harmonize", "diagnose", str(table), "--site", "clinic"]) == 5
