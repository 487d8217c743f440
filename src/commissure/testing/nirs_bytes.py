"""Makers of optical recordings with planted truth, as the devices write them: NIRx (NIRStar and Aurora), Hitachi ETG, BOXY.

Texts by the layouts of files of those devices that are public (mne-testing-data), and by what MNE asks for. Amplitudes are positive,
as :func:`commissure.testing.signals.write_snirf` has them: a volt of the truth is 1,000, above 1.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.testing.signals import START, Planted

__all__ = ["write_boxy", "write_hitachi", "write_nirx"]

_WAVES = (760, 850)
#: distances on a head of the template, in centimetres as NIRStar's probe files have them
_SOURCES, _DETECTORS = ((-3.0, 6.0, 6.0), (3.0, 6.0, 6.0)), ((-3.0, 8.0, 4.0), (3.0, 8.0, 4.0))


def _amplitudes(truth: Planted) -> NDArray[np.float64]:
    """Two pairs of a source and a detector, each at two wavelengths."""
    return 1.0 + truth.volts[:, :4] * 1e3


def write_nirx(folder: Path, truth: Planted, *, name: str = "recording", aurora: bool = False) -> Path:
    """A NIRScout's folder of NIRStar 15.3, or that of a NIRSport 2; two sources, two detectors, of whose four pairs two are used.

    Events are codes: the number of the label in the order of their first use.
    """
    io = need("scipy.io", purpose="Making NIRx files")
    values = _amplitudes(truth)
    for wave in (0, 1):
        table = np.full((len(values), 4), 0.5)
        table[:, 0], table[:, 3] = values[:, wave], values[:, 2 + wave]
        lines = (" ".join(f"{value:.9f}" for value in row) for row in table)
        (folder / f"{name}.wl{wave + 1}").write_text("\n".join(lines) + "\n")
    middle = (np.array(_SOURCES) + np.array(_DETECTORS)) / 2
    probes = {"coords_s3": np.array(_SOURCES), "coords_d3": np.array(_DETECTORS), "coords_c3": middle, "index_c": np.array([[1, 1], [2, 2]], dtype=float)}  # fmt: skip
    io.savemat(folder / f"{name}_probeInfo.mat", {"probeInfo": {"probes": probes}})
    labels = list(dict.fromkeys(label for _, label in truth.events))
    marks = [(round(onset * truth.rate_hz), labels.index(label) + 1) for onset, label in truth.events]
    return _aurora(folder, truth, name, marks) if aurora else _nirstar(folder, truth, name, marks)


def _nirstar(folder: Path, truth: Planted, name: str, marks: list[tuple[int, int]]) -> Path:
    said = truth.identifiers
    head = (
        f'[GeneralInfo]\nFileName="{name}"\nDate="{START:%a, %d %b %Y}"\nTime="{START:%H:%M:%S}.000"\nDevice="NIRScout 16x24"\n'
        'Source="LED"\nMod="Human Subject"\nAPD=FALSE\nNIRStar="15.3"\nSubject=1\n\n[ImagingParameters]\nSources=2\nDetectors=2\n'
        f'Wavelengths="{_WAVES[0]}\t{_WAVES[1]}"\nSamplingRate={truth.rate_hz:f}\n\n[ExperimentNotes]\nNotes="{said.get("comment", "")}"\n\n'
        '[GainSettings]\nGains="#\n3\t2\n5\t4\n#"\n\n[DataStructure]\nS-D-Key="1-1:1,1-2:2,2-1:3,2-2:4,"\n'
        'S-D-Mask="#\n1\t0\n0\t1\n#"\n\n[ChannelsDistance]\nChanDis="30.0\t30.0"\n'
    )
    person = (
        f'[Subject Demographics]\nName="{said.get("name", "")}"\nAge=70\nGender="Female"\nContact Information="{said.get("contact", "")}"\n'
        f'Study Type=""\nExperiment History=""\nAdditional Notes="seen by {said.get("operator", "")}"\n'
    )
    for suffix, text in (
        (".hdr", head), (".inf", person), (".set", "3 2\n5 4\n"), (".tpl", "101.000\t202.000\n"), (".dat", "0.0 0.0\n"),
        ("_config.txt", f"raw_data_name='{name}';\nSamplingRate={truth.rate_hz:f};\nprobeInfo_file='{said.get('path', '')}';\n"),
        (".evt", "".join("\t".join(map(str, (at, *(code >> bit & 1 for bit in range(8))))) + "\n" for at, code in marks)),
    ):  # fmt: skip
        (folder / f"{name}{suffix}").write_text(text, encoding="latin-1")
    return folder / f"{name}.hdr"


def _aurora(folder: Path, truth: Planted, name: str, marks: list[tuple[int, int]]) -> Path:
    said = truth.identifiers
    head = (
        f"[GeneralInfo]\nVersion=2021.9.0-5-g3eb32851\nDevice ID={said.get('serial', '1833_0012_A')}\nDate={START:%Y-%m-%d %H:%M:%S}.000000\n"
        f"Sources=2\nDetectors=2\nSampling rate={truth.rate_hz!r}\ntriggers=[]\n\n[ExperimentNotes]\nexperiment_name=\n"
        f"experiment_subject={said.get('name', '')}\nexperiment_subject_contact_info={said.get('contact', '')}\nexperiment_remarks=\n\n"
        '[DataStructure]\nChannel Mask="# \n1     0\n0     1\n#"\nChannel indices=\n0-0, 0-1, 1-0, 1-1\n'
    )
    person = {"subject": said.get("name", ""), "age": "70", "gender": "female", "contact_info": said.get("contact", ""),
              "experiment": "", "remarks": f"seen by {said.get('operator', '')}"}  # fmt: skip
    (folder / f"{name}_config.hdr").write_text(head, encoding="latin-1")
    (folder / f"{name}_config.json").write_text(json.dumps({"channel_mask": ["10", "01"]}), encoding="utf-8")
    (folder / f"{name}_description.json").write_text(json.dumps(person), encoding="utf-8")
    lines = (f"{START:%Y-%m-%dT%H:%M:%S}.000000;{at};{code}\n" for at, code in marks)
    (folder / f"{name}_lsl.tri").write_text("".join(lines))
    return folder / f"{name}_config.hdr"


def write_hitachi(folder: Path, truth: Planted, *, name: str = "recording_MES_Probe1.csv") -> Path:
    """An ETG-7000's probe of 3 by 5: 22 places at two wavelengths, the first four columns planted; marks are codes."""
    said, count = truth.identifiers, 22
    waves = [(f"CH{number}({700.1:.1f})", f"CH{number}({829.1:.1f})") for number in range(1, count + 1)]
    columns = [column for pair in waves for column in pair]
    labels = list(dict.fromkeys(label for _, label in truth.events))
    marks = {round(onset * truth.rate_hz): labels.index(label) + 1 for onset, label in truth.events}
    lines = [
        "Header", "File Version,1.18", "Patient Information", f"ID,{said.get('id', '')}", f"Name,{said.get('name', '')}",
        f"Comment,{said.get('comment', '').replace(',', ';')}", "Age, 70y", "Sex,Female", "Analyze Information", "AnalyzeMode,Continuous",
        "HPF[Hz],No Filter", "LPF[Hz],0.1", "Measure Information", f"Date,{START.month}/{START.day}/{START:%y} {START:%H:%M}", "Mode,3x5",
        "Wave[nm],695,830", "Wave Length," + ",".join(columns), f"Sampling Period[s],{1 / truth.rate_hz!r}", "StimType,BLOCK",
        "Repeat Count,3", "", "Data", "Probe1," + ",".join(columns) + ",Mark,Time,BodyMovement,RemovalMark,PreScan",
    ]  # fmt: skip
    for index, row in enumerate(_amplitudes(truth)):
        cells = [*(f"{value:.8f}" for value in row), *["1.0"] * (2 * count - 4), str(marks.get(index, 0)), "10:11.2", "0", "0", "1"]  # fmt: skip
        lines.append(f"{index + 1}," + ",".join(cells))
    path = folder / name
    path.write_text("\n".join(line + "," * 4 if line and index < 18 and not line.startswith("Wave") else line for index, line in enumerate(lines)) + "\n", encoding="latin-1")  # fmt: skip
    return path


