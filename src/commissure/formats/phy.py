"""phy and KiloSort output: a folder of ``.npy`` and ``.tsv`` with ``params.py``, and the binary it points to."""

import ast
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.formats.binary import Layout, plain_recording
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.model import Origin, Recording, Source, Units

__all__ = ["Phy", "reader"]

_LABELS = ("cluster_group.tsv", "cluster_group.csv", "cluster_info.tsv", "cluster_KSLabel.tsv")


class Phy:
    """Reads folders that phy opens."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a folder with ``spike_times.npy`` and ``params.py`` or ``spike_clusters.npy``."""
        for entry in listing.files:
            if entry.name != "spike_times.npy" or listing.head(entry.path, 6) != b"\x93NUMPY":
                continue
            names = {e.name for e in listing.in_folder(entry.folder)}
            if not names & {"spike_clusters.npy", "spike_templates.npy"}:
                continue
            others = tuple(
                e.path
                for e in listing.in_folder(entry.folder)
                if e.path != entry.path
                and (e.suffix in (".npy", ".tsv", ".mat") or e.name in ("params.py", "phy.log", *_LABELS))
            )
            binary = _binary(listing, entry.folder)
            if "params.py" in names:
                yield Source("phy", (entry.path, *others, *([binary] if binary else [])), "nwb")
            else:
                yield Source(
                    "phy",
                    (entry.path, *others),
                    "nwb",
                    note="params.py is missing: no sampling rate",
                    complete=False,
                )

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Units | Recording]:  # noqa: ARG002
        """Units, and the Recording where the binary that ``params.py`` names is in the folder."""
        folder = PurePosixPath(source.primary).parent
        params = _params(listing, "" if str(folder) == "." else str(folder))
        rate_hz = float(params.get("sample_rate", 0) or 0)
        if rate_hz <= 0:
            raise Unreadable("params.py tells no sample_rate; add it and share again.")
        clues = Clues(source)
        clues.hide_path(*np.atleast_1d(params.get("dat_path", "")).tolist())
        clues.fact("rate_hz", rate_hz, Origin.SIDECAR, "params.py")
        here = listing.absolute(source.primary).parent
        ids, times, columns = _units(here, rate_hz)
        clues.fact("units", len(ids), Origin.CONTENT)
        clues.fact("spikes", int(sum(t.size for t in times)), Origin.CONTENT)
        nouns: list[Units | Recording] = [
            Units(ids, times, clues.about("ecephys", entities={"desc": "sorted"}), columns)
        ]
        binary = _binary(listing, "" if str(folder) == "." else str(folder))
        if binary in source.files and binary is not None:
            layout = Layout(
                rate_hz,
                int(params["n_channels_dat"]),
                _dtype(params),
                int(params.get("offset", 0) or 0),
                None,
            )
            nouns.append(plain_recording(source, listing, path=binary, layout=layout))
        return nouns


def _dtype(params: dict[str, Any]) -> str:
    return np.dtype(str(params.get("dtype", "int16"))).newbyteorder("<").str


def _params(listing: Listing, folder: str) -> dict[str, Any]:
    """The literals that ``params.py`` assigns; it is parsed, never run."""
    path = next((e.path for e in listing.in_folder(folder) if e.name == "params.py"), None)
    if path is None:
        return {}
    try:
        tree = ast.parse(listing.absolute(path).read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable("params.py is not Python that can be parsed; correct it and share again.") from error
    told: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Constant | ast.List | ast.Tuple | ast.UnaryOp):
                try:
                    told[node.targets[0].id] = ast.literal_eval(value)
                except ValueError:
                    continue
            elif isinstance(value, ast.Call) and value.args and isinstance(value.args[-1], ast.Constant):
                told[node.targets[0].id] = value.args[-1].value
    return told


def _binary(listing: Listing, folder: str) -> str | None:
    try:
        told = _params(listing, folder)
    except Unreadable:
        return None
    name = told.get("dat_path")
    name = name[0] if isinstance(name, list | tuple) and name else name
    if not isinstance(name, str) or not isinstance(told.get("n_channels_dat"), int):
        return None
    candidate = name.replace("\\", "/").split("/")[-1]
    path = f"{folder}/{candidate}" if folder else candidate
    return path if listing.has(path) and listing.by_path[path].bytes > 0 else None


def _load(path: Path) -> NDArray[Any] | None:
    if not path.is_file():
        return None
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        raise Unreadable(
            "A .npy of the sorting is truncated or not an array; export it from the sorter again."
        ) from error


def _units(
    folder: Path, rate_hz: float
) -> tuple[tuple[int, ...], tuple[NDArray[np.float64], ...], dict[str, object]]:
    samples = _load(folder / "spike_times.npy")
    templates_of = _load(folder / "spike_templates.npy")
    clusters = _load(folder / "spike_clusters.npy")
    clusters = templates_of if clusters is None else clusters
    if samples is None or clusters is None or samples.size != clusters.size:
        raise Unreadable(
            "spike_times.npy and spike_clusters.npy differ in length; export them from the sorter again."
        )
    samples, clusters = samples.ravel(), clusters.ravel()
    order = np.lexsort((samples, clusters))
    ids, starts = np.unique(clusters[order], return_index=True)
    groups = np.split(order, starts[1:])
    times = tuple(np.asarray(samples[group], dtype=np.float64) / rate_hz for group in groups)
    columns: dict[str, object] = {"quality": [_labels(folder).get(int(i), "unsorted") for i in ids]}
    amplitudes = _load(folder / "amplitudes.npy")
    if amplitudes is not None and amplitudes.size == samples.size:
        columns["amplitude"] = [float(amplitudes.ravel()[group].mean()) for group in groups]
    templates = _load(folder / "templates.npy")
    if templates is not None and templates_of is not None and templates.ndim == 3:
        columns |= _shapes(
            folder, templates, [np.bincount(templates_of.ravel()[g].astype(int)).argmax() for g in groups]
        )
    return tuple(int(i) for i in ids), times, columns


def _shapes(folder: Path, templates: NDArray[Any], chosen: Sequence[Any]) -> dict[str, object]:
    positions = _load(folder / "channel_positions.npy")
    indices = _load(folder / "template_ind.npy")
    indices = _load(folder / "templates_ind.npy") if indices is None else indices
    peaks, shapes, depths = [], [], []
    for number in chosen:
        template = templates[min(int(number), len(templates) - 1)]
        column = int(np.ptp(template, axis=0).argmax())
        peak = (
            int(indices[int(number), column])
            if indices is not None and indices.shape[0] == len(templates)
            else column
        )
        peaks.append(peak)
        shapes.append(np.asarray(template[:, column], dtype=np.float32))
        inside = positions is not None and 0 <= peak < len(positions)
        depths.append(float(positions[peak, 1]) if inside and positions is not None else float("nan"))
    columns: dict[str, object] = {"peak_channel": peaks, "template": shapes}
    return columns | ({"depth_um": depths} if positions is not None else {})


def _labels(folder: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    for name in reversed(_LABELS):
        path = folder / name
        if not path.is_file():
            continue
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t" if name.endswith("tsv") else ","):
                number = row.get("cluster_id") or row.get("id") or ""
                label = row.get("group") or row.get("KSLabel") or ""
                if number.isdigit() and label:
                    found[int(number)] = label
    return found


reader = Phy()
