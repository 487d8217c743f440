"""Likeness: re-exports come back to their own dataset, paradigms are found across sites, bad signals are told."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from commissure.discover.alike import aggregate, compare_blocks, distances, recenter, table_of
from commissure.discover.likeness import describe_signal
from commissure.discover.likeness_layout import LAYOUTS, SIZE, block_slices, pack
from commissure.errors import BadInput
from commissure.model import (
    About,
    Cells,
    Channel,
    Descriptor,
    Gaze,
    Image,
    Movie,
    Pose,
    Recording,
    Subject,
    Sweeps,
    Units,
    Video,
)  # fmt: skip
from commissure.store.vectors import BlockTable
from commissure.testing.cohorts import Cohorts, exported

ABOUT = About("eeg", Subject("01"))


def _eeg(volts: np.ndarray, rate_hz: float = 128.0) -> Recording:
    channels = tuple(Channel(f"E{i}", "EEG") for i in range(volts.shape[1]))
    return Recording(volts, rate_hz, channels, ABOUT)


@pytest.fixture(scope="module")
def world() -> tuple[list[Recording], list[Descriptor], list[str], list[str]]:
    """Four labs that run three paradigms with three people each."""
    made = Cohorts(np.random.default_rng(11))
    labs = [made.lab(f"lab{i}") for i in range(4)]
    paradigms = [made.paradigm(f"task{i}") for i in range(3)]
    recordings, sites, tasks = [], [], []
    for lab in labs:
        for paradigm in paradigms:
            for _ in range(3):
                recordings.append(
                    made.record(made.participant("x"), lab=lab, paradigm=paradigm, seconds=10.0)
                )
                sites.append(lab.name)
                tasks.append(paradigm.name)
    return recordings, [describe_signal(each) for each in recordings], sites, tasks


def test_a_reexport_comes_back_to_its_own_recording(world: tuple) -> None:
    recordings, known, _, _ = world
    table, hits = table_of(known), 0
    for place, recording in enumerate(recordings):
        reference, rate = ("average", "Cz")[place % 2], (128.0, 160.0, 200.0)[place % 3]
        other = exported(recording, rate_hz=rate, reference=reference, gain=10.0 ** (place % 4))
        hits += int(distances(table, describe_signal(other)).argmin()) == place
    assert hits >= 0.95 * len(recordings)


def test_a_paradigm_is_found_at_other_sites(world: tuple) -> None:
    _, known, sites, tasks = world
    datasets = [f"{site} {task}" for site, task in zip(sites, tasks, strict=True)]
    moved = recenter(known, datasets=datasets, origins=sites)
    names = sorted(set(datasets))
    means = [aggregate([m for m, d in zip(moved, datasets, strict=True) if d == name], subjects=["1", "2", "3"])
             for name in names]  # fmt: skip
    table, hits = table_of(means), 0
    for place, each in enumerate(moved):
        apart = distances(table, each)
        apart[[name.startswith(sites[place]) for name in names]] = np.inf
        hits += names[int(apart.argmin())].endswith(tasks[place])
    assert hits >= 0.8 * len(moved)


def test_gain_and_unit_drop_out_to_the_last_digits(world: tuple) -> None:
    recording, known = world[0][0], world[1][0]
    louder = replace(recording, channels=tuple(replace(c, gain=1e6, unit="uV") for c in recording.channels))
    assert np.abs(describe_signal(louder).values - known.values).max() < 1e-4


def test_table_and_pairs_agree_where_blocks_are_missing() -> None:
    rng = np.random.default_rng(0)
    slices = block_slices("probe")

    def one() -> Descriptor:
        parts = {b.name: rng.normal(size=b.size) for b in LAYOUTS["probe"] if rng.random() < 0.7}
        return pack("probe", parts or {"lfp": rng.normal(size=16)})

    many = [one() for _ in range(30)]
    apart = distances(table_of(many), many[0])
    told = [-np.log(compare_blocks(many[0], each).closeness) / 2 for each in many]
    assert np.allclose(apart, told, atol=1e-4)
    assert list(slices)[0] == "lfp"


def test_a_mean_weighs_people_not_sessions() -> None:
    a, b = (pack("patch", {"rest": [x] * 4}) for x in (0.0, 3.0))
    mean = aggregate([a, a, a, b], subjects=["1", "1", "1", "2"])
    assert np.allclose(mean.values, (a.values + b.values) / 2)
    with pytest.raises(BadInput, match="one family"):
        aggregate([a, pack("probe", {"lfp": [0.0] * 16})], subjects=["1", "2"])


def test_layouts_fit() -> None:
    for family, blocks in LAYOUTS.items():
        assert sum(block.size for block in blocks) <= SIZE, family


def test_an_empty_table_answers() -> None:
    table = BlockTable(np.zeros((0, 3)), np.zeros((0, 1), bool), slices=[slice(0, 3)], weights=[1.0])
    assert table.distances(np.zeros(3), np.array([True])).shape == (0,)


BAD: dict[str, Callable[[np.random.Generator], object]] = {
    "too short": lambda rng: _eeg(rng.normal(size=(20, 4))),
    "no samples": lambda rng: _eeg(np.zeros((0, 4))),
    "all NaN": lambda rng: _eeg(np.full((1280, 4), np.nan)),
    "flat": lambda rng: _eeg(np.ones((1280, 4))),
    "too slow": lambda rng: _eeg(rng.normal(size=(1280, 4)), rate_hz=10.0),
    "no electrode": lambda rng: replace(_eeg(rng.normal(size=(1280, 1))), channels=(Channel("T", "TRIG"),)),
    "no channels": lambda rng: Recording(np.zeros((100, 0)), 100.0, (), ABOUT),
    "tiny image": lambda rng: Image(np.zeros((2, 2, 2)), np.eye(4), About("anat", Subject("1"))),
    "flat image": lambda rng: Image(np.ones((20, 20, 20)), np.eye(4), About("anat", Subject("1"))),
    "no spikes": lambda rng: Units((1,), (np.array([0.1]),), ABOUT),
    "one frame": lambda rng: Movie(np.zeros((1, 8, 8)), 30.0, ABOUT),
    "lost pose": lambda rng: Pose(("a",), np.full((30, 1, 2), np.nan), None, np.arange(30.0), ABOUT),
    "no gaze": lambda rng: Gaze(rng.normal(size=(30, 1)), ("pupil",), 60.0, ABOUT),
    "no sweeps": lambda rng: Sweeps((), 1e4, (Channel("v", "VM"),), "current_clamp", ABOUT),
    "no traces": lambda rng: Cells((), {}, 30.0, ABOUT),
    "video": lambda rng: Video(__import__("pathlib").Path("x"), 30.0, 10, (2, 2), ABOUT),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_described_says_so_in_one_line(case: str) -> None:
    with pytest.raises(BadInput) as caught:
        describe_signal(BAD[case](np.random.default_rng(0)))
    assert "\n" not in str(caught.value)


def test_one_channel_and_no_common_sites_are_described_by_what_there_is() -> None:
    rng = np.random.default_rng(0)
    alone, named = _eeg(rng.normal(size=(1280, 1))), _eeg(rng.normal(size=(1280, 8)))
    assert "spectrum" in describe_signal(alone).blocks
    assert not {"topography", "covariance"} & set(describe_signal(named).blocks)
    assert 0 < compare_blocks(describe_signal(alone), describe_signal(named)).closeness < 1


def _trains(rng: np.random.Generator, regular: float) -> Units:
    trains = tuple(np.cumsum(rng.gamma(regular, 0.05 / regular, 400)) for _ in range(6))
    return Units(tuple(range(6)), trains, About("ecephys", Subject("m")))


def _bold(rng: np.random.Generator, smooth: int, repetition_s: float) -> Image:
    noise = rng.normal(size=(120, 20, 20, 12))
    for _ in range(smooth):
        noise = (noise + np.roll(noise, 1, axis=0)) / 1.5
    head = np.zeros((20, 20, 12))
    head[3:17, 3:17, 2:10] = 100.0
    return Image(np.moveaxis(head + noise * (head > 0), 0, -1), np.diag([3, 3, 3.5, 1.0]),
                 About("func", Subject("1")), repetition_s)  # fmt: skip


def _path(rng: np.random.Generator, speed: float) -> Pose:
    walk = np.cumsum(rng.normal(0, speed, (600, 1, 2)), axis=0) + rng.normal(0, 20, (1, 4, 2))
    return Pose(tuple("abcd"), walk, None, np.arange(600) / 30.0, About("behavior", Subject("m")))


def _spiking(rng: np.random.Generator, rate: float) -> Recording:
    volts = rng.normal(0, 5e-6, (30_000, 4))
    shape = -60e-6 * np.exp(-0.5 * (np.arange(-10, 11) / 4.0) ** 2)
    for at in rng.integers(20, 29_000, int(rate)):
        volts[at : at + 21, at % 4] += shape
    return Recording(
        volts, 15_000.0, tuple(Channel(f"c{i}", "EXT") for i in range(4)), About("ecephys", Subject("m"))
    )


KINDS: dict[str, tuple[Callable[[np.random.Generator], object], Callable[[np.random.Generator], object]]] = {
    "spike trains": (lambda rng: _trains(rng, 1.0), lambda rng: _trains(rng, 6.0)),
    "functional images": (lambda rng: _bold(rng, 0, 2.0), lambda rng: _bold(rng, 3, 0.8)),
    "poses": (lambda rng: _path(rng, 0.5), lambda rng: _path(rng, 8.0)),
    "probes": (lambda rng: _spiking(rng, 20), lambda rng: _spiking(rng, 400)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_is_nearer_than_another(kind: str) -> None:
    ours, theirs = KINDS[kind]
    for seed in range(3):
        rng = np.random.default_rng(seed)
        a, b, other = (describe_signal(make(rng)) for make in (ours, ours, theirs))
        assert compare_blocks(a, b).closeness > compare_blocks(a, other).closeness + 0.05
