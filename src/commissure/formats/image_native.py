"""From a loaded volume file (NIfTI, PAR/REC, MINC) and what lies beside it to an Image with all that is known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.formats.image_contrast import weighting_of
from commissure.formats.image_kind import Evidence, Kind, kind_of
from commissure.formats.image_sidecar import phase_direction_label, sidecar_of
from commissure.formats.names import facts_of
from commissure.model import (
    About,
    Device,
    Fact,
    Finding,
    Identifier,
    Image,
    Origin,
    Session,
    Severity,
    Subject,
)

__all__ = ["Beside", "fields_of", "image_of", "seconds_of"]

_LONGEST_REPETITION_S = 60.0
#: fields of a lab's JSON that identify, by their category
_IDENTIFYING = {
    "PatientName": "name", "PatientID": "id", "PatientBirthDate": "birth_date", "AccessionNumber": "id",
    "InstitutionName": "institution", "InstitutionAddress": "address", "InstitutionalDepartmentName": "institution",
    "StationName": "host", "DeviceSerialNumber": "serial", "OperatorsName": "operator",
    "PerformingPhysicianName": "operator", "ReferringPhysicianName": "operator", "AcquisitionTime": "date",
    "AcquisitionDateTime": "date", "AcquisitionDate": "date", "StudyDate": "date", "StudyInstanceUID": "uid",
    "SeriesInstanceUID": "uid", "StudyID": "id", "StudyDescription": "comment", "ImageComments": "comment",
    "ProcedureStepDescription": "comment", "PatientAge": "age",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of an image besides its voxels.

    Parameters
    ----------
    path : str
        POSIX path of the raw file, for what its name says.
    names : tuple of str
        Further names (protocol), the most telling first.
    fields : mapping
        A JSON sidecar, or what the format's header tells in BIDS' words.
    extra : mapping of str to str
        Gradients and tables by extension.
    identifiers : tuple of Identifier
        What the header told of a person.
    subject : Subject
        What the header told of whom.
    unplaced : str
        Why the image has no place in BIDS; empty if it has.
    """

    path: str
    names: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[Identifier, ...] = ()
    subject: Subject = Subject("")
    unplaced: str = ""


def fields_of(path: Path | None) -> dict[str, Any]:
    """A JSON side file as a mapping; empty if there is none or it cannot be understood."""
    if path is None:
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def seconds_of(value: float, unit: str) -> float:
    """A volume's duration in seconds; a value that no scanner has is taken for milliseconds.

    >>> seconds_of(2000.0, "sec"), seconds_of(2500.0, "msec"), seconds_of(1.5, "unknown")
    (2.0, 2.5, 1.5)
    """
    scale = {"msec": 1e-3, "usec": 1e-6}.get(unit, 1.0)
    seconds = value * scale
    return seconds * 1e-3 if seconds > _LONGEST_REPETITION_S else seconds


def image_of(native: Any, beside: Beside) -> Image:
    """The Image of a nibabel object, with its kind told and every value's origin noted.

    Parameters
    ----------
    native : nibabel image
        The voxels may be on disk.
    beside : Beside
        What else is known.
    """
    nibabel = need("nibabel", purpose="Reading images")
    array, affine = _squeezed(native.dataobj, tuple(native.shape)), np.asarray(native.affine, dtype=float)
    shape = tuple(int(size) for size in array.shape)
    repetition_s = _repetition_s(native, beside.fields, shape)
    named = facts_of(beside.path)
    names = (*beside.names, Path(beside.path).name.split(".")[0])
    direction = phase_direction_label(
        beside.fields.get("PhaseEncodingDirection"), nibabel.aff2axcodes(affine)
    )
    b_values = tuple(float(word) for word in beside.extra.get("bval", "").split())
    evidence = Evidence(names, shape, beside.fields, repetition_s, b_values, direction)
    kind = Kind(reason=beside.unplaced) if beside.unplaced else kind_of(evidence)
    findings: list[Finding] = []
    if not kind.datatype and not beside.unplaced and kind.reason.startswith("neither"):
        kind = _kind_by_content(evidence, array, affine)
        if kind.datatype:
            findings.append(_inferred(kind))
    subject = replace(beside.subject, label=beside.subject.label or named.subject)
    sidecar = sidecar_of(beside.fields)
    if "task" in kind.entities:
        sidecar.setdefault("TaskName", kind.entities["task"])
    about = About(
        kind.datatype,
        subject,
        Session(named.session),
        dict(kind.entities),
        kind.suffix,
        device=Device(str(sidecar.get("Manufacturer", "")), str(sidecar.get("ManufacturersModelName", ""))),
        sidecar=sidecar,
        facts=(*_facts(kind, subject, repetition_s, beside), *named.facts),
        identifiers=(*beside.identifiers, *named.identifiers, *_identifying(beside.fields)),
        findings=tuple(findings),
    )
    return Image(array, affine, about, repetition_s, dict(beside.extra))


