"""What an outsider would plant: numbers a word announces, accounts, plates, places, dates in words, names in other scripts; in odd places.

The other makers of this folder were written beside the cleaner. This one was written from a list that somebody made who had not
read it: nine spellings of a date, seventeen kinds of numbers, and places such as keys of a JSON object, the header of a device
in FIF, ImageJ's labels, names of maps in CIFTI, texts in UTF-16, and a table with semicolons.
"""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, found, released_bytes
from commissure.testing.planting.recordings import PlantedFolder

__all__ = ["outsider_notes", "plant_outsiders"]

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_OTHER_SCRIPTS = ("佐藤太一", "Σουμέλα Ζευγίτης", "Азарий Муравьев", "مريم بجيلة", "שרה גאנם", "शिवाली महरा")
#: kind to ways of announcing a number, and what the number looks like
_ANNOUNCED = {
    "record number": (("hospital number {}", "7G/{}"), ("Fallnummer {}", "{}"), ("PID={}", "{}"), ("Patientennummer: {}", "{}"), ("chart #{}", "{}"),
                      ("medical record {}", "{}")),
    "national id": (("personnummer {}", "811218-{:.4}"), ("AHV-Nr. {}", "756.{0:.4}.{0:.4}.{0:.2}"), ("NI number {}", "QQ {0:.2} {0:.2} {0:.2} C"),
                    ("BSN {}", "{}91"), ("PESEL {}", "{}1191"), ("DNI {}", "{}8K")),
    "accession number": (("acc. no. {}", "R{}"), ("ACC: {}", "B{}"), ("Accession# {}", "A{}")),
    "insurance": (("insurance no. {}", "K{}"), ("Versichertennummer {}", "A{}"), ("policy number {}", "X{}"), ("health plan ID {}", "B{}")),
    "vehicle": (("licence plate {}", "LOS-BC-{:.4}"), ("Kennzeichen {}", "ZH {:.6}"), ("parked with plate number {}", "{:.3}-KWT-11")),
    "postcode": (("PLZ {}", "{:.5}"), ("zip code {}", "{:.5}"), ("post code {}", "B{:.2} 3HX")),
    "phone": (("reachable at {}", "0680 {:.6}"), ("call {} after 6pm", "0{}11"), ("mobile {}", "07{}85")),
    "device serial": (("Seriennummer {}", "{}"), ("amplifier serial: {}", "{}-7"), ("Device SN: {}", "A{}")),
}  # fmt: skip
#: science that stands between the plants; each line must stay
SCIENCE = (
    "sampling at 24414.0625 Hz, headstage RHD2132",
    "seed 1234567890, Psychtoolbox 3.0.17",
    "AAV2/1 CaMKII-GCaMP6f, titre 2.1e13",
    "coordinates -45.2, 33.1, 12.7 mm in MNI152NLin2009cAsym",
    "Kilosort 2.5, 384 channels",
    "Levodopa 100 mg at breakfast",
    "doi 10.1038/s41586-020-0001-1, https://openneuro.org/datasets/ds000117",
    "accession GSE123456, RRID:IMSR_JAX:000664",
    "user defined function, contact 3, plate 2",
)


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in rng.integers(1, 10, count))


def _with_check(digits: str) -> str:
    """A card's number with its check digit (Luhn)."""
    doubled = [
        sum(divmod(2 * int(one), 10)) if place % 2 == 0 else int(one)
        for place, one in enumerate(reversed(digits))
    ]
    return digits + str(-sum(doubled) % 10)


def _date(rng: np.random.Generator, day: datetime.date) -> str:
    en, de, fr, es = (_MONTHS[language].split()[day.month - 1] for language in ("en", "de", "fr", "es"))
    spelled = (f"{en} {day.day}th {day.year}", f"{day.day}. {de} {day.year}", f"{day.day} {fr} {day.year}", f"{day.day} de {es} de {day.year}",
               f"{day.day:02d}{en[:3].upper()}{day.year}", f"{en[:3]} {day.day}, '{day.year % 100:02d}", f"{day.year}年{day.month}月{day.day}日",
               f"{day.day} {en[:3].lower()} {day.year}", f"{en[:3]} {day.day} 09:13:22 {day.year}")  # fmt: skip
    return str(rng.choice(spelled))


