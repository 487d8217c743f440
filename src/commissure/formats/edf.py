"""EDF, EDF+ and BDF: the European data format and BioSemi's 24-bit kin.

References
----------
Kemp & Olivan 2003, doi:10.1016/S1388-2457(03)00123-8.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Fact, Finding, Identifier, Origin, Severity, Source

__all__ = ["Layout", "find", "layout_of", "open_edf", "reader"]

_VOLTS = {"uv": 1e-6, "mv": 1e-3, "v": 1.0, "nv": 1e-9}
_EDF, _BDF = b"0       ", b"\xffBIOSEMI"
_SEXES = {"M": "M", "F": "F"}
_MAKERS = (("biosemi", "BioSemi"), ("nihon", "Nihon Kohden"), ("natus", "Natus"), ("micromed", "Micromed"),
           ("compumedics", "Compumedics"), ("brain products", "Brain Products"), ("emotiv", "Emotiv"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """The fixed part of the header: fields as text, and how many bytes the file must have."""

    bits: int
    patient: str
    recording: str
    start: str
    header_bytes: int
    records: int
    record_s: float
    labels: tuple[str, ...]
    prefilters: tuple[str, ...]
    transducers: tuple[str, ...]
    steps_v: tuple[float | None, ...]
    samples: tuple[int, ...]

    @property
    def bytes_expected(self) -> int:
        """Header and data records."""
        return self.header_bytes + self.records * sum(self.samples) * self.bits // 8


def find(listing: Listing) -> Iterator[Source]:
    """EDF and BDF files by their first eight bytes, whatever their name."""
    for entry in listing.files:
        head = listing.head(entry.path, 256)
        if head[:8] == _BDF or (head[:8] == _EDF and _is_edf(head)):
            note = (
                ""
                if entry.suffix in {".edf", ".bdf", ".rec"}
                else "an EDF or BDF file under another extension"
            )
            yield Source("edf", (entry.path,), "bids", note=note)


def layout_of(path: Path) -> Layout:
    """The header of an EDF or BDF file; :class:`Unreadable` if a number in it is none."""
    with path.open("rb") as stream:
        fixed = stream.read(256)
        try:
            count = int(fixed[252:256])
            header_bytes, records, record_s = int(fixed[184:192]), int(fixed[236:244]), float(fixed[244:252])
        except ValueError as error:
            raise Unreadable(
                "The EDF header holds no number where the count of channels or records must be."
            ) from error
        rest = stream.read(256 * count)
    if len(rest) < 256 * count or count < 1:
        raise Unreadable(
            f"The EDF header ends after {256 + len(rest)} bytes; {count} channels need {256 * (count + 1)}."
        )

    def column(offset: int, width: int) -> tuple[str, ...]:
        start = offset * count
        return tuple(
            rest[start + i * width : start + (i + 1) * width].decode("latin-1").strip() for i in range(count)
        )

    samples = column(216, 8)
    if not all(text.isdigit() for text in samples):
        raise Unreadable("The EDF header holds no number where a channel's samples a record must be.")
    return Layout(
        bits=24 if fixed[:8] == _BDF else 16,
        patient=fixed[8:88].decode("latin-1").strip(),
        recording=fixed[88:168].decode("latin-1").strip(),
        start=fixed[168:184].decode("latin-1"),
        header_bytes=header_bytes,
        records=records,
        record_s=record_s,
        labels=column(0, 16),
        transducers=column(16, 80),
        steps_v=tuple(map(_step_v, column(96, 8), *(column(offset, 8) for offset in (104, 112, 120, 128)))),
        prefilters=column(136, 80),
        samples=tuple(int(text) for text in samples),
    )


def open_edf(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """One Raw for each sampling rate in the file, so that nothing is resampled."""
    mne_io = need("mne.io", purpose="Reading EDF")
    path = listing.absolute(source.primary)
    layout = layout_of(path)
    size = path.stat().st_size
    if layout.records > 0 and size < layout.bytes_expected - sum(layout.samples) * layout.bits // 8:
        raise Unreadable(
            f"The EDF file is truncated: it has {size} bytes and its header announces {layout.bytes_expected}."
        )
    if size <= layout.header_bytes:
        raise Unreadable(f"The EDF file holds a header and no samples ({size} bytes).")
    suffix = ".bdf" if layout.bits == 24 else ".edf"
    if path.suffix.lower() != suffix:
        path = link_as(path, scratch=scratch, name=f"recording{suffix}")
    read = mne_io.read_raw_bdf if layout.bits == 24 else mne_io.read_raw_edf
    header = _header(layout, size)
    groups = _groups(layout)
    for samples, indices in groups:
        others = [i for i in range(len(layout.labels)) if i not in indices and not _is_note(layout.labels[i])]
        raw = read(path, exclude=tuple(layout.labels[i] for i in others), stim_channel="auto")
        entities = {"acq": f"{samples / layout.record_s:g}Hz".replace(".", "p")} if len(groups) > 1 else {}
        yield Opened(raw, _with(header, entities, layout, indices))


def _step_v(unit: str, *extents: str) -> float | None:
    """Volts a count, from the unit and the physical and digital extents as written; None where they tell none."""
    try:
        low, high, first, last = (float(text) for text in extents)
    except ValueError:
        return None
    scale = _VOLTS.get(unit.replace("\xb5", "u").lower())
    return scale * (high - low) / (last - first) if scale and last > first and high > low else None


def _is_edf(head: bytes) -> bool:
    """EDF's magic is only ``0`` and blanks; the count of channels and of bytes must be numbers too."""
    return len(head) == 256 and head[184:192].strip().isdigit() and head[252:256].strip().isdigit()


