"""What `.mat` files lose, and what a download through the DANDI dialect costs, beside peers measured in the same run.

    python benchmarks/archives.py

Prints two tables. The peers are scipy and pymatreader, as their documentation uses them, and a plain HTTP client.
"""

import contextlib
import datetime as dt
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pymatreader
import scipy.io
import uvicorn

from commissure.faces.http.app import create_app
from commissure.formats.mat import read_mat, write_mat
from commissure.hub import open_hub
from commissure.model import Annotation, Consent, Dataset, Release
from commissure.settings import Settings

VALUES: dict[str, Any] = {
    "bool": True, "int": 7, "float": 0.1, "complex": 1 + 2j, "text": "Fz", "empty text": "", "emoji": "🧠", "none": None,
    "bytes": b"\x00\xff", "empty list": [], "ints": [1, 2, 3], "bools": [True, False], "tuple": (0.5, 1.0),
    "texts": ["Fz", "Cz"], "one text": ["Fz"], "mixed": [1, "a", None], "nested": {"a": {"b": [{"c": 1}, {"c": 2}]}},
    "datetime": dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), "date": dt.date(2026, 3, 1), "odd keys": {"sub-01": 1},
    "1-D int16": np.arange(4, dtype=np.int16), "column": np.ones((3, 1)), "float32": np.float32([[1.5]]),
    "logical array": np.array([True, False]), "empty array": np.zeros((0, 3)), "scalar float32": np.float32(1.25),
    "object array": np.array(["a", None], dtype=object), "noun": Annotation("blink", 0.4, 0.2),
}  # fmt: skip


def same(a: Any, b: Any) -> bool:
    """Equal and of the same types, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and all(same(x, y) for x, y in zip(a.ravel(), b.ravel(), strict=True))
        )
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def with_ours(value: Any, path: Path) -> Any:
    write_mat(path, {"x": value})
    return read_mat(path)["x"]


def with_scipy(value: Any, path: Path) -> Any:
    scipy.io.savemat(path, {"x": value}, do_compression=True)
    return scipy.io.loadmat(path, simplify_cells=True)["x"]


def with_pymatreader(value: Any, path: Path) -> Any:
    scipy.io.savemat(path, {"x": value})
    return pymatreader.read_mat(str(path))["x"]


def lossless(trip: Callable[[Any, Path], Any], folder: Path) -> list[str]:
    kept = []
    for name, value in VALUES.items():
        with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()):
            if same(trip(value, folder / "x.mat"), value):
                kept.append(name)
    return kept


@contextlib.contextmanager
def served(data: bytes, folder: Path) -> Iterator[str]:
    hub = open_hub(folder / "hub", settings=Settings(hub=str(folder / "hub"), jobs="inline"))
    asset = hub.vault.put(
        io.BytesIO(data), path="big.bin", dataset="ds-big", subject="", encrypt=False, media_type=""
    )
    now = "2026-03-01T12:00:00+00:00"
    about = {"title": "Big", "modality": ["eeg"], "subjects": 1}
    release = Release("ds-big", "0.1.0", "0" * 64, (asset,), "bids", True, about, (), (), now)
    hub.records.releases.add(
        Dataset("ds-big", "Big", "local", now, True), release, by="local", consents={"": Consent("IRB")}
    )
    server = uvicorn.Server(uvicorn.Config(create_app(hub), port=0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("Values that come back from a .mat file as they were, of", len(VALUES))
        for label, trip in (
            ("commissure", with_ours),
            ("scipy", with_scipy),
            ("pymatreader", with_pymatreader),
        ):
            print(f"  {label:<12} {len(lossless(trip, folder)):>3}")
        big = np.random.default_rng(1).standard_normal((2_000_000, 4))
        for label, trip in (("commissure", with_ours), ("scipy", with_scipy)):
            start = time.process_time()
            trip(big, folder / "big.mat")
            print(
                f"  {label:<12} {time.process_time() - start:6.2f} s of CPU for 64 MB of noise there and back, compressed"
            )
        data = np.random.default_rng(2).bytes(200 * 2**20)
        with served(data, folder) as address:
            print("A file of 200 MiB from a hub")
            start = time.perf_counter()
            httpx.get(
                f"{address}/api/v1/datasets/ds-big/releases/0.1.0/files/big.bin", timeout=120
            ).raise_for_status()
            print(f"  {'plain HTTP':<22} {time.perf_counter() - start:6.2f} s")
            environment = {**os.environ, "DANDI_NO_ET": "1", "HOME": str(folder), "DANDI_CACHE": "ignore"}
            command = [
                str(Path(sys.executable).parent / "dandi"),
                "download",
                "-f",
                "debug",
                f"{address}/dandiset/000001",
            ]
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
            print(
                f"  {'dandi download':<22} {time.perf_counter() - start:6.2f} s, checksums checked, the start of Python in it"
            )


if __name__ == "__main__":
    main()
