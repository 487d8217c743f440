"""Philips PAR/REC: a text header (``.PAR``) and its voxels (``.REC``), versions 4 to 4.2.

One file may hold several echoes, and magnitude beside phase; each becomes an Image of its own.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.image_events import events_beside
from commissure.formats.image_native import Beside, image_of
from commissure.formats.listing import Listing
from commissure.formats.port import Noun
from commissure.model import Finding, Identifier, Image, Severity, Source, Subject
from commissure.model.about import About

__all__ = ["ParRecReader", "reader"]

_MARK = b"# === DATA DESCRIPTION FILE"
_IMAGE_TYPES = {0: "M", 1: "R", 2: "I", 3: "P"}
_WEIGHTS_AXIS = 4


class ParRecReader:
    """Finds PAR/REC pairs and reads them as Images."""

    def find(self, listing: Listing) -> Iterable[Source]:
        """One Source a pair, by the PAR file's first line."""
        found = []
        for entry in listing.files:
            if not listing.head(entry.path, 64).startswith(_MARK):
                continue
            stem = entry.name.rpartition(".")[0]
            voxels = listing.beside(entry.path, f"{stem}.REC")
            if voxels is None:
                note = "the .REC file with the voxels is missing"
                found.append(("", Source("parrec", (entry.path,), "bids", note=note, complete=False)))
                continue
            protocol = _field(listing.head(entry.path), b"Protocol name")
            found.append((protocol, Source("parrec", (entry.path, voxels), "bids")))
        return events_beside(found, listing)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Noun]:
        """The Images of a pair.

        Raises
        ------
        Unreadable
            If the header cannot be understood, or the voxels are cut short.
        """
        del scratch
        parrec = need("nibabel.parrec", purpose="Reading PAR/REC images")
        path, voxels = (listing.absolute(name) for name in source.files[:2])
        findings: list[Finding] = []
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                native = parrec.PARRECImage.from_filename(path, permit_truncated=True, strict_sort=True)
            if any("truncated" in str(one.message).lower() for one in said):
                findings.append(_missing())
            expected = int(np.prod(native.shape)) * native.get_data_dtype().itemsize
        except (parrec.PARRECError, OSError, ValueError, KeyError, IndexError) as error:
            raise Unreadable("The PAR header cannot be understood; export the series again.") from error
        if voxels.stat().st_size < expected:
            raise Unreadable(f"The REC file is cut short ({voxels.stat().st_size} of {expected} bytes).")
        beside = _beside(native.header, source.primary)
        return [_split(native, beside, group, findings) for group in _groups(native.header)]


def _field(head: bytes, name: bytes) -> str:
    match = re.search(re.escape(name) + rb"\s*:\s*([^\r\n]*)", head)
    return match.group(1).decode("latin-1").strip() if match else ""


def _missing() -> Finding:
    message = "The series ends before its last volume: slices that the header announces are missing."
    return Finding(
        "image.missing", Severity.WARNING, message, remedy="Export the series again from the scanner."
    )


def _groups(header: Any) -> list[tuple[int, int, tuple[int, ...]]]:
    """Volumes that belong together, as (image type, echo, their indices)."""
    labels = header.get_volume_labels()
    volumes = header.get_data_shape()[3] if len(header.get_data_shape()) > 3 else 1
    kinds = labels.get("image_type_mr", [int(header.image_defs["image_type_mr"][0])] * volumes)
    echoes = labels.get("echo number", [1] * volumes)
    groups: dict[tuple[int, int], list[int]] = {}
    for index, key in enumerate(zip(kinds, echoes, strict=True)):
        groups.setdefault((int(key[0]), int(key[1])), []).append(index)
    return [(kind, echo, tuple(members)) for (kind, echo), members in sorted(groups.items())]


