"""The harmonizers by name: built-ins, and those of third parties (entry points ``commissure.harmonizer``)."""

from collections.abc import Callable

from commissure.harmonize.diagnose import Harmonizer
from commissure.plugins import Registry

__all__ = ["HARMONIZERS"]

#: each makes a new harmonizer; what it takes by keyword is its own
HARMONIZERS: Registry[Callable[..., Harmonizer]] = Registry(
    "harmonizer",
    {
        "combat": "commissure.harmonize.combat:ComBat",
        "covbat": "commissure.harmonize.covbat:CovBat",
        "longitudinal": "commissure.harmonize.longitudinal:LongitudinalComBat",
    },
)
