"""Likeness of signals beside its peers, in one run: real recordings re-exported, and made cohorts of many labs.

    python benchmarks/discover_likeness.py [DATA_FOLDER] [--seeds N] [--first SEED] [--speed-only]

``DATA_FOLDER`` holds the real recordings (``../shared/data`` by default; left out where it is not). Peers, on the same
recordings: *raw band power* is the logarithm of the mean power of five bands in the file's own unit, not re-centered;
*metadata* is the Jaccard index of channel names, the ratio of rates, and the device; *not re-centered* is our descriptor
before what each lab adds is taken out. Seeds of made cohorts start at 100; those below were used while this was built.
"""

import argparse
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from discover_likeness_speed import speed, through_the_hub

from commissure.discover.alike import aggregate, distances, recenter, table_of
from commissure.discover.likeness import describe_signal
from commissure.errors import CommissureError
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Descriptor, Recording
from commissure.testing import signals
from commissure.testing.cohorts import Cohorts, exported

HERE = Path(__file__).resolve().parents[2] / "shared" / "data"
#: format, rate against the first, reference, gain: what other vendors' exports change
EXPORTS = (("edf", 1.0, "average", 1.0), ("brainvision", 0.5, "", 7.0), ("eeglab", 1.0, "Cz", 0.1), ("fif", 0.8, "average", 3.0),
           ("edf", 1.25, "first", 1.0))  # fmt: skip
BANDS = ((1, 4), (4, 8), (8, 13), (13, 30), (30, 45))
KEPT = {"EEG", "SEEG", "ECOG", "MEGMAG", "MEGGRADPLANAR", "MEGGRADAXIAL"}
LABS, TASKS, PEOPLE, RUNS, SECONDS = 6, 4, 3, 2, 16.0


@dataclass
class Session:
    """A session of a made cohort, or a half of a real recording."""

    recording: Recording
    dataset: str
    lab: str = ""
    task: str = ""
    person: str = ""
    descriptor: Descriptor | None = None
    power: np.ndarray | None = None


def described(session: Session) -> Session:
    session.descriptor = describe_signal(session.recording)
    volts = session.recording.si()[:, [i for i, c in enumerate(session.recording.channels) if c.type in KEPT]]
    power = np.abs(np.fft.rfft(volts, axis=0)) ** 2 / len(volts) / session.recording.rate_hz
    hz = np.fft.rfftfreq(len(volts), 1 / session.recording.rate_hz)
    session.power = np.array([np.log(power[(hz >= low) & (hz < high)].mean() + 1e-40) for low, high in BANDS])
    return session


def metadata_apart(one: Session, other: Session) -> float:
    a, b = ({c.name.upper() for c in s.recording.channels} for s in (one, other))
    rates = abs(np.log(one.recording.rate_hz / other.recording.rate_hz))
    return (
        1
        - len(a & b) / len(a | b)
        + 0.3 * min(rates, 1.0)
        + 0.3 * (one.recording.about.device != other.recording.about.device)
    )


def ours(sessions: Sequence[Session]) -> Callable[[Session], np.ndarray]:
    table = table_of([s.descriptor for s in sessions])
    return lambda query: distances(table, query.descriptor)


def peers(sessions: Sequence[Session]) -> dict[str, Callable[[Session], np.ndarray]]:
    return {
        "ours": ours(sessions),
        "raw band power": lambda query: np.array([((query.power - s.power) ** 2).sum() for s in sessions]),
        "metadata": lambda query: np.array([metadata_apart(query, s) for s in sessions]),
    }


# ---- real recordings


def real_recordings(folder: Path) -> list[tuple[str, Recording]]:
    found = []
    for place in sorted(folder.iterdir()):
        if not place.is_dir() or not place.name.startswith(("eeg", "meg", "ieeg")):
            continue
        listing = Listing.of(place)
        for source in detect(listing, list(READERS.items())).sources:
            if not source.complete:
                continue
            for noun in READERS.get(source.format).read(source, listing, scratch=Path(tempfile.mkdtemp())):
                if isinstance(noun, Recording) and noun.about.datatype in {"eeg", "meg", "ieeg"}:
                    found.append((place.name, noun))
    return found


