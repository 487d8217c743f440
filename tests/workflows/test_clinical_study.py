"""Studies that work out of the box: each runs, compares honestly, and leaves a report, a card and a model."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput, NotFound
from commissure.faces.cli import main
from commissure.faces.study_report import card_of, page_of, write_study
from commissure.federate.analysis import Table
from commissure.federate.clinical import STUDIES, ClinicalStudy, find_study
from commissure.testing.eeg_cohorts import (
    make_coma_outcome,
    make_decoding,
    make_detection,
    make_prediction,
)
from commissure.workflows.clinical_study import StudyReport, make_tables, run_clinical_study, split_by_site
from commissure.workflows.study_rows import study_rows

_LINE = {"linear": ("regression", {"ridge": 5.0}), "trees": ("trees", {"trees": 8})}
_NET = {"network": ("training", {"hidden": 12, "rounds": 40, "rate": 0.3, "decay": 0.03, "personal": True})}


def _quick(name: str) -> ClinicalStudy:
    """The study without torch, in seconds."""
    study = STUDIES[name]
    return replace(study, models=_NET if study.personal else _LINE)


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Table]]:
    """Rows of every study; the slow makers' cohorts are smaller than the studies'."""
    small = {
        "seizure-detection": make_detection(0, sites=4, patients=5),
        "seizure-prediction": make_prediction(0, sites=4, patients=5),
        "coma": make_coma_outcome(0, sites=5),
        "decoding": make_decoding(0, people=10),
    }
    return small | {name: make_tables(study) for name, study in STUDIES.items() if name not in small}


@pytest.fixture(scope="module")
def reports(made: dict[str, dict[str, Table]]) -> dict[str, StudyReport]:
    return {name: run_clinical_study(_quick(name), made[name], said="Made.") for name in STUDIES}


@pytest.mark.parametrize("name", STUDIES)
def test_every_column_of_a_study_is_made_and_sites_differ(
    name: str, made: dict[str, dict[str, Table]]
) -> None:
    study, tables = STUDIES[name], made[name]
    for table in tables.values():
        assert {*study.features, study.outcome} <= set(table)
        assert study.family == "linear" or 0 < table[study.outcome].mean() < 1
    means = np.array([[np.nanmean(t[k]) if np.isfinite(t[k]).any() else np.nan for k in study.features] for t in tables.values()])  # fmt: skip
    assert np.all(np.nanstd(means, axis=0) > 0)


@pytest.mark.parametrize("name", ["dementia", "brain-age", "stimulation"])
def test_the_same_seed_makes_the_same_rows(name: str, made: dict[str, dict[str, Table]]) -> None:
    again, other = make_tables(STUDIES[name]), make_tables(STUDIES[name], seed=9)
    key = STUDIES[name].features[0]
    for site, table in made[name].items():
        assert all(np.array_equal(table[k], again[site][k], equal_nan=True) for k in table)
        assert not np.array_equal(table[key], other[site][key])


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_finds_what_was_planted(name: str, reports: dict[str, StudyReport]) -> None:
    report = reports[name]
    scores = {score.name: score for score in report.scores}
    fed, pooled = scores["federated"], scores["pooled"]
    assert fed.low < fed.value < fed.high
    if report.study.family == "logistic":
        assert fed.value > 0.6
        assert abs(fed.value - pooled.value) < 0.06
        assert not report.ceiling < fed.value - 0.06
    else:
        assert report.ceiling < fed.value < 9
    assert report.onnx_apart < 1e-4
    assert any(word in report.verdict[0] for word in ("helps", "does not help", "not shown to help"))
    assert abs(report.subgroups[0]["score"] - fed.value) < 5e-3


def test_the_weightiest_features_are_those_planted(reports: dict[str, StudyReport]) -> None:
    top = {name: [feature for feature, _ in report.importance[:4]] for name, report in reports.items()}
    assert {"contact_x", "contact_y", "contact_z"} & set(top["stimulation"])
    assert "female" not in top["dementia"]
    assert "suppression" in top["coma"] or "amplitude" in top["coma"]


def test_a_bell_of_place_needs_trees(reports: dict[str, StudyReport]) -> None:
    assert reports["stimulation"].chosen == "trees"
    assert reports["stimulation"].models["trees"] > reports["stimulation"].models["linear"] + 0.05


def test_a_personal_last_layer_is_better_than_the_common_one(reports: dict[str, StudyReport]) -> None:
    home = reports["decoding"].at_home
    gain = [row["personal"] - row["federated"] for row in home]
    assert np.mean(gain) > 0.03


def test_people_are_not_on_both_sides(made: dict[str, dict[str, Table]]) -> None:
    train, test = split_by_site(made["seizure-detection"], person="person", outcome="seizure")
    for site in train:
        assert not set(train[site]["person"]) & set(test[site]["person"])


def test_it_says_when_federation_does_not_help() -> None:
    """One site has nearly all rows, and the others' outcome is turned about."""
    rng, tables = np.random.default_rng(0), {}
    study = ClinicalStudy("x", "X", "X?", "", ("a", "b"), "y", models=_LINE)
    for number, rows in enumerate((600, 250, 250)):
        x = rng.normal(size=(rows, 2))
        sign = 1 if number == 0 else -1
        tables[f"s{number}"] = {
            "a": x[:, 0],
            "b": x[:, 1],
            "y": (sign * x[:, 0] + rng.normal(0, 0.5, rows) > 0).astype(float),
        }
    report = run_clinical_study(study, tables, said="Made.")
    assert "does not help" in report.verdict[0] or "not shown to help" in report.verdict[0]
    assert "not so" in report.verdict[1]