def write_boxy(folder: Path, truth: Planted, *, name: str = "recording.txt") -> Path:
    """BOXY 0.84, parsed: one detector and four sources; the mean intensities are planted, events are digital codes."""
    sources = range(1, 5)
    labels = list(dict.fromkeys(label for _, label in truth.events))
    marks = {round(onset * truth.rate_hz): labels.index(label) + 1 for onset, label in truth.events}
    kinds = [f"A-{kind}{number}" for kind in ("AC", "DC", "Ph") for number in sources]
    lines = [
        "BOXY.EXE: ISS Imagent Data Acquisition Program Version 0.84", "Ascii Record File", "", "#ACQ INFORMATION", "1  Detector Channels ",
        "4  External MUX Channels (total) ", "1  Auxiliary Analog Channels ", "", "#Data Update Rate", f"{truth.rate_hz!r}  Update Rate (Hz) ",
        "", "#FILE INFORMATION", "TRUE -- External MUX Channel results are PARSED.", "Tab delimiters", "", "#WAVELENGTH DATA",
        "Wavelength Index\tWavelength\tComp1 ExtCoef\t", "", "1\t8.300e+02\t1.486e+00\t", "2\t6.900e+02\t2.315e+00\t", "", "#AUX CALIBRATION VALUES",
        "", "#ADDITIONAL SIGNAL INFORMATION", "wavelength ind.\t0\t1\t0\t1\t", "", "#DATA BEGINS",
        "\t".join(["time", "group", "step", "mark", "flag", *kinds, "aux-1", "digaux", "bias-A"]) + "\t", "",
    ]  # fmt: skip
    for index, row in enumerate(_amplitudes(truth)):
        cells = [f"{3392109 + index / truth.rate_hz:.3f}", "1", "1", "0", "0", *["0.5"] * 4, *(f"{value:.9f}" for value in row),
                 *["90.0"] * 4, "8192", str(marks.get(index, 0)), "0.0"]  # fmt: skip
        lines.append("\t".join(cells) + "\t")
    path = folder / name
    path.write_text("\n".join([*lines, "#DATA ENDS", ""]), encoding="latin-1")
    return path
