"""A BIDS dataset as a careless lab leaves it: people in tables, side files, headers, notes, READMEs and photographs."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.testing.planting.notes import CODES, SCIENCE_TEXTS, note_of
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, plants_of
from commissure.testing.planting.recordings import PlantedFolder

__all__ = ["PERSONAL_FIELDS", "plant_bids", "plant_nwb"]

_COLUMNS = {"full_name": "patient name", "initials": "initials", "date_of_birth": "birth date", "mrn": "record number", "email": "e-mail",
            "phone": "phone", "home_address": "address"}  # fmt: skip
_EEG = {"InstitutionName": "institution", "InstitutionalDepartmentName": "department", "InstitutionAddress": "address",
        "DeviceSerialNumber": "device serial", "Operator": "operator", "HostName": "web, host, network", "Comment": "comment",
        "AcquisitionTime": "acquisition time"}  # fmt: skip
_ANAT = {"PatientName": "patient name", "PatientID": "record number", "PatientBirthDate": "birth date", "OtherPatientIDs": "other id",
         "AccessionNumber": "accession number", "ReferringPhysicianName": "physician", "OperatorsName": "operator", "StudyInstanceUID": "uid",
         "StudyDate": "study date", "AcquisitionTime": "acquisition time", "InstitutionName": "institution", "DeviceSerialNumber":
         "device serial", "StationName": "web, host, network", "PatientAddress": "address"}  # fmt: skip
#: fields nobody has declared, with a note inside
_REMARKS = {"Remark": "lone surname", "Handover": "other name", "SeenBy": "physician", "Callback": "phone", "ReportTo": "e-mail",
            "InsuranceNote": "national id", "RawLocation": "user path", "Protocoller": "initials"}  # fmt: skip
_EEG_SCIENCE = {"TaskName": "rest", "SamplingFrequency": 512.0, "PowerLineFrequency": 50, "EEGReference": "FCz", "SoftwareFilters": "n/a",
                "Manufacturer": "Brain Products", "ManufacturersModelName": "actiCHamp Plus", "EEGChannelCount": 3, "RecordingType": "continuous",
                "EEGPlacementScheme": "10-20", "RecordingDuration": 2.0}  # fmt: skip
_ANAT_SCIENCE = {"RepetitionTime": 2.3, "EchoTime": 0.00298, "FlipAngle": 9, "MagneticFieldStrength": 3, "Manufacturer": "Siemens",
                 "ManufacturersModelName": "Prisma", "SequenceName": "tfl3d1_16ns", "ScanningSequence": "GR\\IR", "PulseSequenceType": "MPRAGE",
                 "ReceiveCoilName": "HeadNeck_64", "InversionTime": 0.9, "PixelBandwidth": 240, "SliceThickness": 1}  # fmt: skip
#: fields of side files that hold a person
PERSONAL_FIELDS = frozenset({*_EEG, *_ANAT, *_REMARKS})
_EVENT_NOTES = ("lone surname", "operator", "phone", "national id", "e-mail", "initials", "physician")


def plant_bids(folder: Path, *, rng: np.random.Generator, subjects: int = 4) -> PlantedFolder:
    """Write the dataset; what is science in it is told as cells of tables and fields of side files by the benchmark itself."""
    people = [make_person(rng, old=n % 3 == 0) for n in range(subjects)]
    plants: list[Plant] = []
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset_description.json").write_text(
        json.dumps(
            {
                "Name": "Rest and words",
                "BIDSVersion": "1.9.0",
                "Authors": ["Ada Example", "Ben Example"],
                "License": "CC0",
            }
        )
    )
    plants += _participants(folder, people, rng)
    plants += _readme(folder, people[0], rng)
    for number, person in enumerate(people, start=1):
        plants += _subject(folder, f"{number:02d}", person, rng)
    return PlantedFolder(folder, tuple(plants))


def _participants(folder: Path, people: list[Person], rng: np.random.Generator) -> list[Plant]:
    header = ["participant_id", *_COLUMNS, "age", "sex", "handedness", "group", "moca", "remarks", "referral"]
    lines, plants = ["\t".join(header)], []
    for number, person in enumerate(people, start=1):
        cells = [f"sub-{number:02d}", *(person.values[kind] for kind in _COLUMNS.values()), str(person.age_years), str(rng.choice(["F", "M"])),
                 "R", str(rng.choice(["patient", "control"])), str(rng.integers(20, 31)), note_of(person, "other name", rng=rng),
                 note_of(person, "physician", rng=rng)]  # fmt: skip
        lines.append("\t".join(cells))
        plants += plants_of(
            person, (*_COLUMNS.values(), "other name", "physician"), format="tsv", where="participants.tsv"
        )
        if person.age_years > 89:
            plants += plants_of(person, ("age over 89",), format="tsv", where="participants.tsv")
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "participants.json").write_text(
        json.dumps(
            {
                "moca": {"Description": SCIENCE_TEXTS[9]},
                "group": {"Levels": {"patient": SCIENCE_TEXTS[4], "control": "no disease"}},
            }
        )
    )
    return plants


def _readme(folder: Path, person: Person, rng: np.random.Generator) -> list[Plant]:
    kinds = ("patient name", "phone", "national id", "user path", "record number")
    lines = ["# Rest and words", "Written by Ada Example (a.example@lab.org).", *SCIENCE_TEXTS, ""]
    lines += [f"Note: {note_of(person, kind, rng=rng)}." for kind in kinds]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return plants_of(person, kinds, format="text", where="README")


def _subject(root: Path, label: str, person: Person, rng: np.random.Generator) -> list[Plant]:
    plants = _eeg(root / f"sub-{label}" / "eeg", label, person, rng)
    plants += _anat(root / f"sub-{label}" / "anat", label, person, rng)
    lines = [
        "filename\tacq_time\toperator",
        f"eeg/sub-{label}_task-rest_eeg.vhdr\t{person.studied}T10:11:12\t{person.values['operator']}",
    ]
    lines += [f"anat/sub-{label}_T1w.nii.gz\t{person.studied}T11:01:02\tn/a"]
    (root / f"sub-{label}" / f"sub-{label}_scans.tsv").write_text("\n".join(lines) + "\n")
    return plants + plants_of(person, ("study date", "operator"), format="tsv", where="scans.tsv")


def _side_file(
    path: Path, fields: dict[str, str], science: dict[str, Any], person: Person, rng: np.random.Generator
) -> list[Plant]:
    said = {key: person.values[kind] for key, kind in fields.items()}
    remarks = {key: note_of(person, kind, rng=rng) for key, kind in _REMARKS.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**science, "TaskDescription": str(rng.choice(SCIENCE_TEXTS)), **said, **remarks}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
    kinds = (*fields.values(), *_REMARKS.values())
    return plants_of(person, kinds, format="json", where=path.name.rpartition("_")[2])


def _eeg(folder: Path, label: str, person: Person, rng: np.random.Generator) -> list[Plant]:
    pybv = need("pybv", purpose="Making BrainVision files")
    stem = f"sub-{label}_task-rest"
    plants = _side_file(folder / f"{stem}_eeg.json", _EEG, _EEG_SCIENCE, person, rng)
    pybv.write_brainvision(data=rng.normal(0, 1e-5, (3, 1024)), sfreq=512, ch_names=["Fz", "Cz", "Pz"], fname_base=f"{stem}_eeg",
                           folder_out=str(folder), events=[{"onset": 10, "duration": 1, "description": note_of(person, "other name", rng=rng),
                                                            "type": "Comment"}], resolution=0.1, overwrite=True)  # fmt: skip
    head = folder / f"{stem}_eeg.vhdr"
    head.write_text(
        head.read_text("utf-8")
        + f"\n[Comment]\n{note_of(person, 'operator', rng=rng)}\namplifier {person.values['device serial']}\n",
        "utf-8",
    )
    (folder / f"{stem}_channels.tsv").write_text("name\ttype\tunits\nFz\tEEG\tuV\nCz\tEEG\tuV\nPz\tEEG\tuV\n")
    rows = ["onset\tduration\ttrial_type\tstim\tnotes"]
    rows += [f"{0.1 * n:.1f}\t0.5\t{CODES[n % 6]}\tstim{n % 4}.png\tn/a" for n in range(24)]
    rows += [
        f"{3 + 0.1 * n:.1f}\t0\t{note_of(person, kind, rng=rng)}\tn/a\t{note_of(person, kind, rng=rng)}"
        for n, kind in enumerate(_EVENT_NOTES)
    ]
    (folder / f"{stem}_events.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / f"{stem}_events.json").write_text(
        json.dumps(
            {
                "trial_type": {
                    "Description": SCIENCE_TEXTS[11],
                }
            }
        )
    )
    plants += plants_of(
        person, ("other name", "operator", "device serial"), format="brainvision", where="header"
    )
    return plants + plants_of(person, _EVENT_NOTES, format="tsv", where="events.tsv")


def _anat(folder: Path, label: str, person: Person, rng: np.random.Generator) -> list[Plant]:
    nibabel = need("nibabel", purpose="Making NIfTI images")
    plants = _side_file(folder / f"sub-{label}_T1w.json", _ANAT, _ANAT_SCIENCE, person, rng)
    image = nibabel.Nifti1Image(
        rng.integers(0, 900, (12, 12, 12), dtype=np.int16), np.diag([1.0, 1.0, 1.0, 1.0])
    )
    family = person.values["patient name"].split()[1]
    image.header["db_name"] = family.encode()[:18]
    image.header["descrip"] = f"TE=3;{person.values['record number']}".encode()
    image.header["aux_file"] = b"C:\\Users\\" + family.lower().encode()[:12]
    nibabel.save(image, folder / f"sub-{label}_T1w.nii.gz")
    return plants + plants_of(person, ("patient name", "record number"), format="nifti", where="header")


def plant_nwb(path: Path, *, rng: np.random.Generator) -> PlantedFolder:
    """Write an NWB file of a person with notes everywhere, and a voltage series."""
    import datetime

    pynwb = need("pynwb", purpose="Making NWB files")
    need("pynwb.file", purpose="Making NWB files")
    person = make_person(rng)
    said = person.values
    start = datetime.datetime.combine(person.studied, datetime.time(10, 11, 12), tzinfo=datetime.UTC)
    notes = [note_of(person, kind, rng=rng) for kind in ("lone surname", "phone", "national id")]
    nwb = pynwb.NWBFile(
        session_description=f"{SCIENCE_TEXTS[0]}; {note_of(person, 'other name', rng=rng)}", identifier=said["uid"], session_start_time=start,
        experimenter=[said["operator"]], institution=said["institution"], lab=said["department"], session_id=said["other id"], notes=" / ".join(notes),
        source_script=f"{said['user path']}/convert.py", source_script_file_name="convert.py",
    )  # fmt: skip
    nwb.subject = pynwb.file.Subject(subject_id=said["record number"], age="P45Y", sex="F", species="Homo sapiens",
                                     description=note_of(person, "patient name", rng=rng), date_of_birth=datetime.datetime.combine(
                                         person.born, datetime.time(), tzinfo=datetime.UTC))  # fmt: skip
    device = nwb.create_device(
        name="amplifier", description=f"serial {said['device serial']}", manufacturer="Intan"
    )
    group = nwb.create_electrode_group(
        name="shank0", description=SCIENCE_TEXTS[10], location="CA1", device=device
    )
    for index in range(4):
        nwb.add_electrode(location="CA1", group=group, x=float(index), y=0.0, z=0.0)
    region = nwb.create_electrode_table_region(region=[0, 1, 2, 3], description="all")
    series = pynwb.ecephys.ElectricalSeries(name="ElectricalSeries", data=rng.normal(0, 1, (200, 4)), electrodes=region, rate=1000.0,
                                            comments=note_of(person, "physician", rng=rng))  # fmt: skip
    nwb.add_acquisition(series)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    kinds = ("other name", "uid", "operator", "institution", "department", "other id", "lone surname", "phone", "national id", "user path",
             "record number", "patient name", "birth date", "device serial", "physician", "study date")  # fmt: skip
    plants = plants_of(person, kinds, format="nwb", where="file")
    return PlantedFolder(
        path.parent, tuple(plants), (SCIENCE_TEXTS[0], "CA1", "Intan", SCIENCE_TEXTS[10], "shank0"), person
    )
