"""Open Ephys binary: ``structure.oebin`` with ``continuous/*/continuous.dat``, time stamps and TTL events."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.formats.clues import Clues
from commissure.formats.lazy import FileSignal
from commissure.formats.listing import Listing
from commissure.formats.names import label_of
from commissure.formats.probes import sites_of
from commissure.model import Annotation, Channel, Device, Recording, Source

__all__ = ["OpenEphys", "reader"]

_UNIT = {"uV": ("V", 1e-6), "mV": ("V", 1e-3), "V": ("V", 1.0), "": ("1", 1.0)}


class OpenEphys:
    """Reads the binary format of Open Ephys (GUI 0.4 and later)."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a ``structure.oebin`` with all that lies below its folder, and the ``settings.xml`` above."""
        oebins = [entry for entry in listing.files if entry.name == "structure.oebin"]
        for entry in oebins:
            if not listing.head(entry.path, 64).lstrip().startswith(b"{"):
                continue
            below = (
                [e.path for e in listing.below(entry.folder) if e.path != entry.path] if entry.folder else []
            )
            files = (entry.path, *below, *self._settings(listing, entry.path, first=entry is oebins[0]))
            samples = [
                path for path in below if path.endswith("/continuous.dat") and listing.by_path[path].bytes > 0
            ]
            if samples:
                yield Source("openephys", files, "nwb")
            else:
                yield Source("openephys", files, "nwb", note="header only, no samples", complete=False)

    def _settings(self, listing: Listing, path: str, *, first: bool) -> list[str]:
        node = PurePosixPath(path).parent.parent.parent
        found = [
            e.path
            for e in listing.in_folder("" if str(node) == "." else str(node))
            if re.fullmatch(r"settings(_\d+)?\.xml", e.name)
        ]
        return found if first else []

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording a continuous stream."""
        try:
            structure = json.loads(listing.absolute(source.primary).read_bytes())
            streams = structure["continuous"]
            folder = str(PurePosixPath(source.primary).parent)
            settings = self._settings(listing, source.primary, first=True)
            recordings = [
                _recording(
                    source, listing, folder=folder, stream=stream, structure=structure, settings=settings
                )
                for stream in streams
                if listing.has(_inside(folder, "continuous", stream["folder_name"], "continuous.dat"))
            ]
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise Unreadable(
                f"structure.oebin lacks what reading needs ({type(error).__name__}); copy it again from its source."
            ) from error
        if not recordings:
            raise Unreadable(
                "None of the streams that structure.oebin names has its continuous.dat; add them and share again."
            )
        return recordings


def _inside(folder: str, *parts: str) -> str:
    pure = PurePosixPath(*[part for part in (folder, *parts) if part not in ("", ".")])
    if ".." in pure.parts or pure.is_absolute():
        raise Unreadable("structure.oebin names a folder outside of the recording; correct its folder_name.")
    return str(pure)


def _recording(
    source: Source,
    listing: Listing,
    *,
    folder: str,
    stream: dict[str, Any],
    structure: dict[str, Any],
    settings: list[str],
) -> Recording:
    count = int(stream["num_channels"])
    data = _inside(folder, "continuous", stream["folder_name"])
    signal = FileSignal(listing.absolute(f"{data}/continuous.dat"), dtype="<i2", channels=count)
    rate_hz = float(stream["sample_rate"])
    name = str(stream.get("stream_name") or stream["folder_name"].strip("/").split(".")[-1])
    clues = Clues(source)
    start = _tell(clues, listing, settings)
    sites = sites_of("read_openephys", listing.absolute(settings[0]), stream_name=name) if settings else {}
    if not sites and settings:
        sites = sites_of("read_openephys", listing.absolute(settings[0]))
    channels = tuple(_channel(index, spec, sites, name) for index, spec in enumerate(stream["channels"]))
    clues.fact("rate_hz", rate_hz, where="structure.oebin")
    clues.fact("channels", count, where="structure.oebin")
    model = next((site.probe for site in sites.values() if site.probe), "") or str(
        stream.get("source_processor_name", "")
    )
    about = clues.about(
        "ecephys",
        start=start,
        device=Device(
            "IMEC" if sites else "Open Ephys",
            model,
            f"Open Ephys GUI {structure.get('GUI version', '')}".strip(),
        ),
        entities=_entities(source.primary, name),
    )
    left = signal.left_over_bytes
    if left:
        about = replace(about, sidecar={"bytes_left_over": left})
    gaps, first = _gaps(listing.absolute(f"{data}/sample_numbers.npy"), signal.shape[0], rate_hz)
    marks = tuple(_events(listing, folder, structure, stream, first=first))
    return Recording(signal, rate_hz, channels, about, marks, gaps, space="probe" if sites else "")


def _entities(path: str, stream: str) -> dict[str, str]:
    probe = re.fullmatch(r"(?:.*\.)?(Probe[A-Z]\d?)(?:-(AP|LFP))?", stream)
    entities = {"probe": probe.group(1)} if probe else {"desc": label_of(stream).lower()}
    if probe and probe.group(2):
        entities["desc"] = probe.group(2).lower()
    numbers = re.search(r"experiment(\d+)/recording(\d+)", path)
    if numbers and numbers.groups() != ("1", "1"):
        entities["run"] = f"e{numbers.group(1)}r{numbers.group(2)}"
    return entities


def _channel(index: int, spec: dict[str, Any], sites: dict[int, Any], stream: str) -> Channel:
    unit, scale = _UNIT.get(str(spec.get("units", "uV")), ("1", 1.0))
    name = str(spec.get("channel_name") or f"CH{index + 1}")
    gain = float(spec.get("bit_volts", 1.0)) * scale
    if name.upper().startswith("ADC") or "adc" in str(spec.get("description", "")).lower():
        return Channel(name, "ADC", "V", float(spec.get("bit_volts", 1.0)) * (scale if unit == "V" else 1.0))
    if name.upper().startswith("AUX"):
        return Channel(name, "AUX", "V", gain)
    kind = "LFP" if stream.upper().endswith("LFP") else "HP" if stream.upper().endswith("-AP") else "EXT"
    site = sites.get(index)
    if site is None:
        return Channel(name, kind, "V", gain)
    return Channel(
        name, kind, "V", gain, position_mm=site.position_mm, group=site.group, details=site.details
    )


def _gaps(path: Path, length: int, rate_hz: float) -> tuple[tuple[tuple[int, float], ...], int]:
    if not path.is_file():
        return (), 0
    try:
        numbers = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError):
        return (), 0
    if numbers.shape != (length,) or length < 2:
        return (), int(numbers[0]) if numbers.size else 0
    steps = np.diff(numbers)
    jumps = np.flatnonzero(steps != 1)
    return tuple((int(j) + 1, float(steps[j] - 1) / rate_hz) for j in jumps), int(numbers[0])


def _events(
    listing: Listing, folder: str, structure: dict[str, Any], stream: dict[str, Any], *, first: int
) -> Iterator[Annotation]:
    for event in structure.get("events", []):
        if event.get("stream_name") not in (None, stream.get("stream_name")):
            continue
        base = _inside(folder, "events", event["folder_name"])
        states, samples = f"{base}/states.npy", f"{base}/sample_numbers.npy"
        if not (listing.has(states) and listing.has(samples)):
            continue
        with suppress(ValueError, OSError):
            values = np.load(listing.absolute(states), allow_pickle=False)
            numbers = np.load(listing.absolute(samples), allow_pickle=False)
            rate_hz = float(event.get("sample_rate") or stream["sample_rate"])
            for value, number in zip(values.tolist(), numbers.tolist(), strict=False):
                edge = "on" if value > 0 else "off"
                yield Annotation(
                    f"TTL {abs(value)} {edge}",
                    onset_s=(number - first) / rate_hz,
                    duration_s=0.0,
                    by="device",
                )


def _tell(clues: Clues, listing: Listing, settings: list[str]) -> datetime | None:
    if not settings:
        return None
    text = listing.absolute(settings[0]).read_text(encoding="utf-8", errors="replace")
    for machine in re.findall(r'<MACHINE name="([^"]*)"', text):
        clues.hide("host", machine)
    for path in re.findall(r'(?:path|Directory|recordPath|filename)="([^"]*)"', text, re.IGNORECASE):
        clues.hide_path(path)
    for serial in re.findall(r'serial_number="(\d{5,})"', text):
        clues.hide("serial", serial)
    date = re.search(r"<DATE>([^<]*)</DATE>", text)
    if date is None:
        return None
    clues.hide("date", date.group(1))
    with suppress(ValueError):
        return datetime.strptime(date.group(1).strip(), "%d %b %Y %H:%M:%S")
    return None


reader = OpenEphys()