def half(recording: Recording, second: bool) -> Recording:
    volts = recording.si()
    middle = len(volts) // 2
    channels = tuple(replace(c, gain=1.0, offset=0.0) for c in recording.channels)
    return replace(
        recording, signal=volts[middle:] if second else volts[:middle], channels=channels, native=None
    )


def through_a_file(recording: Recording, form: str) -> Recording | None:
    """Written by another vendor's library and read back; None where the format cannot hold so little."""
    kept = [i for i, c in enumerate(recording.channels) if c.type in KEPT]
    volts = np.asarray(recording.signal)[:, kept]
    if form == "edf":
        volts = volts[: int(len(volts) / recording.rate_hz) * round(recording.rate_hz)]
    if not len(volts):
        return None
    largest = np.abs(volts).max()
    scale = (
        1e-4 / largest if largest < 1e-7 or largest > 1 else 1.0
    )  # fields are written as if they were potentials
    truth = signals.Planted(volts * scale, recording.rate_hz, tuple(recording.channels[i].name for i in kept))
    with tempfile.TemporaryDirectory() as folder:
        getattr(signals, f"write_{form}")(Path(folder), truth)
        listing = Listing.of(Path(folder))
        source = detect(listing, list(READERS.items())).sources[0]
        (noun,) = READERS.get(source.format).read(source, listing, scratch=Path(folder))
        return replace(noun, signal=noun.si(), native=None,
                       channels=tuple(replace(c, gain=1.0, offset=0.0) for c in noun.channels))  # fmt: skip


def reexports(name: str, recording: Recording) -> list[Session]:
    names = [c.name for c in recording.channels if c.type in KEPT]
    made = []
    for form, ratio, reference, gain in EXPORTS:
        whole = replace(recording, rate_hz=float(round(recording.rate_hz)))
        rate = round(whole.rate_hz * ratio) if whole.rate_hz * ratio >= 100 else whole.rate_hz
        given = reference
        if recording.about.datatype == "meg" or not names:
            given = ""
        elif reference == "first" or (reference == "Cz" and "Cz" not in names):
            given = names[0]
        drop = reference == "first" and len(names) > 8
        moved = through_a_file(exported(whole, rate_hz=rate, reference=given, gain=gain, drop=drop), form)
        if moved is not None:
            made.append(described(Session(moved, name)))
    return made


def real(folder: Path, world: list[Session]) -> None:
    bank, queries = list(world), []
    for name, recording in real_recordings(folder):
        for second in (False, True):
            try:
                known = described(Session(half(recording, second), name, person=f"{name} {second}"))
                queries += [(second, q) for q in reexports(name, half(recording, not second))]
            except CommissureError:
                continue
            bank.append(replace(known, task=str(second)))
    print(
        f"\nReal recordings: one half known among {len(world)} made sessions and the others' halves; the other half re-exported"
    )
    for label, long in (("halves of 2 s or more", True), ("halves under 2 s", False)):
        mine = [(second, q) for second, q in queries if (q.recording.duration_s >= 1.99) is long]
        hits = dict.fromkeys(("ours", "raw band power", "metadata"), 0)
        missed: dict[str, int] = {}
        for second, query in mine:
            for peer, apart in peers(bank).items():
                d = apart(query).copy()
                # the half that the query was made of is not to be found
                d[[s.dataset == query.dataset and s.task == str(not second) for s in bank]] = np.inf
                hit = bank[int(d.argmin())].dataset == query.dataset
                hits[peer] += hit
                if peer == "ours" and not hit:
                    missed[query.dataset] = missed.get(query.dataset, 0) + 1
        count = max(len(mine), 1)
        told = "  ".join(f"{peer} {n / count:.3f}" for peer, n in hits.items())
        print(f"  {label:<24} {len(mine):3} queries of {len({q.dataset for _, q in mine})} datasets: top-1 {told}"
              + (f"   ours missed: {missed}" if missed else ""))  # fmt: skip


