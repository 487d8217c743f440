"""`share` beside the library calls that a user would write by hand, on the same files, in one run.

python benchmarks/share.py            # a 2 GB probe recording (needs 8 GB of disk)
python benchmarks/share.py --gb 0.2   # a small one
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from commissure.hub import open_hub
from commissure.testing.samples import write_probe_recording
from commissure.workflows.share import ShareOptions, ShareReport, share

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONVERSION = ("read", "standardize")
DICOM = Path(__file__).parents[2] / "shared" / "data" / "dcm_philips_studyforrest" / "dicoms"


def ours(raw: Path, hub: Path, **options: str) -> ShareReport:
    return share(open_hub(hub), raw, now=NOW, options=ShareOptions(**options))


def timed(work, *arguments) -> float:
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


def write_eeg(path: Path, *, minutes: int = 5, channels: int = 64, rate_hz: int = 512) -> None:
    import edfio

    rng = np.random.default_rng(0)
    size = minutes * 60 * rate_hz
    signals = [
        edfio.EdfSignal(
            rng.normal(0, 20, size),
            rate_hz,
            label=f"EEG {i}",
            physical_dimension="uV",
            physical_range=(-500, 500),
        )
        for i in range(channels)
    ]
    path.parent.mkdir(parents=True)
    edfio.Edf(signals).write(path)


def by_mne_bids(path: Path, root: Path) -> None:
    import mne
    import mne_bids

    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    where = mne_bids.BIDSPath(subject="01", task="rest", root=root, datatype="eeg")
    mne_bids.write_raw_bids(raw, where, format="BrainVision", overwrite=True, verbose="ERROR")


def by_neuroconv(folder: Path, target: Path) -> None:
    from neuroconv.datainterfaces import SpikeGLXRecordingInterface

    interface = SpikeGLXRecordingInterface(folder_path=folder, stream_id="imec0.ap", verbose=False)
    metadata = interface.get_metadata()
    metadata["NWBFile"]["session_start_time"] = NOW
    interface.run_conversion(nwbfile_path=target, metadata=metadata, overwrite=True)


def by_dcm2niix(folder: Path, target: Path) -> None:
    import dcm2niix

    target.mkdir()
    command = [dcm2niix.bin, "-b", "y", "-ba", "y", "-z", "i", "-o", str(target), str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def warm(work: Path) -> None:
    """Load every library once, so that neither side pays for imports."""
    write_eeg(work / "warm-eeg" / "a.edf", minutes=1, channels=2)
    write_probe_recording(work / "warm-probe", seconds=1.0)
    for name in ("warm-eeg", "warm-probe"):
        ours(work / name, work / "warm-hub")
    by_mne_bids(work / "warm-eeg" / "a.edf", work / "warm-bids")
    by_neuroconv(work / "warm-probe", work / "warm.nwb")


def compare(name: str, raw: Path, hub: Path, peer: tuple[str, float]) -> ShareReport:
    report = ours(raw, hub)
    conversion = sum(report.seconds[stage] for stage in CONVERSION)
    print(
        f"\n{name}: conversion {conversion:.2f} s, {peer[0]} {peer[1]:.2f} s, ratio {conversion / peer[1]:.2f} (to reach: 1.15)"
    )
    print("  " + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in report.seconds.items()))
    return report


def peak_mb(raw: Path, hub: Path) -> float:
    """Peak resident memory of a share in a process of its own."""
    code = (
        "import re, sys; from datetime import UTC, datetime; from commissure.hub import open_hub;"
        "from commissure.workflows.share import share;"
        "share(open_hub(sys.argv[2]), sys.argv[1], now=datetime.now(UTC));"
        # not getrusage, which a child inherits from its parent
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(raw), str(hub)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=2.0, help="size of the probe recording")
    size = parser.parse_args().gb
    work = Path(tempfile.mkdtemp(prefix="commissure-bench-"))
    try:
        warm(work)
        write_eeg(work / "eeg" / "a.edf")
        compare("EEG, 64 channels, 5 min", work / "eeg", work / "hub-eeg",
                ("mne-bids", timed(by_mne_bids, work / "eeg" / "a.edf", work / "peer-bids")))  # fmt: skip
        if DICOM.is_dir():
            compare(
                "DICOM, 350 files",
                DICOM,
                work / "hub-dicom",
                ("dcm2niix", timed(by_dcm2niix, DICOM, work / "peer-dicom")),
            )
        probe = work / "probe"
        write_probe_recording(probe, seconds=size * 1e9 / (385 * 2 * 30_000), channels=384)
        report = compare(f"SpikeGLX, {size:g} GB", probe, work / "hub-probe",
                         ("neuroconv", timed(by_neuroconv, probe, work / "peer.nwb")))  # fmt: skip
        beyond = sum(seconds for stage, seconds in report.seconds.items() if stage not in CONVERSION)
        print(f"  beyond conversion: {size * 1000 / beyond:.0f} MB/s (to reach: 200)")
        print(f"  peak memory: {peak_mb(probe, work / 'hub-memory'):.0f} MB (to reach: below 600)")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
