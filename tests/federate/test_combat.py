"""Federated ComBat equals ComBat on the pooled rows."""

import numpy as np
import pytest

from commissure.federate.analysis import run_locally
from commissure.harmonize.combat import ComBat
from commissure.workflows.harmonize_federated import CombatSums, site_combat


@pytest.mark.parametrize("missing", [0.0, 0.03])
@pytest.mark.parametrize("covariates", [(), ("age", "sex")])
def test_federated_combat_is_pooled_combat(missing: float, covariates: tuple[str, ...]) -> None:
    rng = np.random.default_rng(7)
    names, tables, X, C, S = [f"f{n}" for n in range(30)], {}, [], [], []
    for number in range(6):
        rows = 1 if number == 5 else 25 + 10 * number
        age, sex = rng.uniform(20, 80, rows), rng.integers(0, 2, rows).astype(float)
        x = 1e4 * (5 + rng.normal(number, 0.2 + 0.1 * number, (rows, 30)) + 0.02 * age[:, None])
        x[rng.uniform(size=x.shape) < missing] = np.nan
        tables[f"s{number}"] = {**dict(zip(names, x.T, strict=True)), "age": age, "sex": sex}
        X.append(x), C.append(np.column_stack([age, sex])), S.extend([f"s{number}"] * rows)
    every, columns, who = np.vstack(X), np.vstack(C)[:, : len(covariates)], np.array(S)
    said = {"covariates": columns} if covariates else {}
    truth = ComBat().fit_transform(every, sites=who, **said)
    sums = CombatSums(names, covariates)
    found = run_locally(sums, tables)
    for site, table in tables.items():
        own = site_combat(sums, found, table=table, site=site)
        x, c = sums.rows(table)
        got = own.transform(x, sites=np.full(len(x), site), covariates=c if covariates else None)
        np.testing.assert_allclose(got, truth[who == site], rtol=1e-10)