def outsider_notes(rng: np.random.Generator) -> list[tuple[str, str, tuple[str, ...]]]:
    """``(kind, note, spellings)``: one note of each kind, none of it told by a header."""
    person = make_person(rng)
    user = person.values["e-mail"].partition("@")[0].rstrip("0123456789")
    number, code = _digits(rng, 7), _digits(rng, 3)
    born = datetime.date(int(rng.integers(1941, 1999)), int(rng.integers(1, 13)), int(rng.integers(13, 20)))
    seen = datetime.date(int(rng.integers(2009, 2024)), int(rng.integers(1, 13)), int(rng.integers(13, 20)))
    names = str(
        rng.choice(_OTHER_SCRIPTS)
    )  # spelled without capitals, of which the search knows the Latin ones only
    notes = []
    for kind, ways in _ANNOUNCED.items():
        words, form = ways[rng.integers(len(ways))]
        value = form.format(number)
        notes.append((kind, words.format(value), (value,)))
    card = _with_check("4" + _digits(rng, 14))
    iban = f"CH{_digits(rng, 19)}"
    place = f"{rng.uniform(40, 55):.4f}, {rng.uniform(3, 20):.4f}"
    return [
        *notes,
        ("account", f"reimburse to {iban}", (iban,)),
        ("account", f"paid by card {card}", (card,)),
        ("place", f"GPS: {place}", (place,)),
        ("user name", f"login: {user}", (user,)),
        ("web, host, network", f"PC name {user}-laptop", (f"{user}-laptop",)),
        ("web, host, network", f"see https://www.{user}.com/results", (user,)),
        ("web, host, network", f"server [fe80:0:0:{code}:1ff:fe23:4567:890a]", (f"fe80:0:0:{code}",)),
        ("birth date", f"born {(text := _date(rng, born))}", (text,)),
        ("study date", f"visit {(text := _date(rng, seen))}", (text,)),
        ("other name", f"PI: {names} came by", tuple(name[1:] for name in names.split())),
        ("patient name", f"jane {person.family.lower()} fell asleep in run 2", (person.family,)),
        ("lone surname", f"F. {person.others['operator']} checked the caps", (person.others["operator"],)),
        ("age over 89", f"she is {(age := int(rng.integers(91, 99)))}", (f"is {age}",)),
    ]  # fmt: skip


def plant_outsiders(folder: Path, *, rng: np.random.Generator, count: int) -> PlantedFolder:
    """Write ``count`` of each kind of file; ``signals`` of the result compares the science of a clean copy."""
    plants: list[Plant] = []
    for number in range(count):
        for name, write in _WRITERS.items():
            notes = outsider_notes(rng)
            path = folder / f"set{number}" / name.partition(".")[0] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = write(path, notes, make_person(rng))
            plants += [Plant(kind, spelled, path.suffix[1:], name) for kind, _, spelled in kept]
    return PlantedFolder(folder, tuple(plants), (), lambda out, tally: _compare(out, tally, count))


Notes = list[tuple[str, str, tuple[str, ...]]]


def _text(path: Path, notes: Notes, _: Person) -> Notes:
    lines = [line for pair in zip((note for _, note, _ in notes), SCIENCE * 3, strict=False) for line in pair]
    path.write_text("\n".join(lines), encoding="utf-16" if path.name == "wide.txt" else "utf-8")
    return notes


def _keys(path: Path, notes: Notes, person: Person) -> Notes:
    other = person.others["physician"]
    told = {
        person.values["patient name"]: {"rt_ms": 433.17},
        "scores": {f"Gudrun {other}": [1, 2.5]},
        "notes": [note for _, note, _ in notes],
    }
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return [*notes, ("patient name", "", (person.family,)), ("physician", "", (other,))]


