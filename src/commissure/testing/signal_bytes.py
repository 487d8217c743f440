"""Makers of recordings with planted truth in formats that no library writes: bytes by the published layouts.

Each keeps to what the format's readers ask for; a device writes more.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.testing.signals import Planted

__all__ = [
    "write_ant", "write_curry", "write_kit", "write_neuralynx", "write_neuroscan", "write_nihon_kohden",
    "write_persyst", "write_xdf",
]  # fmt: skip

_NIHON = b"EEG-1100A V01.00"


def _whole(truth: Planted) -> NDArray[np.int16]:
    return np.rint(truth.volts / truth.resolution_v).astype("<i2")


def write_persyst(folder: Path, truth: Planted, *, name: str = "recording") -> Path:
    """A layout and interleaved 16-bit samples."""
    person = truth.identifiers
    lines = ["[FileInfo]", f"File={name}.dat", "FileType=Interleaved", f"SamplingRate={truth.rate_hz:g}", "HeaderLength=0",
             f"Calibration={truth.resolution_v * 1e6!r}", f"WaveformCount={len(truth.names)}", "DataType=0", "[Patient]",
             f"First={person.get('name', '').split(' ')[0]}", f"Last={person.get('name', '').split(' ')[-1]}", "Sex=F",
             "Hand=R", "BirthDate=02/27/1951", f"ID={person.get('id', '')}", "TestDate=2021.03.04", "TestTime=10:11:12",
             f"Technician={person.get('operator', '')}", "[ChannelMap]"]  # fmt: skip
    lines += [f"{label}-Ref={index}" for index, label in enumerate(truth.names, start=1)]
    lines += ["[SampleTimes]", "0=36672.0", "[Comments]"]
    lines += [f"{onset},0,0,100,{label}" for onset, label in truth.events]
    path = folder / f"{name}.lay"
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")
    (folder / f"{name}.dat").write_bytes(_whole(truth).tobytes())
    return path


def write_neuroscan(folder: Path, truth: Planted, *, name: str = "recording.cnt") -> Path:
    """A setup, electrodes and 32-bit samples; the count of samples is given."""
    count, length = len(truth.names), len(truth.volts)
    setup = bytearray(900)
    setup[0:11] = b"Version 3.0"
    person = truth.identifiers
    for offset, text in (
        (21, person.get("id", "")),
        (41, person.get("operator", "")),
        (121, person.get("name", "")),
    ):
        setup[offset : offset + 20] = text.encode()[:19].ljust(20, b"\0")
    setup[143:144] = b"F"
    setup[225:235], setup[235:243] = b"03/04/2021", b"10:11:12"
    struct.pack_into("<H", setup, 370, count)
    struct.pack_into("<H", setup, 376, round(truth.rate_hz))
    struct.pack_into("<i", setup, 864, length)
    struct.pack_into("<i", setup, 886, 900 + 75 * count + 4 * count * length)
    electrodes = bytearray()
    for label in truth.names:
        one = bytearray(75)
        one[0:10] = label.encode().ljust(10, b"\0")
        struct.pack_into("<f", one, 59, 1.0)
        struct.pack_into("<f", one, 71, 204.8 * truth.resolution_v * 1e6)
        electrodes += one
    samples = _whole(truth).astype("<i4").tobytes()
    events = b""
    for onset, label in truth.events:
        place = 900 + 75 * count + round(onset * truth.rate_hz) * count * 4
        events += struct.pack("<HBBi", len(label), 0, 0, place)
    table = struct.pack("<BII", 1, len(events), 0) + events
    path = folder / name
    path.write_bytes(bytes(setup) + bytes(electrodes) + samples + table)
    return path


def write_neuralynx(folder: Path, truth: Planted, *, gap_s: float = 0.0) -> Path:
    """One ``.ncs`` a channel, whole records of 512 samples; after half of them the clock jumps by ``gap_s``."""
    folder.mkdir(parents=True, exist_ok=True)
    records = len(truth.volts) // 512
    for index, label in enumerate(truth.names):
        header = (
            "######## Neuralynx Data File Header\r\n-FileType NCS\r\n-FileVersion 3.4\r\n"
            f'-OriginalFileName "C:\\Users\\{truth.identifiers.get("operator", "x")}\\{label}.ncs"\r\n'
            "-TimeCreated 2021/03/04 10:11:12\r\n-RecordSize 1044\r\n"
            f"-SamplingFrequency {truth.rate_hz:g}\r\n-ADMaxValue 32767\r\n-ADBitVolts {truth.resolution_v:.18f}\r\n"
            f"-AcqEntName {label}\r\n-NumADChannels 1\r\n-ADChannel {index}\r\n-InputInverted False\r\n"
        ).encode("latin-1")
        content = bytearray(header.ljust(16384, b"\0"))
        for record in range(records):
            late = gap_s if record >= records // 2 else 0.0
            time = round((record * 512 / truth.rate_hz + late) * 1e6)
            content += struct.pack("<QIII", time, index, round(truth.rate_hz), 512)
            content += _whole(truth)[record * 512 : (record + 1) * 512, index].tobytes()
        (folder / f"{label}.ncs").write_bytes(bytes(content))
    return folder / f"{truth.names[0]}.ncs"


def write_nihon_kohden(folder: Path, truth: Planted, *, name: str = "recording") -> Path:
    """Device block, one control block, one data block, 16-bit samples; electrode names and patient beside it."""
    count, length = len(truth.names), len(truth.volts)
    control, data = 0x400, 0x17FE
    content = bytearray(data + 0x27 + 10 * count)
    content[0:16], content[0x81:0x91] = _NIHON, _NIHON
    content[0x91] = 1
    struct.pack_into("<I", content, 0x92, control)
    content[control + 17] = 1
    struct.pack_into("<I", content, control + 18, data)
    content[data] = 1
    struct.pack_into("<H", content, data + 0x1A, round(truth.rate_hz))
    struct.pack_into("<I", content, data + 0x1C, round(10 * length / truth.rate_hz))
    content[data + 0x26] = count
    for index in range(count):
        content[data + 0x27 + 10 * index] = index
    step_v = 6399.902e-6 / 65535
    stored = np.rint((truth.volts + 3200e-6) / step_v).astype("<u2")
    marks = np.zeros((length, 1), dtype="<u2")
    (folder / f"{name}.EEG").write_bytes(bytes(content) + np.hstack([stored, marks]).tobytes())
    lines = ["[ELECTRODE]", *(f"{index:04d}={label}" for index, label in enumerate(truth.names))]
    (folder / f"{name}.21E").write_text("\n".join(lines) + "\n", encoding="latin-1")
    patient = bytearray(0x800)
    patient[0:16] = _NIHON
    patient[0x40:0x4E] = b"20210304101112"
    person = truth.identifiers.get("name", "").encode()
    patient[0x604 : 0x604 + len(person)] = person
    (folder / f"{name}.PNT").write_bytes(bytes(patient))
    return folder / f"{name}.EEG"


def write_curry(folder: Path, truth: Planted, *, name: str = "recording") -> Path:
    """Curry 8: 32-bit samples in microvolts, and parameters."""
    count, length = len(truth.names), len(truth.volts)
    lines = [
        "FileVersion = 804", "DATA_PARAMETERS START", f"NumSamples = {length}", f"NumChannels = {count}", "NumTrials = 1",
        f"SampleFreqHz = {truth.rate_hz}", "TriggerOffsetUsec = 0", "DataFormat = FLOAT", "DataSampOrder = SAMP",
        f"SampleTimeUsec = {1e6 / truth.rate_hz!r}", "DataByteOrder = NORMAL", "StartYear = 2021", "StartMonth = 3",
        "StartDay = 4", "StartHour = 10", "StartMin = 11", "StartSec = 12", "StartMillisec = 0",
        f"AmplifierInfo = SN {truth.identifiers.get('id', '')}", f"Operator = {truth.identifiers.get('operator', '')}",
        "DATA_PARAMETERS END", "DEVICE_PARAMETERS START", "DataUnit = uV", f"NumChanThisGroup = {count}",
        "DEVICE_PARAMETERS END", "IMPEDANCE_VALUES START_LIST", " ".join(["-1"] * count), "IMPEDANCE_VALUES END_LIST",
        "LABELS START", "LABELS END", "LABELS START_LIST", *truth.names, "LABELS END_LIST", "SENSORS START", "SENSORS END",
        "SENSORS START_LIST", *(f"{10 * index + 5}.0 20.0 80.0" for index in range(count)), "SENSORS END_LIST",
        "EPOCH_LABELS START_LIST", "EPOCH_LABELS END_LIST", "EPOCH_INFORMATION START_LIST", "EPOCH_INFORMATION END_LIST",
    ]  # fmt: skip
    (folder / f"{name}.cdt.dpa").write_text("\n".join(lines) + "\n", encoding="latin-1")
    (folder / f"{name}.cdt").write_bytes((truth.volts * 1e6).astype("<f4").tobytes())
    return folder / f"{name}.cdt"


def write_kit(folder: Path, truth: Planted, *, name: str = "recording.con") -> Path:
    """Version 2.3: axial gradiometers, one for each planted channel, and 16-bit samples; picoteslas for microvolts."""
    count, length = len(truth.names), len(truth.volts)
    adc_range, amplifier = 10.0, 1
    tesla_a_volt = truth.resolution_v * 1e-6 * 2**16 / adc_range
    system = struct.pack("<iii", 2, 3, 999) + b"Planted".ljust(128, b"\0") + b"Model".ljust(128, b"\0")
    system += struct.pack("<i", count) + truth.identifiers.get("name", "").encode().ljust(256, b"\0")
    system += struct.pack("<ii", 1614852672, 1614852672) + bytes(12) + struct.pack("<i", 0) + bytes(12)
    system += (
        struct.pack("<i", 100)
        + bytes(12)
        + struct.pack("<i", 0)
        + bytes(12)
        + struct.pack("<i", 0)
        + bytes(116)
    )
    system += struct.pack("<i", round(adc_range)) + struct.pack("<iii", 0, 16, 16)
    channels = b"".join(
        struct.pack("<i5d", 2, 0.05 + 0.01 * index, 0.0, 0.1, 0.0, 0.0).ljust(80, b"\0")
        for index in range(count)
    )
    calibration = np.array([[0.0, tesla_a_volt * amplifier]] * count).astype("<f8").tobytes()
    acquisition = struct.pack("<idii", 1, truth.rate_hz, length, length)
    blocks = {
        1: system,
        4: channels,
        5: calibration,
        7: struct.pack("<i", 0),
        8: acquisition,
        9: _whole(truth).tobytes(),
    }
    entries, position, body = [], 32 * 16, b""
    for index in range(32):
        block = blocks.get(index, b"")
        size = 80 if index == 4 else len(block)
        used = 32 if index == 0 else int(bool(block))
        entries.append((0 if index == 0 else position, size, max(1, used), used))
        body, position = body + block, position + len(block)
    path = folder / name
    path.write_bytes(b"".join(struct.pack("<Iiii", *entry) for entry in entries) + body)
    return path


def write_ant(folder: Path, truth: Planted, *, name: str = "recording.cnt") -> Path:
    """Through ``libeep``, the format's own library."""
    eep = need("antio.libeep.pyeep", purpose="Making ANT files")
    channels = eep.create_channel_info()
    for label in truth.names:
        eep.add_channel(channels, label, "CPz", "uV")
    handle = eep.write_cnt(str(folder / name), round(truth.rate_hz), channels, 0)
    eep.add_samples(handle, [float(value) for value in (truth.volts * 1e6).ravel()], len(truth.names))
    eep.close(handle)
    path = folder / name
    person = truth.identifiers
    if person:
        information = (
            f"[StartDate]\n44259\n[StartFraction]\n0.42\n[Hospital]\nSt. Planted\n[MachineMake]\nANT\n[MachineModel]\neego\n"
            f"[SubjectName]\n{person['name']}\n[SubjectID]\n{person['id']}\n[SubjectSex]\nF\n[Technician]\n{person['operator']}\n"
        ).encode("latin-1")
        content = path.read_bytes() + struct.pack("<4sI", b"info", len(information)) + information
        path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    return path


