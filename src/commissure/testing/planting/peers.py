"""The same plants through what others use: dicognito and deid (DICOM), MNE's and MNE-BIDS's anonymization (recordings)."""

import subprocess
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.testing.planting.measure import Tally, compare_scans, compare_science
from commissure.testing.planting.plants import found, released_bytes
from commissure.testing.planting.recordings import plant_recording
from commissure.testing.planting.scans import plant_study

__all__ = ["measure_dicom_peers", "measure_mne_peers"]

_DAYS_BACK = 3000
_READ = (".edf", ".bdf", ".fif", ".vhdr", ".set")
_FORMATS = ("edf", "bdf", "fif", "brainvision", "eeglab")
_DICOGNITO = "import sys, dicognito.__main__ as m; m.main(['-o', sys.argv[2], '--seed', 'x', sys.argv[1]])"
_DEID = """
import sys, pathlib
from deid.dicom import get_identifiers, replace_identifiers
source, target = map(pathlib.Path, sys.argv[1:3])
for folder in sorted({p.parent for p in source.rglob('*') if p.is_file()}):
    files = [str(p) for p in sorted(folder.iterdir()) if p.is_file()]
    out = target / folder.relative_to(source)
    out.mkdir(parents=True, exist_ok=True)
    replace_identifiers(dicom_files=files, ids=get_identifiers(files), save=True, output_folder=str(out), overwrite=True)
"""


def measure_dicom_peers(
    work: Path, *, rng: np.random.Generator, python: str, studies: int
) -> dict[str, Tally]:
    """dicognito and deid on the same studies, in their defaults; ``python`` is one that has them.

    Both rename neither folders nor burned-in text; deid needs a recipe to do more than its default header pass.
    """
    planted = [plant_study(work / "raw", rng=rng, number=number) for number in range(studies)]
    made = {}
    for name, code in (("dicognito", _DICOGNITO), ("deid", _DEID)):
        out = work / name
        out.mkdir(parents=True)
        done = subprocess.run(
            [python, "-W", "ignore", "-c", code, str(work / "raw"), str(out)],
            capture_output=True,
            text=True,
            check=False,
        )
        if not any(out.rglob("*")):
            warnings.warn(f"{name} wrote nothing: {done.stderr[-300:]}", stacklevel=1)
        made[name] = compare_scans(work / "raw", out, planted=planted, names=lambda uid: None)
    return made


def measure_mne_peers(work: Path, *, rng: np.random.Generator, count: int) -> dict[str, Tally]:
    """MNE's ``anonymize`` and MNE-BIDS's ``write_raw_bids(anonymize=…)`` on the recordings MNE reads."""
    tallies = {"mne anonymize": Tally(), "mne-bids anonymize": Tally()}
    for number in range(count):
        for format in _FORMATS:
            raw = work / "raw" / f"{format}{number}"
            plants = plant_recording(raw, format, rng=rng).plants
            for name, write in (("mne anonymize", _by_mne), ("mne-bids anonymize", _by_mne_bids)):
                out = work / name.replace(" ", "-") / f"{format}{number}"
                out.mkdir(parents=True)
                _written(write, raw, out)
                _compare(f"{format} {number}", out, tallies[name])
                tallies[name].plants += plants
                tallies[name].left += found(plants, released_bytes(out))
    return tallies


def _written(write: Callable[[Any, Path], None], raw: Path, out: Path) -> None:
    mne = need("mne", purpose="Running MNE's anonymization")
    path = next(path for path in sorted(raw.iterdir()) if path.suffix in _READ)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw_file = mne.io.read_raw(path, verbose="ERROR")
        raw_file.set_montage(None)  # MNE-BIDS refuses positions without landmarks
        write(raw_file, out)


def _compare(stem: str, out: Path, tally: Tally) -> None:
    """What of the science a peer's file still holds, as MNE reads it and, with its table of events, a BIDS tree tells it."""
    mne = need("mne", purpose="Reading what MNE wrote")
    path = next(path for path in sorted(out.rglob("*")) if path.suffix in _READ)
    raw = mne.io.read_raw(path, verbose="ERROR")
    told = Counter(str(name) for name in raw.annotations.description)
    compare_science(stem, tally, rate_hz=float(raw.info["sfreq"]), names=raw.ch_names, told=told)


def _by_mne(raw: Any, out: Path) -> None:
    raw.load_data(verbose="ERROR")
    raw.anonymize(daysback=_DAYS_BACK, verbose="ERROR")
    raw.save(out / "anonymous_raw.fif", verbose="ERROR")


def _by_mne_bids(raw: Any, out: Path) -> None:
    mne_bids = need("mne_bids", purpose="Running MNE-BIDS's anonymization")
    raw.info["line_freq"] = 50
    where = mne_bids.BIDSPath(subject="01", task="rest", root=out, datatype="eeg")
    mne_bids.write_raw_bids(raw, where, anonymize={"daysback": _DAYS_BACK}, overwrite=True, verbose="ERROR")
