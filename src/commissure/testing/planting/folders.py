"""A mixed folder: TIFF movies, EEGLAB files, tables, notes, photographs, sound, and a film of a person."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.protect.files.film_faces import ffmpeg_program, film_frames
from commissure.protect.heads.faces import FaceFinder, can_find_faces
from commissure.testing.films import write_film
from commissure.testing.planting.notes import SCIENCE_TEXTS, note_of
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, plants_of
from commissure.testing.planting.recordings import PlantedFolder

__all__ = ["plant_folder"]

_FRAMES = 8
_TEXT_KINDS = (
    "patient name",
    "lone surname",
    "phone",
    "e-mail",
    "national id",
    "record number",
    "user path",
    "birth date",
    "address",
)


def plant_folder(folder: Path, *, rng: np.random.Generator, count: int) -> PlantedFolder:
    """Write ``count`` of each kind of file and one film; ``signals`` of the result compares the science of a clean copy."""
    folder.mkdir(parents=True, exist_ok=True)
    plants: list[Plant] = []
    for number in range(count):
        # a person a file, so that what is left is told of the file that holds it
        plants += _tiff(folder / f"movie{number}.tif", make_person(rng))
        plants += _matlab(folder / f"eeg{number}.set", make_person(rng), rng)
        plants += _table(folder / f"scores{number}.csv", make_person(rng), rng)
        plants += _notes(folder / f"notes{number}.txt", make_person(rng), rng)
        plants += _personal(folder, number, make_person(rng))
    film = ffmpeg_program() and can_find_faces()
    if film:
        plants += _film(folder, make_person(rng))
    return PlantedFolder(
        folder, tuple(plants), (), lambda out, tally: _compare(out, tally, count, bool(film))
    )


def _tiff(path: Path, person: Person) -> list[Plant]:
    tifffile = need("tifffile", purpose="Making TIFF movies")
    said = person.values
    text = f'<OME><Experimenter UserName="{said["operator"]}" Email="{said["e-mail"]}"/><Pixels TimeIncrement="0.033" PhysicalSizeX="0.5"/></OME>'
    tags = [
        (315, "s", 0, said["operator"], True),
        (316, "s", 0, said["web, host, network"], True),
        (33432, "s", 0, said["patient name"], True),
    ]
    when = person.studied.strftime("%Y:%m:%d 10:11:12")
    frames = np.full((4, 8, 8), 77, dtype=np.uint16)
    tags = [
        (code, kind, size, value.encode("ascii", "replace").decode(), once)
        for code, kind, size, value, once in tags
    ]
    tifffile.imwrite(path, frames, description=text.encode("ascii", "replace").decode(), datetime=when, metadata=None, photometric="minisblack",
                     extratags=tags)  # fmt: skip
    return plants_of(
        person,
        ("operator", "e-mail", "web, host, network", "patient name", "study date"),
        format="tiff",
        where="tags",
    )


def _matlab(path: Path, person: Person, rng: np.random.Generator) -> list[Plant]:
    io = need("scipy.io", purpose="Making MATLAB files")
    kinds = ("lone surname", "phone", "operator")
    marks = [(note_of(person, kind, rng=rng), 1.0 + n) for n, kind in enumerate(kinds)] + [
        ("S 1", 9.0),
        ("Target", 10.0),
    ]
    eeg = {"setname": person.values["patient name"], "subject": person.values["record number"], "filepath": person.values["user path"],
           "comments": person.values["comment"], "srate": 250.0, "data": np.arange(12.0).reshape(3, 4), "ref": "common",
           "event": np.array(marks, dtype=[("type", object), ("latency", object)])}  # fmt: skip
    io.savemat(path, {"EEG": eeg}, do_compression=bool(rng.integers(2)))
    return plants_of(
        person,
        (*kinds, "patient name", "record number", "user path", "comment"),
        format="eeglab",
        where="texts",
    )


def _table(path: Path, person: Person, rng: np.random.Generator) -> list[Plant]:
    said = person.values
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["full_name", "dob", "iq", "test", "who"])
        rows.writerow(
            [
                said["patient name"],
                said["birth date"],
                "104",
                "Wechsler",
                note_of(person, "physician", rng=rng),
            ]
        )
        rows.writerow([said["other name"], "n/a", "99", "Raven", note_of(person, "lone surname", rng=rng)])
    return plants_of(
        person,
        ("patient name", "birth date", "physician", "other name", "lone surname"),
        format="csv",
        where="cells",
    )


def _notes(path: Path, person: Person, rng: np.random.Generator) -> list[Plant]:
    lines = [*SCIENCE_TEXTS[:6], *(note_of(person, kind, rng=rng) for kind in _TEXT_KINDS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return plants_of(person, _TEXT_KINDS, format="text", where="notes")


def _personal(folder: Path, number: int, person: Person) -> list[Plant]:
    """A photograph and a voice that cannot be made safe, and must not be released; marks stand for what they show."""
    face, voice = (
        f"planted-{kind}-{number}-{person.values['accession number'].lower()}" for kind in ("face", "voice")
    )
    (folder / f"portrait{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + face.encode())
    (folder / f"talk{number}.wav").write_bytes(b"RIFF\x40\x00\x00\x00WAVEfmt " + voice.encode())
    return [Plant("face", (face,), "jpg", "photograph"), Plant("voice", (voice,), "wav", "sound")]


def _film(folder: Path, person: Person) -> list[Plant]:
    write_film(
        folder / f"{person.family}.mp4", frames=_FRAMES, face=True, title=person.values["patient name"]
    )
    plants = plants_of(person, ("patient name",), format="mp4", where="title")
    return [
        *plants,
        Plant("face", ("a face in the released film",), "mp4", "pictures"),
        Plant("voice", ("a sound track",), "mp4", "sound"),
    ]


def _compare(out: Path, tally: Any, count: int, film: bool) -> None:
    tifffile, io = (
        need("tifffile", purpose="Reading TIFF movies"),
        need("scipy.io", purpose="Reading MATLAB files"),
    )
    movies = sorted(out.glob("*.tif"))
    tally.compare("TIFF movies", count, len(movies))
    for path in movies:
        tally.compare("TIFF samples", True, bool((tifffile.imread(path) == 77).all()))
        tally.compare(
            "TIFF description", True, b'TimeIncrement="0.033" PhysicalSizeX="0.5"' in path.read_bytes()
        )
    for path in sorted(out.glob("*.set")):
        eeg = io.loadmat(path, simplify_cells=True)["EEG"]
        tally.compare("EEGLAB rate", 250.0, eeg["srate"])
        tally.compare("EEGLAB samples", True, bool((eeg["data"] == np.arange(12.0).reshape(3, 4)).all()))
        tally.compare(
            "EEGLAB codes", ["S 1", "Target"], [str(one["type"]).strip() for one in eeg["event"]][-2:]
        )
        tally.compare("EEGLAB reference", "common", str(eeg["ref"]).strip())
    for path in sorted(out.glob("*.csv")):
        with path.open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        for key, values in (("iq", ["104", "99"]), ("test", ["Wechsler", "Raven"])):
            tally.compare(f"CSV {key}", values, [row.get(key) for row in rows])
    for path in sorted(out.glob("*.txt")):
        for text in SCIENCE_TEXTS[:6]:
            tally.compare("notes", True, text in path.read_text("utf-8"))
    if film:
        _compare_film(out, tally)


def _compare_film(out: Path, tally: Any) -> None:
    films = list(out.glob("*.mp4"))
    tally.compare("films", 1, len(films))
    for path in films:
        frames = list(film_frames(path))
        tally.compare("frames", _FRAMES, len(frames))
        if any(FaceFinder()(frame) for frame in frames):
            tally.left.append(next(plant for plant in tally.plants if plant.where == "pictures"))
        if b"soun" in path.read_bytes():
            tally.left.append(
                next(plant for plant in tally.plants if plant.where == "sound" and plant.format == "mp4")
            )