def _beside(header: Any, path: str) -> Beside:
    said = header.general_info
    technique = str(said["tech"]).upper()
    planar = "EPI" in technique
    fields: dict[str, Any] = {
        "Manufacturer": "Philips",
        "ScanningSequence": ["EP" if planar else "GR", *(["GR"] if technique.startswith("FE") else [])],
        "PulseSequenceType": "Gradient Echo EPI" if planar and technique.startswith("FE") else technique,
        "SequenceName": technique,
        "MRAcquisitionType": "3D" if str(said["scan_mode"]).strip() == "3D" else "2D",
        "FlipAngle": float(header.image_defs["image_flip_angle"][0]),
        "WaterFatShift": float(said["water_fat_shift"]),
        "SliceThickness": float(header.image_defs["slice thickness"][0]),
    }
    repetition_ms = np.atleast_1d(said["repetition_time"]).astype(float)
    if repetition_ms.size and repetition_ms[0] > 0:
        fields["RepetitionTime"] = round(repetition_ms[0] / 1000.0, 6)
    names = tuple(str(said[key]).strip() for key in ("protocol_name", "series_type") if key in said)
    identifiers = [
        Identifier(category, str(said[key]).strip())
        for key, category in (("patient_name", "name"), ("exam_name", "comment"), ("exam_date", "date"))
        if str(said.get(key, "")).strip()
    ]
    extra = {}
    weights, vectors = header.get_bvals_bvecs()
    if weights is not None and vectors is not None:
        extra["bval"] = " ".join(f"{value:g}" for value in weights) + "\n"
        extra["bvec"] = (
            "\n".join(" ".join(f"{value:.6f}" for value in row) for row in np.asarray(vectors).T) + "\n"
        )
    subject = Subject(str(said.get("patient_name", "")).strip())
    return Beside(path, names[:1], fields, extra, tuple(identifiers), subject)


def _split(
    native: Any, beside: Beside, group: tuple[int, int, tuple[int, ...]], findings: Sequence[Finding]
) -> Image:
    nibabel = need("nibabel", purpose="Reading PAR/REC images")
    kind, echo, members = group
    header = native.header
    whole = len(native.shape) < _WEIGHTS_AXIS or len(members) == native.shape[3]
    times_ms = header.image_defs["echo_time"][header.image_defs["echo number"] == echo]
    letter = _IMAGE_TYPES.get(kind, "M")
    fields = {**beside.fields, "ImageType": ["ORIGINAL", "PRIMARY", letter], "EchoNumber": echo}
    if times_ms.size:
        fields["EchoTime"] = round(float(times_ms[0]) / 1000.0, 6)
    voxels = np.asarray(native.dataobj, dtype="float32")
    part = nibabel.Nifti1Image(voxels if whole else voxels[..., list(members)], native.affine)
    part.header.set_xyzt_units("mm", "sec")
    several = len({number for _, number, _ in _groups(header)}) > 1
    told = Beside(
        beside.path, beside.names, fields, beside.extra if whole else {}, beside.identifiers, beside.subject
    )
    image = image_of(part, told)
    return Image(
        image.array, image.affine_mm, _about(image.about, header, echo if several else 0, findings),
        image.repetition_s, image.extra,
    )  # fmt: skip


def _about(about: About, header: Any, echo: int, findings: Sequence[Finding]) -> About:
    entities = dict(about.entities)
    if echo and about.datatype in {"func", "anat"}:
        entities["echo"] = str(echo)
    changes = {"entities": entities, "start": _start(header), "findings": (*about.findings, *findings)}
    names = ("datatype", "subject", "session", "suffix", "device", "sidecar", "facts", "identifiers")
    return About(**{**{name: getattr(about, name) for name in names}, **changes})


def _start(header: Any) -> datetime | None:
    text = str(header.general_info.get("exam_date", ""))
    try:
        return datetime.strptime(" ".join(text.replace("/", " ").split()), "%Y.%m.%d %H:%M:%S")
    except ValueError:
        return None


reader = ParRecReader()
