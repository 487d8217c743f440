"""Run one of the studies that work out of the box: choose, train, compare, judge, explain, and pack the model.

All sites' rows are here, made or read from one table: this is the planning of a study, and its honest comparison with
what pooled rows and each site alone would give. What a federation itself computes (the choice, the model, its judgement,
calibration and explanation) is found by the sums that the wire would carry.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.extras import has, need
from commissure.federate.alarms import Alarms, alarms_over_sites, quiet_threshold
from commissure.federate.analysis import Array, Table, run_locally
from commissure.federate.assessment import Assessment
from commissure.federate.clinical import ClinicalStudy
from commissure.federate.evaluation import Score, auc_scores, judge, mean_error_scores
from commissure.federate.export_onnx import to_onnx
from commissure.federate.predictor import Predictor, fit_predictor
from commissure.federate.regression import Regression
from commissure.federate.selection import choose, fold_numbers, rows_where
from commissure.federate.shapley import Explanation

__all__ = ["StudyReport", "make_tables", "run_clinical_study", "split_by_site"]

Tables = Mapping[str, Table]
_FOLDS, _HELD_OUT, _FEWEST = 5, 2, 12


@dataclass(frozen=True)
class StudyReport:
    """What a study has found.

    Parameters
    ----------
    study : ClinicalStudy
    said : str
        What the rows are.
    chosen : str
        The model that inner cross-validation chose; ``losses`` tells of each candidate.
    scores : tuple of Score
        Pooled, federated, each single site, on the same held-out rows of all sites.
    at_home : tuple of dict
        For each site on its own held-out rows: the federated model and the site's own.
    verdict : tuple of str
        Whether federation helps, against whom.
    judged, explained : mapping of str to array
        Of the federated model, by sums.
    calibration : tuple of float
        Intercept and slope of the outcome on the model's linear predictor; 0 and 1 where chances are right.
    ceiling : float
        The score of the rule that made the rows, NaN for real ones.
    models : mapping of str to float
        The score of each candidate, federated, on the held-out rows; seen after the choice was made.
    predictor : Predictor
    onnx : bytes
    onnx_apart : float
        The largest difference of the ONNX file's predictions to ours, NaN if it was not run.
    rows : tuple of int
        To train on, and held out.
    alarms : Alarms or None
        Where rows are windows in their order.
    """

    study: ClinicalStudy
    said: str
    chosen: str
    losses: Mapping[str, float]
    scores: tuple[Score, ...]
    at_home: tuple[dict[str, Any], ...]
    verdict: tuple[str, ...]
    judged: Mapping[str, Array]
    explained: Mapping[str, Array]
    calibration: tuple[float, float]
    ceiling: float
    models: Mapping[str, float]
    predictor: Predictor
    onnx: bytes
    onnx_apart: float
    rows: tuple[int, int]
    alarms: Alarms | None = None

    @property
    def measure(self) -> str:
        """What ``scores`` hold: ``"AUC"``, or ``"mean error"``."""
        return "AUC" if self.study.family == "logistic" else "mean error"

    @property
    def subgroups(self) -> list[dict[str, Any]]:
        """Everyone and each subgroup with score, interval and numbers."""
        names = ["all", *(group.name for group in self.study.subgroups)]
        keys = ("score", "low", "high", "rows", "cases")
        return [{"name": n, **{k: float(self.judged[k][i]) for k in keys}} for i, n in enumerate(names)]

    @property
    def importance(self) -> list[tuple[str, float]]:
        """Each feature's mean size of SHAP values, the largest first."""
        pairs = zip(self.predictor.features, self.explained["importance"].tolist(), strict=True)
        return sorted(pairs, key=lambda pair: -pair[1])

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "study": self.study.name, "data": self.said, "measure": self.measure, "model": self.chosen,
            "inner_loss": dict(self.losses), "models": dict(self.models), "ceiling": _plain(self.ceiling),
            "scores": [{k: _plain(v) for k, v in score.to_dict().items()} for score in self.scores],
            "sites": [{k: _plain(v) for k, v in row.items()} for row in self.at_home],
            "verdict": list(self.verdict), "subgroups": [{k: _plain(v) for k, v in row.items()} for row in self.subgroups],
            "calibration": {"intercept": _plain(self.calibration[0]), "slope": _plain(self.calibration[1])},
            "importance": dict(self.importance), "onnx_largest_difference": _plain(self.onnx_apart),
            "rows": {"train": self.rows[0], "held_out": self.rows[1]},
            **({} if self.alarms is None else {"alarms": asdict(self.alarms)}),
        }  # fmt: skip


def make_tables(study: ClinicalStudy, *, seed: int = 0) -> dict[str, Table]:
    """The rows that the study's maker makes."""
    module, _, name = study.maker.partition(":")
    found: dict[str, Table] = getattr(import_module(module), name)(seed)
    return found