def _squeezed(array: Any, shape: tuple[int, ...]) -> Any:
    """Without trailing axes of one."""
    kept = len(shape)
    while kept > 3 and shape[kept - 1] == 1:
        kept -= 1
    return array if kept == len(shape) else array.reshape(shape[:kept])


def _repetition_s(native: Any, fields: Mapping[str, Any], shape: tuple[int, ...]) -> float | None:
    value = fields.get("RepetitionTime")
    if isinstance(value, int | float) and value > 0:
        return float(value)
    zooms = native.header.get_zooms()
    if len(shape) < 4 or len(zooms) < 4 or not np.isfinite(zooms[3]) or zooms[3] <= 0:
        return None
    units = native.header.get_xyzt_units()[1] if hasattr(native.header, "get_xyzt_units") else "sec"
    return round(seconds_of(float(zooms[3]), units), 6)


def _kind_by_content(evidence: Evidence, array: Any, affine: Any) -> Kind:
    """What the shape and the intensities tell, where nothing else speaks."""
    if len(evidence.shape) == 4 and evidence.repetition_s and 0.1 <= evidence.repetition_s <= 20.0:
        reason = "a series of volumes with a repetition time"
        return Kind("func", "bold", reason=reason, origin=Origin.CONTENT)
    if len(evidence.shape) == 3:
        zooms = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
        suffix = weighting_of(np.asarray(array), zooms_mm=(float(zooms[0]), float(zooms[1]), float(zooms[2])))
        if suffix:
            return Kind("anat", suffix, reason="the brightness of fluid and tissue", origin=Origin.CONTENT)
    return Kind(reason="neither its names nor its header nor its voxels tell what it shows")


def _inferred(kind: Kind) -> Finding:
    message = f"The image is taken for {kind.suffix}, by {kind.reason} alone."
    remedy = "Say datatype: and suffix: for the file in commissure.yaml if that is wrong."
    return Finding("image.kind", Severity.WARNING, message, remedy=remedy)


def _facts(kind: Kind, subject: Subject, repetition_s: float | None, beside: Beside) -> tuple[Fact, ...]:
    found = [
        Fact("datatype", kind.datatype or "unknown", kind.origin, kind.reason),
        Fact("suffix", kind.suffix, kind.origin, kind.reason),
        Fact("sex", subject.sex if subject.sex != "U" else "", Origin.HEADER),
        Fact("age", subject.age_years, Origin.HEADER),
        Fact(
            "RepetitionTime",
            repetition_s,
            Origin.SIDECAR if "RepetitionTime" in beside.fields else Origin.HEADER,
        ),
    ]
    found += [Fact(key, value, Origin.NAME) for key, value in kind.entities.items()]
    return tuple(fact for fact in found if fact.value not in ("", None))


def _identifying(fields: Mapping[str, Any]) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(category, str(fields[key]))
        for key, category in _IDENTIFYING.items()
        if fields.get(key) not in (None, "", "None", [])
    )
