"""Deface head: the closest cut around a T1-weighted head's brain that passes every check, for one file and for `share`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.model import Finding, Image, Severity
from commissure.protect.heads.deface import MARGIN_MM, Defaced, Measured, check_defaced, deface
from commissure.protect.heads.deface_voxels import first_volume
from commissure.protect.heads.head import brain_spread, find_brain
from commissure.protect.heads.head_ct import find_brain_ct, is_ct

__all__ = ["MARGINS_MM", "SEED", "T1_LIKE", "DefaceSettings", "Judged", "deface_head"]

#: contrasts in which the brain is found, the best first
T1_LIKE = ("T1w", "UNIT1", "MPRAGE")

#: tried in this order; a wider margin leaves the tools that measure brains more to go by
MARGINS_MM = (MARGIN_MM, 8.0, 12.0)
#: in a CT the brain's mask ends in the bone around it, so that a closer cut loses none either, where the other leaves too much
_CT_MARGIN_MM = 3.0
#: the attack's people are the same on every machine, so that the same folder gives the same release
SEED = 20261122
_VOLUME = {"protect.deface.volume"}


@dataclass(frozen=True, slots=True)
class DefaceSettings:
    """How a head is defaced.

    Parameters
    ----------
    margin_mm : float
        How far the cut stays from the brain; where its measures change by too much, wider ones are tried.
    ears, neck : bool
        Whether those go too.
    reface : bool
        Whether a face that is nobody's is put in place.
    by : str
        ``"planes"`` around the brain, or the ``"template"`` face of an average head.
    """

    margin_mm: float = MARGIN_MM
    ears: bool = False
    neck: bool = False
    reface: bool = False
    by: str = "planes"


@dataclass(frozen=True, slots=True)
class Judged:
    """A defaced head, its figures and its Findings; one that is an error forbids its release."""

    done: Defaced
    figures: dict[str, float]
    findings: tuple[Finding, ...]


def deface_head(image: Image, *, settings: DefaceSettings | None = None) -> Judged:
    """Deface a T1-weighted head, or a CT, by its brain, measure the brain anew and attack the result.

    Where nothing but the brain's measured volume or cortex is off at every margin, the finder's own unsteadiness is
    measured on the *whole* head: what it strays by there cannot be blamed on the cut. Brain voxels lost stay forbidden.

    Parameters
    ----------
    image : Image
        A whole head, T1-weighted, or a CT in Hounsfield units, whose skull says where the brain is.
    settings : DefaceSettings or None
        None for the face alone.

    Raises
    ------
    MissingExtra
        If deepbet, which finds the brain of a T1-weighted head, is not installed.
    BadInput
        If no whole human brain is found.
    """
    said = settings or DefaceSettings()
    if is_ct(first_volume(image.array)) and image.about.suffix not in T1_LIKE:
        return _by_skull(image, said)
    brain = find_brain(first_volume(image.array), affine_mm=image.affine_mm)
    margins = [said.margin_mm, *(wider for wider in MARGINS_MM if wider > said.margin_mm)]
    best = _tried(image, brain, said, margins)
    if _errors(best) and _errors(best) <= _VOLUME:
        spread = brain_spread(first_volume(image.array), brain, affine_mm=image.affine_mm)
        best = _judged(image, best.done, spread=spread)
    return best


def _by_skull(image: Image, said: DefaceSettings) -> Judged:
    """A CT, cut by what its skull encloses; closer, if the first cut leaves something of the face."""
    brain = find_brain_ct(first_volume(image.array), affine_mm=image.affine_mm)
    found: list[Judged] = []
    for margin_mm in (said.margin_mm, min(said.margin_mm, _CT_MARGIN_MM)):
        done = deface(image, brain=brain, margin_mm=margin_mm, ears=said.ears, neck=said.neck)
        found.append(Judged(done, *check_defaced(image, done, rng=np.random.default_rng(SEED))))
        if not _errors(found[-1]):
            return found[-1]
    return found[0]


def _tried(image: Image, brain: NDArray[np.bool_], said: DefaceSettings, margins: Sequence[float]) -> Judged:
    """The first margin that passes; else the one whose brain measures best of those that fail by nothing else."""
    found: list[Judged] = []
    for margin_mm in margins:
        done = deface(image, brain=brain, margin_mm=margin_mm, ears=said.ears, neck=said.neck, by=said.by)
        found.append(_judged(image, done))
        if not _errors(found[-1]):
            return found[-1]
    return min(found, key=lambda one: (not _errors(one) <= _VOLUME, one.figures.get("volume_change", 0.0)))


def _judged(image: Image, done: Defaced, *, spread: tuple[float, float] = (0.0, 0.0)) -> Judged:
    anew = None if done.already else find_brain(first_volume(done.image.array), affine_mm=image.affine_mm)
    measured = None if anew is None else Measured(anew, *spread)
    return Judged(done, *check_defaced(image, done, rng=np.random.default_rng(SEED), measured=measured))


def _errors(judged: Judged) -> set[str]:
    return {finding.check for finding in judged.findings if finding.severity is Severity.ERROR}