# ---- made cohorts


def cohort(seed: int, *, people: int = PEOPLE) -> list[Session]:
    world = Cohorts(np.random.default_rng(seed))
    labs = [world.lab(f"lab{i}") for i in range(LABS)]
    tasks = [world.paradigm(f"task{i}") for i in range(TASKS)]
    made, number = [], 0
    for lab in labs:
        for task in tasks:
            for _ in range(people):
                who, number = world.participant(f"{number}"), number + 1
                for _ in range(RUNS):
                    made.append(described(Session(world.record(who, lab=lab, paradigm=task, seconds=SECONDS),
                                                  f"{lab.name} {task.name}", lab.name, task.name, who.label)))  # fmt: skip
    return made


def centered(sessions: Sequence[Session]) -> list[Session]:
    moved = recenter(
        [s.descriptor for s in sessions],
        datasets=[s.dataset for s in sessions],
        origins=[s.lab for s in sessions],
    )
    return [replace(s, descriptor=d) for s, d in zip(sessions, moved, strict=True)]


def top_1(sessions: Sequence[Session], hide: Callable[[Session, Session], bool], same: Callable[[Session, Session], bool],
          apart: Callable[[Session], np.ndarray]) -> float:  # fmt: skip
    hits = 0
    for query in sessions:
        d = apart(query).astype(float).copy()
        d[[hide(query, s) for s in sessions]] = np.inf
        hits += same(query, sessions[int(d.argmin())])
    return hits / len(sessions)


def to_means(
    sessions: Sequence[Session], hide: Callable[[Session, str], bool], same: Callable[[Session, str], bool]
) -> float:
    """How often the nearest dataset is the right one; its mean is made without the person who asks."""
    names = sorted({s.dataset for s in sessions})
    hits = 0
    for query in sessions:
        means = []
        for name in names:
            rows = [s for s in sessions if s.dataset == name and s.person != query.person]
            means.append(aggregate([s.descriptor for s in rows], subjects=[s.person for s in rows]))
        d = distances(table_of(means), query.descriptor).astype(float)
        d[[hide(query, name) for name in names]] = np.inf
        hits += same(query, names[int(d.argmin())])
    return hits / len(sessions)


def made(seed: int) -> dict[str, dict[str, float]]:
    sessions = cohort(seed)
    moved = centered(sessions)
    means = means_of(moved)
    sources: dict[str, Callable[[Session], np.ndarray]] = peers(sessions)
    return {
        **two_halves(sessions, np.random.default_rng(seed)),
        "two runs: the same person (privacy)": {
            peer: top_1(sessions, lambda q, s: q is s, lambda q, s: q.person == s.person, apart)
            for peer, apart in sources.items()
        },
        "two people: the same dataset": {
            **{
                peer: top_1(sessions, lambda q, s: q.person == s.person, lambda q, s: q.dataset == s.dataset, apart)
                for peer, apart in sources.items()
            },
            "ours, to means": to_means(sessions, lambda q, n: False, lambda q, n: q.dataset == n),
        },
        "another site: the same paradigm": {
            "ours, dataset to dataset": top_1(means, elsewhere, same_task, ours(means)),
            "ours": to_means(moved, lambda q, n: n.startswith(q.lab), lambda q, n: n.endswith(q.task)),
            "ours, single sessions": top_1(moved, elsewhere, same_task, ours(moved)),
            "not re-centered": top_1(sessions, elsewhere, same_task, sources["ours"]),
            "raw band power": top_1(sessions, elsewhere, same_task, sources["raw band power"]),
            "metadata": top_1(sessions, elsewhere, same_task, sources["metadata"]),
        },
    }  # fmt: skip


