"""DICOM: classic, enhanced and mosaic series of every vendor, converted by dcm2niix.

Files are known by their content and sorted by their SeriesInstanceUID, whatever they are called; each series is one
Source. dcm2niix turns it into NIfTI in a private folder and tells the BIDS fields; pydicom tells what identifies.

Reference: Li, Morgan, Ashburner, Smith & Rorden 2016, doi:10.1016/j.jneumeth.2016.03.001.
"""

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from commissure.errors import Fault, Unreadable
from commissure.extras import need
from commissure.formats.dicom_header import (
    Mark,
    device_of,
    identifiers_of,
    looks_like_dicom,
    mark_of,
    read_header,
    start_of,
    subject_of,
)
from commissure.formats.image_events import attach_events, events_beside
from commissure.formats.image_kind import Evidence, Kind, kind_of
from commissure.formats.image_sidecar import phase_direction_label, sidecar_of
from commissure.formats.listing import Entry, Listing
from commissure.formats.names import facts_of
from commissure.formats.port import Noun
from commissure.model import About, Fact, Finding, Image, Origin, Severity, Source

__all__ = ["DicomReader", "reader"]

_CONVERTER_TIMEOUT_S = 3600.0
_SMALLEST_BYTES = 132
#: SOP classes that hold no image, by the part of their UID that tells
_NO_IMAGE = {
    "1.2.840.10008.5.1.4.1.1.88": "a structured report",
    "1.2.840.10008.5.1.4.1.1.11": "a presentation state",
    "1.2.840.10008.5.1.4.1.1.66": "raw data or a segmentation",
    "1.2.840.10008.5.1.4.1.1.104": "an encapsulated document",
    "1.2.840.10008.5.1.4.1.1.4.2": "spectroscopy",
    "1.2.840.10008.5.1.4.1.1.9": "a waveform",
    "1.2.840.10008.1.3.10": "a directory of files",
}  # fmt: skip
#: SOP classes of pictures that no scanner measured: a console, a probe or a camera made them, and wrote into them
_PICTURES = {
    "1.2.840.10008.5.1.4.1.1.7": "a secondary capture",
    "1.2.840.10008.5.1.4.1.1.6": "an ultrasound image",
    "1.2.840.10008.5.1.4.1.1.3": "an ultrasound film",
    "1.2.840.10008.5.1.4.1.1.77": "a photograph",
}  # fmt: skip
_SIDE_SUFFIXES = (".txt", ".md", ".tsv", ".json", ".csv", ".html", ".pdf")
_OTHER_SUFFIXES = (".nii", ".nii.gz", ".edf", ".bdf", ".nwb", ".h5", ".json", ".tsv", ".txt", ".md")


class DicomReader:
    """Finds DICOM series and reads them as Images."""

    def find(self, listing: Listing) -> Iterable[Source]:
        """One Source a series, its files in the order of their instance numbers."""
        series: dict[str, list[tuple[Mark, Entry]]] = {}
        for entry in listing.files:
            if _may_be_dicom(entry, listing) and (mark := mark_of(listing.absolute(entry.path))) is not None:
                series.setdefault(mark.series, []).append((mark, entry))
        sources = []
        for members in series.values():
            members.sort(key=lambda pair: (pair[0].instance, pair[1].path))
            mark, files = members[0][0], tuple(entry.path for _, entry in members)
            unfit = _unfit(mark)
            note = unfit or f"{len(files)} files of one series"
            sources.append((mark, Source("dicom", files, "bids", note=note, complete=not unfit)))
        return events_beside([(" ".join(mark.names), source) for mark, source in sources], listing)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Noun]:
        """The Images of a series: several where it holds several echoes, or magnitude and phase.

        Raises
        ------
        Unreadable
            If no image can be made of the series.
        Fault
            If dcm2niix is missing or does not end.
        """
        events = [path for path in source.files if path.endswith(".tsv")]
        files = [path for path in source.files if path not in events]
        header = read_header(listing.absolute(files[0]))
        inside = _alone(files, listing) or _linked([listing.absolute(path) for path in files], scratch)
        outputs, said = _convert(inside, scratch)
        if not outputs:
            reason = _reason(said)
            raise Unreadable(f"dcm2niix made no image of the series of {len(files)} files: {reason}")
        doubts = _doubts(said, header, [mark_of(listing.absolute(path)) for path in files])
        images = [_image(path, header, files[0], doubts) for path in outputs]
        images = [_with_echo(image, images) for image in images]
        return [attach_events(image, [listing.absolute(path) for path in events]) for image in images]


def _may_be_dicom(entry: Entry, listing: Listing) -> bool:
    if entry.bytes < _SMALLEST_BYTES or entry.suffix in _OTHER_SUFFIXES:
        return False
    return looks_like_dicom(listing.head(entry.path, _SMALLEST_BYTES))


