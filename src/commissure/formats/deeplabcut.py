"""DeepLabCut: tracked or labeled body parts in ``.csv`` or ``.h5``, with the project's ``config.yaml``."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.formats.pickled import loads_plain
from commissure.formats.video import probe
from commissure.model import Device, Origin, Pose, Source

__all__ = ["DeepLabCut", "reader"]

_FILMS = (".mp4", ".avi", ".mov", ".m4v")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LEVELS = ("scorer", "individuals", "bodyparts", "coords")


class DeepLabCut:
    """Reads DeepLabCut's tables."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a table: the ``.csv`` first, its ``.h5`` twin, its ``_meta.pickle`` and, once, the ``config.yaml``."""
        configs = [
            e.path
            for e in listing.files
            if e.name in ("config.yaml", "config.yml") and _is_config(listing, e.path)
        ]
        seen: set[str] = set()
        for entry in listing.with_suffix(".csv", ".h5"):
            base = entry.path[: -len(entry.suffix)]
            if base in seen or not _is_table(listing, entry.path):
                continue
            seen.add(base)
            twin = [base + ".h5"] if entry.suffix == ".csv" and listing.has(base + ".h5") else []
            twin += [path for path in (base + "_meta.pickle", base + "_filtered.csv") if listing.has(path)]
            config = [path for path in configs if _above(path, entry.path)]
            configs = [path for path in configs if path not in config]
            yield Source("deeplabcut", (entry.path, *twin, *config), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Pose]:  # noqa: ARG002
        """One Pose."""
        path = listing.absolute(source.primary)
        columns, index, values = _read_csv(path) if path.suffix.lower() == ".csv" else _read_h5(path)
        clues = Clues(source)
        _tell(clues, source, listing, {column[0] for column in columns})
        frames, folder = _frames(index)
        film = _film(listing, source.primary, folder)
        rate_hz = 0.0
        if film is not None:
            with suppress(Unreadable):
                rate_hz = probe(listing.absolute(film)).rate_hz
        parts, position, confidence = _parts(columns, values)
        clues.fact("bodyparts", len(parts), Origin.CONTENT)
        clues.fact("frames", len(frames), Origin.CONTENT)
        sidecar: dict[str, object] = {"labeled_by": "a person"} if folder else {"labeled_by": "DeepLabCut"}
        if rate_hz:
            clues.fact("rate_hz", rate_hz, Origin.SIDECAR, "the film")
        else:
            sidecar["clock"] = "unknown"
        about = clues.about(
            "behavior", device=Device("", "", "DeepLabCut"), entities={"desc": "pose"}, sidecar=sidecar
        )
        times_s = frames / (rate_hz or 1.0)
        return [Pose(parts, position, confidence, times_s, about, source_video="")]


def _is_table(listing: Listing, path: str) -> bool:
    if path.lower().endswith(".csv"):
        head = listing.head(path).decode("utf-8", "replace").splitlines()[:4]
        return (
            len(head) >= 3
            and head[0].startswith("scorer,")
            and any(line.startswith("bodyparts,") for line in head)
        )
    if listing.head(path, 8) != _HDF5:
        return False
    h5py = need("h5py", purpose="Reading DeepLabCut tables")
    with suppress(OSError, RuntimeError), h5py.File(listing.absolute(path), "r") as file:
        return "df_with_missing" in file
    return False


def _is_config(listing: Listing, path: str) -> bool:
    head = listing.head(path)
    return b"scorer:" in head and b"bodyparts:" in head


def _above(config: str, table: str) -> bool:
    folder = str(PurePosixPath(config).parent)
    return folder == "." or table.startswith(folder + "/")


def _read_csv(path: Path) -> tuple[list[tuple[str, ...]], list[str], NDArray[np.float64]]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            rows = csv.reader(stream)
            header: dict[str, list[str]] = {}
            lead = 1
            for row in islice(rows, 5):
                if row and row[0] in _LEVELS:
                    lead = next((i for i, cell in enumerate(row) if i and cell != ""), 1)
                    header[row[0]] = row[lead:]
                    if row[0] == "coords":
                        break
            width = len(header["coords"])
            index, values = [], []
            for row in rows:
                if not row:
                    continue
                index.append("/".join(row[:lead]))
                values.append([float(cell) if cell else np.nan for cell in row[lead : lead + width]])
        array = np.array(values, dtype=np.float64).reshape(len(values), width)
    except (KeyError, ValueError, csv.Error, IndexError) as error:
        raise Unreadable(
            f"The DeepLabCut table is truncated or not a table ({type(error).__name__}); export it again."
        ) from error
    if not len(array):
        raise Unreadable("The DeepLabCut table has a header and no rows; export it again.")
    individuals = header.get("individuals") or [""] * width
    columns = list(zip(header["scorer"], individuals, header["bodyparts"], header["coords"], strict=True))
    return [tuple(column) for column in columns], index, array