def two_halves(sessions: list[Session], rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """The first half of each recording, and the second as another system would export it."""
    halves = [described(replace(s, recording=half(s.recording, False))) for s in sessions]
    others = [described(replace(s, recording=exported_anew(s, rng))) for s in sessions]
    recording, dataset = {}, {}
    for peer, apart in peers(halves).items():
        best = [int(apart(query).argmin()) for query in others]
        recording[peer] = float(np.mean([place == where for place, where in enumerate(best)]))
        dataset[peer] = float(
            np.mean([halves[one].dataset == query.dataset for one, query in zip(best, others, strict=True)])
        )
    return {
        "two halves, re-exported: the same recording": {"ours": recording["ours"]},
        "two halves, re-exported: the same dataset": dataset,
    }


def exported_anew(session: Session, rng: np.random.Generator) -> Recording:
    rate, gain = float(rng.choice([128.0, 160.0, 200.0, 320.0])), 10.0 ** rng.uniform(-3, 3)
    reference = str(rng.choice(["average", "Cz", "Fz"]))
    return exported(half(session.recording, True), rate_hz=rate, reference=reference, gain=gain)


def means_of(sessions: list[Session]) -> list[Session]:
    """One a dataset, with the mean of its descriptors."""
    means = []
    for name in sorted({s.dataset for s in sessions}):
        mine = [s for s in sessions if s.dataset == name]
        whole = aggregate([s.descriptor for s in mine], subjects=[s.person for s in mine])
        means.append(replace(mine[0], descriptor=whole))
    return means


def elsewhere(query: Session, session: Session) -> bool:
    return query.lab == session.lab


def same_task(query: Session, session: Session) -> bool:
    return query.task == session.task


def membership(seed: int) -> dict[int, float]:
    """Whether somebody is among those whose mean is shown: the area under the curve of the distance to the mean."""
    world = Cohorts(np.random.default_rng(seed))
    lab, task = world.lab("lab"), world.paradigm("task")
    people = [world.participant(str(i)) for i in range(48)]
    first, second = (
        [describe_signal(world.record(who, lab=lab, paradigm=task, seconds=SECONDS)) for who in people]
        for _ in range(2)
    )
    found = {}
    for size in (1, 3, 5, 10, 24):
        inside, outside = [], []
        for start in range(0, len(people) - size + 1, size):
            mean = aggregate(first[start : start + size], subjects=[str(i) for i in range(size)])
            table = table_of([mean])
            for place in range(len(people)):
                (inside if start <= place < start + size else outside).append(
                    float(distances(table, second[place])[0])
                )
        found[size] = float(np.mean([[i < o for o in outside] for i in inside]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=HERE)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--speed-only", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    speed()
    through_the_hub()
    if asked.speed_only:
        return
    tables = [made(seed) for seed in range(asked.first, asked.first + asked.seeds)]
    print(
        f"\nMade cohorts: {LABS} labs x {TASKS} paradigms x {PEOPLE} people x {RUNS} runs of {SECONDS:g} s, {asked.seeds} seeds; top-1, mean (least)"
    )
    for row in tables[0]:
        print(f"  {row}")
        for peer in tables[0][row]:
            values = [table[row][peer] for table in tables]
            print(f"    {peer:<24} {np.mean(values):.3f} ({min(values):.3f})", flush=True)
    each = [membership(seed) for seed in range(asked.first, asked.first + asked.seeds)]
    told = {size: float(np.mean([one[size] for one in each])) for size in each[0]}
    print("  is somebody among those whose mean is shown (area under the curve; 0.5 is chance): "
          + ", ".join(f"{size} people {value:.2f}" for size, value in told.items()))  # fmt: skip
    if asked.data.is_dir():
        real(asked.data, cohort(asked.first + 1_000, people=1))


if __name__ == "__main__":
    main()
