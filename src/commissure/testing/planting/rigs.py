"""Recordings of a physiologist's rig, of patients: every text that a device or an experimenter can write holds somebody."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.testing.neurophysiology import make_blackrock, make_plexon
from commissure.testing.planting.notes import note_of
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, plants_of
from commissure.testing.planting.recordings import PlantedFolder
from commissure.testing.rig_bytes import write_abf1, write_intan, write_spikeglx

__all__ = ["RIGS", "nwb_samples", "plant_rig", "same_samples"]

#: writes one file; gives what it holds of the person, and the samples
Write = Callable[[Path, Person, np.random.Generator], tuple[tuple[str, ...], NDArray[np.int16]]]


def _intan(path: Path, person: Person, rng: np.random.Generator) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    kinds = ("patient name", "physician", "record number")
    said = {f"note{number}": note_of(person, kind, rng=rng) for number, kind in enumerate(kinds, start=1)}
    data = write_intan(path, said={**said, "channel": f"{person.family}_L1"})
    return (*kinds, "channel"), data


def _rhd(stem: Path, person: Person, rng: np.random.Generator) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    return _intan(stem.with_suffix(".rhd"), person, rng)


def _rhs(stem: Path, person: Person, rng: np.random.Generator) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    return _intan(stem.with_suffix(".rhs"), person, rng)


def _axon(stem: Path, person: Person, rng: np.random.Generator) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    said = {"comment": note_of(person, "other name", rng=rng), "tag": note_of(person, "lone surname", rng=rng),
            "protocol": f"C:\\Users\\{person.family}\\steps.pro", "stimulus": person.values["user path"],
            "channel": person.family[:10]}  # fmt: skip
    data = write_abf1(stem.with_suffix(".abf"), said=said)
    return ("other name", "lone surname", "user path", "study date", "channel", "path"), data


def _spikeglx(
    stem: Path, person: Person, rng: np.random.Generator
) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    said = {"notes": f"{note_of(person, 'patient name', rng=rng)}; {note_of(person, 'phone', rng=rng)}",
            "file": f"D:/{person.family}/run_g0_t0.nidq.bin", "serial": person.values["device serial"],
            "host": person.values["web, host, network"]}  # fmt: skip
    data = write_spikeglx(stem.parent, said=said, name=stem.name)
    return ("patient name", "phone", "device serial", "web, host, network", "study date", "path"), data


def _plexon(
    stem: Path, person: Person, rng: np.random.Generator
) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    said = note_of(person, "operator", rng=rng)
    data, _ = make_plexon(stem.with_suffix(".plx"), comment=said.encode("latin-1", "replace")[:127])
    return ("operator",), data


def _blackrock(
    stem: Path, person: Person, rng: np.random.Generator
) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    said = f"{note_of(person, 'operator', rng=rng)}, {note_of(person, 'record number', rng=rng)}"
    data, _ = make_blackrock(stem, comment=said.encode("latin-1", "replace")[:255])
    return ("operator", "record number"), data


#: format to its maker
RIGS: dict[str, Write] = {
    "intan rhd": _rhd, "intan rhs": _rhs, "axon abf1": _axon, "spikeglx": _spikeglx, "plexon": _plexon, "blackrock": _blackrock,
}  # fmt: skip
#: the day that the makers write where a device would
_STUDIED = "2021-03-04"


def plant_rig(folder: Path, format: str, *, rng: np.random.Generator) -> PlantedFolder:
    """Write one recording of ``format`` into ``folder``, in a file that bears its subject's name."""
    person = make_person(rng)
    plain = {
        kind: value.translate(str.maketrans("ğćš", "gcs")).encode("ascii", "replace").decode()
        for kind, value in person.values.items()
    }
    person = replace(
        person, values={**plain, "study date": _STUDIED}, family=plain["patient name"].split()[-1]
    )
    folder.mkdir(parents=True, exist_ok=True)
    kinds, data = RIGS[format](folder / f"{person.family}_{person.given}_cell1", person, rng)
    header = [kind for kind in kinds if kind in person.values]
    plants = plants_of(person, header, format=format, where="header")
    plants += [
        Plant("patient name", (person.family,), format, where)
        for where in kinds
        if where in {"channel", "path"}
    ]
    plants += plants_of(person, ("patient name",), format=format, where="file name")
    return PlantedFolder(folder, tuple(plants), signals=data)


def nwb_samples(folder: Path) -> Iterator[NDArray[Any]]:
    """Every array of samples in the NWB files below a folder."""
    h5py = need("h5py", purpose="Looking into NWB files")
    for path in sorted(folder.rglob("*.nwb")):
        with h5py.File(path) as file:
            for series in file.get("acquisition", {}).values():
                if "data" in series:
                    yield series["data"][()]


def same_samples(planted: NDArray[np.int16], released: NDArray[Any]) -> bool:
    """Whether released samples are those that were planted: whole numbers, or amperes of the first of Axon's sweeps."""
    if released.dtype.kind == "f":
        sweep = planted[0]
        return released.shape == sweep.shape and np.allclose(released * 1e14, sweep, atol=0.01)
    whole = released.astype(np.int32) - (32768 if released.dtype.kind == "u" else 0)
    return whole.shape == planted.shape and bool((whole == planted).all())
