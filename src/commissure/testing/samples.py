"""A sample session with planted truth: an EEG with blinks and a flat channel, and a short probe recording.

Everything in it is generated. The headers carry a made-up person, so that one can see what de-identification does.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from commissure.extras import need

__all__ = ["SAMPLE_BLINKS_S", "write_probe_recording", "write_sample_session"]

#: when the sample's person blinks, in seconds
SAMPLE_BLINKS_S = (2.0, 5.5, 9.0, 13.5)
_NAMES = ("Fp1", "Fp2", "F3", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2")
_PROBE_CHANNELS = 16


def write_sample_session(folder: Path, *, seed: int = 0, seconds: float = 20.0) -> Path:
    """Write the sample session into ``folder`` and return it.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    seed : int
        Decides the noise: the same seed gives the same bytes.
    seconds : float
        How long both recordings last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    _write_eeg(folder / "Doe_Jane_rest.edf", rng, seconds)
    write_probe_recording(folder / "probe", seconds=min(seconds, 5.0), channels=_PROBE_CHANNELS, seed=seed)
    (folder / "commissure.yaml").write_text(
        "title: A sample session of resting EEG and a probe\n"
        "description: Generated data, to show what share does. No person and no animal was measured.\n"
        "authors: [Ada Example, Ben Example]\nlicence: CC0-1.0\nconsent: DUO:0000042\npublic: true\ntask: rest\n"
        "files:\n  - {match: '*.edf', subject: Jane Doe}\n  - {match: 'probe/*', subject: M042, species: Mus musculus, sex: F, age: P90D}\n",
        encoding="utf-8",
    )
    return folder


def _write_eeg(path: Path, rng: np.random.Generator, seconds: float) -> None:
    edfio = need("edfio", purpose="Writing the sample's EDF file")
    rate_hz = 256
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    blink = sum(np.exp(-0.5 * ((times - at) / 0.08) ** 2) for at in SAMPLE_BLINKS_S if at < seconds)
    alpha = np.sin(2 * np.pi * 10 * times)
    signals = []
    for name in _NAMES:
        volts = (
            rng.normal(0, 8, times.size)
            + 120 * blink * (name in {"Fp1", "Fp2"})
            + 25 * alpha * name.startswith("O")
        )
        volts = np.zeros_like(volts) if name == "P4" else volts
        signals.append(
            edfio.EdfSignal(
                volts, rate_hz, label=f"EEG {name}", physical_dimension="uV", physical_range=(-500, 500)
            )
        )
    person = edfio.Patient(code="MRN-0012345", sex="F", birthdate=date(1961, 4, 2), name="Jane_Doe")
    started = datetime(2021, 3, 4, 10, 20, 30, tzinfo=UTC)
    where = edfio.Recording(
        startdate=started.date(), investigator_technician_code="Dr_Smith", equipment_code="Sample"
    )
    marks = [edfio.EdfAnnotation(4.0, None, "eyes open"), edfio.EdfAnnotation(10.0, None, "eyes closed")]
    edf = edfio.Edf(signals, patient=person, recording=where, starttime=started.time(), annotations=marks)
    edf.write(path)


def write_probe_recording(folder: Path, *, seconds: float, channels: int = 16, seed: int = 0) -> Path:
    """Write a SpikeGLX recording of three units in noise into ``folder``, second by second; returns the ``.bin`` file.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    seconds : float
        How long it lasts, at 30 kHz.
    channels : int
        Probe channels, at most 384; a sync channel comes on top.
    seed : int
        Decides the noise and the spikes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    rate_hz, total = 30_000, int(30_000 * seconds)
    shape = -80 * np.exp(-np.arange(30) / 6.0)
    path = folder / "sample_g0_t0.imec0.ap.bin"
    with path.open("wb") as stream:
        noise = rng.normal(0, 10, (rate_hz, channels))
        for start in range(0, total, rate_hz):
            block = np.roll(noise, int(rng.integers(rate_hz)), axis=0)[: min(rate_hz, total - start)].copy()
            for unit in range(3):
                for at in rng.integers(0, max(len(block) - 30, 1), 8):
                    block[at : at + 30, unit * 5 : unit * 5 + 3] += shape[:, None]
            stream.write(np.hstack([block, np.zeros((len(block), 1))]).astype("<i2").tobytes())
    path.with_suffix(".meta").write_text(_probe_header(channels, total))
    return path


def _probe_header(count: int, samples: int) -> str:
    sites = "".join(f"({i}:{i % 2}:{i // 2}:1)" for i in range(count))
    imro = "".join(f"({i} 0 1 500 250 1)" for i in range(count))
    chain = "".join(f"(AP{i};{i}:{i})" for i in range(count)) + f"(SY0;{count}:{count})"
    meta = {
        "acqApLfSy": f"{count},0,1", "snsApLfSy": f"{count},0,1", "nSavedChans": count + 1, "imSampRate": 30_000.0,
        "imAiRangeMax": 0.6, "imAiRangeMin": -0.6, "imMaxInt": 512, "fileSizeBytes": samples * (count + 1) * 2,
        "fileTimeSecs": samples / 30_000, "fileCreateTime": "2021-03-04T10:20:30", "typeThis": "imec",
        "imDatPrb_type": 0, "imDatPrb_sn": 841000042, "imDatPrb_pn": "PRB_1_4_0480_1",
        "fileName": "C:/Users/jsmith/data/sample_g0_t0.imec0.ap.bin", "snsSaveChanSubset": "all",
        "appVersion": "20190724", "firstSample": 0, "~imroTbl": f"(0,{count}){imro}",
        "~snsChanMap": f"({count},0,1){chain}", "~snsShankMap": f"(1,2,480){sites}",
    }  # fmt: skip
    return "".join(f"{key}={value}\n" for key, value in meta.items())
