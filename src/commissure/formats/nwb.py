"""NWB files that exist already: taken over as a Tree; what they say of people is gathered first."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.formats.names import label_of
from commissure.formats.nwb_old import read_old
from commissure.model import Device, Origin, Source, Sweeps, Tree, Units

__all__ = ["NWB", "reader"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_UNTOLD = {"", "na", "n/a", "none", "unknown", "null", "nan"}
_SEX = {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O", "other": "O", "u": "U"}


class NWB:
    """Takes over NWB 2 files; NWB 1 files are read into nouns and written anew."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a ``.nwb`` that is HDF5."""
        for entry in listing.with_suffix(".nwb"):
            if listing.head(entry.path, 8) == _HDF5:
                yield Source("nwb", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Tree | Units | Sweeps]:  # noqa: ARG002
        """One Tree; for NWB 1, which today's library cannot read, Units and Sweeps.

        Raises
        ------
        Unreadable
            If the file is truncated or no NWB.
        """
        h5py = need("h5py", purpose="Reading NWB")
        path = listing.absolute(source.primary)
        try:
            with h5py.File(path, "r") as file:
                version = _text(file.attrs.get("nwb_version", "")) or _text(
                    file["nwb_version"][()] if "nwb_version" in file else ""
                )
                if "session_start_time" not in file or not ("general" in file or "acquisition" in file):
                    raise Unreadable("The .nwb lacks what NWB demands (session_start_time); export it again.")
                clues = Clues(source)
                start = _tell(clues, file)
                clues.fact("format.version", version or "unknown")
                about = clues.about(_datatype(file), start=start, device=_device(file))
                if "nwb_version" not in file.attrs:
                    return read_old(file, about)
        except (OSError, KeyError, RuntimeError) as error:
            raise Unreadable(
                f"The .nwb cannot be opened ({type(error).__name__}); it is truncated or damaged."
            ) from error
        return [Tree("nwb", listing.root, (source.primary,), about)]


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value).strip()


def _get(file: Any, where: str) -> str:
    return _text(file[where][()]) if where in file and hasattr(file[where], "shape") else ""


def _tell(clues: Clues, file: Any) -> datetime | None:
    subject = {
        key: _get(file, f"general/subject/{key}")
        for key in ("subject_id", "species", "sex", "age", "strain", "genotype")
    }
    told = {key: "" if value.lower() in _UNTOLD else value for key, value in subject.items()}
    clues.tell(
        Origin.HEADER,
        label=label_of(told["subject_id"]),
        species=told["species"],
        sex=_SEX.get(told["sex"].lower(), ""),
        age_iso=told["age"] if told["age"].startswith("P") else "",
        strain=told["strain"],
        genotype=told["genotype"],
    )
    clues.hide("id", told["subject_id"], _get(file, "identifier"))
    session = _get(file, "general/session_id")
    if session.lower() not in _UNTOLD:
        clues.hide("id", session)
        clues.session = type(clues.session)(label_of(session))
    if "general/experimenter" in file:
        clues.hide("operator", *(_text(v) for v in np.atleast_1d(file["general/experimenter"][()])))
    clues.hide("institution", _get(file, "general/institution"), _get(file, "general/lab"))
    clues.hide("birth_date", _get(file, "general/subject/date_of_birth"))
    written = _get(file, "session_start_time")
    clues.hide("date", written)
    with suppress(ValueError):
        return datetime.fromisoformat(written)
    return None


def _datatype(file: Any) -> str:
    general = file.get("general", {})
    if "intracellular_ephys" in general:
        return "icephys"
    if "optophysiology" in general:
        return "ophys"
    if "extracellular_ephys" in general or "units" in file:
        return "ecephys"
    return "behavior"


def _device(file: Any) -> Device:
    devices = file.get("general/devices")
    for name in devices or ():
        item = devices[name]
        maker = _text(item.attrs.get("manufacturer", "")) if hasattr(item, "attrs") else ""
        return Device("" if maker.lower() in _UNTOLD else maker)
    return Device()


reader = NWB()
