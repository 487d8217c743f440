"""Effects a region onto the fsaverage5 surface: read effects, atlas and mesh, draw, write."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.extras import need
from commissure.harmonize.surface import Hemisphere, draw_surface, values_of_regions

__all__ = ["map_effects"]

_SIDES = {"left": "lh", "right": "rh"}


def map_effects(
    effects: Mapping[str, float],
    *,
    atlas: Path,
    into: Path,
    meshes: Path | None = None,
    title: str = "Cohen's d",
) -> int:
    """Draw effects on the surface, as SVG.

    Parameters
    ----------
    effects : mapping of str to float
        By region.
    atlas : Path
        A FreeSurfer annotation of one hemisphere, ``lh.NAME.annot``; that of the other stands beside it.
    into : Path
        The SVG file.
    meshes : Path or None
        A folder with ``pial_left.gii.gz`` and ``pial_right.gii.gz`` of as many vertices as the atlas; None for the
        fsaverage5 of an installed nilearn.
    title : str
        Above the picture.

    Returns
    -------
    int
        How many hemispheres were drawn.

    Raises
    ------
    NotFound
        If there is no atlas or no mesh.
    BadInput
        If their vertices differ in number, or no region is in the atlas.
    """
    folder = meshes or _fsaverage5()
    halves = []
    for side, mark in _SIDES.items():
        annotation = atlas.with_name(mark + atlas.name[2:])
        if atlas.name[:2] not in _SIDES.values() or not annotation.is_file():
            continue
        if not any(_of_side(name, mark) for name in effects):
            continue
        halves.append(_half(effects, annotation, folder / f"pial_{side}.gii.gz", side))
    if not halves:
        raise NotFound("There is no atlas for the effects' hemispheres; give lh.NAME.annot or rh.NAME.annot.")
    into.write_text(draw_surface(*halves, title=title), encoding="utf-8")
    return len(halves)


def _of_side(name: str, mark: str) -> bool:
    other = "r" if mark == "lh" else "l"
    return not name.lower().startswith((f"{other}h_", f"{other}h.", f"{other}h-", f"{other}_"))


def _half(effects: Mapping[str, float], annotation: Path, mesh: Path, side: str) -> Hemisphere:
    nibabel: Any = need("nibabel", purpose="Reading surfaces")
    freesurfer: Any = need("nibabel.freesurfer", purpose="Reading an atlas")
    if not mesh.is_file():
        raise NotFound(f"There is no mesh of the {side} hemisphere in that folder; it is called {mesh.name}.")
    vertices, faces = (array.data for array in nibabel.load(mesh).darrays[:2])
    data = annotation.read_bytes()
    if len(data) < 4 + 8 * int.from_bytes(data[:4], "big"):
        raise Unreadable("The atlas is not a FreeSurfer annotation, or is cut short.")
    try:
        labels, _, names = freesurfer.read_annot(annotation)
    except (ValueError, OSError, IndexError) as error:
        raise Unreadable("The atlas is not a FreeSurfer annotation.") from error
    if len(labels) != len(vertices):
        raise BadInput(
            f"Atlas and mesh must have the same vertices; got {len(labels)} and {len(vertices)} (fsaverage5 has 10242)."
        )
    words = [name.decode() if isinstance(name, bytes) else str(name) for name in names]
    values = values_of_regions(effects, labels=np.asarray(labels, dtype=np.intp), names=words, side=side)
    return Hemisphere(side, np.asarray(vertices, dtype=float), np.asarray(faces, dtype=np.intp), values)


def _fsaverage5() -> Path:
    spec = find_spec("nilearn")
    if spec is None or not spec.submodule_search_locations:
        raise NotFound(
            "The fsaverage5 surface comes with nilearn: pip install nilearn, or give a folder of meshes."
        )
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "fsaverage5"
