"""Maxwell Biosystems ``.raw.h5`` (MaxOne and MaxTwo): one Recording a well."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.lazy import BlockSignal
from commissure.formats.listing import Listing
from commissure.model import About, Annotation, Channel, Device, Finding, Recording, Severity, Source, Units

__all__ = ["Maxwell", "reader"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_NO_FILTER = (
    "its samples are compressed by Maxwell's own HDF5 filter, which is not installed"
    " (get the plugin from Maxwell and set HDF5_PLUGIN_PATH)"
)
_DEFAULT_RATE_HZ = 20_000.0
_LEFT_BEHIND = Finding(
    "maxwell.samples",
    Severity.WARNING,
    f"The raw samples stay behind: {_NO_FILTER[4:]}. Released are the spikes that the device itself found.",
    remedy="Install Maxwell's plugin and share again: a new version with the samples is made.",
)


class Maxwell:
    """Reads Maxwell's HDF5 recordings, new layout (``data_store``) and old (``sig``)."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a ``.h5`` that holds Maxwell's groups."""
        h5py = None
        for entry in listing.with_suffix(".raw.h5", ".h5"):
            if listing.head(entry.path, 8) != _HDF5:
                continue
            h5py = h5py or need("h5py", purpose="Reading Maxwell recordings")
            with suppress(OSError, RuntimeError), h5py.File(listing.absolute(entry.path), "r") as file:
                samples = _samples(file)
                if samples is None:
                    continue
                whole = _decodable(samples)
                note = "" if whole else _NO_FILTER
                yield Source("maxwell", (entry.path,), "nwb", note=note, complete=whole or _has_spikes(file))

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording | Units]:  # noqa: ARG002
        """One Recording a well and recording; where the samples cannot be decoded, the spikes that the device found."""
        h5py = need("h5py", purpose="Reading Maxwell recordings")
        path = listing.absolute(source.primary)
        try:
            file = h5py.File(path, "r")
            if "data_store" in file:
                stores = sorted(file["data_store"])
                return [_new(source, file, f"data_store/{name}", many=len(stores) > 1) for name in stores]
            return [_old(source, file)]
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(
                f"The Maxwell file cannot be read ({type(error).__name__}); copy it again from its source."
            ) from error


def _samples(file: Any) -> Any:
    """The first dataset of samples; None if this is not Maxwell's."""
    if "data_store" in file:
        routed = [f"data_store/{name}/groups/routed/raw" for name in file["data_store"]]
        return next((file[where] for where in routed if where in file), None)
    return file["sig"] if "sig" in file and "mapping" in file else None


def _decodable(dataset: Any) -> bool:
    h5py = need("h5py", purpose="Reading Maxwell recordings")
    plan = dataset.id.get_create_plist()
    return all(h5py.h5z.filter_avail(plan.get_filter(index)[0]) for index in range(plan.get_nfilters()))


def _has_spikes(file: Any) -> bool:
    return any("spikes" in store for store in file.get("data_store", {}).values())


def _new(source: Source, file: Any, where: str, *, many: bool) -> Recording | Units:
    store = file[where]
    routed = store["groups/routed"]
    settings = store["settings"]
    rate_hz = float(settings["sampling"][0]) if "sampling" in settings else _DEFAULT_RATE_HZ
    gain = float(settings["lsb"][0])
    mapping = settings["mapping"][:]
    channels = _channels(routed["channels"][:].tolist(), mapping, gain)
    start = (
        datetime.fromtimestamp(int(store["start_time"][0]) / 1000, tz=UTC) if "start_time" in store else None
    )
    frames = routed["frame_nos"]
    clues = _clues(source, file)
    if start is not None:
        clues.hide("date", int(store["start_time"][0]))
    clues.fact("rate_hz", rate_hz)
    clues.fact("channels", len(channels))
    well = int(store["well_id"][0]) if "well_id" in store else 0
    number = int(store["recording_id"][0]) if "recording_id" in store else 0
    entities = {"acq": f"well{well}"} if many else {}
    if number:
        entities["run"] = f"{number + 1:02d}"
    about = clues.about(
        "ecephys",
        start=start,
        device=Device("Maxwell Biosystems", "MaxTwo" if many else "MaxOne"),
        entities=entities,
    )
    if not _decodable(routed["raw"]):
        return _events(
            store, channels, replace(about, findings=(*about.findings, _LEFT_BEHIND)), first=int(frames[0])
        )
    signal = _signal(routed["raw"])
    return Recording(signal, rate_hz, channels, about, _spikes(store, int(frames[0]), rate_hz), space="probe")


