"""Sites that name, measure and code the same things differently come to one table, or to a clear finding."""

import json
from pathlib import Path

import numpy as np
import pytest

from commissure.faces.cli import main
from commissure.federate.analyses import build
from commissure.federate.analysis import run_locally
from commissure.federate.plan import Plan
from commissure.terms.lexicon import Lexicon
from commissure.workflows.fit_table import fit_table
from commissure.workflows.plan_study import plan_study


def study() -> Plan:
    return plan_study(
        "Memory", sites=[f"s{n}=" + f"{n:02d}" * 32 for n in range(3)], analysis="regression",
        columns=["age:a:18:100", "sex=female:0,male:1", "weight:kg:30:200", "memory"],
        parameters={"features": ["age", "sex", "weight"], "outcome": "memory"},
    )  # fmt: skip


def people(count: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    age, sex, weight = rng.uniform(20, 90, count), rng.integers(0, 2, count) * 1.0, rng.normal(75, 12, count)
    memory = 30 - 0.1 * age + 1.5 * sex + 0.02 * weight + rng.normal(0, 0.5, count)
    return {"age": age, "sex": sex, "weight": weight, "memory": memory}


def rows_of(columns: dict[str, list[str]]) -> list[dict[str, str]]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def sites() -> tuple[list[tuple[list[dict[str, str]], dict[str, object]]], list[dict[str, np.ndarray]]]:
    """Three labs' own tables with their sidecars, and what they mean."""
    one, two, three = (people(80, seed) for seed in range(3))

    def text(values: np.ndarray) -> list[str]:
        return [repr(float(value)) for value in values]

    first = rows_of(
        {"age": text(one["age"]), "sex": ["F" if s == 0 else "M" for s in one["sex"]], "weight": text(one["weight"]), "memory": text(one["memory"])}
    )  # fmt: skip
    second = rows_of(
        {
            "SubjID": [f"x{n}" for n in range(80)], "Age (months)": text(two["age"] * 12),
            "Gender": ["female" if s == 0 else "male" for s in two["sex"]], "Weight (lbs)": text(two["weight"] / 0.45359237),
            "memory": text(two["memory"]),
        }
    )  # fmt: skip
    third = rows_of(
        {
            "age": text(three["age"] * 365.25), "sex": ["1" if s == 0 else "2" for s in three["sex"]],
            "weight": text(three["weight"] * 1000), "memory": text(three["memory"]),
        }
    )  # fmt: skip
    about: dict[str, object] = {
        "age": {"Units": "days"}, "weight": {"Units": "g"},
        "sex": {"Levels": {"1": {"Description": "female"}, "2": "male"}},
    }  # fmt: skip
    return [(first, {}), (second, {}), (third, about)], [one, two, three]


def test_unlike_tables_give_the_pooled_result() -> None:
    plan, lexicon = study(), Lexicon.load()
    given, meant = sites()
    fitted = [fit_table(plan, rows, lexicon=lexicon, sidecar=about) for rows, about in given]
    assert not any(found.findings for found in fitted)
    for found, truth in zip(fitted, meant, strict=True):
        for name, values in truth.items():
            np.testing.assert_allclose(found.table[name], values, rtol=1e-9)
    assert "'Age (months)' is read as 'age', times 0.0833333" in fitted[1].matches
    apart = run_locally(build(plan), {f"s{n}": found.table for n, found in enumerate(fitted)})
    pooled = {name: np.concatenate([table[name] for table in meant]) for name in meant[0]}
    together = run_locally(build(plan), {"all": pooled})
    np.testing.assert_allclose(apart["coefficients"], together["coefficients"], rtol=1e-8)


def test_what_cannot_be_told_is_a_finding_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, lexicon = study(), Lexicon.load()
    (_, _), (_, _), (rows, about) = sites()[0]
    bare = fit_table(plan, rows, lexicon=lexicon)
    assert {f.where: f.check.rsplit(".")[-1] for f in bare.findings} == {"age": "range", "sex": "coding", "weight": "range"}  # fmt: skip
    odd = [{**row, "memory": "fine"} for row in rows]
    (finding,) = fit_table(plan, odd, lexicon=lexicon, sidecar=about).findings
    assert "80 values that are no numbers" in finding.message and "fine" not in finding.message
    furlongs = {**about, "weight": {"Units": "stone"}}
    assert "'stone' here" in fit_table(plan, rows, lexicon=lexicon, sidecar=furlongs).findings[0].message
    missing = [{key: value for key, value in row.items() if key != "memory"} for row in rows]
    assert fit_table(plan, missing, lexicon=lexicon, sidecar=about).findings[0].check.endswith("missing")
    (tmp_path / "plan.json").write_text(plan.to_json())
    head = ",".join(rows[0])
    (tmp_path / "lab.csv").write_text("\n".join([head, *(",".join(row.values()) for row in rows)]) + "\n")
    (tmp_path / "lab.json").write_text(json.dumps(about))
    words = ["federate", "study", "fit", str(tmp_path / "plan.json"), "--table", str(tmp_path / "lab.csv")]
    assert main([*words, "--out", str(tmp_path / "rows.csv"), "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 3
    assert not (tmp_path / "rows.csv").exists()
    assert main([*words, "--out", str(tmp_path / "rows.csv"), "--sidecar", str(tmp_path / "lab.json"), "--json"]) == 0  # fmt: skip
    assert (tmp_path / "rows.csv").read_text().startswith("age,sex,weight,memory")
