"""How long likeness takes, for ``discover_likeness.py``: of a table, of one descriptor, and through a hub of many datasets."""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from commissure.discover.likeness import describe_signal
from commissure.discover.likeness_layout import LAYOUTS, SIZE, VERSION, block_slices
from commissure.hub import Hub, open_hub
from commissure.model import Person, Recording
from commissure.settings import Settings
from commissure.store import schema
from commissure.store.descriptors import Mean
from commissure.store.revisions import means_changed
from commissure.store.vectors import BlockTable
from commissure.testing.cohorts import Cohorts
from commissure.workflows.likeness import near_datasets, signal_of

__all__ = ["speed", "through_the_hub"]


def speed() -> None:
    rng, layout = np.random.default_rng(0), LAYOUTS["electro"]
    slices = list(block_slices("electro").values())
    values, present = (
        rng.normal(size=(100_000, SIZE)).astype(np.float32),
        rng.random((100_000, len(layout))) > 0.1,
    )
    for place, where in enumerate(slices):
        values[~present[:, place], where] = 0
    table = BlockTable(values, present, slices=slices, weights=[block.weight for block in layout])
    times = []
    for row in range(30):
        start = time.process_time()
        apart = table.distances(values[row], present[row])
        best = np.argpartition(apart, 10)[:10]
        times.append((time.process_time() - start) * 1000)
        assert row in best
    print(
        f"\n100,000 descriptors, exact: median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms of CPU (asked: under 30)"
    )
    volts = rng.normal(0, 1e-5, (500 * 600, 64)).cumsum(axis=0)
    world = Cohorts(rng)
    names = world.lab("x").montage
    channels = tuple(replace(world.record(world.participant("x"), lab=world.lab("x"), paradigm=world.paradigm("y"), seconds=2).channels[0],
                             name=names[i % len(names)] if i < len(names) else f"X{i}") for i in range(64))  # fmt: skip
    about = world.record(
        world.participant("x"), lab=world.lab("x"), paradigm=world.paradigm("y"), seconds=2
    ).about
    start = time.process_time()
    describe_signal(Recording(volts, 500.0, channels, about))
    print(f"one descriptor of ten minutes, 64 channels, 500 Hz: {time.process_time() - start:.2f} s of CPU")


def through_the_hub(many: int = 100_000) -> None:
    """A search through a hub of many described datasets: the first call of a process, the later ones, one after a write."""
    rng, now = np.random.default_rng(0), datetime(2026, 1, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(hub=folder, jobs="inline")
        hub = open_hub(Path(folder) / "hub", actor=Person("ada"), settings=settings, clock=lambda: now)
        blocks = [block.name for block in LAYOUTS["electro"]]
        for start in range(0, many, 10_000):
            _fill(hub, rng, start=start, blocks=blocks)
        with hub.records.database.write() as connection:
            means_changed(connection)
        held = signal_of(hub, "ds-000123", viewer="", now=now)
        file = tuple(replace(mean, dataset="", origin="") for mean in held)
        print(
            f"\nThrough the hub, {many:,} described datasets in SQLite (load average {os.getloadavg()[0]:.1f}):"
        )
        for label, viewer, asked in (("a file, by nobody", "", file), ("a dataset, by nobody", "", held),
                                     ("a file, by the owner of a private dataset", "bea", file),
                                     ("a dataset, by the owner of a private dataset", "bea", held)):  # fmt: skip
            _time(label, hub, asked=asked, viewer=viewer, now=now, runs=11)
        hub.records.descriptors.put_means("ds-000007", [replace(held[0], dataset="ds-000007")])
        _time("a dataset, after somebody wrote", hub, asked=held, viewer="", now=now, runs=3)
        hub.close()


def _fill(hub: Hub, rng: np.random.Generator, *, start: int, blocks: list[str]) -> None:
    values = rng.normal(scale=0.1, size=(10_000, SIZE)).astype("<f4")
    names = [f"ds-{start + n:06d}" for n in range(10_000)]
    common = {"title": "x", "created": "", "withdrawn": False, "version": "0.1.0", "standard": "bids", "card": "{}",
              "released": "", "files": 1, "bytes": 1, "title_key": "x"}  # fmt: skip
    with hub.records.database.write() as connection:
        connection.execute(schema.datasets.insert(), [
            {"id": name, "owner": "bea" if name == "ds-000005" else f"lab{start + n % 500}", "rank": start + n,
             "public": name != "ds-000005", **common} for n, name in enumerate(names)])  # fmt: skip
        connection.execute(schema.likenesses.insert(), [
            {"dataset": name, "family": "electro", "descriptor": VERSION, "origin": f"lab{(start + n) % 5000}|", "subjects": 5,
             "sessions": 5, "blocks": " ".join(blocks), "vector": values[n].tobytes()} for n, name in enumerate(names)])  # fmt: skip


def _time(label: str, hub: Hub, *, asked: Sequence[Mean], viewer: str, now: datetime, runs: int) -> None:
    times = []
    for _ in range(runs):
        start = time.perf_counter(), time.process_time()
        assert len(near_datasets(hub, asked, viewer=viewer, now=now, limit=10)) == 10
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    (wall, cpu), later = times[0], np.median(times[1:], axis=0) * 1000
    print(f"  {label:<46} first {wall:6.2f} s ({cpu:.2f} of CPU), then median {later[0]:6.1f} ms ({later[1]:.1f} of CPU)",
          flush=True)  # fmt: skip
