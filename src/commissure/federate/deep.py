"""Torch networks for rounds of training: several layers, on the same flat weights as every model that is averaged.

Torch is imported when the first network is made, not before: the rest of the room runs without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.extras import need
from commissure.federate.analysis import Array
from commissure.federate.training import Training

__all__ = ["DeepTraining", "TorchNetwork"]


@dataclass(frozen=True)
class TorchNetwork:
    """Inputs, layers of ELU units, one output; the weights are one flat array, the last layer's at its end.

    Parameters
    ----------
    inputs : int
    layers : sequence of int
        Units of each hidden layer.
    family : str
        ``"linear"`` (squared error) or ``"logistic"`` (log loss).

    Examples
    --------
    >>> TorchNetwork(3, (8, 4)).size
    73
    """

    inputs: int
    layers: Sequence[int] = (16, 8)
    family: str = "logistic"

    def __post_init__(self) -> None:
        if self.family not in ("linear", "logistic"):
            raise BadInput(f"family must be 'linear' or 'logistic'; got {self.family!r}.")
        if self.inputs < 1 or not self.layers or min(self.layers) < 1:
            raise BadInput(f"A network needs an input or more, and layers of units; got {self.layers!r}.")

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Inputs and units of each layer, the output's last."""
        widths = [self.inputs, *self.layers, 1]
        return list(zip(widths[:-1], widths[1:], strict=True))

    @property
    def size(self) -> int:
        """How many weights there are."""
        return sum((wide + 1) * units for wide, units in self.shapes)

    @property
    def head(self) -> int:
        """Where the last layer's weights begin."""
        return self.size - self.layers[-1] - 1

    def start(self, rng: "np.random.Generator") -> Array:
        """Weights to begin with: small random ones below, zeros in the last layer."""
        parts = []
        for wide, units in self.shapes[:-1]:
            parts += [rng.normal(0, 1 / np.sqrt(wide), wide * units), np.zeros(units)]
        return np.concatenate([*parts, np.zeros(self.layers[-1] + 1)])

    def parts(self, weights: Array) -> list[tuple[Array, Array]]:
        """Each layer's weights, shape (inputs, units), and what is added, shape (units,)."""
        found, at = [], 0
        for wide, units in self.shapes:
            below = weights[at : at + wide * units].reshape(wide, units)
            found.append((below, weights[at + wide * units : at + (wide + 1) * units]))
            at += (wide + 1) * units
        return found

    def output(self, weights: Array, x: Array) -> Array:
        """The linear predictor of rows ``x`` (n, inputs), shape (n,)."""
        torch = _torch()
        with torch.no_grad():
            return np.asarray(self._forward(torch.as_tensor(np.asarray(weights, float)), torch.as_tensor(x)))

    def inside(self, weights: Array, x: Array) -> Array:
        """What the last layer sees of rows ``x``, shape (n, units)."""
        torch = _torch()
        with torch.no_grad():
            whole = torch.as_tensor(np.asarray(weights, float))
            return np.asarray(self._below(whole, torch.as_tensor(x)))

    def gradient(self, weights: Array, x: Array, y: Array) -> tuple[float, Array]:
        """Mean loss of rows ``x`` (n, inputs), ``y`` (n,), and its gradient."""
        torch = _torch()
        whole = torch.as_tensor(np.asarray(weights, float)).requires_grad_(True)
        eta, truth = self._forward(whole, torch.as_tensor(x)), torch.as_tensor(y)
        if self.family == "logistic":
            loss = torch.nn.functional.binary_cross_entropy_with_logits(eta, truth)
        else:
            loss = 0.5 * ((eta - truth) ** 2).mean()
        (found,) = torch.autograd.grad(loss, whole)
        return float(loss.detach()), np.asarray(found)

    def slope(self, weights: Array, x: Array) -> Array:
        """The gradient of :meth:`output` in its inputs, shape (n, inputs)."""
        torch = _torch()
        rows = torch.as_tensor(x).requires_grad_(True)
        eta = self._forward(torch.as_tensor(np.asarray(weights, float)), rows)
        return np.asarray(torch.autograd.grad(eta.sum(), rows)[0])

    def _below(self, weights: Any, x: Any) -> Any:
        torch = _torch()
        for below, added in self.parts(weights)[:-1]:
            x = torch.nn.functional.elu(x @ below + added)
        return x

    def _forward(self, weights: Any, x: Any) -> Any:
        last, added = self.parts(weights)[-1]
        return (self._below(weights, x) @ last + added)[:, 0]


@dataclass(frozen=True)
class DeepTraining(Training):
    """A :class:`TorchNetwork` trained over sites, in place of one hidden layer.

    Parameters
    ----------
    layers : sequence of int
        Units of each hidden layer.
    features, outcome, family, strategy, rounds, steps, rate …
        As for :class:`Training`.
    """

    layers: Sequence[int] = (16, 8)

    @property
    def network(self) -> Any:
        """The model that is trained."""
        return TorchNetwork(len(self.features), tuple(self.layers), self.family)


def _torch() -> Any:
    return need("torch", purpose="Training a deep network")
