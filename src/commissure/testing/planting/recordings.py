"""Recordings of every format that can be made, each of a made-up person whose identifiers stand in header, notes and name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from commissure.testing import clinic_bytes, meg_bytes, nirs_bytes, signal_bytes, signals
from commissure.testing.ctf_bytes import write_ctf
from commissure.testing.planting.notes import CODES, note_of
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, plants_of

__all__ = ["FORMATS", "PlantedFolder", "plant_recording"]

Write = Callable[..., Path]
#: format to its maker, what its header holds, and how its file is called
FORMATS: dict[str, tuple[Write, tuple[str, ...], str]] = {
    "edf": (
        signals.write_edf,
        ("patient name", "record number", "operator", "birth date", "study date"),
        ".edf",
    ),
    "bdf": (
        signals.write_bdf,
        ("patient name", "record number", "operator", "birth date", "study date"),
        ".bdf",
    ),
    "brainvision": (signals.write_brainvision, ("study date",), ""),
    "eeglab": (signals.write_eeglab, (), ".set"),
    "fif": (
        signals.write_fif,
        ("patient name", "record number", "operator", "birth date", "study date"),
        "_raw.fif",
    ),
    "snirf": (signals.write_snirf, ("patient name", "record number", "study date"), ".snirf"),
    "xdf": (signal_bytes.write_xdf, (), ".xdf"),
    "neuralynx": (signal_bytes.write_neuralynx, ("operator", "study date"), "folder"),
    "persyst": (signal_bytes.write_persyst, ("patient name", "record number", "operator", "study date"), ""),
    "neuroscan": (
        signal_bytes.write_neuroscan,
        ("patient name", "record number", "operator", "study date"),
        ".cnt",
    ),
    "nihon_kohden": (signal_bytes.write_nihon_kohden, ("patient name", "study date"), ""),
    "curry": (signal_bytes.write_curry, ("operator", "record number", "study date"), ""),
    "ant": (signal_bytes.write_ant, ("patient name", "record number", "operator"), ".cnt"),
    "ctf": (
        write_ctf,
        (
            "patient name",
            "record number",
            "operator",
            "birth date",
            "study date",
            "institution",
            "accession number",
            "comment",
        ),
        ".ds",
    ),
    "kit": (signal_bytes.write_kit, ("patient name",), ".con"),
    "gdf": (
        clinic_bytes.write_gdf,
        (
            "patient name",
            "record number",
            "operator",
            "institution",
            "device serial",
            "birth date",
            "study date",
        ),
        ".gdf",
    ),
    "micromed": (
        clinic_bytes.write_micromed,
        ("patient name", "institution", "birth date", "study date"),
        ".trc",
    ),
    "nirx": (
        nirs_bytes.write_nirx,
        ("patient name", "operator", "comment", "e-mail", "user path", "study date"),
        "",
    ),
    "nirx_aurora": (
        partial(nirs_bytes.write_nirx, aurora=True),
        ("patient name", "operator", "e-mail", "device serial", "study date"),
        "",
    ),
    "hitachi": (
        nirs_bytes.write_hitachi,
        ("patient name", "record number", "comment", "study date"),
        "_Probe1.csv",
    ),
    "boxy": (nirs_bytes.write_boxy, (), ".txt"),
    "bti": (meg_bytes.write_bti, ("operator", "institution", "user path"), ""),
    "artemis123": (
        meg_bytes.write_artemis123,
        ("patient name", "record number", "operator", "comment"),
        ".bin",
    ),
}
#: formats whose maker writes no events
_SILENT = {"neuralynx", "nihon_kohden", "curry", "ant", "kit", "nirx", "nirx_aurora", "hitachi", "boxy", "bti",
           "artemis123"}  # fmt: skip
_NOTED = ("lone surname", "other name", "phone", "e-mail", "web, host, network", "national id", "initials", "comment", "user path", "address",
          "physician", "department", "institution", "patient name", "age over 89")  # fmt: skip
_LATIN = {"xdf", "ctf", "persyst", "neuroscan", "ant", "kit", "nihon_kohden", "curry", "neuralynx", "gdf", "micromed", "nirx",
          "nirx_aurora", "hitachi", "bti", "artemis123"}  # fmt: skip
#: formats whose notes have so many characters at most
_LONGEST = {"neuroscan": 250, "micromed": 40}


@dataclass(frozen=True, slots=True)
class PlantedFolder:
    """A folder with plants in it, and what of it is science: text that must be found, and counts that must be the same."""

    folder: Path
    plants: tuple[Plant, ...]
    science: tuple[str, ...] = ()
    signals: Any = None


def plant_recording(folder: Path, format: str, *, rng: np.random.Generator) -> PlantedFolder:
    """Write one recording of ``format`` into ``folder``, in a file that bears its subject's name."""
    write, header, suffix = FORMATS[format]
    truth = signals.planted(seconds=6.0, rng=rng)
    person = make_person(rng, studied=signals.START.date())
    if format in _LATIN | {"edf", "bdf"}:
        person = _ascii(person)
    events, plants = _events(person, format, rng)
    who = {"name": person.values["patient name"], "id": person.values["record number"], "operator": person.values["operator"],
           "birth_date": person.values["birth date"], "institution": person.values["institution"],
           "accession": person.values["accession number"], "comment": person.values["comment"], "contact": person.values["e-mail"],
           "serial": person.values["device serial"], "path": person.values["user path"]}  # fmt: skip
    if format == "neuralynx":
        who["operator"] = person.values["operator"].split()[1]
    truth = replace(truth, identifiers=who, events=tuple(events))
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{person.family}_{person.given}_rest{suffix}"
    if suffix == "folder":
        write(folder / f"{person.family}_{person.given}_rest", truth)
    else:
        write(folder, truth, name=name)
    plants += plants_of(person, header, format=format, where="header")
    plants += plants_of(person, ("patient name",), format=format, where="file name")
    if format == "neuralynx":
        plants = [
            p if p.where != "header" or p.kind != "operator" else replace(p, spellings=(who["operator"],))
            for p in plants
        ]
    channels = truth.names if format != "snirf" else ()
    return PlantedFolder(folder, tuple(plants), (*channels, *_kept(events)), truth)


def _ascii(person: Person) -> Person:
    plain = {kind: value.translate(str.maketrans("ğćš", "gcs")) for kind, value in person.values.items()}
    return replace(person, values=plain, family=person.family.translate(str.maketrans("ğćš", "gcs")))


def _events(
    person: Person, format: str, rng: np.random.Generator
) -> tuple[list[tuple[float, str]], list[Plant]]:
    """Codes that repeat, and notes that are written once, in the order of time."""
    if format in _SILENT:
        return [(0.5, "go"), (1.25, "stop")], []
    codes = [(0.3 + 0.15 * n, str(CODES[n % 6])) for n in range(24)]
    notes = [note_of(person, kind, rng=rng)[: _LONGEST.get(format, 1000)] for kind in _NOTED]
    if format == "brainvision":
        notes = [note.replace(",", ";") for note in notes]  # a comma ends a field of the marker file
    told = [(0.35 + 0.3 * n, note) for n, note in enumerate(notes)]
    return sorted([*codes, *told]), plants_of(person, _NOTED, format=format, where="events")


def _kept(events: list[tuple[float, str]]) -> tuple[str, ...]:
    return tuple(sorted({label for _, label in events if label in CODES}))
