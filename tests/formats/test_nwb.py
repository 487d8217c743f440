"""Existing NWB files: two real ones (2.4), and a generated one of version 1."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.testing.neurophysiology_files import read_folder, write_all


@pytest.mark.realdata
@pytest.mark.parametrize(("item", "datatype"), [("nwb_icephys", "icephys"), ("nwb_phy", "ecephys")])
def test_a_real_file_is_taken_over_repaired(tmp_path: Path, shared: Path, item: str, datatype: str) -> None:
    (tree,) = read_folder(shared / "data" / item, "nwb", scratch=tmp_path)
    assert (tree.standard, tree.about.datatype) == ("nwb", datatype)
    before = (tree.root / tree.files[0]).read_bytes()
    done = write_all([tree], tmp_path / "out")
    assert not done.errors
    assert (tree.root / tree.files[0]).read_bytes() == before
    assert [f.check for f in done.findings] == ["nwb.repaired"]
    with h5py.File(done.nwb[0]) as file, h5py.File(tree.root / tree.files[0]) as old:
        assert file["general/subject/subject_id"][()] == b"01"
        where = "units/spike_times" if item == "nwb_phy" else "acquisition/ic__Step__5/data"
        assert np.array_equal(file[where][:], old[where][:])


@pytest.mark.realdata
def test_people_of_a_real_file_are_known(tmp_path: Path, shared: Path) -> None:
    (tree,) = read_folder(shared / "data/nwb_icephys", "nwb", scratch=tmp_path)
    seen = {(i.category, i.value) for i in tree.about.identifiers}
    assert {
        ("operator", "Alex Thomson"),
        ("institution", "University College London"),
        ("id", "99111002"),
    } <= seen
    assert (tree.about.subject.species, tree.about.subject.sex, tree.about.subject.label) == (
        "Rattus norvegicus",
        "M",
        "",
    )


def test_version_1_becomes_sweeps_and_units(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "old.nwb", "w") as file:
        file["nwb_version"], file["session_start_time"] = "NWB-1.0.6", "2015-03-04T05:06:07"
        file.create_group("general/intracellular_ephys")
        for number in (3, 10):
            for where, unit, scale in (
                ("acquisition/timeseries", "V", 1e-3),
                ("stimulus/presentation", "A", 1e-12),
            ):
                series = file.create_group(f"{where}/Sweep_{number}")
                series["data"] = np.full(50, number, np.float32)
                series["data"].attrs["conversion"], series["data"].attrs["unit"] = scale, unit
                series["starting_time"] = float(number)
                series["starting_time"].attrs["rate"] = 1e4
        file["processing/m/UnitTimes/u7/times"] = np.array([0.5, 0.1])
    sweeps, units = read_folder(tmp_path, "nwb", scratch=tmp_path)
    assert [s.start_s for s in sweeps.sweeps] == [3.0, 10.0]
    assert sweeps.sweeps[1].response[0, 0] == pytest.approx(0.01)
    assert sweeps.sweeps[1].stimulus[0, 0] == pytest.approx(10e-12)
    assert units.times_s[0].tolist() == [0.1, 0.5]


def test_what_is_no_nwb_says_so(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["x"] = 1
    with pytest.raises(Unreadable, match="session_start_time"):
        read_folder(tmp_path, "nwb", scratch=tmp_path)
    (tmp_path / "a.nwb").write_bytes((tmp_path / "a.nwb").read_bytes()[:100])
    with pytest.raises(Unreadable, match="truncated"):
        read_folder(tmp_path, "nwb", scratch=tmp_path)
