"""The validators find what was broken on purpose."""

from pathlib import Path

import h5py
import numpy as np

from commissure.model import About, Severity, Subject, Units
from commissure.standardize.nwb import writer
from commissure.standardize.nwb_validate import validate_nwb

ABOUT = About("ecephys", Subject("m3", "Mus musculus", "F", age_iso="P90D"))


def _write(root: Path) -> Path:
    written = writer.write(Units((3,), (np.array([0.1, 0.2]),), ABOUT), root=root)
    return root / written.files[0]


def _errors(root: Path) -> dict[str, set[str]]:
    return {
        v.validator: {f.check for f in v.findings if f.severity is Severity.ERROR} for v in validate_nwb(root)
    }


def test_a_sound_file_has_no_errors(tmp_path: Path) -> None:
    _write(tmp_path)
    assert _errors(tmp_path) == {"pynwb": set(), "nwbinspector": set(), "dandi-layout": set()}


def test_each_validator_sees_its_fault(tmp_path: Path) -> None:
    path = _write(tmp_path)
    with h5py.File(path, "r+") as file:
        del file["general/subject/species"]
    path.rename(path.with_name("mouse.nwb"))
    assert _errors(tmp_path) == {
        "pynwb": set(),
        "nwbinspector": {"nwbinspector.check_subject_species_exists"},
        "dandi-layout": {"dandi.filename"},
    }
    assert all(f.where == "sub-m3/mouse.nwb" for v in validate_nwb(tmp_path) for f in v.findings)


def test_what_the_schema_demands_is_an_error_of_pynwb_and_stops_the_inspector(tmp_path: Path) -> None:
    with h5py.File(_write(tmp_path), "r+") as file:
        del file["session_description"]
    errors = _errors(tmp_path)
    assert errors["pynwb"] == {"pynwb.schema"}
    assert errors["nwbinspector"] == {"nwbinspector.unreadable"}


def test_a_file_that_cannot_be_opened_is_an_error_of_pynwb(tmp_path: Path) -> None:
    path = _write(tmp_path)
    path.write_bytes(path.read_bytes()[:2000])
    assert "pynwb.unreadable" in _errors(tmp_path)["pynwb"]


def test_a_file_in_anothers_folder_is_seen(tmp_path: Path) -> None:
    path = _write(tmp_path)
    (tmp_path / "sub-other").mkdir()
    path.rename(tmp_path / "sub-other" / path.name)
    assert _errors(tmp_path)["dandi-layout"] == {"dandi.folder"}
