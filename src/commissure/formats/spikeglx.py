"""SpikeGLX: ``.meta`` beside ``.bin``, one pair a stream (imec AP and LF bands, NI-DAQ, OneBox).

Gains come from neo, the probe's geometry from probeinterface.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.lazy import FileSignal
from commissure.formats.listing import Listing
from commissure.formats.probes import Site, sites_of
from commissure.model import Channel, Device, Origin, Recording, Source

__all__ = ["SpikeGLX", "reader"]

_KINDS = {"ap": "HP", "lf": "LFP"}


class SpikeGLX:
    """Reads SpikeGLX's pairs of ``.meta`` and ``.bin``."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a ``.meta``, with its ``.bin``; incomplete where that is missing."""
        for entry in listing.with_suffix(".meta"):
            head = listing.head(entry.path)
            if b"nSavedChans=" not in head and b"snsSaveChanSubset" not in head and b"typeThis=" not in head:
                continue
            binary = entry.path[: -len(".meta")] + ".bin"
            if listing.has(binary) and listing.by_path[binary].bytes > 0:
                yield Source("spikeglx", (entry.path, binary), "nwb")
            else:
                files = (entry.path, binary) if listing.has(binary) else (entry.path,)
                yield Source("spikeglx", files, "nwb", note="header only, no samples", complete=False)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording: all channels of one stream, samples left in the ``.bin``."""
        meta_path = listing.absolute(source.primary)
        neo = need("neo.rawio.spikeglxrawio", purpose="Reading SpikeGLX recordings")
        try:
            meta = neo.read_meta_file(meta_path)
            if not Path(str(meta.get("fileName", ""))).name.endswith(".bin") or ".." in source.primary:
                meta["fileName"] = str(meta_path.with_suffix(".bin"))
            meta["fileName"] = meta["fileName"].replace("\\", "/")
            info = neo.extract_stream_info(meta_path, meta)
        except (KeyError, ValueError, IndexError, AttributeError, UnicodeDecodeError) as error:
            raise Unreadable(
                f"A SpikeGLX .meta lacks what reading needs ({type(error).__name__}); copy it again from its source."
            ) from error
        signal = FileSignal(listing.absolute(source.files[1]), dtype="<i2", channels=info["num_chan"])
        clues = Clues(source)
        _tell(clues, meta)
        sites = sites_of("read_spikeglx", meta_path) if info["device_kind"] == "imec" else {}
        channels = tuple(_channels(info, sites))
        rate_hz = float(info["sampling_rate"])
        clues.fact("rate_hz", rate_hz)
        clues.fact("channels", len(channels))
        entities = {"probe": re.sub(r"[^A-Za-z0-9]", "", str(info["device"]))}
        if info["stream_kind"]:
            entities["desc"] = str(info["stream_kind"])
        gate, trigger = info["gate_num"], info["trigger_num"]
        if gate or trigger not in (0, None):
            entities["run"] = f"g{gate or 0}t{trigger or 0}"
        device = Device(_maker(info), _model(meta, sites), "SpikeGLX", _serial(meta))
        sidecar = _missing(meta, listing.by_path[source.files[1]].bytes, signal.left_over_bytes)
        about = clues.about("ecephys", start=_start(meta), device=device, entities=entities, sidecar=sidecar)
        return [Recording(signal, rate_hz, channels, about, space="probe" if sites else "")]


def _channels(info: dict[str, Any], sites: dict[int, Site]) -> Iterator[Channel]:
    names = [str(name).lstrip("(") for name in info["channel_names"]][-info["num_chan"] :]
    if len(names) < info["num_chan"] or not all(re.fullmatch(r"[A-Za-z]+\d+", name) for name in names):
        names = [f"{str(info['stream_kind'] or 'CH').upper()}{index}" for index in range(info["num_chan"])]
    scale = 1e-6 if info["units"] == "uV" else 1.0
    imec = info["device_kind"] == "imec"
    for index, name in enumerate(names):
        gain = float(np.float64(info["channel_gains"][index]) * scale)
        if name.startswith("SY") or (imec and info["has_sync_trace"] and index == len(names) - 1):
            yield Channel(name, "SYNC", "1")
        elif name.startswith(("XD", "DW")):
            yield Channel(name, "TRIG", "1")
        elif imec:
            site = sites.get(index)
            kind = _KINDS.get(str(info["stream_kind"]), "EXT")
            if site is None:
                yield Channel(name, kind, "V", gain)
            else:
                yield Channel(name, kind, "V", gain, 0.0, site.position_mm, site.group, details=site.details)
        else:
            yield Channel(name, "ADC", "V", gain)


def _maker(info: dict[str, Any]) -> str:
    return "National Instruments" if info["device_kind"] == "nidq" else "IMEC"


def _model(meta: dict[str, Any], sites: dict[int, Site]) -> str:
    if sites:
        return next(iter(sites.values())).probe
    if meta.get("typeThis") == "obx":
        return "OneBox"
    return "NI-DAQ" if meta.get("typeThis") == "nidq" else str(meta.get("imDatPrb_pn", ""))


def _serial(meta: dict[str, Any]) -> str:
    return str(meta.get("imDatPrb_sn", "") or meta.get("imProbeSN", ""))


def _missing(meta: dict[str, Any], size: int, left_over: int) -> dict[str, object]:
    said = str(meta.get("fileSizeBytes", ""))
    whole = int(said) if said.isdigit() else size
    if size < whole:
        return {"bytes_told": whole, "bytes_found": size}
    return {"bytes_left_over": left_over} if left_over else {}


def _start(meta: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(meta.get("fileCreateTime", "")).strip())
    except ValueError:
        return None


def _tell(clues: Clues, meta: dict[str, Any]) -> None:
    name = str(meta.get("fileName", ""))
    clues.hide_path(name)
    run = re.sub(r"_g\d+_t(\d+|cat).*", "", name.split("/")[-1])
    if len(run) >= 5:
        clues.hide("path", run)
    clues.hide("comment", meta.get("userNotes"))
    clues.hide("date", meta.get("fileCreateTime"), meta.get("fileCreateTime_original"))
    for key in ("imDatPrb_sn", "imDatHs_sn", "imProbeSN"):
        value = str(meta.get(key, ""))
        if len(value) >= 5:
            clues.hide("serial", value)
    clues.hide_path(meta.get("imRoFile"), meta.get("snsChanMapFile"), meta.get("imCalFile"))
    clues.fact("format.version", str(meta.get("appVersion", "")), Origin.HEADER)


reader = SpikeGLX()