def test_report_card_and_model_are_written(reports: dict[str, StudyReport], tmp_path: Path) -> None:
    report = reports["dementia"]
    files = write_study(report, tmp_path / "out")
    page, card = Path(files["report"]).read_text(), Path(files["card"]).read_text()
    assert page.count("<svg") == 7
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    for text in (page, card):
        assert "Made." in text
        assert "never tried on them" in text
        assert "Calibration: slope" in text
    told = json.loads(Path(files["numbers"]).read_text())
    assert told["rows"]["held_out"] == report.rows[1]
    assert Path(files["model"]).stat().st_size > 100


def test_events_are_counted(reports: dict[str, StudyReport]) -> None:
    found = reports["seizure-detection"].alarms
    assert found is not None
    assert found.found >= 0.7 * found.events > 0
    assert reports["seizure-detection"].to_dict()["alarms"]["events"] == found.events
    assert reports["seizure-prediction"].alarms is None
    assert f"it finds {found.found}" in page_of(reports["seizure-detection"])


def test_every_page_and_card_can_be_made(reports: dict[str, StudyReport]) -> None:
    for report in reports.values():
        assert "nan" not in page_of(report).lower().replace("nan where", "")
        assert card_of(report).startswith(f"# {report.study.title}")


def test_your_own_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = STUDIES["stimulation"]
    lines = [",".join(["centre", *study.features, study.outcome])]
    for site, table in make_tables(study, seed=5).items():
        for row in zip(*(table[name] for name in (*study.features, study.outcome)), strict=True):
            lines.append(",".join([site, *("" if value != value else f"{value:.4f}" for value in row)]))
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines))
    tables, said = study_rows(study, path=path, site="centre")
    assert len(tables) == 8
    assert "yours" in said
    path.write_text("\n".join([*lines, lines[1].replace(lines[1].split(",")[1], "old")]))
    with pytest.raises(BadInput, match="'age' must hold numbers"):
        study_rows(study, path=path, site="centre")
    with pytest.raises(BadInput, match="needs the column 'site'"):
        study_rows(study, path=path)
    assert main(["federate", "study", "run", "nothing"]) == 5
    assert "dementia" in capsys.readouterr().err
    with pytest.raises(NotFound):
        find_study("nothing")


def test_two_sites_are_too_few() -> None:
    study = _quick("stimulation")
    tables = make_tables(study)
    with pytest.raises(BadInput, match="three or more"):
        run_clinical_study(study, dict(list(tables.items())[:2]), said="")
    broken = {site: {k: v for k, v in table.items() if k != "axial"} for site, table in tables.items()}
    with pytest.raises(BadInput, match="'axial'"):
        run_clinical_study(study, broken, said="")
