"""Object arrays are read without running anything."""

import os
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.pickled import load_objects


class _Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, ("sprung",))


def test_plain_objects_come_back(tmp_path: Path) -> None:
    cells = np.array(
        [{"xpix": np.arange(3), "lam": np.ones(3, np.float32), "r": np.float32(2)}], dtype=object
    )
    np.save(tmp_path / "a.npy", cells, allow_pickle=True)
    (cell,) = load_objects(tmp_path / "a.npy")
    assert np.array_equal(cell["xpix"], [0, 1, 2])
    assert cell["r"] == 2


def test_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.array([_Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(Unreadable, match="code"):
        load_objects(tmp_path / "a.npy")
    assert not (tmp_path / "sprung").exists()


def test_a_cut_file_says_so(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}] * 9, dtype=object), allow_pickle=True)
    whole = (tmp_path / "a.npy").read_bytes()
    for size in (0, 5, 60, len(whole) - 4):
        (tmp_path / "a.npy").write_bytes(whole[:size])
        with pytest.raises(Unreadable):
            load_objects(tmp_path / "a.npy")
