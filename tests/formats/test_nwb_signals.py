"""Signals in NWB files come out as they were put in."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from commissure.formats.nwb_signals import open_signals
from commissure.model import About, Cells, Pose, Recording, Subject, Sweeps, Tree, Units
from commissure.workflows.describe_signals import describe_nouns

ABOUT = About("ecephys", Subject("m1", species="Mus musculus"))


@pytest.fixture
def file(tmp_path: Path) -> tuple[Path, np.ndarray, list[np.ndarray]]:
    """Voltage of four electrodes, three spike trains, and a place."""
    pynwb = pytest.importorskip("pynwb")
    rng = np.random.default_rng(0)
    nwb = pynwb.NWBFile("made", "made", datetime(2026, 1, 2, tzinfo=UTC))
    group = nwb.create_electrode_group("g", description="g", location="x", device=nwb.create_device("d"))
    for _ in range(4):
        nwb.add_electrode(group=group, location="x")
    table = nwb.create_electrode_table_region([0, 1, 2, 3], "all")
    volts = rng.integers(-500, 500, (30_000, 4)).astype(np.int16)
    nwb.add_acquisition(pynwb.ecephys.ElectricalSeries("raw", volts, table, rate=15_000.0, conversion=2e-7))
    trains = [np.sort(rng.uniform(0, 60, n)) for n in (200, 50, 400)]
    for train in trains:
        nwb.add_unit(spike_times=train)
    place = pynwb.behavior.SpatialSeries(
        "place", np.cumsum(rng.normal(size=(300, 2)), axis=0), reference_frame="x", rate=30.0
    )
    nwb.create_processing_module("behavior", "b").add(pynwb.behavior.Position(spatial_series=place))
    with pynwb.NWBHDF5IO(tmp_path / "a.nwb", "w") as io:
        io.write(nwb)
    return tmp_path / "a.nwb", volts, trains


def test_what_was_put_in_comes_out(file: tuple[Path, np.ndarray, list[np.ndarray]]) -> None:
    path, volts, trains = file
    with open_signals(path, ABOUT) as nouns:
        kinds = {type(noun): noun for noun in nouns}
        assert set(kinds) == {Recording, Units, Pose}
        assert (
            np.allclose(kinds[Recording].si(10, 20), volts[10:20] * 2e-7)
            and kinds[Recording].rate_hz == 15_000
        )
        assert all(np.array_equal(a, b) for a, b in zip(kinds[Units].times_s, trains, strict=True))
    told, refused = describe_nouns(
        [Tree("nwb", path.parent, (path.name,), ABOUT)], scratch=path.parent / "scratch"
    )
    assert {each.descriptor.family for each in told} == {"probe", "units", "behaviour"} and not refused
    assert not any(each.person for each in told)


@pytest.mark.realdata
def test_real_files_give_sweeps_and_units(shared: Path) -> None:
    found = []
    for name in ("nwb_icephys", "nwb_phy"):
        for path in (shared / "data" / name).rglob("*.nwb"):
            with open_signals(path, ABOUT) as nouns:
                found += [type(noun) for noun in nouns]
    assert {Sweeps, Units} & set(found) and Cells not in found
