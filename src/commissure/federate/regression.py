"""Regression by sums: linear, logistic and Poisson, each by Newton's method on scores and information.

Each round a site adds its score, information and loss at the coefficients that the coordinator asks about; the steps
are those of iteratively reweighted least squares on the pooled rows.

References
----------
McCullagh & Nelder 1989, doi:10.1007/978-1-4899-3242-6; Friedman, Hastie & Tibshirani 2010 (lasso),
doi:10.18637/jss.v033.i01.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Exactly, State, Table, stacked

__all__ = ["FAMILIES", "Regression"]

_MOST_STEPS, _MOST_HALVINGS, _SETTLED, _SEPARATED = 60, 30, 1e-20, 4e4
_MOST_SWEEPS = 500


def _logistic(eta: Array, y: Array) -> tuple[Array, Array, float]:
    mean = 0.5 * (1 + np.tanh(0.5 * eta))
    return mean, mean * (1 - mean), float((np.logaddexp(0, eta) - y * eta).sum())


def _poisson(eta: Array, y: Array) -> tuple[Array, Array, float]:
    mean = np.exp(np.minimum(eta, 50.0))
    return mean, mean, float((mean - y * eta).sum())


def _linear(eta: Array, y: Array) -> tuple[Array, Array, float]:
    return eta, np.ones_like(eta), float(0.5 * ((y - eta) ** 2).sum())


#: a family's mean, weight, and loss (minus the log likelihood without what is constant), at linear predictor and outcome
FAMILIES: Mapping[str, Callable[[Array, Array], tuple[Array, Array, float]]] = {
    "linear": _linear,
    "logistic": _logistic,
    "poisson": _poisson,
}


@dataclass(frozen=True)
class Regression(Exactly):
    """Coefficients and their standard errors, as from the pooled rows; rows with a missing value are left out.

    Parameters
    ----------
    features : sequence of str
        An intercept is added in front.
    outcome : str
    family : str
        ``"linear"``, ``"logistic"`` (outcome 0 or 1) or ``"poisson"`` (counts).
    ridge : float
        Half of it times the squared coefficients (not the intercept) is added to the loss.
    lasso : float
        It times the size of the coefficients (not the intercept) is added to the loss; errors are then not given.

    Examples
    --------
    >>> from commissure.federate.analysis import run_locally
    >>> site = {"dose": np.array([0.0, 1, 2, 3]), "rate": np.array([1.0, 3, 5, 7])}
    >>> run_locally(Regression(["dose"], "rate"), {"a": site, "b": site})["coefficients"].round(9).tolist()
    [1.0, 2.0]
    """

    features: Sequence[str]
    outcome: str
    family: str = "linear"
    ridge: float = 0.0
    lasso: float = 0.0

    @property
    def _size(self) -> int:
        return len(self.features) + 1

    def first(self) -> State:
        """All coefficients at zero."""
        if self.family not in FAMILIES:
            raise BadInput(f"family must be one of {', '.join(FAMILIES)}; got {self.family!r}.")
        if not (np.isfinite(self.ridge) and self.ridge >= 0):
            raise BadInput(f"ridge must be zero or more; got {self.ridge!r}.")
        if not (np.isfinite(self.lasso) and self.lasso >= 0):
            raise BadInput(f"lasso must be zero or more; got {self.lasso!r}.")
        start = np.zeros(self._size)
        return {
            "beta": start,
            "best": start,
            "loss": np.array([np.inf]),
            "steps": np.zeros(1),
            "halved": np.zeros(1),
        }

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:  # noqa: ARG002
        """Score, information, loss, rows, and sum and count of the outcome that tell its range."""
        size = self._size
        return {"score": (size,), "information": (size, size), "loss": (1,), "rows": (1,), "outcome": (1,)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's sums at the coefficients asked about."""
        values = stacked(table, [*self.features, self.outcome])
        values = values[~np.isnan(values).any(axis=1)]
        y = values[:, -1]
        self._check(y)
        x = np.column_stack([np.ones(len(y)), values[:, :-1]])
        mean, weight, loss = FAMILIES[self.family](x @ state["beta"], y)
        return {
            "score": x.T @ (y - mean),
            "information": (x * weight[:, None]).T @ x,
            "loss": np.array([loss]),
            "rows": np.array([float(len(y))]),
            "outcome": np.array([y.sum()]),
        }, memory

    def _check(self, y: Array) -> None:
        if self.family == "logistic" and not np.isin(y, (0.0, 1.0)).all():
            raise BadInput(
                f"The outcome {self.outcome!r} of a logistic regression must be 0 or 1 at every site."
            )
        if self.family == "poisson" and (y < 0).any():
            raise BadInput(f"The outcome {self.outcome!r} of a Poisson regression must not be negative.")

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """A Newton step, or half of the one before where that made the fit worse."""
        rows, events = sums["rows"][0], sums["outcome"][0]
        if rows < 1:
            raise BadInput("No site has a complete row.")
        if self.family == "logistic" and events in (0.0, rows):
            raise BadInput(f"The outcome {self.outcome!r} has one class only, over all sites.")
        penalty = np.full(self._size, self.ridge)
        penalty[0] = 0.0
        beta = state["beta"]
        loss = sums["loss"][0] + 0.5 * float(penalty @ beta**2) + self.lasso * float(np.abs(beta[1:]).sum())
        if loss > state["loss"][0] * (1 + 1e-12) + 1e-12 and state["halved"][0] < _MOST_HALVINGS:
            half = 0.5 * (beta + state["best"])
            return {**state, "beta": half, "halved": state["halved"] + 1}
        information = sums["information"] + np.diag(penalty)
        score = sums["score"] - penalty * beta
        move = (
            _sparse_move(information, score, beta, self.lasso) if self.lasso else _solve(information, score)
        )
        kept = {"best": beta, "loss": np.array([loss]), "information": information, "rows": sums["rows"]}
        steps = state["steps"] + 1
        settled = float(move @ information @ move) <= _SETTLED
        if settled or steps[0] >= _MOST_STEPS:
            return {**kept, "beta": beta + move, "steps": steps, "halved": np.zeros(1), "done": np.ones(1)}
        if (
            self.family == "logistic"
            and self.ridge + self.lasso == 0
            and np.abs(beta[1:]).max(initial=0.0) > _SEPARATED
        ):
            raise BadInput("The outcome is separated by the features: give a ridge above zero.")
        return {**kept, "beta": beta + move, "steps": steps, "halved": np.zeros(1)}

    def result(self, state: State) -> Mapping[str, Array]:
        """``coefficients`` (intercept first), ``errors``, ``covariance``, ``loss``, ``rows``."""
        scale = np.sqrt(np.maximum(np.diag(state["information"]), 1e-300))
        scaled = state["information"] / scale / scale[:, None]
        covariance = np.linalg.pinv(scaled, hermitian=True, rcond=1e-12) / scale / scale[:, None]
        if self.family == "linear":
            covariance = covariance * (2 * state["loss"][0] / max(state["rows"][0] - self._size, 1.0))
        if self.lasso:
            covariance = np.full_like(covariance, np.nan)
        return {
            "coefficients": state["beta"],
            "errors": np.sqrt(np.maximum(np.diag(covariance), 0.0)),
            "covariance": covariance,
            "loss": state["loss"],
            "rows": state["rows"],
        }


