"""Maxwell Biosystems ``.raw.h5`` (MaxOne and MaxTwo): one Recording a well."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
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
from commissure.model import Annotation, Channel, Device, Recording, Source

__all__ = ["Maxwell", "reader"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_NO_FILTER = (
    "its samples are compressed by Maxwell's own HDF5 filter, which is not installed"
    " (get the plugin from Maxwell and set HDF5_PLUGIN_PATH)"
)
_DEFAULT_RATE_HZ = 20_000.0


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
                if _decodable(samples):
                    yield Source("maxwell", (entry.path,), "nwb")
                else:
                    yield Source("maxwell", (entry.path,), "nwb", note=_NO_FILTER, complete=False)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording a well and recording."""
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


def _new(source: Source, file: Any, where: str, *, many: bool) -> Recording:
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
    signal = _signal(routed["raw"])
    return Recording(signal, rate_hz, channels, about, _spikes(store, int(frames[0]), rate_hz), space="probe")


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
