"""A private neural network: trained by clipped, noised gradients on random samples of the subjects (DP-SGD).

Opacus gives the gradient of each subject; what opacus leaves to the ordinary generator of numbers is done here as for
every other release: the sample of a step is drawn from the cryptographic source, and the clipped gradients are summed
on a grid and get exact discrete Gaussian noise. Gradients are of double precision, so that what the order and number of
the others changes in one row's last digits stays far below the grid. Only the averaged weights of the second half leave the training, and the
price is that of the subsampled Gaussian mechanism, in the same ledger as all else.

References
----------
Abadi et al. 2016, doi:10.1145/2976749.2978318; Yousefpour et al. 2021 (opacus), arXiv:2109.12298.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.private.budget import Spend, gaussian_mu, total_epsilon
from commissure.protect.private.noise import NoiseSource, noisy_sum, secure_uniform
from commissure.protect.private.statistic import Bounds, PrivateStatistic, check_labels, one_row_a_subject

__all__ = ["PrivateNetwork", "TrainingPlan", "plan_training", "train_network"]

Array = NDArray[np.float64]
_WHAT = "network"
_RELATIVE, _STRIDE = 1e-3, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """How a network will be trained; public, and made without a look at the data by :func:`plan_training`.

    Parameters
    ----------
    planned_n : int
        The announced number of subjects.
    noise_multiplier : float
        Noise deviation over clip norm in a step.
    rate : float
        The chance of a subject to be in a step.
    steps : int
        How many.
    hidden : int
        Units of the one hidden layer; 0 for a logistic regression.
    clip : float
        The longest gradient of a subject.
    learning_rate, decay : float
        Of the steps, and the pull of the weights to zero.
    """

    planned_n: int
    noise_multiplier: float
    rate: float
    steps: int
    hidden: int = 0
    clip: float = 1.0
    learning_rate: float = 0.5
    decay: float = 1e-3

    @property
    def spend(self) -> Spend:
        """What the training costs."""
        return Spend(what=_WHAT, kind="sampled-gaussian", noise_multiplier=self.noise_multiplier, rate=self.rate,
                     steps=self.steps)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PrivateNetwork:
    """A trained network that may be published.

    Parameters
    ----------
    weights : mapping of str to array
        ``hidden.weight`` (unit, feature), ``hidden.bias``, ``out.weight``, ``out.bias``; the last two alone without a
        hidden layer. Features are brought to -1 … 1 by ``bounds`` and divided by the root of their number.
    bounds : Bounds
        The public limits of the features.
    spend : Spend
        What the training cost.
    """

    weights: Mapping[str, Array] = field(repr=False)
    bounds: Bounds
    spend: Spend

    def logit(self, table: Array) -> Array:
        """The log odds of class 1 for each row."""
        rows = _features(table, self.bounds)
        if "hidden.weight" in self.weights:
            rows = np.tanh(rows @ self.weights["hidden.weight"].T + self.weights["hidden.bias"])
        return np.asarray((rows @ self.weights["out.weight"].T + self.weights["out.bias"])[:, 0])

    def probability(self, table: Array) -> Array:
        """The probability of class 1 for each row."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.logit(table), -50, 50))))

    def statistic(self, name: str = "") -> PrivateStatistic:
        """The weights as a statistic that may be published."""
        what = f"{_WHAT} for {name}" if name else _WHAT
        values = {**self.weights, "lower": np.array(self.bounds.lower), "upper": np.array(self.bounds.upper)}
        return PrivateStatistic(what, values, self.spend, notes=(
            "features are brought to -1 … 1 by lower and upper and divided by the root of their number; units are tanh",))  # fmt: skip


def plan_training(
    epsilon: float, *, delta: float, planned_n: int, rate: float = 0.2, steps: int = 100, hidden: int = 0
) -> TrainingPlan:
    """The least noise with which a training of so many steps costs at most ``epsilon`` at ``delta``.

    Parameters
    ----------
    epsilon, delta : float
        What the training may cost.
    planned_n : int
        The announced number of subjects.
    rate : float
        The chance of a subject to be in a step.
    steps : int
        How many.
    hidden : int
        Units of the hidden layer; 0 for a logistic regression.

    Examples
    --------
    >>> plan = plan_training(2.0, delta=1e-5, planned_n=500, steps=20)
    >>> 1.98 < total_epsilon([plan.spend], delta=1e-5) <= 2.0
    True
    """
    if planned_n < 2 or not 0 < rate <= 1 or steps < 1 or hidden < 0 or not epsilon > 0:
        raise BadInput(
            "A training needs an epsilon above 0, 2 subjects, a rate in (0, 1] and a step at least; got "
            f"epsilon {epsilon!r}, {planned_n} subjects, rate {rate!r}, {steps} steps, {hidden} units."
        )

    def cost(multiplier: float) -> float:
        spend = Spend(
            what=_WHAT, kind="sampled-gaussian", noise_multiplier=multiplier, rate=rate, steps=steps
        )
        return total_epsilon([spend], delta=delta)

    # where the central limit of many small steps puts it, and around that
    high = math.sqrt(1 / math.log1p((gaussian_mu(epsilon, delta) / rate) ** 2 / steps))
    while cost(high) > epsilon:
        high *= _STRIDE
    low = high / _STRIDE
    while cost(low) <= epsilon:
        low, high = low / _STRIDE, low
    while high / low > 1 + _RELATIVE:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if cost(middle) > epsilon else (low, middle)
    return TrainingPlan(planned_n=planned_n, noise_multiplier=high, rate=rate, steps=steps, hidden=hidden)