def _solve(information: Array, score: Array) -> Array:
    """The Newton step; the shortest where columns depend on each other."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / scale / scale[:, None]
    try:
        if np.linalg.cond(scaled) < 1e12:
            return np.asarray(np.linalg.solve(scaled, score / scale) / scale)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(scaled, score / scale, rcond=1e-12)[0] / scale)
    return np.asarray(np.linalg.lstsq(scaled, score / scale, rcond=1e-12)[0] / scale)


def _sparse_move(information: Array, score: Array, beta: Array, lasso: float) -> Array:
    """The step to the minimum of the quadratic and the lasso, by coordinate descent (Friedman 2010)."""
    move, slope, diagonal = np.zeros_like(beta), score.copy(), np.maximum(np.diag(information), 1e-12)
    bound = np.full(beta.size, lasso)
    bound[0] = 0.0
    for _ in range(_MOST_SWEEPS):
        largest = 0.0
        for at in range(beta.size):
            here = beta[at] + move[at]
            wanted = here + slope[at] / diagonal[at]
            new = np.sign(wanted) * max(abs(wanted) - bound[at] / diagonal[at], 0.0)
            if new != here:
                slope -= (new - here) * information[at]
                move[at] += new - here
                largest = max(largest, (new - here) ** 2 * diagonal[at])
        if largest <= 1e-22:
            break
    return move
