"""A lab's folder beside its recordings: analyses in HDF5 and MATLAB 7.3, zipped sessions, scripts, notebooks and workbooks."""

import ast
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.protect.files.archives import kind_of_archive, unpack
from commissure.testing.matlab_hdf5 import write_matlab_hdf5
from commissure.testing.planting.notes import SCIENCE_TEXTS, note_of
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, plants_of
from commissure.testing.planting.recordings import PlantedFolder
from commissure.testing.planting.sheets import compare_workbook, write_workbook

__all__ = ["plant_containers"]

_SPOKEN = ("other name", "lone surname", "phone", "e-mail", "national id", "user path", "birth date", "physician", "uid", "address")  # fmt: skip
#: code that must run as before, with words that are no persons'
_PYTHON = """import math
from collections import OrderedDict, Counter
from dataclasses import dataclass

@dataclass
class SpikeTrain:
    rate_hz: float = 250.0

def fano(counts):
    \"\"\"Fano factor; Butterworth high-pass, Hamming window, Morlet wavelets.\"\"\"
    mean = sum(counts) / len(counts)
    return sum((c - mean) ** 2 for c in counts) / len(counts) / mean  # Fano, not the variance

CHANNELS = ["Fz", "Cz", "Pz", "Oz"]
ATLAS = "Schaefer 400 parcels, Yeo 17 networks"
RATE_HZ = 512.0
"""
_MATLAB = """function out = fano(counts)
% FANO Fano factor of counts, Butterworth high-pass
x = counts'; rate_hz = 512; labels = {'Fz', 'Cz', 'Pz'};
fprintf('%d of it''s trials\\n', numel(x)); out = var(x(:)') / mean(x(:)');
end
"""
_R = """library(lme4)
fit <- lmer(rt ~ condition + (1 | subject), data = trials)  # Satterthwaite degrees of freedom
labels <- c("Fz", "Cz"); rate_hz <- 512
"""
_SHELL = """#!/bin/bash
set -eu
for run in 1 2 3; do echo "run ${run#0} of 3"; done  # Kilosort 2.5
"""
_SAMPLES = np.sin(np.arange(4096.0)).reshape(1024, 4)


def plant_containers(folder: Path, *, rng: np.random.Generator, count: int) -> PlantedFolder:
    """Write ``count`` of each kind; ``signals`` of the result compares the science of a clean copy."""
    plants: list[Plant] = []
    for number in range(count):
        for name, write in _WRITERS.items():
            person = make_person(rng)
            path = folder / f"lab{number}" / Path(name).stem / name
            path.parent.mkdir(parents=True, exist_ok=True)
            kinds = write(path, person, rng)
            plants += plants_of(person, kinds, format=path.suffix[1:], where=name)
    return PlantedFolder(folder, tuple(plants), (), lambda out, tally: _compare(out, tally, count))