def _unfit(mark: Mark) -> str:
    for uid, what in _NO_IMAGE.items():
        if mark.sop_class == uid or mark.sop_class.startswith(f"{uid}."):
            return f"the series is {what}, not an image"
    for uid, what in _PICTURES.items():
        if mark.sop_class == uid or mark.sop_class.startswith(f"{uid}."):
            return (
                f"the series is {what}, whose pixels may show who somebody is, not a scan; it was kept back"
            )
    if mark.modality and mark.modality not in {"MR", "PT"}:
        return f"the series is of modality {mark.modality[:4]}, and only MR is converted"
    return ""


def _alone(files: Sequence[str], listing: Listing) -> Path | None:
    """The raw folder of a series that has it for itself, so that dcm2niix may look there; else None."""
    folders = {listing.by_path[path].folder for path in files}
    if len(folders) != 1:
        return None
    folder = folders.pop()
    others = [entry for entry in listing.in_folder(folder) if entry.path not in set(files)]
    known = {entry.name for entry in listing.in_folder(folder)}
    top = listing.absolute(folder) if folder else listing.root
    unlisted = any(path.name not in known for path in top.iterdir() if not path.is_dir())
    strange = any(other.suffix not in _SIDE_SUFFIXES or _may_be_dicom(other, listing) for other in others)
    return None if unlisted or strange else top


def _linked(files: Sequence[Path], scratch: Path) -> Path:
    """A folder with links to these files alone, under neutral names."""
    inside = scratch / "dicom"
    inside.mkdir(parents=True)
    for number, path in enumerate(files):
        (inside / f"{number:06d}.dcm").symlink_to(path.resolve())
    return inside


