"""Taking the face off a head, and proving that it is off and the brain is whole.

>>> import numpy as np
>>> from commissure.model import About, Image, Subject
>>> from commissure.testing.images import head
>>> volume, affine = head()
>>> image = Image(volume, affine, About("anat", Subject("01"), suffix="T1w"))
>>> brain = (volume == 100) | (volume == 15)
>>> done = deface(image, brain=brain)
>>> bool(np.array_equal(np.asarray(done.image.array)[brain], volume[brain])), done.figures["face_removed_share"]
(True, 1.0)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.kernels.affine import on_grid_of, on_world_grid
from commissure.model import Finding, Image, Severity
from commissure.protect.heads.cortex import cortex_change, measure_cortex
from commissure.protect.heads.deface_cut import FaceCut, cut_of, removed_by
from commissure.protect.heads.deface_template import template_cut
from commissure.protect.heads.deface_voxels import blank, first_volume, stored_of
from commissure.protect.heads.face_attack import Attack, attack_brain_shape, attack_faces, grow_heads
from commissure.protect.heads.head import (
    STEP_MM,
    brain_volume_ml,
    check_brain_volume,
    check_upright,
    find_brain,
    find_head,
    front_mm,
)

__all__ = [
    "ALREADY_ML",
    "MARGIN_MM",
    "Defaced",
    "Measured",
    "attack_head",
    "check_defaced",
    "deface",
    "deface_note",
    "without",
]

#: with less tissue than this beyond the cut (but for its very edge) there was no face
ALREADY_ML = 2.0
#: how far the cut stays from the brain
MARGIN_MM = 5.0
_LARGEST_CHANGE = 0.005
_BROW_MM, _HALF_FACE_MM = 14.0, 55.0
_PEOPLE = 25
_METHOD = "Face removed by half-spaces around the brain (commissure)"


@dataclass(frozen=True, slots=True)
class Defaced:
    """A head without its face.

    Parameters
    ----------
    image : Image
        The same Image where nothing had to go.
    cut : FaceCut
        What was taken off, in millimetres: it serves other images of the head.
    brain : array of bool, shape (x, y, z)
        What was kept, on the image's grid.
    removed : array of bool, shape (x, y, z)
        Which voxels were put to the background; none where nothing had to go.
    already : bool
        Whether there was no face to take off.
    figures : mapping of str to float
        ``brain_ml``, ``removed_ml``, ``face_removed_share`` …; from :func:`check_defaced` also the attack's.
    upright_mm : array, shape (4, 4)
        From the millimetres of the image to those in which the head stands upright; nothing moves where its affine is right.
    """

    image: Image
    cut: FaceCut
    brain: NDArray[np.bool_] = field(repr=False)
    removed: NDArray[np.bool_] = field(repr=False)
    already: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)
    upright_mm: NDArray[np.float64] = field(default_factory=lambda: np.eye(4), repr=False)


@dataclass(frozen=True, slots=True)
class Measured:
    """A brain that was found anew in a defaced head, and how far its finder strays on the head as it was.

    Parameters
    ----------
    brain : array of bool, shape (x, y, z)
        On the image's grid.
    volume_spread, cortex_spread : float
        Relative, from :func:`commissure.protect.heads.head.brain_spread`; 0 if it was not asked.
    """

    brain: NDArray[np.bool_] = field(repr=False)
    volume_spread: float = 0.0
    cortex_spread: float = 0.0


def deface(
    image: Image,
    *,
    brain: NDArray[np.bool_] | None = None,
    margin_mm: float = MARGIN_MM,
    ears: bool = False,
    neck: bool = False,
    by: str = "planes",
) -> Defaced:
    """Take the face off a T1-weighted head; no voxel of the brain nor of its margin is touched.

    Parameters
    ----------
    image : Image
        A whole head; of four dimensions, all volumes are cut alike.
    brain : array of bool, shape (x, y, z), or None
        What to keep; None to have it found (extra ``deep``).
    margin_mm : float
        How far the cut stays from the brain.
    ears, neck : bool
        Whether those go too.
    by : str
        ``"planes"`` laid around the brain, or ``"template"``: the face of an average head (extra ``deep``).

    Returns
    -------
    Defaced
        Judge it with :func:`check_defaced` before it is released.

    Raises
    ------
    MissingExtra
        If the brain must be found and deepbet is not installed.
    BadInput
        If no whole human brain is found, or the mask does not fit the image.
    """
    volume = first_volume(image.array)
    mask = find_brain(volume, affine_mm=image.affine_mm) if brain is None else np.asarray(brain, dtype=bool)
    if mask.shape != volume.shape:
        raise BadInput(f"The brain mask must have the image's shape {volume.shape}; got {mask.shape}.")
    check_brain_volume(mask, affine_mm=image.affine_mm)
    if by == "template":
        cut = template_cut(volume, mask, affine_mm=image.affine_mm, margin_mm=margin_mm)
    elif by == "planes":
        cut = cut_of(mask, affine_mm=image.affine_mm, margin_mm=margin_mm, ears=ears, neck=neck)
    else:
        raise BadInput(f"A head is defaced by 'planes' or 'template'; got {by!r}.")
    coarse, grid = on_world_grid(volume, image.affine_mm, step_mm=STEP_MM)
    head = find_head(coarse)
    gone = removed_by(cut, shape=head.shape, affine_mm=grid)
    small_brain = on_grid_of(mask, image.affine_mm, shape=head.shape, grid_mm=grid) > 0.5
    check_upright(head, small_brain)
    figures = {
        "brain_ml": brain_volume_ml(mask, affine_mm=image.affine_mm),
        "removed_ml": float((head & gone).sum() * STEP_MM**3 / 1000.0),
        "face_removed_share": _face_removed(head, gone, small_brain),
    }
    ndimage = need("scipy.ndimage", purpose="Defacing")
    if ndimage.binary_erosion(head & gone).sum() * STEP_MM**3 / 1000.0 < ALREADY_ML:
        return Defaced(image, cut, mask, np.zeros_like(mask), already=True, figures=figures)
    removed = removed_by(cut, shape=volume.shape, affine_mm=image.affine_mm) & ~mask
    return Defaced(without(image, removed), cut, mask, removed, figures=figures)


def check_defaced(
    before: Image,
    after: Defaced,
    *,
    rng: np.random.Generator,
    measured: Measured | None = None,
    people: int = _PEOPLE,
) -> tuple[dict[str, float], tuple[Finding, ...]]:
    """Attack a defaced head and measure its brain: an ERROR for what fails, an INFO with the figures if nothing does.

    Parameters
    ----------
    before : Image
        The head with its face.
    after : Defaced
        What :func:`deface` made of it.
    rng : Generator
        For the attack's other people and pictures.
    measured : Measured or None
        The brain as it was found anew in the defaced image; None to leave that check out.
    people : int
        How many the attacker has to choose from.

    Returns
    -------
    figures : dict
        Those of ``after``, ``brain_lost`` (voxels), ``volume_change``, ``cortex_change``, ``attack_before``, ``attack_after``, ``chance``
        and ``brain_shape`` (how often the brain's outline alone gives the person away). A head that was defaced
        before has no face to be attacked by.
    findings : tuple of Finding
        Named ``protect.deface.…`` for what fails, ``protect.defaced`` and ``protect.brain_shape``.
    """
    figures = dict(after.figures)
    figures["brain_lost"] = float(_changed(before.array, after.image.array)[after.brain].sum())
    if measured is not None:
        figures |= _remeasured(before, after, measured)
    outline = on_world_grid(after.brain, before.affine_mm, step_mm=STEP_MM)[0] > 0.5
    figures["brain_shape"] = attack_brain_shape(outline, people=people, rng=rng).rate
    if after.already:
        text = "The head shows no face: it was defaced or stripped of its skull before, and stays as it is."
        return figures, (Finding("protect.deface.already", Severity.INFO, text), _shape_told(figures, people))
    first, then = attack_head(before, after, rng=rng, people=people)
    figures |= {"attack_before": first.rate, "attack_after": then.rate, "chance": then.chance}
    return figures, _failures(figures, then) or _passed(figures, people)


def _remeasured(before: Image, after: Defaced, measured: Measured) -> dict[str, float]:
    own, anew = after.brain, measured.brain
    one = measure_cortex(first_volume(before.array), own, affine_mm=before.affine_mm)
    other = measure_cortex(first_volume(after.image.array), anew, affine_mm=before.affine_mm)
    change = abs(float(anew.sum()) / float(own.sum()) - 1.0)
    figures = {"volume_change": change, "cortex_change": cortex_change(one, other)}
    if measured.volume_spread or measured.cortex_spread:
        figures |= {"volume_spread": measured.volume_spread, "cortex_spread": measured.cortex_spread}
    return figures


def attack_head(
    before: Image, after: Defaced, *, rng: np.random.Generator, people: int = _PEOPLE
) -> tuple[Attack, Attack]:
    """The attack on the head among others grown from it, before and after its cut."""
    coarse, grid = on_world_grid(first_volume(before.array), before.affine_mm, step_mm=STEP_MM)
    brain = on_grid_of(after.brain, before.affine_mm, shape=coarse.shape, grid_mm=grid) > 0.5
    heads = grow_heads(find_head(coarse), brain, count=people, rng=rng)
    gone = removed_by(after.cut, shape=coarse.shape, affine_mm=grid)
    left = [head & ~gone for head in heads]
    return attack_faces(heads, heads, rng=rng), attack_faces(heads, left, rng=rng)


def deface_note(image: Image) -> Image:
    """The Image with the method in its sidecar, as DICOM and BIDS call it (``DeidentificationMethod``)."""
    said: Any = image.about.sidecar.get("DeidentificationMethod", [])
    methods = [said] if isinstance(said, str) else list(said)
    if _METHOD in methods:
        return image
    sidecar = {**image.about.sidecar, "DeidentificationMethod": [*methods, _METHOD]}
    return replace(image, about=replace(image.about, sidecar=sidecar))


def without(image: Image, removed: NDArray[np.bool_]) -> Image:
    """The Image with the background's value where ``removed``, and the method in its sidecar."""
    # a native image holds the face still
    return deface_note(replace(image, array=blank(image.array, removed=removed), native=None))


def _changed(before: Any, after: Any) -> NDArray[np.bool_]:
    one, other = stored_of(before)[0], stored_of(after)[0]
    differs = one != other
    if np.issubdtype(one.dtype, np.floating):
        differs &= ~(np.isnan(one) & np.isnan(other))
    return np.asarray(differs if differs.ndim == 3 else differs.reshape(*differs.shape[:3], -1).any(axis=3))


def _face_removed(head: NDArray[np.bool_], gone: NDArray[np.bool_], brain: NDArray[np.bool_]) -> float:
    """The share of the face's surface, seen from the front below the brow, that goes."""
    front = front_mm(head)
    across, _, _ = (np.nonzero(brain.any(axis=tuple({0, 1, 2} - {axis})))[0] for axis in range(3))
    depth = np.nonzero(brain.any(axis=(0, 2)))[0]
    if across.size == 0:
        return 0.0
    pole = int(np.median(np.nonzero(brain[:, depth[-1] - 1 :].any(axis=(0, 1)))[0]))
    x, z = np.meshgrid(*(np.arange(size) for size in front.shape), indexing="ij")
    middle = (across[0] + across[-1]) / 2.0
    zone = (np.abs(x - middle) * STEP_MM <= _HALF_FACE_MM) & ((pole - z) * STEP_MM >= _BROW_MM)
    zone &= ~np.isnan(front) & (np.nan_to_num(front) >= depth.mean() * STEP_MM)
    if not zone.any():
        return 1.0
    surface = gone[x[zone], np.round(front[zone] / STEP_MM).astype(int), z[zone]]
    return float(surface.mean())


def _failures(figures: Mapping[str, float], attack: Attack) -> tuple[Finding, ...]:
    told = []
    if figures["brain_lost"]:
        told.append(("brain", f"Defacing took {figures['brain_lost']:.0f} voxels of the brain."))
    told += _off(figures)
    if not attack.is_chance:
        told.append((
            "attack",
            f"After defacing, the surface still gives {attack.rate:.0%} of {attack.people} faces away; guessing gives "
            f"{attack.chance:.0%}.",
        ))  # fmt: skip
    remedy = "The head stays back. See that its affine (qform, sform) is right; else deface it by hand, or share the skull-stripped brain."
    return tuple(
        Finding(f"protect.deface.{name}", Severity.ERROR, text, remedy=remedy) for name, text in told
    )


def _off(figures: Mapping[str, float]) -> list[tuple[str, str]]:
    """What measures otherwise after defacing, by more than allowed and than the finder strays on the whole head."""
    told = []
    for what, name in (("brain's volume", "volume"), ("cortex", "cortex")):
        change, spread = figures.get(f"{name}_change", 0.0), figures.get(f"{name}_spread", 0.0)
        if change >= max(_LARGEST_CHANGE, spread):
            strays = f", and on the whole head the finder strays by {spread:.2%}" if spread else ""
            told.append(f"its {what} measures {change:.2%} more or less")
            told[-1] += f" (allowed are 0.5%{strays})"
    return [("volume", f"After defacing, {' and '.join(told)}.")] if told else []


def _passed(figures: Mapping[str, float], people: int) -> tuple[Finding, ...]:
    change = ""
    if "volume_change" in figures:
        change = f", its volume changed by {figures['volume_change']:.2%}, its cortex by {figures['cortex_change']:.2%}"
    if "volume_spread" in figures:
        change += (
            f" (on the whole head, finding the brain strays by {figures['volume_spread']:.2%} and "
            f"{figures['cortex_spread']:.2%} itself)"
        )
    text = (
        f"The face was taken off: {figures['face_removed_share']:.0%} of its surface ({figures['removed_ml']:.0f} mL), no "
        f"voxel of the brain lost{change}. Matching faces among {people} was right in {figures['attack_before']:.0%} before "
        f"and in {figures['attack_after']:.0%} after; guessing is in {figures['chance']:.0%}."
    )
    return Finding("protect.defaced", Severity.INFO, text), _shape_told(figures, people)


def _shape_told(figures: Mapping[str, float], people: int) -> Finding:
    shape = (
        f"A head without a face is not anonymous: the outline of the brain, which is kept, gave "
        f"{figures['brain_shape']:.0%} of {people} simulated people away."
    )
    remedy = "Ask for consent to release brain images; give access by Grants where that is not enough."
    return Finding("protect.brain_shape", Severity.INFO, shape, remedy=remedy)
