"""Makers of valid neurophysiology binaries with planted truth: samples that a reader must give back, spikes at known times.

Where a lab's real header is at hand, the samples are made to fit it (SpikeGLX ``.meta``, Open Ephys
``structure.oebin``); Blackrock, Maxwell and 3Brain files are laid out field by field from their makers'
specifications.
"""

import json
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = [
    "make_blackrock",
    "make_maxwell",
    "make_mp4",
    "make_openephys",
    "make_phy",
    "make_plexon",
    "make_spikeglx",
    "make_threebrain",
    "planted",
]

_DATE = (2021, 3, 3, 17, 10, 11, 12, 0)


def planted(samples: int, channels: int, *, seed: int = 0, every: int = 1000) -> NDArray[np.int16]:
    """Noise with a large negative spike on channel ``k % channels`` at sample ``every * (k + 1)``; (time, channel)."""
    rng = np.random.default_rng(seed)
    data = rng.normal(0, 20, (samples, channels)).astype("<i2")
    for number, at in enumerate(range(every, samples, every)):
        data[at, number % channels] = -1000 - number
    return data


def make_spikeglx(folder: Path, *, meta: Path, seconds: float = 1.0, name: str = "") -> NDArray[np.int16]:
    """Put a copy of a real ``.meta`` into ``folder`` with a ``.bin`` made to fit it; returns the samples."""
    text = meta.read_text()
    channels = int(_field(text, "nSavedChans"))
    rate = float(re.search(r"(?:im|ni|ob)SampRate=([\d.]+)", text).group(1))  # type: ignore[union-attr]
    data = planted(int(seconds * rate), channels)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (name or meta.name)
    shutil.copyfile(meta, target)
    data.tofile(target.with_suffix(".bin"))
    return data


def _field(text: str, key: str) -> str:
    match = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
    return match.group(1).strip() if match else ""


def make_openephys(
    node: Path, *, oebin: Path, settings: Path | None = None, samples: int = 30_000
) -> NDArray[np.int16]:
    """Lay out a record node around a real ``structure.oebin``: samples, sample numbers and a TTL pulse at 0.1 s."""
    recording = node / "experiment1" / "recording1"
    recording.mkdir(parents=True)
    shutil.copyfile(oebin, recording / "structure.oebin")
    if settings is not None:
        shutil.copyfile(settings, node / "settings.xml")
    structure = json.loads(oebin.read_text())
    stream = structure["continuous"][0]
    data = planted(samples, int(stream["num_channels"]))
    where = recording / "continuous" / stream["folder_name"]
    where.mkdir(parents=True)
    data.tofile(where / "continuous.dat")
    first = 5000
    np.save(where / "sample_numbers.npy", np.arange(first, first + samples))
    np.save(where / "timestamps.npy", (first + np.arange(samples)) / float(stream["sample_rate"]))
    events = recording / "events" / structure["events"][0]["folder_name"]
    events.mkdir(parents=True)
    rate = float(structure["events"][0]["sample_rate"])
    np.save(events / "states.npy", np.array([1, -1], dtype=np.int16))
    np.save(events / "sample_numbers.npy", np.array([first + int(0.1 * rate), first + int(0.2 * rate)]))
    return data


