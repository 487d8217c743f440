"""De-identification measured: identifiers of 33 kinds planted into every format, released, and looked for again.

    python benchmarks/protect_deid.py                  # some 4,400 plants
    python benchmarks/protect_deid.py --small          # some 700

dicognito and deid come from the peers' environment (benchmarks/peers.py), and get the same DICOM studies as we do, with what
they lose of science compared as ours is.
Most names are made of syllables or stand in no list of ours; the search of the released bytes is not the one that
de-identification itself uses. What is science (cells, fields, attributes, channels, rates, codes, samples) is compared too.
"""

import argparse
import shutil
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from peers import PEERS, missing, peer_python

from commissure.testing.planting.measure import (
    Tally,
    measure_containers,
    measure_folder,
    measure_outsiders,
    measure_recordings,
    measure_rigs,
    measure_scans,
    measure_trees,
)
from commissure.testing.planting.peers import measure_dicom_peers, measure_mne_peers

SIZES = {"small": (1, 1, 1, 1), "full": (6, 16, 4, 6)}


def run(work: Path, *, size: str, seed: int) -> Tally:
    """All formats once (small) or several times (full)."""
    recordings, subjects, studies, folders = SIZES[size]
    rng = np.random.default_rng(seed)
    tally = Tally()
    for number in range(recordings):
        tally.add(measure_recordings(work / f"recordings{number}", rng=rng))
        tally.add(measure_rigs(work / f"rigs{number}", rng=np.random.default_rng([seed, number])))
    tally.add(measure_trees(work / "trees", rng=rng, subjects=subjects, files=folders))
    tally.add(measure_scans(work / "scans", rng=rng, studies=studies))
    tally.add(measure_folder(work / "folder", rng=rng, count=folders))
    tally.add(measure_outsiders(work / "outsiders", rng=np.random.default_rng([seed, 99]), count=folders))
    tally.add(measure_containers(work / "containers", rng=np.random.default_rng([seed, 98]), count=folders))
    return tally


def show(name: str, tally: Tally) -> None:
    print(
        f"\n{name}: {tally.planted} planted, {len(tally.left)} left: recall {tally.recall:.4f} (to reach 0.999)"
    )
    print(
        f"  science: {tally.science} items compared, {len(tally.lost)} lost: {100 * tally.loss:.3f} % (to stay below 0.5 %)"
    )
    kinds = Counter(plant.kind for plant in tally.plants)
    left = Counter(plant.kind for plant in tally.left)
    print("  " + ", ".join(f"{kind} {count - left[kind]}/{count}" for kind, count in sorted(kinds.items())))
    for plant in tally.left[:20]:
        print(f"  left: {plant.kind} in {plant.format}, {plant.where}: {plant.spellings}")
    for what in tally.lost[:20]:
        print(f"  lost: {what}")


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--quick", action="store_true", help="the same as --small")
    parser.add_argument("--peers", type=Path, default=PEERS)
    asked = parser.parse_args()
    small = asked.small or asked.quick
    work = Path(tempfile.mkdtemp(prefix="commissure-deid-"))
    try:
        show("commissure", run(work, size="small" if small else "full", seed=asked.seed))
        against_peers(work, peers=asked.peers, studies=1 if small else 4, seed=asked.seed)
    finally:
        shutil.rmtree(work)


def against_peers(work: Path, *, peers: Path, studies: int, seed: int) -> None:
    """MNE's two on recordings; dicognito and deid on DICOM studies, and we on the very same."""
    for name, tally in measure_mne_peers(
        work / "mne", rng=np.random.default_rng(seed), count=studies
    ).items():
        show(name, tally)
    show(f"commissure, {studies} DICOM studies alone", measure_scans(work / "alone", rng=np.random.default_rng(seed), studies=studies))  # fmt: skip
    python = peer_python(peers, "dicognito") and peer_python(peers, "deid")
    if not python:
        missing("dicognito and deid", peers)
        return
    found = measure_dicom_peers(work / "peers", rng=np.random.default_rng(seed), python=python, studies=studies)  # fmt: skip
    for name, tally in found.items():
        show(f"{name}, the same {studies} DICOM studies", tally)


if __name__ == "__main__":
    main()
