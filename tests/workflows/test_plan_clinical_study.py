"""Studies out of the box planned among hospitals: each plan holds and fits the rows, and one runs over the wire."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.faces.cli import main
from commissure.federate.analysis import Table
from commissure.federate.clinical import STUDIES
from commissure.federate.evaluation import auc_scores
from commissure.federate.plan import Plan, check_table
from commissure.federate.predictor import Predictor, fit_predictor
from commissure.testing.eeg_cohorts import (
    make_coma_outcome,
    make_decoding,
    make_detection,
    make_prediction,
)
from commissure.workflows.clinical_study import make_tables
from commissure.workflows.plan_clinical_study import plan_clinical_study
from commissure.workflows.train_federated import write_rows

KEYS = [f"s{n}=" + f"{n:02d}" * 32 for n in range(3)]
QUIET = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
MODELS = [(name, model) for name, study in STUDIES.items() for model in study.candidates()]


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Table]]:
    small = {
        "seizure-detection": make_detection(0, sites=3, patients=1),
        "seizure-prediction": make_prediction(0, sites=3, patients=1),
        "coma": make_coma_outcome(0, sites=1),
        "decoding": make_decoding(0, people=2),
    }
    return small | {name: make_tables(study) for name, study in STUDIES.items() if name not in small}


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_every_model_of_a_study_makes_a_plan(name: str, model: str) -> None:
    if model == "network":
        pytest.importorskip("torch")
    study = STUDIES[name]
    plan = plan_clinical_study(study, sites=KEYS, model=model)
    assert Plan.from_json(plan.to_json()) == plan and plan.secure and plan.minimum == 3
    assert (plan.analysis, plan.parameters) == study.candidates()[model]
    assert [column.name for column in plan.columns] == [*study.features, study.outcome]
    assert all(column.low is not None and column.high is not None for column in plan.columns)


@pytest.mark.parametrize("name", STUDIES)
def test_ranges_take_a_studys_rows(name: str, rows: dict[str, dict[str, Table]]) -> None:
    columns = STUDIES[name].columns
    for table in rows[name].values():
        for column in columns:
            values = np.asarray(table[column.name])
            values = values[np.isfinite(values)]
            assert np.all((values >= column.low) & (values <= column.high)), column.name


@pytest.mark.parametrize(
    ("name", "column", "change"),
    [
        ("dementia", "hippocampus", lambda v: v / 1000),  # cm3
        ("dementia", "ventricles", lambda v: v * 1000),  # mm3
        ("dementia", "age", lambda v: v * 12),  # months
        ("brain-age", "insula", lambda v: v / 10),  # cm
        ("coma", "rosc_min", lambda v: v * 60),  # s
        ("seizure-detection", "theta_power", lambda v: v - 12 * np.log(10)),  # V2
        ("stimulation", "current_ma", lambda v: v * 1000),  # uA
        ("stimulation", "female", lambda v: v + 1),  # coded 1 and 2
    ],
)
def test_another_unit_is_told(name: str, column: str, change, rows: dict[str, dict[str, Table]]) -> None:  # type: ignore[no-untyped-def]
    plan = plan_clinical_study(STUDIES[name], sites=KEYS)
    table = dict(next(iter(rows[name].values())))
    assert not check_table(plan, table, units={})
    found = check_table(plan, {**table, column: change(table[column])}, units={})
    assert [(f.where, f.check) for f in found] == [(column, "federate.column.range")]


def test_a_feature_that_a_site_lacks_is_left_out(rows: dict[str, dict[str, Table]]) -> None:
    study = STUDIES["dementia"]
    lacking = next(t for t in rows["dementia"].values() if np.isnan(t["ptau217"]).all())
    whole = plan_clinical_study(study, sites=KEYS)
    assert [f.check for f in check_table(whole, lacking, units={})] == ["federate.column.empty"]
    plan = plan_clinical_study(study, sites=KEYS, without=["ptau217"])
    assert "ptau217" not in plan.parameters["features"] and not check_table(plan, lacking, units={})


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"model": "forest"}, "linear, trees, network"),
        ({"without": ["weight"]}, "no feature 'weight'"),
        ({"without": list(STUDIES["dementia"].features)}, "no feature left"),
        ({"minimum": 1}, "more than half"),
        ({"sites": ["north"]}, "NAME=KEY"),
    ],
)
def test_what_cannot_be_planned_is_refused(said: dict[str, object], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        plan_clinical_study(STUDIES["dementia"], **{"sites": KEYS, **said})  # type: ignore[arg-type]


@contextmanager
def process(*words: str, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with log.open("wb") as file:
        running = subprocess.Popen([sys.executable, "-m", *words], stdout=file, stderr=file, env=QUIET)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize("model", ["linear", pytest.param("trees", marks=pytest.mark.slow)])
def test_three_hospitals_run_a_planned_study_over_the_wire(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: dict[str, dict[str, Table]]
) -> None:
    tables = dict(list(rows["stimulation"].items())[:3])
    keys, study, plan = tmp_path / "keys", tmp_path / "study", tmp_path / "study" / "plan.json"
    study.mkdir()
    named = [word for site in tables for word in ("--site", site)]
    assert main(["federate", "network", str(keys), *named, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    sites = [word for site, key in made.items() if site in tables for word in ("--site", f"{site}={key}")]
    asked = ["federate", "study", "plan", "stimulation", "-o", str(plan), "--model", model]
    assert main([*asked, *sites, "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert main(["federate", "study", "show", str(plan), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == digest
    for site, table in tables.items():
        assert main(["federate", "study", "approve", str(plan), "--site", str(keys / site)]) == 0
        write_rows(tmp_path / f"{site}.csv", table)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    lead = ["commissure", "federate", "coordinate", str(study), "--tls", str(keys / "coordinator")]
    with ExitStack() as stack:
        hub = stack.enter_context(
            process(*lead, "--port", port, "--gather", "60", log=tmp_path / "coordinator.log")
        )
        for site in tables:
            words = ["--site", str(keys / site), "--table", str(tmp_path / f"{site}.csv")]
            join = ["commissure.faces.site_agent", f"https://127.0.0.1:{port}", *words]
            stack.enter_context(process(*join, log=tmp_path / f"{site}.log"))
        assert hub.wait(180) == 0, (tmp_path / "coordinator.log").read_text()
    _check_result(study / "result.json", Plan.from_json(plan.read_text()), tables)


def _check_result(path: Path, plan: Plan, tables: dict[str, Table]) -> None:
    """The wire's model is the one that all sites in one process would find, and tells who responds."""
    result = {name: np.asarray(value) for name, value in json.loads(path.read_text()).items()}
    wire = Predictor(plan.analysis, plan.parameters, result)
    here = fit_predictor(plan.analysis, plan.parameters, tables=tables)
    told = {name: [model.predict(t) for t in tables.values()] for name, model in (("w", wire), ("h", here))}
    wired, local = (np.concatenate(told[name]) for name in "wh")
    np.testing.assert_allclose(wired, local, atol=1e-6)
    outcome = np.concatenate([t["responds"] for t in tables.values()])
    assert auc_scores(outcome, {"wire": wired})[0][0].value > 0.65
