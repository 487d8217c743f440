"""Plant, release, search: what was left of people, and what was lost of science."""

import csv
import datetime
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.hub import open_hub
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.planting.containers import plant_containers
from commissure.testing.planting.folders import plant_folder
from commissure.testing.planting.notes import CODES
from commissure.testing.planting.outsiders import plant_outsiders
from commissure.testing.planting.plants import Plant, found, released_bytes
from commissure.testing.planting.recordings import FORMATS, PlantedFolder, plant_recording
from commissure.testing.planting.rigs import RIGS, nwb_samples, plant_rig, same_samples
from commissure.testing.planting.scans import HEADER, PlantedStudy, plant_study
from commissure.testing.planting.trees import PERSONAL_FIELDS, plant_bids, plant_nwb
from commissure.workflows.clean_folder import clean_folder
from commissure.workflows.get import get
from commissure.workflows.share import ShareReport, share

__all__ = [
    "SECRET",
    "Tally",
    "compare_scans",
    "compare_science",
    "measure_containers",
    "measure_folder",
    "measure_outsiders",
    "measure_recordings",
    "measure_rigs",
    "measure_scans",
    "measure_trees",
]

#: after the day on which a Grant for today can be given
NOW = datetime.datetime.now(datetime.UTC)
SECRET = bytes(range(32))
_INK_GONE = 0.98
#: what identifies by its keyword, beside what was planted
_NOT_SCIENCE = {"PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence", "BurnedInAnnotation",
                "LongitudinalTemporalInformationModified", "SpecificCharacterSet", "RequestAttributesSequence", "StudyDescription",
                "ContentSequence", "PixelData"}  # fmt: skip


@dataclass
class Tally:
    """What was planted and what of it was left; how many items of science were compared, and which were lost."""

    plants: list[Plant] = field(default_factory=list)
    left: list[Plant] = field(default_factory=list)
    science: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def planted(self) -> int:
        """How many."""
        return len(self.plants)

    @property
    def recall(self) -> float:
        """The share of plants that are gone."""
        return 1 - len(self.left) / max(self.planted, 1)

    @property
    def loss(self) -> float:
        """The share of science that is gone."""
        return len(self.lost) / max(self.science, 1)

    def add(self, other: "Tally") -> None:
        """Take in another's counts."""
        self.plants += other.plants
        self.left += other.left
        self.science += other.science
        self.lost += other.lost

    def compare(self, what: str, before: object, after: object) -> None:
        """Count one item of science, lost if it is another."""
        self.science += 1
        if before != after:
            self.lost.append(f"{what}: {str(before)[:60]!r} became {str(after)[:60]!r}")


def _really(plants: Iterable[Plant], raw: Path) -> list[Plant]:
    """The plants that stand in the raw folder: what its maker could not write counts for nobody."""
    listed = list(plants)
    there = set(map(id, found(listed, released_bytes(raw))))
    return [
        plant
        for plant in listed
        if id(plant) in there or not plant.spellings or plant.where in {"pictures", "sound"}
    ]


def _released(work: Path, folder: Path) -> tuple[Path, ShareReport]:
    hub = open_hub(work / "hub")
    report = share(hub, folder, now=NOW)
    out = work / "out"
    out.mkdir(parents=True, exist_ok=True)
    if report.version:
        get(hub, f"{report.dataset}@{report.version}", into=out, now=NOW)
    return out, report


def measure_recordings(
    work: Path, *, rng: np.random.Generator, formats: Sequence[str] = tuple(FORMATS)
) -> Tally:
    """One recording of each format in one folder through ``share``."""
    tally = Tally()
    for format in formats:
        tally.plants += plant_recording(work / "raw" / format, format, rng=rng).plants
    tally.plants = _really(tally.plants, work / "raw")
    out, report = _released(work, work / "raw")
    tally.left = found(tally.plants, released_bytes(out))
    written = len(_recordings(out)) + len(list(out.rglob("*_ecephys.nwb")))
    tally.compare("recordings", len(formats), written)
    for path in _recordings(out):
        _compare_recording(path, tally)
    if written != len(formats):
        tally.lost += [
            f"{finding.check} {finding.message}" for finding in report.findings if finding.severity == "error"
        ]
    return tally


def measure_rigs(work: Path, *, rng: np.random.Generator) -> Tally:
    """One recording of each rig in one folder through ``share``; each one's samples must come out in an NWB file."""
    tally = Tally()
    planted = {name: plant_rig(work / "raw" / name.replace(" ", "_"), name, rng=rng) for name in RIGS}
    tally.plants = _really((plant for one in planted.values() for plant in one.plants), work / "raw")
    out, report = _released(work, work / "raw")
    tally.left = found(tally.plants, released_bytes(out))
    held = list(nwb_samples(out))
    for name, one in planted.items():
        tally.compare(f"{name} samples", True, any(same_samples(one.signals, array) for array in held))
    if tally.lost:
        tally.lost += [f"{one.check} {one.message}" for one in report.findings if one.severity == "error"]
    return tally