def _hdf5(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    h5py = need("h5py", purpose="Making HDF5 files")
    said, notes = person.values, [note_of(person, kind, rng=rng) for kind in _SPOKEN]
    with h5py.File(path, "w", userblock_size=512) as file:
        file.attrs["experimenter"] = said["operator"]
        file.attrs["description"] = f"{SCIENCE_TEXTS[0]}; {note_of(person, 'patient name', rng=rng)}"
        file.attrs.create("marks", np.array([(note_of(person, "institution", rng=rng).encode("ascii", "replace"), 2)], dtype=[("by", "S60"), ("n", "i4")]))  # fmt: skip
        group = file.create_group(f"{person.given}_{person.family}")
        lfp = group.create_dataset("LFP", data=_SAMPLES, chunks=(256, 4), compression="gzip", shuffle=True, fletcher32=True)  # fmt: skip
        rows = [(one.encode("utf-8")[:80], 0.5 + at) for at, one in enumerate(notes)]
        group.create_dataset("trials", data=np.array(rows, dtype=[("remark", "S80"), ("rt_s", "f8")]))
        group.create_dataset("codes", data=["S 1", "Target", *notes], dtype=h5py.string_dtype())
        spelt = np.frombuffer(note_of(person, "department", rng=rng).encode(), dtype=np.uint8)
        file.create_dataset("spelt", data=spelt)
        states = h5py.enum_dtype({"rest": 0, f"{person.given}_{person.family}": 1}, basetype="i1")
        file.create_dataset("state", data=np.array([0, 1, 0], dtype="i1"), dtype=states)
        file.create_dataset("pointer", data=[lfp.ref], dtype=h5py.ref_dtype)
        file.create_dataset("mrn", data=np.array([int(said["record number"][4:])]))
        file["raw"] = h5py.ExternalLink(f"/home/{said['e-mail'].partition('@')[0]}/raw.h5", "/lfp")
        file["same"] = h5py.SoftLink(f"/{person.given}_{person.family}/LFP")
    with path.open("r+b") as stream:
        stream.write(said["web, host, network"].encode())
    return (*_SPOKEN, "operator", "patient name", "institution", "department", "web, host, network")


def _matlab(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    said, notes = person.values, [note_of(person, kind, rng=rng) for kind in _SPOKEN]
    write_matlab_hdf5(
        path,
        {
            "EEG": {
                "subject": said["record number"], "filepath": said["user path"], "comments": said["comment"], "srate": 512.0,
                "data": _SAMPLES, "ref": "common", "event": {"type": ["S 1", "Target", *notes], "latency": [1.0, 2.0]},
                "notes": "", f"by_{person.given}": 1.0,
            },
            "operator": said["operator"],
            "title": SCIENCE_TEXTS[6],
        },
    )  # fmt: skip
    return (*_SPOKEN, "record number", "comment", "operator")


def _table(person: Person, rng: np.random.Generator) -> str:
    said = person.values
    return f"full_name,dob,iq,who\n{said['patient name']},{said['birth date']},104,{note_of(person, 'physician', rng=rng)}\n"


def _files(person: Person, rng: np.random.Generator) -> dict[str, bytes]:
    """What stands in an archive."""
    notes = [note_of(person, kind, rng=rng) for kind in _SPOKEN]
    samples = io.BytesIO()
    np.save(samples, _SAMPLES)
    return {f"{person.family}_run1/notes.txt": "\n".join([*SCIENCE_TEXTS[:6], *notes]).encode(), "scores.csv": _table(person, rng).encode(),
            "kilosort/amplitudes.npy": samples.getvalue(), "kilosort/params.py": f"dat_path = r'{person.values['user path']}'\nsample_rate = 30000.\n".encode()}  # fmt: skip


def _zip(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = person.values["operator"].encode()
        for name, data in _files(person, rng).items():
            info = zipfile.ZipInfo(name, (person.studied.year, person.studied.month, person.studied.day, 10, 11, 12))  # fmt: skip
            info.comment = person.values["institution"].encode()
            archive.writestr(info, data)
    return (*_SPOKEN, "patient name", "operator", "institution")


def _tar(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in _files(person, rng).items():
            member = tarfile.TarInfo(name)
            member.size, member.uid = len(data), 1007
            member.uname = person.values["web, host, network"][:31]
            archive.addfile(member, io.BytesIO(data))
    return (*_SPOKEN, "patient name")


def _packed(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    import gzip

    path.write_bytes(gzip.compress(_table(person, rng).encode()))
    return ("patient name", "birth date", "physician")


def _script(code: str, mark: str) -> Callable[[Path, Person, np.random.Generator], tuple[str, ...]]:
    def _written(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
        notes = [note_of(person, kind, rng=rng) for kind in (*_SPOKEN, "patient name", "institution")]
        said = [f"{mark} {note}" for note in notes]
        user = person.values["user path"].replace("\\", "/")
        literal = f'where {"=" if path.suffix != ".sh" else ""} "{user}"'
        path.write_text(
            f"{code}\n{chr(10).join(said)}\n{literal if path.suffix != '.sh' else f'ls {user}'}\n",
            encoding="utf-8",
        )
        return (*_SPOKEN, "patient name", "institution")

    return _written


def _notebook(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    said, notes = person.values, [note_of(person, kind, rng=rng) for kind in _SPOKEN]
    printed = [f"{note}\n" for note in notes]
    table = (
        f"  full_name        dob  mrn\n0 {said['patient name']} {said['birth date']} {said['record number']}"
    )
    picture = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/png": "aGFuZA==", "text/plain": "<Figure size 640x480 with 1 Axes>"},
    }
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": printed},
        picture,
        {
            "output_type": "execute_result",
            "execution_count": 2,
            "metadata": {},
            "data": {"text/plain": [table]},
        },
    ]
    code = f"%matplotlib inline\n!ls {said['user path']}\n{_PYTHON}# run by {said['operator']}\n"
    book = {
        "cells": [
            {
                "cell_type": "markdown",
                "id": "one",
                "metadata": {},
                "source": [f"# {SCIENCE_TEXTS[4]}\n", notes[0]],
            },
            {
                "cell_type": "code",
                "id": "two",
                "execution_count": 2,
                "metadata": {"executionInfo": {"user": {"displayName": said["physician"]}}},
                "source": code,
                "outputs": outputs,
            },
        ],
        "metadata": {
            "authors": [{"name": said["operator"]}],
            "kernelspec": {"name": "python3", "display_name": said["institution"], "language": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")
    return (*_SPOKEN, "patient name", "record number", "operator", "institution")


def _workbook(path: Path, person: Person, rng: np.random.Generator) -> tuple[str, ...]:
    return write_workbook(path, person, rng=rng)


_WRITERS: dict[str, Callable[[Path, Person, np.random.Generator], tuple[str, ...]]] = {
    "analysis.h5": _hdf5, "eeg73.mat": _matlab, "session.zip": _zip, "backup.tar.gz": _tar, "scores.csv.gz": _packed, "fit.py": _script(_PYTHON, "#"),
    "spikes.m": _script(_MATLAB, "%"), "model.R": _script(_R, "#"), "runs.sh": _script(_SHELL, "#"), "figures.ipynb": _notebook,
    "cohort.xlsx": _workbook,
}  # fmt: skip


def _compare(out: Path, tally: Any, count: int) -> None:
    for number in range(count):
        for name in _WRITERS:
            path = out / f"lab{number}" / name.partition(".")[0] / name
            if name == "backup.tar.gz":
                path = out / f"lab{number}" / "backup.tar" / name
            if name == "scores.csv.gz":
                path = out / f"lab{number}" / "scores.csv" / name
            tally.compare(f"{name} is there", True, path.is_file())
            if path.is_file():
                _inside(path, tally)


def _inside(path: Path, tally: Any) -> None:
    code = {".py": _PYTHON, ".m": _MATLAB, ".R": _R, ".sh": _SHELL}.get(path.suffix, "")
    told = path.read_text("utf-8").splitlines() if code else []
    for line in code.splitlines():
        tally.compare(f"{path.name}: {line}", True, line in told)
    if path.suffix == ".h5":
        _compare_hdf5(path, tally)
    elif path.suffix == ".mat":
        _compare_matlab(path, tally)
    elif path.suffix == ".xlsx":
        compare_workbook(path, tally)
    elif path.suffix == ".ipynb":
        _compare_notebook(path, tally)
    elif kind_of_archive(path.name):
        _compare_archive(path, tally)


def _compare_hdf5(path: Path, tally: Any) -> None:
    h5py = need("h5py", purpose="Comparing HDF5 files")
    with h5py.File(path, "r") as file:
        lfp = file[file["pointer"][0]]
        tally.compare("HDF5 samples", True, bool((lfp[()] == _SAMPLES).all()))
        tally.compare(
            "HDF5 layout",
            ((256, 4), "gzip", True, True),
            (lfp.chunks, lfp.compression, lfp.shuffle, lfp.fletcher32),
        )
        tally.compare("HDF5 soft link", True, file["same"] == lfp)
        tally.compare("HDF5 external link", "raw.h5", file.get("raw", getlink=True).filename)
        tally.compare("HDF5 description", True, SCIENCE_TEXTS[0] in file.attrs["description"])
        trials, codes = lfp.parent["trials"], lfp.parent["codes"].asstr()[()].tolist()
        tally.compare("HDF5 codes", ["S 1", "Target"], codes[:2])
        tally.compare("HDF5 column", [0.5 + at for at in range(len(_SPOKEN))], trials["rt_s"].tolist())
        tally.compare("HDF5 states", [0, 1, 0], file["state"][()].tolist())
        tally.compare("HDF5 enumeration", True, "rest" in h5py.check_enum_dtype(file["state"].dtype))


def _compare_matlab(path: Path, tally: Any) -> None:
    read = need("pymatreader", purpose="Comparing MATLAB files").read_mat
    told = read(path)
    eeg = told["EEG"]
    tally.compare("MATLAB samples", True, bool((eeg["data"] == _SAMPLES).all()))
    tally.compare("MATLAB rate", 512.0, float(eeg["srate"]))
    tally.compare("MATLAB reference", "common", eeg["ref"])
    tally.compare("MATLAB codes", ["S 1", "Target"], list(eeg["event"]["type"])[:2])
    tally.compare("MATLAB title", SCIENCE_TEXTS[6], told["title"])


def _compare_notebook(path: Path, tally: Any) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = cells[1]["source"]
    tally.compare("notebook heading", True, SCIENCE_TEXTS[4] in cells[0]["source"])
    for line in _PYTHON.splitlines():
        tally.compare(f"notebook: {line}", True, line in code.splitlines())
    plain = "\n".join(line for line in code.splitlines() if not line.startswith(("%", "!")))
    tally.compare("notebook runs", True, bool(ast.parse(plain)))
    tally.compare("notebook outputs", 3, len(cells[1]["outputs"]))


def _compare_archive(path: Path, tally: Any) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        within = Path(scratch) / "within"
        unpack(path, within)
        found = {one.name: one for one in within.rglob("*") if one.is_file()}
        if path.name == "scores.csv.gz":
            tally.compare("packed table", True, b"104" in found["scores.csv"].read_bytes())
            return
        tally.compare("archive files", 4, len(found))
        tally.compare("archive samples", True, bool((np.load(found["amplitudes.npy"]) == _SAMPLES).all()))
        tally.compare("archive table", True, b"104" in found["scores.csv"].read_bytes())
        tally.compare("archive script", True, "sample_rate = 30000." in found["params.py"].read_text("utf-8"))
        for text in SCIENCE_TEXTS[:6]:
            tally.compare(f"archive notes: {text}", True, text in found["notes.txt"].read_text("utf-8"))
