"""EEGLAB: a MATLAB ``.set`` file, alone or with its samples in a ``.fdt``.

References
----------
Delorme & Makeig 2004, doi:10.1016/j.jneumeth.2003.10.009.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Identifier, Source

__all__ = ["find", "open_eeglab", "reader"]

_MATLAB, _HDF5 = b"MATLAB", b"\x89HDF\r\n\x1a\n"
_LARGEST_TO_SEARCH = 200 * 2**20
#: a folder or file as somebody's script names it
_PATH = re.compile(r"(?:[A-Za-z]:\\|/)[^'\"\n,;]{3,}")
_FIELDS = (("subject", "id"), ("filepath", "path"), ("comments", "comment"), ("history", "path"), ("setname", "path"),
           ("filename", "path"))  # fmt: skip


def find(listing: Listing) -> Iterator[Source]:
    """``.set`` files that are MATLAB's, and ``.mat`` files that hold a variable ``EEG``."""
    for entry in listing.with_suffix(".set", ".mat"):
        head = listing.head(entry.path, 128)
        if not head.startswith((_MATLAB, _HDF5)):
            continue
        if entry.suffix == ".mat" and not _holds_eeg(listing.absolute(entry.path), head, entry.bytes):
            continue
        samples = listing.beside(entry.path, PurePosixPath(entry.path).stem + ".fdt")
        files = (entry.path, samples) if samples else (entry.path,)
        yield Source("eeglab", files, "bids", confidence=1.0 if entry.suffix == ".set" else 0.9)


def open_eeglab(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of a continuous recording; :class:`Unreadable` if it is cut into epochs or its samples are elsewhere."""
    mne = need("mne", purpose="Reading EEGLAB")
    path = listing.absolute(source.primary)
    if path.suffix != ".set":
        path = link_as(path, scratch=scratch, name="recording.set")
        for name in source.files[1:]:
            link_as(listing.absolute(name), scratch=scratch, name="recording.fdt")
    header = _fields(path)
    trials = header.get("trials", 1)
    if isinstance(trials, int | float) and trials > 1:
        raise Unreadable(
            f"The EEGLAB file holds {int(trials)} epochs, not a continuous recording; share the file before epoching."
        )
    if isinstance(header.get("data"), str) and len(source.files) < 2:
        raise Unreadable(
            "The samples of the EEGLAB recording are in a .fdt file, which is not beside the .set file."
        )
    raw = mne.io.read_raw_eeglab(path, montage_units="auto")
    found = tuple(
        Identifier(category, line.strip())
        for key, category in _FIELDS
        for line in (_PATH.findall(str(header.get(key))) if key == "history" else _lines(header.get(key)))
        if len(line.strip()) > 2
    )
    reference = header.get("ref")
    sidecar = (
        {"EEGReference": reference}
        if isinstance(reference, str) and reference and len(reference) < 20
        else {}
    )
    subject = header.get("subject")
    yield Opened(raw, Header(found, subject_id=subject if isinstance(subject, str) else "", sidecar=sidecar))


def _holds_eeg(path: Path, head: bytes, size: int) -> bool:
    if head.startswith((b"MATLAB 7.3", _HDF5)):
        return _hdf5_holds_eeg(path)
    if size > _LARGEST_TO_SEARCH:
        return False
    try:
        names = {name for name, _, _ in need("scipy.io", purpose="Reading MATLAB files").whosmat(str(path))}
    except Exception:  # noqa: BLE001 - scipy raises any kind on damaged files; then it is not ours
        return False
    return "EEG" in names


def _hdf5_holds_eeg(path: Path) -> bool:
    try:
        with need("h5py", purpose="Reading MATLAB 7.3 files").File(path, "r") as file:
            return "EEG" in file
    except OSError:
        return False


def _fields(path: Path) -> Mapping[str, Any]:
    """The small fields of the EEG structure; the samples only as the name of their file."""
    read_mat = need("pymatreader", purpose="Reading EEGLAB").read_mat
    try:
        content = read_mat(
            str(path), ignore_fields=["icaweights", "icasphere", "icawinv", "icaact", "urevent", "epoch"]
        )
    except Exception as error:
        raise Unreadable(
            f"The EEGLAB file is no MATLAB file that can be read ({type(error).__name__})."
        ) from error
    eeg = content.get("EEG", content)
    if not isinstance(eeg, Mapping) or "srate" not in eeg:
        raise Unreadable("The MATLAB file holds no EEG structure with a sampling rate (srate).")
    return eeg


def _lines(value: object) -> list[str]:
    if isinstance(value, str):
        return value.splitlines() or [value]
    return [str(one) for one in value if isinstance(one, str)] if isinstance(value, list) else []


#: the plugin
reader = MneReader("eeglab", find, open_eeglab)