def make_blackrock(
    base: Path, *, samples: int = 30_000, channels: int = 4, comment: bytes = b"operator Jane Doe, rig 3"
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Write ``base.ns6`` and ``base.nev`` (file specification 2.3); returns the samples and the spikes' sample numbers."""
    data = planted(samples, channels)
    base.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(
        "<8s2BI16s256s2I8H I",
        b"NEURALCD",
        2,
        3,
        314 + 66 * channels,
        b"30 kS/s",
        comment,
        1,
        30_000,
        *_DATE,
        channels,
    )
    extended = b"".join(
        struct.pack("<2sH16s2B4h16sIIHIIH", b"CC", number + 1, f"chan{number + 1}".encode(), 0, number, -32764, 32764,
                    -8191, 8191, b"uV", 300, 1, 1, 7_500_000, 3, 1)
        for number in range(channels)
    )  # fmt: skip
    packet = struct.pack("<BII", 1, 0, samples)
    base.with_suffix(".ns6").write_bytes(head + extended + packet + data.tobytes())
    spikes = np.arange(1000, samples, 1000)
    _write_nev(base.with_suffix(".nev"), spikes, channels=channels, comment=comment)
    return data, spikes


def _write_nev(path: Path, spikes: NDArray[np.int64], *, channels: int, comment: bytes) -> None:
    width = 48
    kinds = [struct.pack("<8sH2B2H2h2BH8x", b"NEUEVWAV", number + 1, 0, number, 250, 0, 0, -100, 1, 2, width)
             for number in range(channels)]  # fmt: skip
    head = struct.pack(
        "<8s2BH4I8H32s256sI", b"NEURALEV", 2, 3, 1, 336 + 32 * channels, 8 + 2 * width, 30_000, 30_000, *_DATE,
        b"File Dialog", comment, channels,
    )  # fmt: skip
    wave = np.zeros(width, dtype="<i2").tobytes()
    packets = [
        struct.pack("<IHBx", at, order % channels + 1, 1) + wave for order, at in enumerate(spikes.tolist())
    ]
    path.write_bytes(head + b"".join(kinds) + b"".join(packets))


def make_plexon(
    path: Path, *, samples: int = 20_000, comment: bytes = b"operator Jane Doe"
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Write a ``.plx`` (version 106): two field potential channels at 1 kHz, one sorted unit; returns samples and spikes.

    Field by field from Plexon's header file; times of the spikes are in ticks of 40 kHz.
    """
    data = planted(samples, 2)
    ticks = np.arange(4_000, samples * 40, 40_000)
    counts = np.zeros(650 + 650 + 512, dtype="<i4")
    counts[5 * 1 + 1] = ticks.size  # TSCounts[channel 1][unit 1]
    counts[650 + 5 * 1 + 1] = ticks.size
    counts[1300 + 300 : 1300 + 302] = samples
    head = struct.pack(
        "<Ii128s14id4B2HH18s18s10s", 0x58454C50, 106, comment, 40_000, 1, 0, 2, 32, 8, 2019, 5, 6, 7, 8, 9,
        0, 40_000, float(samples * 40), 1, 1, 12, 16, 3000, 5000, 1000, b"", b"", b"",
    )  # fmt: skip
    dsp = struct.pack(
        "<32s32s9i640x20xi80xi128s2BH40x",
        b"sig001",
        b"sig001",
        1,
        1000,
        1,
        0,
        32,
        0,
        -10,
        1,
        1,
        8,
        0,
        b"",
        0,
        0,
        1,
    )
    slow = [
        struct.pack("<32s6i128s2BH108x", f"FP{n + 1:02d}".encode(), n, 1000, 10, 1, 100, 0, b"", 0, 0, n)
        for n in range(2)
    ]
    blocks = [
        struct.pack("<2HI4H", 1, 0, int(tick), 1, 1, 1, 32) + np.zeros(32, "<i2").tobytes() for tick in ticks
    ]
    step = 500
    for start in range(0, samples, step):
        for channel in range(2):
            block = data[start : start + step, channel]
            blocks.append(
                struct.pack("<2HI4H", 5, 0, start * 40, channel, 0, 1, len(block)) + block.tobytes()
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + counts.tobytes() + dsp + b"".join(slow) + b"".join(blocks))
    return data, ticks


def make_maxwell(path: Path, *, samples: int = 10_000, channels: int = 16) -> NDArray[np.int16]:
    """Write a MaxTwo file of one well without Maxwell's own filter; returns the samples (time, channel), stored +512."""
    h5py = need("h5py", purpose="Making a Maxwell recording")
    data = planted(samples, channels)
    path.parent.mkdir(parents=True, exist_ok=True)
    mapping = np.zeros(channels, dtype=[("channel", "<i4"), ("electrode", "<i4"), ("x", "<f8"), ("y", "<f8")])
    mapping["channel"] = np.arange(channels) * 3
    mapping["electrode"] = np.arange(channels) * 7
    mapping["x"], mapping["y"] = np.arange(channels) * 17.5, 35.0
    spikes = np.array(
        [(1_000_000 + 1000, 0, -12.5)], dtype=[("frameno", "<i8"), ("channel", "<i4"), ("amplitude", "<f4")]
    )
    with h5py.File(path, "w") as file:
        file["assay/inputs/configs"] = np.array([b"/home/jane/configs/201230/a.cfg"])
        store = file.create_group("data_store/data0000")
        routed = store.create_group("groups/routed")
        routed["channels"] = mapping["channel"].astype(np.uint16)
        routed["frame_nos"] = np.arange(1_000_000, 1_000_000 + samples, dtype=np.uint64)
        routed.create_dataset(
            "raw", data=(data.T.astype(np.int32) + 2048).astype(np.uint16), compression="gzip"
        )
        for key, value in (("gain", 512.0), ("hpf", 1.0), ("lsb", 6.2942504e-06), ("sampling", 10_000.0)):
            store[f"settings/{key}"] = np.array([value])
        store["settings/mapping"] = mapping
        store["spikes"] = spikes
        store["start_time"] = np.array([1_616_065_839_606])
        store["well_id"], store["recording_id"] = np.array([0]), np.array([0])
    return data


def make_threebrain(path: Path, *, samples: int = 5_000, side: int = 4) -> NDArray[np.int16]:
    """Write a BrainWave 3 file (``3BData``, version 101) of ``side`` × ``side`` channels; returns the samples."""
    h5py = need("h5py", purpose="Making a 3Brain recording")
    channels = side * side
    data = planted(samples, channels)
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = np.array([(row + 1, column + 1) for row in range(side) for column in range(side)],
                    dtype=[("Row", "<i2"), ("Col", "<i2")])  # fmt: skip
    with h5py.File(path, "w") as file:
        file.attrs["Version"] = 320
        variables = file.create_group("3BRecInfo/3BRecVars")
        told: dict[str, Any] = {"BitDepth": np.array([12], np.uint8), "MaxVolt": np.array([4125.0]), "MinVolt": np.array([-4125.0]),
                                "NRecFrames": np.array([samples]), "SamplingRate": np.array([17_852.77]),
                                "SignalInversion": np.array([1.0])}  # fmt: skip
        for key, value in told.items():
            variables[key] = value
        file["3BRecInfo/3BMeaChip/NRows"] = np.array([side], np.uint32)
        file["3BRecInfo/3BMeaChip/NCols"] = np.array([side], np.uint32)
        file["3BRecInfo/3BMeaStreams/Raw/Chs"] = grid
        file.create_group("3BUserInfo").attrs["Author"] = "Jane Doe"
        raw = file.create_group("3BData")
        raw.attrs["Version"] = 102
        raw["Raw"] = (data.astype(np.int32) + 2048).clip(0, 4095).astype(np.uint16).ravel()
    return data


def make_phy(
    folder: Path, *, rate_hz: float = 30_000.0, dat: str = "C:\\Users\\jane\\run1\\raw.dat"
) -> dict[int, NDArray[np.int64]]:
    """Write a phy folder of three units with known spikes; returns the sample numbers of each cluster."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = {2: np.arange(100, 9_000, 300), 5: np.arange(50, 9_000, 700), 9: np.array([42])}
    samples = np.concatenate(list(truth.values()))
    clusters = np.concatenate([np.full(times.size, cluster) for cluster, times in truth.items()])
    order = np.argsort(samples, kind="stable")
    np.save(folder / "spike_times.npy", samples[order].reshape(-1, 1).astype(np.uint64))
    np.save(folder / "spike_clusters.npy", clusters[order].astype(np.int32))
    np.save(folder / "spike_templates.npy", clusters[order].astype(np.uint32))
    np.save(folder / "amplitudes.npy", np.ones((samples.size, 1)))
    templates = np.zeros((10, 20, 8), dtype=np.float32)
    for cluster in truth:
        templates[cluster, 10, cluster % 8] = -1.0
    np.save(folder / "templates.npy", templates)
    np.save(folder / "channel_positions.npy", np.stack([np.zeros(8), np.arange(8) * 20.0], axis=1))
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n2\tgood\n5\tmua\n9\tnoise\n")
    (folder / "params.py").write_text(
        f"dat_path = r'{dat}'\nn_channels_dat = 8\ndtype = 'int16'\noffset = 0\nsample_rate = {rate_hz}\nhp_filtered = False\n"
    )
    return truth


def make_mp4(
    path: Path, *, durations: list[int], scale: int = 1000, sound: bool = False, author: str = ""
) -> None:
    """Write an MP4 container whose frames last ``durations`` ticks of ``1 / scale`` s; it holds no pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    total = sum(durations)
    stts = b"".join(struct.pack(">II", 1, ticks) for ticks in durations)
    tracks = _track(b"vide", total, scale, struct.pack(">II", 0, len(durations)) + stts)
    if sound:
        tracks += _track(b"soun", total, scale, struct.pack(">IIII", 0, 1, 1, total))
    remark = (
        _box(b"udta", _box(b"\xa9ART", struct.pack(">HH", len(author), 0) + author.encode()))
        if author
        else b""
    )
    movie = _box(b"mvhd", struct.pack(">IIIII80x", 0, 3_600_000_000, 0, scale, total))
    ftyp = _box(b"ftyp", b"isom\x00\x00\x02\x00isom")
    path.write_bytes(ftyp + _box(b"mdat", bytes(64)) + _box(b"moov", movie + tracks + remark))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _track(handler: bytes, total: int, scale: int, stts: bytes) -> bytes:
    header = _box(b"tkhd", struct.pack(">IIIIII52xII", 0, 0, 0, 1, 0, total, 640 << 16, 480 << 16))
    media = _box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, scale, total, 0))
    media += _box(b"hdlr", struct.pack(">II4s12x", 0, 0, handler) + b"x\x00")
    media += _box(b"minf", _box(b"stbl", _box(b"stts", stts)))
    return _box(b"trak", header + _box(b"mdia", media))
