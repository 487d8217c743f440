"""Training in which one subject, not a whole site, is hidden: each row's gradient is shortened, and noise added to the sum.

Every round is one step down the sum of all rows' shortened gradients. One subject moves it by ``clip`` at most, however
many rows a site has, so the noise that hides it is small beside the sum of many: what costs a federation of small sites
all accuracy when sites are hidden costs little here. Each site adds its part of the noise under the masks.

References
----------
Abadi et al. 2016 (shortened gradients and noise), doi:10.1145/2976749.2978318; Truex et al. 2019 (noise in parts under
secure aggregation), doi:10.1145/3338501.3357370.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, State, Table, stacked
from commissure.federate.fixed_point import Bounded, Code
from commissure.federate.networks import Network

__all__ = ["PrivateTraining"]

_MOMENTUM = 0.5


@dataclass(frozen=True)
class PrivateTraining:
    """Weights trained over sites, differentially private for one subject (one row a subject).

    Parameters
    ----------
    features : sequence of str
        Taken as they are: bring them to mean 0 and spread 1 by limits that are public.
    outcome : str
    rows : int
        How many rows all sites have together, about; public.
    noise : float
        Of the sum, as a multiple of ``clip``.
    minimum : int
        How many sites are sure to add their part of the noise.
    family : str
        ``"logistic"`` or ``"linear"``.
    hidden : int
        Hidden units; none for a linear or logistic model.
    rounds : int
    rate : float
        Size of a step.
    clip : float
        The largest norm of a row's gradient; longer ones are shortened, which bends the result where many are.
    decay : float
        Half of it times the squared weights is added to the mean loss.
    seed : int
        Of the first weights.
    """

    features: Sequence[str]
    outcome: str
    rows: int
    noise: float
    minimum: int = 1
    family: str = "logistic"
    hidden: int = 0
    rounds: int = 40
    rate: float = 1.0
    clip: float = 2.0
    decay: float = 1e-3
    seed: int = 0

    @property
    def network(self) -> Network:
        """The model that is trained."""
        return Network(len(self.features), self.hidden, self.family)

    @property
    def _spread(self) -> float:
        return float(self.noise * self.clip / np.sqrt(max(self.minimum, 1)))

    def first(self) -> State:
        """The first weights."""
        if not (self.noise > 0 and self.rows > 0 and self.rounds > 0 and self.rate > 0 and self.clip > 0):
            raise BadInput("noise, rows, rounds, rate and clip must be above zero.")
        weights = self.network.start(np.random.default_rng(self.seed))
        return {"weights": weights, "speed": np.zeros(weights.size), "round": np.zeros(1)}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """The sum of shortened gradients; not even a count of rows is told beside it."""
        return {"gradient": state["weights"].shape}

    def code(self, state: State, *, sites: int) -> Code:  # noqa: ARG002
        """One word a number, for as many rows as all sites have, and the noise."""
        return Bounded(self.clip * self.rows + 12 * self._spread, sites)

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's sum of shortened gradients, and its part of the noise."""
        values = stacked(table, [*self.features, self.outcome])
        values = values[~np.isnan(values).any(axis=1)]
        x, y = values[:, :-1], values[:, -1]
        if self.family == "logistic" and not np.isin(y, (0.0, 1.0)).all():
            raise BadInput(f"The outcome {self.outcome!r} must be 0 or 1 at every site.")
        weights = np.asarray(state["weights"], np.float64)
        total = self.network.shortened(weights, x, y, clip=self.clip) if len(y) else np.zeros(weights.size)
        # the site's own secret draws the noise
        rng = np.random.default_rng(np.asarray(table["noise.seed"]).astype(np.uint64))
        return {"gradient": total + rng.normal(0, self._spread, total.shape)}, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """A step with momentum down the noisy mean gradient."""
        gradient = sums["gradient"] / self.rows + self.decay * state["weights"]
        speed = _MOMENTUM * state["speed"] + (1 - _MOMENTUM) * gradient
        after: dict[str, Any] = {"weights": state["weights"] - self.rate * speed, "speed": speed}
        after["round"] = state["round"] + 1
        return {**after, "done": np.ones(1)} if after["round"][0] >= self.rounds else after

    def result(self, state: State) -> Mapping[str, Array]:
        """``weights``."""
        return {"weights": state["weights"]}
