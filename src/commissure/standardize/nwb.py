"""Writes neurophysiology nouns as NWB files, one a noun, in DANDI's layout."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from commissure.errors import BadInput
from commissure.model import Recording, Software
from commissure.standardize.nwb_file import Draft, begin, path_of
from commissure.standardize.nwb_recording import add_recording
from commissure.standardize.nwb_store import save
from commissure.standardize.port import Written

__all__ = ["NWB", "writer"]

_ADD: tuple[tuple[type, Callable[[Draft, Any], None]], ...] = ((Recording, add_recording),)


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
        software = tuple(Software(name, version(name)) for name in ("pynwb", "hdmf", "h5py"))
        return Written((path,), tuple(draft.findings), software)


writer = NWB()