def write_xdf(
    folder: Path, truth: Planted, *, name: str = "recording.xdf", host: str = "planted-host-7"
) -> Path:
    """An EEG stream, a motion stream at a fifth of its rate and a marker stream, on one clock that starts at 100 s."""
    description = "".join(
        f"<channel><label>{label}</label><unit>microvolts</unit><type>EEG</type></channel>"
        for label in truth.names
    )
    headers = (
        ("planted", "EEG", len(truth.names), truth.rate_hz, "float32", f"<channels>{description}</channels>"),
        ("imu", "Accelerometer", 3, truth.rate_hz / 5, "float32",
         "<channels>" + "".join(f"<channel><label>acc_{axis}</label></channel>" for axis in "xyz") + "</channels>"),
        ("keys", "Markers", 1, 0.0, "string", ""),
    )  # fmt: skip
    content = b"XDF:" + _chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')
    for number, (label, kind, count, rate, form, desc) in enumerate(headers, start=1):
        xml = (f"<?xml version=\"1.0\"?><info><name>{label}</name><type>{kind}</type><channel_count>{count}</channel_count>"
               f"<nominal_srate>{rate:g}</nominal_srate><channel_format>{form}</channel_format><hostname>{host}</hostname>"
               f"<uid>{number}7-planted-uid</uid><source_id>src{number}</source_id><desc>{desc}</desc></info>")  # fmt: skip
        content += _chunk(2, struct.pack("<I", number) + xml.encode())
    length = len(truth.volts)
    content += _chunk(
        3, struct.pack("<I", 1) + _samples((truth.volts * 1e6).astype("<f4"), 1 / truth.rate_hz)
    )
    motion = np.stack([np.sin(np.arange(length // 5) / 7)] * 3, axis=1).astype("<f4")
    content += _chunk(3, struct.pack("<I", 2) + _samples(motion, 5 / truth.rate_hz))
    marks = b"".join(
        struct.pack("<Bd", 8, 100 + onset) + struct.pack("<BI", 4, len(label)) + label.encode()
        for onset, label in truth.events
    )
    content += _chunk(3, struct.pack("<I", 3) + struct.pack("<BI", 4, len(truth.events)) + marks)
    for number in (1, 2, 3):
        footer = b'<?xml version="1.0"?><info><first_timestamp>100</first_timestamp></info>'
        content += _chunk(6, struct.pack("<I", number) + footer)
    path = folder / name
    path.write_bytes(content)
    return path


def _samples(values: NDArray[np.float32], step_s: float) -> bytes:
    rows = (struct.pack("<Bd", 8, 100 + index * step_s) + row.tobytes() for index, row in enumerate(values))
    return struct.pack("<BI", 4, len(values)) + b"".join(rows)


def _chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<BI", 4, len(content) + 2) + struct.pack("<H", tag) + content
