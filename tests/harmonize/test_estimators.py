"""The harmonizers are scikit-learn estimators, alone and in pipelines."""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from commissure.harmonize.combat import ComBat
from commissure.harmonize.covbat import CovBat
from commissure.harmonize.longitudinal import LongitudinalComBat

MODELS = (
    ComBat(), ComBat(shrinkage="integrated"), ComBat(shrinkage="none"), ComBat(mean_only=True), CovBat(), LongitudinalComBat(),
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_check_estimator_is_clean(model: ComBat) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(model, on_fail=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
    assert len(results) > 20


@pytest.mark.parametrize("model", [ComBat(), CovBat()], ids=repr)
def test_sites_come_through_metadata_routing(model: ComBat) -> None:
    rng = np.random.default_rng(0)
    sites = np.repeat(["a", "b", "c"], 40)
    signal = rng.normal(size=120)
    X = signal[:, None] + rng.normal(size=(120, 6)) + 8 * (sites == "b")[:, None]
    with sklearn.config_context(enable_metadata_routing=True):
        step = model.set_fit_request(sites=True, covariates=True).set_transform_request(
            sites=True, covariates=True
        )
        pipe = make_pipeline(step, Ridge())
        age = rng.normal(size=(120, 1))
        pipe.fit(X, signal, sites=sites, covariates=age)
        told = pipe.predict(X, sites=sites, covariates=age)
        search = GridSearchCV(pipe, {"ridge__alpha": [0.1, 1.0]}, cv=3)
        shuffled = rng.permutation(120)
        search.fit(X[shuffled], signal[shuffled], sites=sites[shuffled], covariates=age[shuffled])
    direct = model.fit_transform(X, sites=sites, covariates=age)
    assert np.allclose(told, Ridge().fit(direct, signal).predict(direct))
    assert search.best_score_ > 0.7
    assert np.abs(direct[sites == "b"].mean() - direct[sites == "a"].mean()) < 0.3


def test_without_sites_nothing_changes() -> None:
    X = np.random.default_rng(1).normal(size=(20, 3))
    assert np.array_equal(ComBat().fit_transform(X), X)
    assert np.array_equal(CovBat().fit(X).transform(X), X)


def test_a_data_frame_comes_back_as_one_where_asked() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.default_rng(2).normal(size=(20, 2)), columns=["left", "right"])
    out = ComBat().set_output(transform="pandas").fit_transform(frame, sites=np.arange(20) % 2)
    assert list(out.columns) == ["left", "right"]
