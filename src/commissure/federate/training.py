"""Rounds of training: each site improves the common weights on its own rows; the mean of the changes is the next step.

FedAvg averages; FedProx holds sites near the common weights; SCAFFOLD corrects each site's drift by what it knows of
the others' gradients; FedAdam takes the mean change as a gradient for Adam; with ``personal`` each site keeps the last
layer for itself. With ``noise`` each site adds its part of Gaussian noise before it sends: the released weights are
differentially private for a whole site.

References
----------
McMahan et al. 2017 (FedAvg), arXiv:1602.05629; Li et al. 2020 (FedProx), arXiv:1812.06127; Karimireddy et al. 2020
(SCAFFOLD), arXiv:1910.06378; Reddi et al. 2021 (FedAdam), arXiv:2003.00295; Arivazhagan et al. 2019 (personal layers),
arXiv:1912.00818; McMahan et al. 2018 (clients' privacy), arXiv:1710.06963.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, State, Table, stacked
from commissure.federate.fixed_point import Bounded, Code
from commissure.federate.networks import Network

__all__ = ["STRATEGIES", "Training"]

STRATEGIES = ("fedavg", "fedprox", "fedadam", "scaffold")
_MOMENTUM, _SECOND, _TINY = 0.9, 0.99, 1e-3


@dataclass(frozen=True)
class Training:
    """Weights trained over sites.

    Parameters
    ----------
    features : sequence of str
    outcome : str
    family : str
        ``"logistic"`` or ``"linear"``.
    hidden : int
        Hidden units; none for a linear or logistic model.
    strategy : str
        One of ``STRATEGIES``.
    rounds, steps, batch : int
        Of the study; of a site in a round; rows a step (0 for all).
    rate, server_rate : float
        Step sizes at sites and at the coordinator.
    decay : float
        Half of it times the squared weights is added to the loss.
    proximal : float
        FedProx' pull towards the common weights.
    personal : bool
        Whether the last layer stays at its site.
    clip : float
        The largest norm of a site's change; longer ones are shortened.
    noise : float
        The noise of the sum as a multiple of ``clip``; 0 for none. With noise every site has the same weight.
    minimum : int
        With noise: how many sites are sure to add theirs.
    rows : float
        A site's weight is its rows, as a share of this many at most.
    seed : int
        Of the first weights and of the order of rows.
    """

    features: Sequence[str]
    outcome: str
    family: str = "logistic"
    hidden: int = 0
    strategy: str = "fedavg"
    rounds: int = 30
    steps: int = 10
    batch: int = 0
    rate: float = 0.3
    server_rate: float = 1.0
    decay: float = 1e-3
    proximal: float = 0.0
    personal: bool = False
    clip: float = 10.0
    noise: float = 0.0
    minimum: int = 1
    rows: float = 1000.0
    seed: int = 0
    robust: str = ""

    @property
    def network(self) -> Network:
        """The model that is trained."""
        return Network(len(self.features), self.hidden, self.family)

    def first(self) -> State:
        """The first weights."""
        if self.strategy not in STRATEGIES:
            raise BadInput(f"strategy must be one of {', '.join(STRATEGIES)}; got {self.strategy!r}.")
        if not (self.rounds > 0 and self.steps > 0 and self.rate > 0 and self.clip > 0 and self.noise >= 0):
            raise BadInput("rounds, steps, rate and clip must be above zero, and noise not below.")
        if self.noise and self.strategy == "scaffold":
            raise BadInput(
                "SCAFFOLD sends control variates, which noise does not cover; take another strategy."
            )
        weights: Any = self.network.start(np.random.default_rng(self.seed)).astype(np.float32)
        state = {"weights": weights, "round": np.zeros(1), "loss": np.zeros(0)}
        extra = {"fedadam": ("first", "second"), "scaffold": ("control",)}.get(self.strategy, ())
        return {**state, **{name: np.zeros(weights.size) for name in extra}}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """The weighted change, the weight and weighted loss; for SCAFFOLD the change of the control as well."""
        size = state["weights"].shape
        return {
            "change": size,
            "weight": (1,),
            "loss": (1,),
            **({"control": size} if "control" in state else {}),
        }

    def code(self, state: State, *, sites: int) -> Code:  # noqa: ARG002
        """One word of 32 bits a number, bounded by ``clip`` and the noise."""
        spread = self.noise * self.clip / np.sqrt(max(self.minimum, 1))
        return Bounded(max(self.clip, 1.0) + 12 * spread, sites)

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's change of the weights after some steps on its own rows."""
        values = stacked(table, [*self.features, self.outcome])
        values = values[~np.isnan(values).any(axis=1)]
        if not len(values):
            return {name: np.zeros(shape) for name, shape in self.shapes(state).items()}, memory
        x, y = values[:, :-1], values[:, -1]
        if self.family == "logistic" and not np.isin(y, (0.0, 1.0)).all():
            raise BadInput(f"The outcome {self.outcome!r} must be 0 or 1 at every site.")
        common = np.asarray(state["weights"], np.float64)
        start, head = common.copy(), self.network.head
        if self.personal and "head" in memory:
            start[head:] = memory["head"]
        own = memory.get("control", np.zeros(1))
        correction = state["control"] - own if "control" in state else None
        weights, loss = self._improved(start, correction, (x, y), int(state["round"][0]))
        kept = {"head": weights[head:].copy()} if self.personal else {}
        change = weights - start
        if self.personal:
            change[head:] = 0.0
        weight = 1.0 if self.noise else min(len(y) / self.rows, 1.0)
        change = self._shortened(change)
        loss = weight * min(loss, 1.0)
        out = {"change": weight * change, "weight": np.array([weight]), "loss": np.array([loss])}
        if "control" in state:
            drift = -change / (self.steps * self.rate) - state["control"]
            out["control"] = np.clip(drift, -self.clip, self.clip) * weight
            kept["control"] = own + np.clip(drift, -self.clip, self.clip)
        return self._noisy(out, table), kept

    def _improved(
        self, start: Array, correction: Array | None, rows: tuple[Array, Array], round: int
    ) -> tuple[Array, float]:
        x, y = rows
        weights, batches = start.copy(), self._batches(len(y), round)
        # the first step over all rows tells the loss before the round as well
        before = 0.0 if isinstance(batches[0], slice) else self.network.gradient(start, x, y)[0]
        for number, chosen in enumerate(batches):
            loss, gradient = self.network.gradient(weights, x[chosen], y[chosen])
            if number == 0 and isinstance(chosen, slice):
                before = loss
            gradient += self.decay * weights
            if self.proximal:
                gradient += self.proximal * (weights - start)
            if correction is not None:
                gradient += correction
            gradient *= self.rate
            weights -= gradient
        if not np.isfinite(weights).all():
            raise BadInput("Training at this site went to infinite weights; take a smaller rate.")
        return weights, before

    def _batches(self, rows: int, round: int) -> list[Any]:
        if not 0 < self.batch < rows:
            return [slice(None)] * self.steps  # NumPy's random numbers, six megabytes, are not even loaded
        rng = np.random.default_rng([self.seed, round, rows])
        return [rng.choice(rows, self.batch, replace=False) for _ in range(self.steps)]

    def _shortened(self, change: Array) -> Array:
        norm = float(np.linalg.norm(change))
        return change if norm <= self.clip else change * (self.clip / norm)

    def _noisy(self, answer: dict[str, Array], table: Table) -> dict[str, Array]:
        if not self.noise:
            return answer
        # the site's own secret draws the noise; the loss of a few rows is not worth its budget
        rng = np.random.default_rng(np.asarray(table["noise.seed"]).astype(np.uint64))
        spread = self.noise * self.clip / np.sqrt(max(self.minimum, 1))
        return {
            **answer,
            "change": answer["change"] + rng.normal(0, spread, answer["change"].shape),
            "loss": np.zeros(1),
        }

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The next weights."""
        weight = float(sums["weight"][0])
        if weight <= 0:
            raise BadInput("No site has a complete row to train on.")
        change = sums["change"] / weight
        after: dict[str, Any] = {**state, "round": state["round"] + 1}
        after["loss"] = np.append(state["loss"], sums["loss"][0] / weight)
        if "control" in state:
            after["control"] = state["control"] + sums["control"] / weight
        if "first" in state:
            after["first"] = _MOMENTUM * state["first"] + (1 - _MOMENTUM) * change
            after["second"] = _SECOND * state["second"] + (1 - _SECOND) * change**2
            change = after["first"] / (np.sqrt(after["second"]) + _TINY)
        # in single precision: half the bytes to each site, and far finer than what training knows
        after["weights"] = (state["weights"] + self.server_rate * change).astype(np.float32)
        return {**after, "done": np.ones(1)} if after["round"][0] >= self.rounds else after

    def result(self, state: State) -> Mapping[str, Array]:
        """``weights`` and the ``loss`` before each round."""
        return {"weights": state["weights"], "loss": state["loss"]}
