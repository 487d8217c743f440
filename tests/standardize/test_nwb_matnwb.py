"""What MatNWB asks of a file, as its documentation and issues tell it; MATLAB itself cannot be had here.

``nwbRead`` makes its classes from the specifications cached in the file, so every type must be defined there; it takes
schemas from 2.2.0 on; and MATLAB's HDF5 decompresses gzip, shuffle, Fletcher32 and SZIP, no plugin filters.
"""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from commissure.model import About, Device, Session, Subject, Units
from commissure.standardize.nwb import writer

from .test_nwb import _recording

FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_SZIP}


def defined(file: h5py.File) -> set[tuple[str, str]]:
    """Every (namespace, type) that the cached specifications define."""
    place = file[file.attrs[".specloc"]]
    found = set()

    def walk(part: Any, namespace: str) -> None:
        if isinstance(part, dict):
            if name := part.get("neurodata_type_def") or part.get("data_type_def"):
                found.add((namespace, name))
            for below in part.values():
                walk(below, namespace)
        elif isinstance(part, list):
            for below in part:
                walk(below, namespace)

    for namespace, versions in place.items():
        assert len(versions) == 1, f"{namespace} is cached in several versions"
        for sources in versions.values():
            assert "namespace" in sources
            for text in sources.values():
                walk(json.loads(text[()]), namespace)
    return found


def problems(path: Path) -> list[str]:
    """What MatNWB could not read of a file."""
    wrong = []
    with h5py.File(path, "r") as file:
        if ".specloc" not in file.attrs:
            return ["no cached specifications"]
        types = defined(file)
        version = tuple(int(part) for part in str(file.attrs["nwb_version"]).split("-")[0].split("."))
        if version < (2, 2, 0):
            wrong.append(f"schema {version}")
        if list(file[file.attrs[".specloc"]]["core"]) != [str(file.attrs["nwb_version"])]:
            wrong.append("the cached core is not the file's version")

        def look(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if "neurodata_type" in item.attrs:
                told = (str(item.attrs["namespace"]), str(item.attrs["neurodata_type"]))
                if told not in types:
                    wrong.append(f"{name}: {told} is not defined in the file")
            if isinstance(item, h5py.Dataset):
                made = item.id.get_create_plist()
                used = {made.get_filter(n)[0] for n in range(made.get_nfilters())}
                if used - FILTERS:
                    wrong.append(f"{name}: filters {used - FILTERS}")

        file.visititems(look)
        look("/", file["/"])
    return wrong


@pytest.mark.parametrize("kind", ["recording", "units"])
def test_matnwb_could_read_what_we_write(tmp_path: Path, kind: str) -> None:
    if kind == "recording":
        written = writer.write(_recording(), root=tmp_path)
    else:
        about = About(
            "ecephys",
            Subject("m3", "Mus musculus"),
            Session("1"),
            {"probe": "a"},
            device=Device("IMEC", "NP"),
        )
        times = (np.array([0.1, 0.4]), np.array([0.2, 0.3, 0.9]))
        written = writer.write(Units((0, 1), times, about), root=tmp_path)
    assert written.files
    for name in written.files:
        assert problems(tmp_path / name) == []


def test_what_it_could_not_read_is_seen(tmp_path: Path) -> None:
    written = writer.write(_recording(), root=tmp_path)
    path = tmp_path / written.files[0]
    with h5py.File(path, "a") as file:
        odd = file["acquisition"].create_group("odd")
        odd.attrs["neurodata_type"], odd.attrs["namespace"] = "OddSeries", "ndx-odd"
        file["acquisition"].create_dataset("packed", data=np.zeros(100), chunks=(10,), compression="lzf")
    assert len(problems(path)) == 2
    with h5py.File(path, "a") as file:
        del file.attrs[".specloc"]
    assert problems(path) == ["no cached specifications"]
