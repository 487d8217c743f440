"""The benchmark's analyses, archives, scripts, notebooks and workbooks, one of each: nothing of the persons is left, all the science is."""

from pathlib import Path

import numpy as np
import pytest

from commissure.testing.planting.containers import plant_containers
from commissure.testing.planting.measure import measure_containers
from commissure.testing.planting.plants import found, released_bytes

for name in ("h5py", "openpyxl", "pymatreader"):
    pytest.importorskip(name)


def test_100_plants_are_gone_and_science_stays(tmp_path: Path) -> None:
    tally = measure_containers(tmp_path, rng=np.random.default_rng(1), count=1)
    assert tally.planted > 100 and len({plant.format for plant in tally.plants}) == 10
    assert [(plant.kind, plant.where) for plant in tally.left] == []
    assert tally.science > 90
    assert tally.lost == []


def test_what_is_planted_is_seen_by_the_search(tmp_path: Path) -> None:
    planted = plant_containers(tmp_path, rng=np.random.default_rng(2), count=1)
    seen = found(planted.plants, released_bytes(tmp_path))
    assert len(seen) > 0.9 * len(planted.plants)