def _recordings(out: Path) -> list[Path]:
    return sorted(path for path in out.rglob("*_channels.tsv") if "_tracksys-" not in path.name)


def _table(path: Path, mark: str = "\t") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=mark))


def _compare_recording(path: Path, tally: Tally) -> None:
    """Rate, channels and codes of one released recording, against what every maker puts in."""
    stem = path.name.removesuffix("_channels.tsv")
    side = next(
        (
            one
            for one in path.parent.glob(f"{stem}_*.json")
            if one.name.endswith(("eeg.json", "meg.json", "nirs.json"))
        ),
        None,
    )
    fields = json.loads(side.read_text("utf-8")) if side else {}
    names = [row["name"] for row in _table(path)] if not {"nirs", "meg"} & set(path.parts) else None
    events = path.with_name(f"{stem}_events.tsv")
    rows = _table(events) if events.exists() else []
    told = Counter(str(cell) for row in rows for cell in row.values())
    compare_science(stem, tally, rate_hz=float(fields.get("SamplingFrequency", 0)), names=names, told=told)


def compare_science(
    stem: str, tally: Tally, *, rate_hz: float, names: Sequence[str] | None, told: Mapping[str, int]
) -> None:
    """Compare a recording's rate, channels (None: not looked at) and codes with what every maker puts in."""
    tally.compare(f"{stem} rate", 256.0, rate_hz)
    for name in () if names is None else ("Fz", "Cz", "Pz", "Oz"):
        tally.compare(f"{stem} channel", True, any(name in one.title() for one in names or ()))
    # marks that BrainVision pads with blanks are the same without
    plain: Counter[str] = Counter()
    for text, count in told.items():
        plain[" ".join(text.split())] += count
    codes = [" ".join(code.split()) for code in CODES[:6]]
    if sum(plain[code] for code in codes) > 4:
        for code in codes:
            tally.compare(f"{stem} events {code}", 4, min(plain[code], 4))


def measure_trees(work: Path, *, rng: np.random.Generator, subjects: int, files: int) -> Tally:
    """A BIDS dataset and NWB files through ``share``; every cell and field that holds no person is compared."""
    tally = Tally()
    planted = plant_bids(work / "bids" / "raw", rng=rng, subjects=max(subjects, 2))
    tally.plants += _really(planted.plants, planted.folder)
    out, report = _released(work / "bids", planted.folder)
    tally.left += found(tally.plants, released_bytes(out))
    if not report.version:
        tally.lost += [
            f"{finding.check} {finding.message}" for finding in report.findings if finding.severity == "error"
        ]
    _compare_trees(planted.folder, out, tally)
    science: list[tuple[str, ...]] = []
    notes: list[Plant] = []
    for number in range(files):
        one = plant_nwb(work / "nwb" / "raw" / f"session{number}.nwb", rng=rng)
        notes += one.plants
        science.append(one.science)
    notes = _really(notes, work / "nwb" / "raw")
    tally.plants += notes
    out, _ = _released(work / "nwb", work / "nwb" / "raw")
    released = released_bytes(out)
    tally.left += found(notes, released)
    tally.compare("NWB files", files, len(list(out.rglob("*.nwb"))))
    for text in (text for texts in science for text in texts):
        tally.compare("NWB text", True, text.lower().encode() in released)
    return tally


def _compare_trees(before: Path, after: Path, tally: Tally) -> None:
    for path in sorted(before.rglob("*.json")):
        made = after / path.relative_to(before)
        told = json.loads(made.read_text("utf-8")) if made.exists() else {}
        for key, value in json.loads(path.read_text("utf-8")).items():
            if _is_science(key):
                tally.compare(f"{path.name} {key}", value, told.get(key))
    for path in sorted(before.rglob("*.tsv")):
        made = after / path.relative_to(before)
        rows = _table(made) if made.exists() else []
        for number, row in enumerate(_table(path)):
            for key, value in row.items():
                if _is_cell(key, row):
                    tally.compare(
                        f"{path.name} {key}", value, rows[number].get(key) if number < len(rows) else None
                    )


def _is_science(key: str) -> bool:
    return key not in PERSONAL_FIELDS


def _is_cell(key: str, row: dict[str, str]) -> bool:
    """Whether a cell of the planted tables holds science."""
    if key in {
        "participant_id",
        "sex",
        "handedness",
        "group",
        "moca",
        "onset",
        "duration",
        "stim",
        "name",
        "type",
        "units",
    }:
        return True
    return (key == "age" and row[key].isdigit() and int(row[key]) < 89) or (
        key == "trial_type" and row[key] in CODES
    )


def measure_scans(work: Path, *, rng: np.random.Generator, studies: int) -> Tally:
    """DICOM studies through ``commissure protect clean``."""
    planted = [plant_study(work / "raw", rng=rng, number=number) for number in range(studies)]
    clean_folder(work / "raw", work / "out", secret=lambda name: SECRET)
    return compare_scans(
        work / "raw", work / "out", planted=planted, names=lambda uid: Pseudonyms(SECRET).uid(uid)
    )


