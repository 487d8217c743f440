"""suite2p output: one ``plane*`` folder a plane, with traces, ROI statistics and options."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.formats.clues import Clues
from commissure.formats.lazy import BlockSignal
from commissure.formats.listing import Listing
from commissure.formats.pickled import load_objects
from commissure.model import Cells, Origin, Source

__all__ = ["Suite2p", "reader"]

_TRACES = {
    "F.npy": "fluorescence",
    "Fneu.npy": "neuropil",
    "spks.npy": "deconvolved",
    "F_chan2.npy": "fluorescence2",
}
_FILES = (
    *_TRACES,
    "Fneu_chan2.npy",
    "iscell.npy",
    "redcell.npy",
    "ops.npy",
    "data.bin",
    "Fall.mat",
    "data_chan2.bin",
)


class Suite2p:
    """Reads suite2p's planes."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a folder with ``stat.npy`` and ``F.npy``."""
        for entry in listing.files:
            if entry.name != "stat.npy" or listing.head(entry.path, 6) != b"\x93NUMPY":
                continue
            beside = {e.name: e.path for e in listing.in_folder(entry.folder)}
            files = (entry.path, *(beside[name] for name in _FILES if name in beside))
            if "F.npy" in beside:
                yield Source("suite2p", files, "nwb")
            else:
                yield Source("suite2p", files, "nwb", note="F.npy is missing: no traces", complete=False)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Cells]:  # noqa: ARG002
        """One Cells a plane, traces left on disk."""
        folder = listing.absolute(source.primary).parent
        stat = np.atleast_1d(load_objects(folder / "stat.npy"))
        ops_path = folder / "ops.npy"
        ops = load_objects(ops_path) if ops_path.is_file() else {}
        ops = ops.item() if isinstance(ops, np.ndarray) else ops
        traces = {
            name: signal for file, name in _TRACES.items() if (signal := _trace(folder / file)) is not None
        }
        if traces["fluorescence"].shape[1] != len(stat):
            raise Unreadable(
                f"F.npy has {traces['fluorescence'].shape[1]} cells and stat.npy {len(stat)}; export both from suite2p again."
            )
        clues = Clues(source)
        clues.hide_path(
            *(
                value
                for key, value in ops.items()
                if isinstance(value, str) and ("path" in key or "file" in key)
            )
        )
        for key in ("filelist", "data_path"):
            clues.hide_path(
                *(v for v in np.atleast_1d(np.asarray(ops.get(key, []), dtype=object)) if isinstance(v, str))
            )
        rate_hz = float(ops.get("fs") or "nan")
        if rate_hz == rate_hz:
            clues.fact("rate_hz", rate_hz, Origin.SIDECAR, "ops.npy")
        clues.fact("cells", len(stat), Origin.CONTENT)
        name = PurePosixPath(source.primary).parent.name
        entities = {"desc": name} if name.startswith("plane") and name != "plane0" else {}
        iscell = folder / "iscell.npy"
        accepted = np.load(iscell, allow_pickle=False)[:, 0] > 0.5 if iscell.is_file() else None
        pixels = tuple(_pixels(cell) for cell in stat)
        mean = ops.get("meanImg")
        return [
            Cells(
                pixels,
                traces,
                rate_hz,
                clues.about("ophys", entities=entities),
                size_px=(int(ops.get("Ly") or _extent(pixels, 1)), int(ops.get("Lx") or _extent(pixels, 0))),
                accepted=accepted,
                mean_image=np.asarray(mean, dtype=np.float64) if isinstance(mean, np.ndarray) else None,
            )
        ]


def _trace(path: Path) -> BlockSignal | None:
    if not path.is_file():
        return None
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise Unreadable("A trace file of suite2p is truncated or not an array; export it again.") from error
    if array.ndim != 2:
        raise Unreadable(f"A trace file of suite2p must have shape (cell, time); got {array.shape}.")

    def block(start: int, stop: int) -> NDArray[Any]:
        return np.asarray(array[:, start:stop]).T

    return BlockSignal(block, shape=(array.shape[1], array.shape[0]), dtype=array.dtype)


def _pixels(cell: Any) -> NDArray[np.float64]:
    try:
        return np.stack([cell["xpix"], cell["ypix"], cell["lam"]], axis=1).astype(np.float64)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Unreadable(
            "stat.npy lacks xpix, ypix or lam of a cell; export it from suite2p again."
        ) from error


def _extent(pixels: Sequence[NDArray[np.float64]], axis: int) -> int:
    return 1 + int(max((cell[:, axis].max() for cell in pixels if cell.size), default=0))


reader = Suite2p()
