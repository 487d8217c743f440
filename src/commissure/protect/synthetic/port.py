"""What every generator of synthetic data does, and how its output says what it is.

A generator learns from a cohort (``fit``) and makes new subjects (``sample``). Whatever it makes is called synthetic in
its metadata, its name and its provenance.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from commissure.model import Activity
from commissure.plugins import Registry

__all__ = ["GENERATORS", "Generator", "Provenance", "synthetic_name"]


class Generator(Protocol):
    """Learns a cohort and makes another that is like it."""

    def fit(self, cohort: Any, /) -> Self:
        """Learn from a cohort; itself."""
        ...

    def sample(self, n: int, rng: np.random.Generator) -> Any:
        """``n`` new subjects, in the form that was fitted."""
        ...


GENERATORS: Registry[type[Generator]] = Registry(
    "generator",
    {
        "copula": "commissure.protect.synthetic.table:Copula",
        "forest": "commissure.protect.synthetic.table:SequentialForest",
        "bootstrap": "commissure.protect.synthetic.table:Bootstrap",
        "private-copula": "commissure.protect.synthetic.private:PrivateCopula",
        "fmri": "commissure.protect.synthetic.fmri:RegionalSeries",
        "eeg": "commissure.protect.synthetic.eeg:EpochedEEG",
        "spikes": "commissure.protect.synthetic.spikes:SpikeTrains",
        "diffusion": "commissure.protect.synthetic.diffusion:LatentDiffusion",
        "gan": "commissure.protect.synthetic.gan:LatentGAN",
        "components": "commissure.protect.synthetic.volume_floor:VolumeComponents",
        "volume-bootstrap": "commissure.protect.synthetic.volume_floor:VolumeBootstrap",
    },
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a synthetic file.

    Parameters
    ----------
    generator : str
        Its name in ``GENERATORS``.
    source : str
        What it was fitted to, as a hash of the bytes.
    subjects : int
        How many were made.
    epsilon, delta : float or None
        The privacy of the fit; None if it has no formal guarantee.
    """

    generator: str
    source: str
    subjects: int
    epsilon: float | None = None
    delta: float | None = None

    @classmethod
    def of(cls, data: bytes, *, generator: str, subjects: int) -> "Provenance":
        """The provenance of something fitted to ``data``, without formal privacy."""
        return cls(generator, f"sha256:{hashlib.sha256(data).hexdigest()}", subjects)

    def sidecar(self) -> Mapping[str, object]:
        """What stands in the side file: plainly synthetic."""
        privacy = (
            f"({self.epsilon:g}, {self.delta:g})-differentially private"
            if self.epsilon is not None
            else "no formal guarantee; see the attacks in the report"
        )
        return {
            "Synthetic": True,
            "Description": "SYNTHETIC DATA: made by a generator; no row, series, spike or voxel was measured from anybody.",
            "GeneratedBy": [{"Name": "commissure", "Description": f"generator {self.generator!r}"}],
            "Sources": [self.source],
            "SyntheticSubjects": self.subjects,
            "Privacy": privacy,
        }

    def activity(self, *, made: tuple[str, ...] = ()) -> Activity:
        """The change as W3C PROV has it."""
        return Activity(
            "synthesize", used=(self.source,), made=made, parameters={"generator": self.generator, "subjects": self.subjects}
        )  # fmt: skip


def synthetic_name(name: str) -> str:
    """A file's name that says synthetic, in BIDS's way where there is a suffix.

    >>> synthetic_name("participants.tsv"), synthetic_name("sub-01_task-rest_bold.tsv")
    ('desc-synthetic_participants.tsv', 'sub-01_task-rest_desc-synthetic_bold.tsv')
    """
    stem, dot, ending = name.partition(".")
    if "synthetic" in stem:
        return name
    front, bar, suffix = stem.rpartition("_")
    return f"{front}{bar}desc-synthetic_{suffix}{dot}{ending}"