def compare_scans(raw: Path, out: Path, *, planted: Iterable[PlantedStudy], names: Any) -> Tally:
    """What is left and lost of DICOM studies; ``names`` gives the new SOP instance UID for an old one, or None."""
    pydicom = need("pydicom", purpose="Comparing DICOM files")
    tally = Tally()
    studies = list(planted)
    tally.plants = _really((plant for study in studies for plant in study.plants), raw)
    tally.left = found([plant for plant in tally.plants if plant.spellings], released_bytes(out))
    made = [pydicom.dcmread(path) for path in sorted(out.rglob("*")) if path.is_file()]
    by_uid = {str(one.get("SOPInstanceUID", "")): one for one in made}
    for path in sorted(path for path in raw.rglob("*") if path.is_file()):
        old = pydicom.dcmread(path)
        wanted = names(str(old.SOPInstanceUID))
        new = by_uid.get(wanted) if wanted else _like(old, made)
        _compare_dataset(old, new, tally, path.parent.name)
    captures = {
        str(one.get("SeriesDescription", "")): one
        for one in made
        if one.get("SOPClassUID") == "1.2.840.10008.5.1.4.1.1.7"
    }
    for study in studies:
        for name, ink in study.ink.items():
            lines = _lines(ink)
            left = _seen(captures[name].pixel_array, lines) if name in captures else 0
            tally.left += [Plant("burned-in text", (), "dicom", name)] * left
    return tally


def _like(old: Any, made: list[Any]) -> Any:
    """The dataset that has the same pixels, where UIDs cannot be followed; of the same maker if there are several."""
    same = [
        new
        for new in made
        if new.get("PixelData") == old.get("PixelData")
        and new.get("InstanceNumber") == old.get("InstanceNumber")
    ]
    alike = [new for new in same if new.get("Manufacturer") == old.get("Manufacturer")]
    return next(iter([*alike, *same]), None)


def _compare_dataset(old: Any, new: Any, tally: Tally, where: str) -> None:
    for element in old:
        planted = element.keyword in HEADER or element.keyword in _NOT_SCIENCE or element.tag.is_private
        if (
            planted
            or element.VR in {"UI", "DA", "DT", "TM"}
            or element.keyword.startswith("CurrentRequested")
        ):
            continue
        kept = new.get(element.keyword) if new is not None else None
        tally.compare(f"{where} {element.keyword}", _plain(element.value), _plain(kept))
    if "PixelData" in old and old.Modality == "MR":
        tally.compare(f"{where} pixels", old.PixelData, new.PixelData if new is not None else None)


def _plain(value: Any) -> str:
    """A value as text, without the UIDs and moments inside its sequences."""
    if type(value).__name__ == "Sequence":
        return ";".join(_plain(item) for item in value)
    if type(value).__name__ == "Dataset":
        return ",".join(
            f"{one.keyword}={_plain(one.value)}"
            for one in value
            if one.VR not in {"UI", "DA", "DT", "TM", "UT", "PN"}
        )
    return str(value)


def _lines(ink: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """The letters line by line."""
    ndimage = need("scipy.ndimage", purpose="Telling lines of text apart")
    labels, count = ndimage.label(ndimage.binary_dilation(ink.any(axis=1), iterations=2))
    return [ink & (labels == number)[:, None] for number in range(1, count + 1)]


def _seen(pixels: np.ndarray[Any, Any], lines: list[np.ndarray[Any, Any]]) -> int:
    return sum(bool((pixels[line] == pixels.min()).mean() < _INK_GONE) for line in lines)


def measure_folder(work: Path, *, rng: np.random.Generator, count: int) -> Tally:
    """TIFF, MATLAB, tables, notes, photographs, sound and a film through ``commissure protect clean``."""
    return _cleaned(plant_folder(work / "raw", rng=rng, count=count), work)


def measure_outsiders(work: Path, *, rng: np.random.Generator, count: int) -> Tally:
    """What an outsider would plant, and where, through ``commissure protect clean``."""
    return _cleaned(plant_outsiders(work / "raw", rng=rng, count=count), work)


def measure_containers(work: Path, *, rng: np.random.Generator, count: int) -> Tally:
    """Analyses in HDF5 and MATLAB 7.3, archives, scripts, notebooks and workbooks through ``commissure protect clean``."""
    return _cleaned(plant_containers(work / "raw", rng=rng, count=count), work)


def _cleaned(planted: PlantedFolder, work: Path) -> Tally:
    tally = Tally()
    tally.plants = _really(planted.plants, work / "raw")
    clean_folder(work / "raw", work / "out", secret=lambda name: SECRET)
    tally.left = found(tally.plants, released_bytes(work / "out"))
    planted.signals(work / "out", tally)
    return tally