def train_network(
    table: Array, labels: Array, *, bounds: Bounds, plan: TrainingPlan, seed: int = 0,
    subjects: Sequence[object] | None = None, noise: NoiseSource | None = None,
) -> PrivateNetwork:  # fmt: skip
    """Train a classifier whose weights may be published.

    Parameters
    ----------
    table : array, shape (subject, feature)
        One row a subject.
    labels : array, shape (subject,)
        0 or 1.
    bounds : Bounds
        Public limits of the features.
    plan : TrainingPlan
        From :func:`plan_training`.
    seed : int
        Of the first weights, which are public; sample and noise come from the cryptographic source whatever it is.
    subjects : sequence, optional
        The subject of each row, to check that there is one row each.
    noise : NoiseSource, optional
        By default :class:`~commissure.protect.private.noise.SecureNoise`.

    Raises
    ------
    MissingExtra
        If opacus is not installed.
    BadInput
        If a label is not 0 or 1, a value is missing, or a subject has several rows.
    """
    torch: Any = need("torch", purpose="Training a private network")
    one_row_a_subject(subjects, rows=len(table))
    check_labels(labels)
    if not np.isfinite(table).all():
        raise BadInput(f"{int((~np.isfinite(table)).sum())} features are missing; decide on them first.")
    inputs = torch.tensor(_features(table, bounds), dtype=torch.float64)
    targets = torch.tensor(np.asarray(labels, dtype=np.float64))
    model = _model(inputs.shape[1], plan.hidden, seed)
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=plan.learning_rate, momentum=0.8, weight_decay=plan.decay)
    kept = [torch.zeros_like(each) for each in parameters]
    for step in range(plan.steps):
        drawn = np.ones(len(table), bool) if plan.rate == 1 else secure_uniform(len(table)) < plan.rate
        rows = _gradients(model, inputs[drawn], targets[drawn], parameters)
        total = noisy_sum(rows, norm=plan.clip, mu=1 / plan.noise_multiplier, noise=noise)
        _set(parameters, total / (plan.planned_n * plan.rate))
        optimizer.step()
        if step >= plan.steps // 2:
            kept = [held + each.detach() / (plan.steps - plan.steps // 2) for held, each in zip(kept, parameters, strict=True)]  # fmt: skip
    names = [name.removeprefix("_module.") for name, _ in model.named_parameters()]
    weights = {name: each.numpy() for name, each in zip(names, kept, strict=True)}
    return PrivateNetwork(weights, bounds, plan.spend)


def _features(table: Array, bounds: Bounds) -> Array:
    return np.asarray(bounds.scaled(table) / len(bounds.lower) ** 0.5)


def _model(features: int, hidden: int, seed: int) -> Any:
    """A network that keeps the gradient of each row."""
    torch: Any = need("torch", purpose="Training a private network")
    opacus: Any = need("opacus", purpose="Training a private network")
    layers: dict[str, Any] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if hidden:
            layers = {"hidden": torch.nn.Linear(features, hidden), "act": torch.nn.Tanh()}
        layers["out"] = torch.nn.Linear(hidden or features, 1)
    model = torch.nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    if not hidden:
        torch.nn.init.zeros_(layers["out"].weight)
    torch.nn.init.zeros_(layers["out"].bias)
    return opacus.GradSampleModule(model.double(), loss_reduction="sum")


def _gradients(model: Any, inputs: Any, targets: Any, parameters: list[Any]) -> Array:
    """The gradient of each row's loss, shape (row, weight)."""
    torch: Any = need("torch", purpose="Training a private network")
    width = sum(each.numel() for each in parameters)
    if not len(inputs):
        return np.zeros((0, width))
    model.zero_grad()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(model(inputs)[:, 0], targets, reduction="sum")
    with warnings.catch_warnings():
        # the first layer's input wants no gradient, which torch's hooks remark on at every step
        warnings.filterwarnings("ignore", message="Full backward hook is firing")
        loss.backward()
    rows = torch.cat([each.grad_sample.reshape(len(inputs), -1) for each in parameters], dim=1)
    return np.asarray(rows.numpy())


def _set(parameters: list[Any], gradient: Array) -> None:
    torch: Any = need("torch", purpose="Training a private network")
    start = 0
    for each in parameters:
        piece = gradient[start : start + each.numel()]
        each.grad = torch.tensor(piece.reshape(tuple(each.shape)), dtype=each.dtype)
        start += each.numel()
