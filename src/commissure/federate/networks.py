"""Models for rounds of training, on flat weights and NumPy: linear, logistic, and networks with one hidden layer."""

from dataclasses import dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array

__all__ = ["Network", "sigmoid"]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


@dataclass(frozen=True)
class Network:
    """Inputs, ``hidden`` units with tanh, one output; without hidden units a linear or logistic model.

    Parameters
    ----------
    inputs : int
    hidden : int
    family : str
        ``"linear"`` (squared error) or ``"logistic"`` (log loss).

    Examples
    --------
    >>> Network(3).size, Network(3, hidden=8).size
    (4, 41)
    """

    inputs: int
    hidden: int = 0
    family: str = "logistic"

    def __post_init__(self) -> None:
        if self.family not in ("linear", "logistic"):
            raise BadInput(f"family must be 'linear' or 'logistic'; got {self.family!r}.")
        if self.inputs < 1 or self.hidden < 0:
            raise BadInput("A network needs an input or more, and no negative number of hidden units.")

    @property
    def head(self) -> int:
        """Where the last layer's weights begin."""
        return (self.inputs + 1) * self.hidden

    @property
    def size(self) -> int:
        """How many weights there are."""
        return self.head + (self.hidden or self.inputs) + 1

    def start(self, rng: "np.random.Generator") -> Array:
        """Weights to begin with: small random ones below, zeros in the last layer."""
        weights = np.zeros(self.size)
        weights[: self.inputs * self.hidden] = rng.normal(
            0, 1 / np.sqrt(self.inputs), self.inputs * self.hidden
        )
        return weights

    def output(self, weights: Array, x: Array) -> Array:
        """The linear predictor of rows ``x`` (n, inputs), shape (n,)."""
        return self._forward(weights, x)[1]

    def predict(self, weights: Array, x: Array) -> Array:
        """The mean outcome of rows: a probability, or a number."""
        eta = self.output(weights, x)
        return sigmoid(eta) if self.family == "logistic" else eta

    def inside(self, weights: Array, x: Array) -> Array:
        """What the last layer sees of rows ``x``, shape (n, hidden), or the rows where there is no hidden unit."""
        return self._forward(weights, x)[0]

    def slope(self, weights: Array, x: Array) -> Array:
        """The gradient of :meth:`output` in its inputs, shape (n, inputs)."""
        last = weights[self.head : -1]
        if not self.hidden:
            return np.broadcast_to(last, x.shape).copy()
        first = weights[: self.inputs * self.hidden].reshape(self.inputs, self.hidden)
        return np.asarray(((1 - self.inside(weights, x) ** 2) * last) @ first.T)

    def gradient(self, weights: Array, x: Array, y: Array) -> tuple[float, Array]:
        """Mean loss of rows ``x`` (n, inputs), ``y`` (n,), and its gradient."""
        inside, eta = self._forward(weights, x)
        if self.family == "logistic":
            loss, error = float((np.logaddexp(0, eta) - y * eta).mean()), sigmoid(eta) - y
        else:
            loss, error = float(0.5 * ((eta - y) ** 2).mean()), eta - y
        error = error / len(y)
        last = np.append(inside.T @ error, error.sum())
        if not self.hidden:
            return loss, last
        back = np.outer(error, weights[self.head : -1]) * (1 - inside**2)
        return loss, np.concatenate([(x.T @ back).ravel(), back.sum(axis=0), last])

    def shortened(self, weights: Array, x: Array, y: Array, *, clip: float) -> Array:
        """The sum over rows of each row's own gradient, none longer than ``clip``."""
        inside, eta = self._forward(weights, x)
        error = (sigmoid(eta) if self.family == "logistic" else eta) - y
        squares = error**2 * ((inside**2).sum(axis=1) + 1)
        if not self.hidden:
            error = error * (clip / np.maximum(np.sqrt(squares), clip))
            return np.append(inside.T @ error, error.sum())
        back = np.outer(error, weights[self.head : -1]) * (1 - inside**2)
        squares += (back**2).sum(axis=1) * ((x**2).sum(axis=1) + 1)
        scale = clip / np.maximum(np.sqrt(squares), clip)
        error, back = error * scale, back * scale[:, None]
        last = np.append(inside.T @ error, error.sum())
        return np.concatenate([(x.T @ back).ravel(), back.sum(axis=0), last])

    def _forward(self, weights: Array, x: Array) -> tuple[Array, Array]:
        if self.hidden:
            first = weights[: self.inputs * self.hidden].reshape(self.inputs, self.hidden)
            x = np.tanh(x @ first + weights[self.inputs * self.hidden : self.head])
        return x, x @ weights[self.head : -1] + weights[-1]