def _read_h5(path: Path) -> tuple[list[tuple[str, ...]], list[str], NDArray[np.float64]]:
    h5py = need("h5py", purpose="Reading DeepLabCut tables")
    try:
        with h5py.File(path, "r") as file:
            group = file["df_with_missing"]
            if "table" in group:
                return _read_table(group["table"])
            count = int(group.attrs.get("axis0_nlevels", 0))
            levels = [[_text(v) for v in group[f"axis0_level{i}"][:]] for i in range(count)]
            codes = [group[f"axis0_label{i}"][:] for i in range(count)]
            array = np.asarray(group["block0_values"][:], dtype=np.float64)
            axis = [key for key in sorted(group) if key.startswith("axis1_level")]
            index = _index(group, axis, len(array))
    except (OSError, KeyError, ValueError, IndexError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("The DeepLabCut .h5 is truncated or not a table; export it again.") from error
    columns = []
    for column in range(array.shape[1]):
        cells = [levels[i][int(codes[i][column])] for i in range(count)]
        if count == 3:
            cells.insert(1, "")
        columns.append(tuple(cells))
    return columns, index, array


def _read_table(table: Any) -> tuple[list[tuple[str, ...]], list[str], NDArray[np.float64]]:
    rows = table[:]
    told = loads_plain(bytes(table.attrs["values_block_0_kind"]))
    columns = [tuple(str(cell) for cell in column) for column in told]
    columns = [(c[0], "", *c[1:]) if len(c) == 3 else c for c in columns]
    index = [_text(value) for value in rows["index"]]
    return columns, index, np.asarray(rows["values_block_0"], dtype=np.float64)


def _index(group: Any, axis: list[str], length: int) -> list[str]:
    if not axis:
        return (
            [_text(value) for value in group["axis1"][:]]
            if "axis1" in group
            else [str(i) for i in range(length)]
        )
    levels = [[_text(v) for v in group[name][:]] for name in axis]
    codes = [group[name.replace("level", "label")][:] for name in axis]
    return [
        "/".join(level[int(code[row])] for level, code in zip(levels, codes, strict=True))
        for row in range(length)
    ]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _frames(index: list[str]) -> tuple[NDArray[np.float64], str]:
    """Frame numbers, and the folder of labeled pictures they come from (empty for a whole film)."""
    numbers = [re.search(r"(\d+)(?:\.(?:png|jpe?g|tiff?))?$", cell) for cell in index]
    folder = PurePosixPath(index[0].replace("\\", "/")).parent.name if index and "img" in index[0] else ""
    if all(numbers):
        return np.array([float(match.group(1)) for match in numbers if match]), folder
    return np.arange(len(index), dtype=np.float64), folder


def _film(listing: Listing, table: str, folder: str) -> str | None:
    stem = PurePosixPath(table).name.split("DLC_")[0].split("DLC")[0]
    wanted = folder or stem
    films = [entry.path for entry in listing.with_suffix(*_FILMS)]
    return next((film for film in films if wanted and PurePosixPath(film).stem == wanted), None)


def _parts(
    columns: Sequence[tuple[str, ...]], values: NDArray[np.float64]
) -> tuple[tuple[str, ...], Any, Any]:
    places = {
        (individual, part, coordinate): i for i, (_, individual, part, coordinate) in enumerate(columns)
    }
    keys = list(dict.fromkeys((individual, part) for _, individual, part, _ in columns))
    keys = [key for key in keys if (*key, "x") in places and (*key, "y") in places]
    if not keys:
        raise Unreadable("The DeepLabCut table has no x and y of any body part; export it again.")
    position = np.stack([values[:, [places[*key, "x"], places[*key, "y"]]] for key in keys], axis=1)
    known = all((*key, "likelihood") in places for key in keys)
    confidence = np.stack([values[:, places[*key, "likelihood"]] for key in keys], axis=1) if known else None
    names = tuple("_".join(filter(None, (f"animal{1 + i}" if ind else "", part)))
                  for ind, part, i in ((k[0], k[1], _order(keys, k[0])) for k in keys))  # fmt: skip
    return names, position, confidence


def _order(keys: list[tuple[str, str]], individual: str) -> int:
    return list(dict.fromkeys(key[0] for key in keys)).index(individual)


def _tell(clues: Clues, source: Source, listing: Listing, scorers: set[str]) -> None:
    for scorer in scorers:
        clues.hide("operator" if not scorer.startswith("DLC") else "path", scorer)
    for path in source.files:
        if not path.endswith((".yaml", ".yml")):
            continue
        try:
            told = yaml.safe_load(listing.absolute(path).read_text(encoding="utf-8", errors="replace"))
        except (yaml.YAMLError, RecursionError):
            continue
        if isinstance(told, dict):
            clues.hide("operator", told.get("scorer"))
            clues.hide_path(told.get("project_path"))
            for film in told.get("video_sets") or {}:
                clues.hide_path(film)
            clues.entities |= (
                {"task": task} if (task := re.sub(r"[^A-Za-z0-9]", "", str(told.get("Task") or ""))) else {}
            )
            clues.fact("task", str(told.get("Task") or ""), Origin.SIDECAR, "config.yaml")


reader = DeepLabCut()
