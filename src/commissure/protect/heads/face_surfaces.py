"""Files that hold surfaces: those of the skin lose the face, those of the brain stay, and what is neither stays back.

>>> kind_of("sub-01_hemi-L_pial.surf.gii"), kind_of("sub-01_desc-scalp_surf.gii"), kind_of("lh.seghead"), kind_of("scan.surf.gii")
('brain', 'skin', 'skin', '')
"""

import re
import warnings
from pathlib import Path

from commissure.errors import BadInput, Unreadable
from commissure.extras import need
from commissure.model import Finding, Severity
from commissure.protect.heads.face_mesh import deface_mesh
from commissure.protect.text.cleaner import Cleaner

__all__ = ["BRAIN_MM", "SCANS", "is_freesurfer", "kept_face", "kind_of", "rewrite_freesurfer"]

#: no surface of the brain or of the bone around it is longer than this
BRAIN_MM = 220.0
#: three-dimensional scans; they say neither unit nor axes
SCANS = frozenset({".stl", ".ply", ".obj", ".off", ".gltf", ".glb", ".3mf", ".wrl", ".fbx", ".dae",
                   ".vtk", ".vtp", ".vtu", ".msh", ".srf", ".mesh", ".x3d", ".usdz"})  # fmt: skip
_MAGIC = b"\xff\xff\xfe"
_SKIN = frozenset(
    {"scalp", "skin", "outerskin", "head", "seghead", "face", "headmesh", "headshape", "headsurf"}
)
_BRAIN = frozenset({
    "pial", "white", "smoothwm", "midthickness", "graymid", "orig", "cortex", "brain", "brainmask", "inner", "outer",
    "innerskull", "outerskull", "skull", "hemi", "lh", "rh", "cerebellum", "hippocampus", "thalamus",
})  # fmt: skip
_MODELS = frozenset({"inflated", "veryinflated", "sphere", "flat", "patch"})


def kind_of(name: str) -> str:
    """What a file of a surface shows, by its name: ``skin``, ``brain``, ``model`` (inflated, a sphere), or nothing known."""
    words = set(re.findall(r"[a-z]+", name.lower()))
    for kind, names in (("skin", _SKIN), ("model", _MODELS), ("brain", _BRAIN)):
        if words & names:
            return kind
    return ""


def kept_face(why: str, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """The Finding that a surface stays back because it may show a face."""
    cleaner.count("face")
    remedy = "Leave it out, or take the face off with commissure.protect.heads.face_mesh.deface_mesh and its landmarks."
    return (Finding("protect.face_mesh", Severity.ERROR, f"{why} It was kept back.", where, remedy),)


def is_freesurfer(head: bytes) -> bool:
    """Whether a file begins as FreeSurfer's triangle surfaces do."""
    return head.startswith(_MAGIC)


def rewrite_freesurfer(source: Path, target: Path, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Write a FreeSurfer surface of the skin without its face and without its stamp (a user and a date).

    Raises
    ------
    Unreadable
        If the file is cut short.
    """
    nibabel = need("nibabel", purpose="Reading surfaces")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a surface says nothing of its volume
            points, corners, about = nibabel.freesurfer.read_geometry(source, read_metadata=True)
    except (OSError, ValueError, IndexError) as error:
        raise Unreadable(
            "A FreeSurfer surface cannot be read to its end; get an intact copy of it."
        ) from error
    try:
        done = deface_mesh(points, triangles=corners) if cleaner.is_person else None
    except BadInput as error:
        return kept_face(str(error), where=where, cleaner=cleaner)
    if done is not None:
        cleaner.removed["face"] += int(done.face.sum())
        points, corners = done.vertices_mm, done.triangles
    if about and about.get("filename"):
        cleaner.count("path")
        about["filename"] = "none"
    cleaner.count("operator")
    target.parent.mkdir(parents=True, exist_ok=True)
    nibabel.freesurfer.write_geometry(target, points, corners, create_stamp="created by commissure", volume_info=about or None)  # fmt: skip
    return ()
