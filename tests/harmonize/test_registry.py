"""Every harmonizer keeps the contract that third parties can run, and the contract catches one that does not."""

from typing import Any

import numpy as np
import pytest

from commissure.harmonize.combat import ComBat
from commissure.harmonize.registry import HARMONIZERS
from commissure.testing.harmonizer import check_harmonizer


@pytest.mark.parametrize("name", HARMONIZERS.names())
def test_every_harmonizer_keeps_the_contract(name: str) -> None:
    check_harmonizer(HARMONIZERS.get(name))


class _Idle(ComBat):
    def transform(self, X: Any, *, sites: Any = None, covariates: Any = None) -> np.ndarray:
        super().transform(X, sites=sites, covariates=covariates)
        return np.array(X)


class _Greedy(ComBat):
    def fit(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> ComBat:
        return super().fit(X, y, sites=sites)

    def transform(self, X: Any, *, sites: Any = None, covariates: Any = None) -> np.ndarray:
        age = covariates["age"] - covariates["age"].mean()
        out = super().transform(X, sites=sites)
        return out - np.outer(age, age @ out / (age @ age))


@pytest.mark.parametrize(
    ("kind", "message"), [(_Idle, "levels come together"), (_Greedy, "covariate survives")]
)
def test_the_contract_catches_what_does_not(kind: type[ComBat], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_harmonizer(kind)