def _is_note(label: str) -> bool:
    return label in {"EDF Annotations", "BDF Annotations"}


def _groups(layout: Layout) -> list[tuple[int, list[int]]]:
    """Channels by samples a record, the group with the most channels first."""
    found: dict[int, list[int]] = {}
    for index, (label, samples) in enumerate(zip(layout.labels, layout.samples, strict=True)):
        if not _is_note(label):
            found.setdefault(samples, []).append(index)
    shared = {label for label in layout.labels if layout.labels.count(label) > 1}
    if any(layout.labels[index] in shared for indices in found.values() for index in indices):
        return [(max(found, default=1), [index for indices in found.values() for index in indices])]
    return sorted(found.items(), key=lambda item: (-len(item[1]), -item[0]))


def _with(header: Header, entities: dict[str, str], layout: Layout, indices: list[int]) -> Header:
    details = {
        layout.labels[i]: _filters(layout.prefilters[i]) | {"stored_step": layout.steps_v[i]} for i in indices
    }
    return Header(
        identifiers=header.identifiers,
        device=header.device,
        subject_id=header.subject_id,
        sex=header.sex,
        birth=header.birth,
        details=details,
        entities=entities,
        facts=header.facts,
        findings=header.findings,
    )


def _filters(text: str) -> dict[str, object]:
    """BIDS columns out of ``"HP:0.1Hz LP:75Hz N:50Hz"``.

    >>> _filters("HP:0.1Hz LP:75Hz N:50Hz")
    {'low_cutoff': 0.1, 'high_cutoff': 75.0, 'notch': 50.0}
    """
    found: dict[str, object] = {}
    for key, letter in (("low_cutoff", "HP"), ("high_cutoff", "LP"), ("notch", "N")):
        match = re.search(rf"\b{letter}:\s*([0-9.,]+)\s*(?:Hz)?", text, re.IGNORECASE)
        if match and re.fullmatch(r"\d+([.,]\d+)?", match[1]) and float(match[1].replace(",", ".")) > 0:
            found[key] = float(match[1].replace(",", "."))
    return found


def _header(layout: Layout, size: int) -> Header:
    code, sex, birth, name = _patient(layout.patient)
    found = [Identifier("id", layout.patient), Identifier("comment", layout.recording)]
    found += [Identifier("id", code)] if code else []
    found += [Identifier("name", part) for part in (name, *re.split(r"[ _,;]+", name)) if part]
    equipment = ""
    parts = layout.recording.split()
    if parts[:1] == ["Startdate"]:
        written = [Identifier(*pair) for pair in zip(("date", "id", "operator"), parts[1:4], strict=False)]
        found += [one for one in written if one.value != "X"]
        equipment = " ".join(parts[4:]).replace("_", " ")
    else:
        found += [Identifier("comment", part) for part in parts if len(part) > 3]
    maker = next(
        (label for word, label in _MAKERS if word in f"{layout.recording} {layout.transducers}".lower()), ""
    )
    maker = maker or ("BioSemi" if layout.bits == 24 else "")
    facts = (Fact("stored_bits", layout.bits, Origin.HEADER),)
    useful = tuple(one for one in found if one.value.strip(" X"))
    device = Device(manufacturer=maker, software="")
    if equipment.strip(" X"):
        useful += (Identifier("comment", equipment),)
    return Header(
        useful, device, subject_id=code, sex=sex, birth=birth, facts=facts, findings=_doubts(layout, size)
    )


def _doubts(layout: Layout, size: int) -> tuple[Finding, ...]:
    """What the count of records and the size of the file do not agree on."""
    if layout.records < 0:
        message = (
            "The EDF header does not say how many records there are; they were counted by the file's size."
        )
        return (
            Finding("read.length", Severity.WARNING, message, remedy="Check that the recording is whole."),
        )
    if size == layout.bytes_expected:
        return ()
    message = f"The EDF file has {size} bytes and its header announces {layout.bytes_expected}; whole records were read."
    return (Finding("read.length", Severity.WARNING, message, remedy="Check that the recording is whole."),)


def _patient(text: str) -> tuple[str, str, datetime.date | None, str]:
    """Code, sex, day of birth and name out of an EDF+ patient field; of a plain one, the first word and the rest."""
    parts = text.split()
    if len(parts) >= 4 and parts[1] in {"M", "F", "X"}:
        code, sex, birth, name = parts[0], _SEXES.get(parts[1], ""), _day(parts[2]), " ".join(parts[3:])
        return ("" if code == "X" else code), sex, birth, ("" if name == "X" else name.replace("_", " "))
    return (parts[0] if parts else ""), "", None, " ".join(parts[1:])


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(text, "%d-%b-%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


#: the plugin
reader = MneReader("edf", find, open_edf)