def run_clinical_study(study: ClinicalStudy, tables: Tables, *, said: str, seed: int = 0) -> StudyReport:
    """Choose among the study's models on training rows, train over sites, and compare on rows held out.

    Parameters
    ----------
    study : ClinicalStudy
    tables : mapping of str to Table
        Each site's rows.
    said : str
        What they are: made, or whose.
    seed : int
        Of the split.

    Raises
    ------
    BadInput
        If there are fewer than three sites, a column is not there, or the rows held out have one class only.
    """
    _check(study, tables)
    tables = _with_persons(study, tables)
    train, test = split_by_site(tables, person=study.person, outcome=study.outcome, seed=seed)
    chosen, losses = choose(study.candidates(), tables=train, person=study.person, seed=seed)
    everyone, fitted = _pooled(test), _fitted(study, chosen, train)
    federated, own, heads = fitted.models["federated"], fitted.own, fitted.heads
    predictions = {name: model.predict(everyone) for name, model in {**fitted.models, **own}.items()}
    scores, covariance = _scored(study, everyone, predictions)
    home = tuple(
        _at_home(study, name, test[name], federated, own.get(name), heads.get(name)) for name in test
    )
    verdict = [
        judge(scores, covariance, higher_is_better=study.family == "logistic"),
        *_home_verdict(home, study.family),
    ]
    told = {name: _score(study, everyone, model.predict(everyone)) for name, model in fitted.others.items()}
    told[chosen] = next(score.value for score in scores if score.name == "federated")
    onnx = to_onnx(federated, about={"study": study.name, "data": said})
    return StudyReport(
        study, said, chosen, losses, tuple(scores), home, tuple(verdict),
        run_locally(Assessment(federated, study.subgroups, study.person, study.limits), test),
        run_locally(Explanation(federated), test), _calibrated(federated, test), _ceiling(study, everyone), told,
        federated, onnx, _onnx_apart(federated, onnx, everyone), (_rows(train), _rows(test)), _alarms(study, federated, train, test),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fitted:
    models: dict[str, Predictor]
    own: dict[str, Predictor]
    heads: dict[str, Predictor]
    others: dict[str, Predictor]


def _fitted(study: ClinicalStudy, chosen: str, train: Tables) -> _Fitted:
    """The chosen model of pooled rows, of all sites, of each alone; its last layers; the other candidates."""
    common = {
        name: (kind, {**said, **({"personal": False} if study.personal else {})})
        for name, (kind, said) in study.candidates().items()
    }
    kind, said = common[chosen]
    models = {
        "pooled": fit_predictor(kind, said, tables={"all": _pooled(train)}),
        "federated": fit_predictor(kind, said, tables=train),
    }
    own = {}
    for site, table in train.items():
        if _can_train(study, table):
            # a site that has not measured something does without it when it is alone
            there = [name for name in study.features if np.isfinite(table[name]).any()]
            own[site] = fit_predictor(kind, {**said, "features": there}, tables={site: table})
    heads = {}
    if study.personal:
        body = fit_predictor(*study.candidates()[chosen], tables=train)
        heads = {site: body.personal(table) for site, table in train.items()}
    others = {name: fit_predictor(*model, tables=train) for name, model in common.items() if name != chosen}
    return _Fitted(models, own, heads, others)


def split_by_site(
    tables: Tables, *, person: str = "", outcome: str = "", seed: int = 0
) -> tuple[dict[str, Table], dict[str, Table]]:
    """Three fifths of each site's persons to train on, two fifths held out, cases in like share."""
    train: dict[str, Table] = {}
    test: dict[str, Table] = {}
    for site, table in tables.items():
        folds = fold_numbers(table, _FOLDS, seed=seed, person=person, outcome=outcome)
        train[site] = rows_where(table, folds >= _HELD_OUT)
        test[site] = rows_where(table, folds < _HELD_OUT)
    return train, test


def _check(study: ClinicalStudy, tables: Tables) -> None:
    if len(tables) < 3:
        raise BadInput(f"A study over sites needs three or more; got {len(tables)}.")
    needed = [*study.features, study.outcome, *([study.person] if study.person else [])]
    for table in tables.values():
        if missing := [name for name in needed if name not in table]:
            raise BadInput(
                f"The study {study.name!r} needs the column {missing[0]!r}; there are: {', '.join(table)}."
            )


def _alarms(study: ClinicalStudy, model: Predictor, train: Tables, test: Tables) -> Alarms | None:
    """Events found on held-out windows at a threshold that training windows without events hardly pass."""
    if not study.window_s:
        return None
    threshold = quiet_threshold(run_locally(Assessment(model, (), study.person), train)["fine"][0])
    return alarms_over_sites(model, test, person=study.person, window_s=study.window_s, threshold=threshold)


def _can_train(study: ClinicalStudy, table: Table) -> bool:
    """Whether a site alone has rows enough, and both classes."""
    y = table[study.outcome]
    y = y[~np.isnan(y)]
    return len(y) >= _FEWEST and (study.family == "linear" or len(np.unique(y)) == 2)


def _pooled(tables: Tables) -> dict[str, Array]:
    names = set.intersection(*(set(table) for table in tables.values()))
    return {name: np.concatenate([table[name] for table in tables.values()]) for name in sorted(names)}


def _rows(tables: Tables) -> int:
    return sum(len(next(iter(table.values()))) for table in tables.values())


def _with_persons(study: ClinicalStudy, tables: Tables) -> Tables:
    """Persons' numbers made different from site to site, so that pooled rows keep them apart."""
    if not study.person:
        return tables
    out = {}
    for number, (site, table) in enumerate(tables.items()):
        out[site] = {**table, study.person: number * 1e6 + np.asarray(table[study.person])}
    return out


def _scored(study: ClinicalStudy, rows: Table, predictions: Mapping[str, Array]) -> tuple[list[Score], Array]:
    scorer = auc_scores if study.family == "logistic" else mean_error_scores
    there = ~np.isnan(rows[study.outcome])
    kept = {name: values[there] for name, values in predictions.items()}
    return scorer(
        rows[study.outcome][there], kept, persons=rows[study.person][there] if study.person else None
    )


def _score(study: ClinicalStudy, rows: Table, told: Array) -> float:
    return _scored(study, rows, {"one": told})[0][0].value


def _at_home(
    study: ClinicalStudy,
    site: str,
    rows: Table,
    federated: Predictor,
    own: Predictor | None,
    head: Predictor | None,
) -> dict[str, Any]:
    """One site's held-out rows: the federated model, its own, and the one with its own last layer."""
    y = rows[study.outcome]
    told: dict[str, Any] = {
        "site": site,
        "rows": len(y),
        "cases": float(np.nansum(y)) if study.family == "logistic" else math.nan,
    }
    given = {"federated": federated, "own": own, "personal": head}
    predictions = {name: model.predict(rows) for name, model in given.items() if model is not None}
    if study.family == "logistic" and len(np.unique(y[~np.isnan(y)])) < 2:
        return told | dict.fromkeys(("federated", "low", "high", "own", "personal"), math.nan)
    scores, _ = _scored(study, rows, predictions)
    by = {score.name: score for score in scores}
    told |= {name: by[name].value if name in by else math.nan for name in given}
    return told | {"low": by["federated"].low, "high": by["federated"].high}


def _home_verdict(home: Sequence[Mapping[str, Any]], family: str) -> list[str]:
    """How many sites do better with the federated model than with their own, each on its own rows."""
    sign = 1.0 if family == "logistic" else -1.0
    said = []
    for name, words in (
        ("federated", "the federated model"),
        ("personal", "the federated model with a last layer of its own"),
    ):
        gains = [
            (row["site"], sign * (row[name] - row["own"]))
            for row in home
            if np.isfinite(row[name] - row["own"])
        ]
        if not gains:
            continue
        worse = [site for site, gain in gains if gain < 0]
        middle = float(np.median([gain for _, gain in gains]))
        said.append(
            f"At home, {len(gains) - len(worse)} of {len(gains)} sites do as well or better with {words} than with their own "
            f"(median gain {middle:+.3f})" + (f"; not so {', '.join(worse)}." if worse else ".")
        )
    return said


def _calibrated(model: Predictor, tables: Tables) -> tuple[float, float]:
    """Intercept and slope of the outcome on the linear predictor, by sums."""
    rows = {
        site: {"margin": model.margin(model.standardized(table)), "y": table[model.outcome]}
        for site, table in tables.items()
    }  # fmt: skip
    found = run_locally(Regression(["margin"], "y", model.family, ridge=1e-6), rows)["coefficients"]
    return float(found[0]), float(found[1])


def _ceiling(study: ClinicalStudy, rows: Table) -> float:
    return _score(study, rows, rows["truth"]) if "truth" in rows else math.nan


def _onnx_apart(model: Predictor, onnx: bytes, rows: Table) -> float:
    if not has("onnxruntime"):
        return math.nan
    runtime = need("onnxruntime", purpose="Checking an ONNX file")
    x = np.column_stack([rows[name] for name in model.features]).astype(np.float32)
    told = runtime.InferenceSession(onnx, providers=["CPUExecutionProvider"]).run(None, {"rows": x})[0][:, 0]
    same = model.predict({name: x[:, n].astype(float) for n, name in enumerate(model.features)})
    return float(np.abs(told - same).max() / max(float(np.abs(same).max()), 1.0))


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
