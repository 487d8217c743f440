"""Writes neurophysiology nouns as NWB files, one a noun, in DANDI's layout."""

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from commissure.errors import BadInput
from commissure.model import Cells, Gaze, Movie, Pose, Recording, Software, Sweeps, Units, Video
from commissure.standardize.nwb_behavior import add_gaze, add_pose, add_video
from commissure.standardize.nwb_file import Draft, begin, path_of
from commissure.standardize.nwb_optical import add_cells, add_movie
from commissure.standardize.nwb_recording import add_recording
from commissure.standardize.nwb_store import save
from commissure.standardize.nwb_sweeps import add_sweeps
from commissure.standardize.nwb_units import add_units
from commissure.standardize.port import Written

__all__ = ["NWB", "writer"]

_ADD: tuple[tuple[type, Callable[[Draft, Any], None]], ...] = (
    (Recording, add_recording),
    (Units, add_units),
    (Sweeps, add_sweeps),
    (Movie, add_movie),
    (Cells, add_cells),
    (Pose, add_pose),
    (Gaze, add_gaze),
    (Video, add_video),
)


class NWB:
    """The writer of NWB files."""

    def write(self, noun: Any, *, root: Path) -> Written:
        """Write ``noun`` below ``root``; see :class:`commissure.standardize.port.Writer`.

        Raises
        ------
        BadInput
            If NWB has no place for such a noun.
        """
        add = next((add for kind, add in _ADD if isinstance(noun, kind)), None)
        if add is None:
            raise BadInput(
                f"NWB has no place for a {type(noun).__name__}; it takes {', '.join(k.__name__ for k, _ in _ADD)}."
            )
        draft = begin(noun.about, mark=type(noun).__name__)
        add(draft, noun)
        path = path_of(noun.about)
        save(draft, root / path)
        beside = tuple(f"{Path(path).parent.as_posix()}/{name}" for _, name in draft.beside)
        for (source, _), name in zip(draft.beside, beside, strict=True):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / name)
        software = tuple(Software(name, version(name)) for name in ("pynwb", "hdmf", "h5py"))
        return Written((path, *beside), tuple(draft.findings), software)


writer = NWB()