def _convert(inside: Path, scratch: Path) -> tuple[list[Path], str]:
    """Run dcm2niix on the files in one folder; gives the NIfTI files and what was said."""
    program = need("dcm2niix", purpose="Converting DICOM images").bin
    outside = scratch / "nifti"
    outside.mkdir(parents=True)
    options = [
        "-b",
        "y",
        "-ba",
        "y",
        "-z",
        "n",
        "-f",
        "%s_%e",
        "-w",
        "2",
        "-d",
        "0",
        "-l",
        "o",
        "-o",
        str(outside),
    ]
    command = [str(program), *options, str(inside)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_CONVERTER_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Fault(f"dcm2niix did not end within {_CONVERTER_TIMEOUT_S:g} s and was stopped.") from error
    except OSError as error:
        raise Fault(f"dcm2niix could not be started ({type(error).__name__}).") from error
    made = sorted(
        path for path in outside.glob("*.nii") if not path.stem.endswith(("_Eq_1", "_Eq", "_Tilt_1", "_Tilt"))
    )
    return made, done.stdout + done.stderr


def _reason(said: str) -> str:
    for sign, reason in (
        ("not divisible", "slices of some volumes are missing"),
        ("missing images", "slices of some volumes are missing"),
        ("No valid DICOM", "none of them holds an image"),
        ("Unsupported transfer syntax", "their compression is not known"),
        ("file size", "they are cut short"),
        ("too small", "they are cut short"),
        ("Unable to", "their pixels cannot be decoded"),
    ):
        if sign.lower() in said.lower():
            return f"{reason}. Copy the series again from the scanner."
    return "their pixels cannot be decoded or are cut short. Copy the series again from the scanner."


#: what dcm2niix warns of, and what that means
_WARNINGS = (
    ("missing images", "image.missing", "Slices or volumes of the series are missing"),
    ("not a multiple", "image.missing", "The number of slices is not a multiple of the slices a volume"),
    ("interslice distance varies", "image.spacing", "The distance between slices varies"),
    ("issue870", "image.slice_timing", "The slice times of the first and the second volume differ"),
)


def _doubts(said: str, header: Any, marks: Sequence[Mark | None]) -> tuple[Finding, ...]:
    found = []
    for sign, check, message in _WARNINGS:
        if any(
            sign in line.lower()
            for line in said.splitlines()
            if "warning" in line.lower() or "error" in line.lower()
        ):
            found.append(_finding(check, f"{message}."))
    numbers = sorted({mark.instance for mark in marks if mark is not None and mark.instance > 0})
    gaps = numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0
    if gaps and len(numbers) == len(marks):
        found.append(
            _finding(
                "image.missing", f"{gaps} instance number(s) between the first and the last file are missing."
            )
        )
    if str(header.get("BurnedInAnnotation", "")).upper() == "YES":
        found.append(
            Finding("protect.burned_in", Severity.ERROR, "The header says that text is burned into the pixels.",
                    remedy="Have the series checked by eye; leave it out of the folder if it shows a name.")
        )  # fmt: skip
    return tuple(dict.fromkeys(found))


def _finding(check: str, message: str) -> Finding:
    return Finding(
        check,
        Severity.WARNING,
        message,
        remedy="Compare with the scanner's archive and export the series again.",
    )


def _image(path: Path, header: Any, raw_path: str, doubts: tuple[Finding, ...]) -> Image:
    nibabel = need("nibabel", purpose="Reading NIfTI images")
    native = nibabel.load(path)
    fields = _json(path.with_suffix(".json"))
    shape = tuple(int(size) for size in native.shape)
    zooms = native.header.get_zooms()
    repetition_s = _repetition_s(fields, float(zooms[3]) if len(zooms) > 3 else 0.0)
    extra = {
        key: path.with_suffix(f".{key}").read_text()
        for key in ("bval", "bvec")
        if path.with_suffix(f".{key}").exists()
    }
    direction = phase_direction_label(
        fields.get("PhaseEncodingDirection"), nibabel.aff2axcodes(native.affine)
    )
    names = tuple(str(fields[key]) for key in ("ProtocolName", "SeriesDescription") if fields.get(key))
    b_values = tuple(float(word) for word in extra.get("bval", "").split())
    kind = kind_of(Evidence(names, shape, fields, repetition_s, b_values, direction))
    about = _about(header, raw_path, fields, kind)
    missing = _cut_short(fields, header, shape, repetition_s)
    others = tuple(doubt for doubt in doubts if not missing or doubt.check != missing[0].check)
    about = replace(about, findings=(*others, *missing))
    return Image(native.dataobj, native.affine, about, repetition_s, extra)


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _repetition_s(fields: dict[str, Any], header_s: float) -> float | None:
    value = fields.get("RepetitionTime")
    if isinstance(value, int | float) and value > 0:
        return float(value)
    return header_s if header_s > 0 else None


def _about(header: Any, raw_path: str, fields: dict[str, Any], kind: Kind) -> About:
    named = facts_of(raw_path)
    subject, start = subject_of(header), start_of(header)
    subject = replace(subject, label=subject.label or named.subject)
    session = replace(About("", subject).session, label=named.session)
    facts = [
        Fact("datatype", kind.datatype or "unknown", kind.origin, kind.reason),
        Fact("suffix", kind.suffix, kind.origin, kind.reason),
        Fact("subject", subject.label, Origin.HEADER, "PatientID"),
        Fact("sex", subject.sex, Origin.HEADER, "PatientSex"),
        Fact("age", subject.age_years, Origin.HEADER, "PatientAge"),
        Fact("start", start, Origin.HEADER, "AcquisitionDateTime"),
    ]
    facts += [Fact(key, value, kind.origin) for key, value in kind.entities.items()]
    facts += [
        Fact(key, fields[key], Origin.HEADER)
        for key in ("RepetitionTime", "EchoTime", "FlipAngle")
        if key in fields
    ]
    sidecar = sidecar_of(fields)
    if "task" in kind.entities:
        sidecar["TaskName"] = kind.entities["task"]
    return About(
        datatype=kind.datatype,
        subject=subject,
        session=session,
        entities=dict(kind.entities),
        suffix=kind.suffix,
        start=start,
        device=device_of(header),
        sidecar=sidecar,
        facts=tuple(fact for fact in facts if fact.value not in ("", None, "U")),
        identifiers=(*identifiers_of(header), *named.identifiers),
    )


def _cut_short(
    fields: dict[str, Any], header: Any, shape: tuple[int, ...], repetition_s: float | None
) -> tuple[Finding, ...]:
    """Whether the header speaks of more volumes than there are."""
    if len(shape) < 4 or not repetition_s:
        return ()
    positions = header.get("NumberOfTemporalPositions")
    lasted_s = fields.get("AcquisitionDuration")
    if isinstance(lasted_s, int | float) and lasted_s > 1.5 * shape[3] * repetition_s + 10:
        planned = round(lasted_s / repetition_s)
        text = f"The series holds {shape[3]} volumes; the header speaks of {lasted_s:g} s, about {planned} volumes."
        return (_finding("image.missing", text),)
    if positions and int(positions) > shape[3]:
        text = f"The series holds {shape[3]} volumes; the header speaks of {int(positions)}."
        return (_finding("image.missing", text),)
    return ()


def _with_echo(image: Image, images: Sequence[Image]) -> Image:
    """``echo-`` where a functional or anatomical series has several echoes."""
    about = image.about
    times = sorted({float(str(other.about.sidecar.get("EchoTime", 0))) for other in images})
    if about.datatype not in {"func", "anat"} or len(times) < 2 or "EchoTime" not in about.sidecar:
        return image
    number = times.index(float(str(about.sidecar["EchoTime"]))) + 1
    return replace(image, about=replace(about, entities={**about.entities, "echo": str(number)}))


reader = DicomReader()