def _events(store: Any, channels: Sequence[Channel], about: About, *, first: int) -> Units:
    """The device's threshold crossings, one unit a channel: what can be read without Maxwell's filter."""
    settings = store["settings"]
    rate_hz = float(settings["sampling"][0]) if "sampling" in settings else _DEFAULT_RATE_HZ
    rows = store["spikes"][:] if "spikes" in store else np.zeros(0, [("frameno", "i8"), ("channel", "i4")])
    rows = rows[rows["frameno"] >= first]
    numbers = sorted({int(number) for number in rows["channel"]})
    of = [rows[rows["channel"] == number] for number in numbers]
    places = {channel.name: channel.position_mm or (np.nan,) * 3 for channel in channels}
    return Units(
        ids=tuple(numbers),
        times_s=tuple(np.sort((found["frameno"] - first) / rate_hz) for found in of),
        about=replace(about, entities={**about.entities, "desc": "thresholded"}),
        columns={
            "quality": ["threshold crossings of one electrode, not sorted"] * len(numbers),
            "amplitude": [float(found["amplitude"].mean()) for found in of],
            "x_um": [places.get(f"ch{number}", (np.nan,))[0] * 1e3 for number in numbers],
            "y_um": [places.get(f"ch{number}", (np.nan, np.nan))[1] * 1e3 for number in numbers],
        },
    )


def _old(source: Source, file: Any) -> Recording:
    settings = file["settings"]
    gain = float(settings["lsb"][0]) if "lsb" in settings else 1.0
    mapping = file["mapping"][:]
    wanted = [int(row["channel"]) for row in mapping if int(row["channel"]) >= 0]
    channels = _channels(wanted, mapping, gain)
    clues = _clues(source, file)
    about = clues.about("ecephys", device=Device("Maxwell Biosystems", "MaxOne"))
    signal = _signal(file["sig"], rows=wanted)
    return Recording(signal, _DEFAULT_RATE_HZ, channels, about, space="probe")


def _clues(source: Source, file: Any) -> Clues:
    clues = Clues(source)
    for key in ("assay/inputs/configs", "assay/run_id", "assay/inputs/project"):
        if key in file:
            for value in np.atleast_1d(file[key][()]):
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                clues.hide_path(*text.split(","))
    return clues


def _channels(numbers: Sequence[int], mapping: Any, gain: float) -> tuple[Channel, ...]:
    places = {int(row["channel"]): row for row in mapping}
    channels = []
    for number in numbers:
        row = places.get(int(number))
        if row is None:
            channels.append(Channel(f"ch{number}", "EXT", "V", gain))
            continue
        place = (float(row["x"]) / 1e3, float(row["y"]) / 1e3, 0.0)
        contact = {"contact": f"e{int(row['electrode'])}"}
        channels.append(
            Channel(f"ch{number}", "EXT", "V", gain, position_mm=place, group="array", details=contact)
        )
    return tuple(channels)


def _signal(dataset: Any, *, rows: list[int] | None = None) -> BlockSignal:
    channels = len(rows) if rows is not None else dataset.shape[0]

    def block(start: int, stop: int) -> NDArray[Any]:
        try:
            samples = dataset[:, start:stop]
        except OSError as error:
            raise Unreadable(f"The Maxwell samples cannot be read: {_NO_FILTER}.") from error
        return np.asarray(samples if rows is None else samples[rows]).T

    block(0, 1)
    return BlockSignal(block, shape=(dataset.shape[1], channels), dtype=dataset.dtype)


def _spikes(store: Any, first_frame: int, rate_hz: float) -> tuple[Annotation, ...]:
    if "spikes" not in store:
        return ()
    return tuple(
        Annotation("spike", onset_s=(int(row["frameno"]) - first_frame) / rate_hz, duration_s=0.0,
                   channels=(f"ch{int(row['channel'])}",), by="device",
                   details={"amplitude": float(row["amplitude"])})
        for row in store["spikes"][:] if int(row["frameno"]) >= first_frame
    )  # fmt: skip


reader = Maxwell()