def _cells(path: Path, notes: Notes, person: Person) -> Notes:
    said = person.values
    street, code = said["address"], notes[5][2][0].replace(" ", "")
    path.write_text(
        f"Vorname;Nachname;Geburtsdatum;Strasse;PLZ;Wert\n{person.given};{person.family};{said['birth date']};{street};{code};7,311\n",
        encoding="utf-8",
    )
    return [("patient name", "", (person.family,)), ("address", "", (street,)), ("postcode", "", (code,))]


def _fif(path: Path, notes: Notes, person: Person) -> Notes:
    mne = need("mne", purpose="Making FIF files")
    raw = mne.io.RawArray(np.zeros((1, 512)), mne.create_info(["Cz"], 256.0, "eeg"), verbose="error")
    serial, site = person.values["device serial"], person.values["institution"]
    raw.info["device_info"] = {"type": "TRIUX", "model": "Neo", "serial": serial, "site": site}
    marks = [note for _, note, _ in notes if note.isascii()]
    raw.set_annotations(
        mne.Annotations(np.linspace(0.1, 1.5, len(marks) + 2), 0.01, [*marks, "BAD_muscle", "blink left"])
    )
    raw.save(path, verbose="error")
    told = [note for note in notes if note[1].isascii()]
    return [*told, ("device serial", "", (serial,)), ("institution", "", (site,))]


def _imagej(path: Path, notes: Notes, _: Person) -> Notes:
    tifffile = need("tifffile", purpose="Making TIFF movies")
    half = len(notes) // 2
    told = {
        "Info": "\n".join([*(note for _, note, _ in notes[:half]), *SCIENCE, ""]),
        "Labels": [notes[half][1], notes[half + 1][1]],
        "spacing": 3.9471,
    }
    tifffile.imwrite(path, np.zeros((2, 8, 8), dtype=np.uint16), imagej=True, metadata=told)
    return notes[: half + 2]


def _cifti(path: Path, _: Notes, person: Person) -> Notes:
    nibabel = need("nibabel", purpose="Making CIFTI files")
    axes = nibabel.cifti2
    brain = axes.BrainModelAxis.from_mask(np.ones(20, dtype=bool), name="CORTEX_LEFT")
    maps = axes.ScalarAxis(
        [f"Gudrun^{person.family}", "myelin map"], meta=[{"by": f"Dr. {person.others['physician']}"}, {}]
    )
    nibabel.save(axes.Cifti2Image(np.zeros((2, 20), dtype=np.float32), (maps, brain)), path)
    return [("patient name", "", (person.family,)), ("physician", "", (person.others["physician"],))]


_WRITERS: dict[str, Callable[[Path, Notes, Person], Notes]] = {
    "plain.txt": _text, "wide.txt": _text, "task.log": _text, "keys.json": _keys, "table.csv": _cells, "marks_raw.fif": _fif, "stack.tif": _imagej,
    "maps.dscalar.nii": _cifti,
}  # fmt: skip


def _compare(out: Path, tally: Any, count: int) -> None:
    """Count the lines of science, the marks and numbers that must stand in the clean copy."""
    must = [
        *((name, line) for name in ("plain.txt", "wide.txt", "task.log", "stack.tif") for line in SCIENCE),
        ("keys.json", "433.17"), ("keys.json", "2.5"), ("table.csv", "7,311"), ("marks_raw.fif", "BAD_muscle"), ("marks_raw.fif", "blink left"),
        ("marks_raw.fif", "TRIUX"), ("stack.tif", "3.9471"), ("maps.dscalar.nii", "myelin map"),
    ]  # fmt: skip
    for number in range(count):
        for name, text in must:
            place = out / f"set{number}" / name.partition(".")[0]
            told = place.is_dir() and found([Plant("science", (text,), "", "")], released_bytes(place))
            tally.compare(f"{name}: {text}", True, bool(told))
