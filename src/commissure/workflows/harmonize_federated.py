"""Federated ComBat: the sums that the room ``harmonize`` needs, by a round of the room ``federate``.

One round of sums gives what all sites share: slopes of covariates, mean and spread of features. What a site adds to its
own features it then works out from its own rows, with empirical Bayes over features: that never leaves it.

References
----------
Johnson, Li & Rabinovic 2007, doi:10.1093/biostatistics/kxj037; Chen et al. 2022 (distributed ComBat),
doi:10.1016/j.neuroimage.2021.118822.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Exactly, State, Table, stacked
from commissure.harmonize.combat import ComBat
from commissure.harmonize.design import Design
from commissure.harmonize.moments import MomentSums, SiteMoments

__all__ = ["CombatSums", "site_combat"]

_NAMES = tuple(field.name for field in fields(MomentSums))


@dataclass(frozen=True)
class CombatSums(Exactly):
    """What ComBat must know of all sites together.

    Parameters
    ----------
    features : sequence of str
    covariates : sequence of str
        Numbers that must survive; a category as columns of 0 and 1.
    """

    features: Sequence[str]
    covariates: Sequence[str] = ()

    def first(self) -> State:
        """There is one question."""
        return {}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:  # noqa: ARG002
        """One number a feature, a covariate and a pair of these."""
        size, width = len(self.features), len(self.covariates)
        wide = {
            "centre": (width, size),
            "power": (width, size),
            "cross": (width, size),
            "spread": (width, width, size),
        }
        return {name: wide.get(name, (size,)) for name in _NAMES}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's part of the sums."""
        sums, shapes = SiteMoments.of(*self.rows(table)).sums(), self.shapes(state)
        return {name: np.broadcast_to(getattr(sums, name), shapes[name]) for name in _NAMES}, memory

    def rows(self, table: Table) -> tuple[Array, Array]:
        """Features (n, f), NaN where missing, and covariates (n, k).

        Raises
        ------
        BadInput
            If a covariate is missing in a row.
        """
        X, columns = stacked(table, list(self.features)), stacked(table, list(self.covariates))
        if np.isnan(columns).any():
            raise BadInput("A covariate is missing in a row; leave the row out, or the covariate.")
        return X, columns if self.covariates else np.zeros((len(X), 0))

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The sums are the result."""
        return {**state, **sums, "done": np.ones(1)}

    def result(self, state: State) -> Mapping[str, Array]:
        """The sums, by the names of :class:`MomentSums`."""
        return {name: state[name] for name in _NAMES}


def site_combat(
    sums: CombatSums, result: Mapping[str, Array], *, table: Table, site: str, shrinkage: str = "parametric"
) -> ComBat:
    """A harmonizer for one site, from the network's result and the site's own rows; it knows this site alone.

    Parameters
    ----------
    sums : CombatSums
    result : mapping
        Of :class:`CombatSums`.
    table : mapping of str to array
        The site's own rows.
    site : str
    shrinkage : str
        As in :class:`ComBat`.
    """
    names = tuple(sums.covariates)
    design = Design(names, (None,) * len(names), (0.0,) * len(names), (None,) * len(names))
    own = SiteMoments.of(*sums.rows(table))
    everyone = MomentSums(*(result[name] for name in _NAMES))
    return ComBat(shrinkage=shrinkage).fit_sums(everyone, own=own, names=[site], design=design)
