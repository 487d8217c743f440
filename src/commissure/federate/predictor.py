"""A model that a study has found, ready for rows: one shape for regressions, trees and networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analyses import ANALYSES
from commissure.federate.analysis import Analysis, Array, Table, run_locally, stacked
from commissure.federate.boosting import Boosting
from commissure.federate.compression import Compressed
from commissure.federate.networks import sigmoid
from commissure.federate.scaled import Scaled
from commissure.federate.training import Training

__all__ = ["MODELS", "Predictor", "fit_predictor"]

#: the analyses whose result predicts
MODELS = ("regression", "trees", "training", "deep")


@dataclass(frozen=True)
class Predictor:
    """What an analysis of :data:`MODELS` has found, and what it needs to be applied.

    Parameters
    ----------
    analysis : str
        One of :data:`MODELS`.
    parameters : mapping
        As the plan names them.
    found : mapping of str to array
        The study's result.
    """

    analysis: str
    parameters: Mapping[str, Any]
    found: Mapping[str, Array]

    @property
    def features(self) -> list[str]:
        """The columns that are read."""
        return list(self.parameters["features"])

    @property
    def outcome(self) -> str:
        """The column that is predicted."""
        return str(self.parameters["outcome"])

    @property
    def family(self) -> str:
        """``"logistic"`` for a chance, ``"linear"`` for a number."""
        return str(self.parameters.get("family", "linear" if self.analysis == "regression" else "logistic"))

    @property
    def inner(self) -> Any:
        """The analysis itself, on standardized columns."""
        made: Any = ANALYSES[self.analysis](**self.parameters)
        while isinstance(made, Scaled | Compressed):
            made = made.inner
        return made

    def standardized(self, table: Table) -> Array:
        """Rows as the model sees them, shape (row, feature); a missing value is the mean of all sites."""
        return np.nan_to_num((stacked(table, self.features) - self.centre) / self.scale)

    @property
    def centre(self) -> Array:
        """Each feature's mean over all sites."""
        size = len(self.features)
        return np.asarray(self.found.get("centre", np.zeros(size)))[:size]

    @property
    def scale(self) -> Array:
        """Each feature's standard deviation over all sites."""
        size = len(self.features)
        return np.asarray(self.found.get("scale", np.ones(size)))[:size]

    @property
    def unit(self) -> tuple[float, float]:
        """What a network's output is multiplied by, and what is added: 1 and 0 but for a standardized outcome."""
        size = len(self.features)
        if len(self.found.get("centre", ())) <= size:
            return 1.0, 0.0
        return float(self.found["scale"][size]), float(self.found["centre"][size])

    def margin(self, z: Array) -> Array:
        """The linear predictor of standardized rows, shape (row,)."""
        inner = self.inner
        if isinstance(inner, Boosting):
            return inner.output(self.found, z)
        if isinstance(inner, Training):
            wide, middle = self.unit
            return np.asarray(middle + wide * inner.network.output(self.found["weights"], z))
        beta = self.found["coefficients"]
        return np.asarray(beta[0] + z @ beta[1:])

    def predict(self, table: Table) -> Array:
        """The chance of a case, or the number expected, for each row."""
        margin = self.margin(self.standardized(table))
        return sigmoid(margin) if self.family == "logistic" else margin

    def with_head(self, head: Array) -> "Predictor":
        """The same network below, another last layer."""
        weights = np.array(self.found["weights"], float)
        weights[self.inner.network.head :] = head
        return replace(self, found={**self.found, "weights": weights})

    def personal(self, table: Table, *, pull: float = 1.0) -> "Predictor":
        """This site's own: its last layer fitted to its own rows, drawn towards the common one.

        Parameters
        ----------
        table : mapping of str to array
            The site's rows with the outcome.
        pull : float
            Half of it times the squared distance to the common last layer is added to the loss.

        Raises
        ------
        BadInput
            If the model has no last layer of its own.
        """
        inner = self.inner
        if not isinstance(inner, Training):
            raise BadInput(
                f"Only networks have a last layer that can be personal; this is {self.analysis!r}."
            )
        y = stacked(table, [self.outcome])[:, 0]
        there = ~np.isnan(y)
        inside = inner.network.inside(self.found["weights"], self.standardized(table)[there])
        x = np.column_stack([inside, np.ones(int(there.sum()))])
        common = np.asarray(self.found["weights"], float)[inner.network.head :]
        wide, middle = self.unit
        return self.with_head(_drawn(x, (y[there] - middle) / wide, common, (self.family, pull)))


def _drawn(x: Array, y: Array, common: Array, how: tuple[str, float]) -> Array:
    """Newton's steps to the penalized fit of one layer."""
    family, pull = how
    head = common.copy()
    for _ in range(25):
        eta = x @ head
        mean = sigmoid(eta) if family == "logistic" else eta
        weight = np.maximum(mean * (1 - mean), 1e-6) if family == "logistic" else np.ones_like(eta)
        score = x.T @ (y - mean) - pull * (head - common)
        move = np.linalg.solve((x * weight[:, None]).T @ x + pull * np.eye(head.size), score)
        head = head + move
        if float(np.abs(move).max()) < 1e-9:
            break
    return head


def fit_predictor(analysis: str, parameters: Mapping[str, Any], *, tables: Mapping[str, Table]) -> Predictor:
    """Run an analysis of :data:`MODELS` over sites that are all here, as the wire would.

    Raises
    ------
    BadInput
        If the analysis predicts nothing.
    """
    if analysis not in MODELS:
        raise BadInput(f"A model is one of {', '.join(MODELS)}; got {analysis!r}.")
    made: Analysis = ANALYSES[analysis](**parameters)
    needed = _columns(parameters)
    slim = {site: {name: table[name] for name in needed if name in table} for site, table in tables.items()}
    return Predictor(analysis, parameters, run_locally(made, slim))


def _columns(parameters: Mapping[str, Any]) -> Sequence[str]:
    return [*parameters["features"], parameters["outcome"]]
