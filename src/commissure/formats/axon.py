"""Axon ABF (1 and 2): sweeps of response and command, current or voltage clamp by the measured unit."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.model import Channel, Device, Source, Sweep, Sweeps

__all__ = ["Axon", "reader", "si_of"]

_MAGIC = (b"ABF ", b"ABF2")
_PREFIX = {
    "": 1.0,
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
}
_NO_YEAR_BEFORE = 1980


class Axon:
    """Reads pClamp's and AxoScope's ``.abf``."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a file that begins with ``ABF``; a ``.pro`` or ``.atf`` beside is left."""
        for entry in listing.files:
            if listing.head(entry.path, 4) in _MAGIC:
                yield Source("axon", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Sweeps]:  # noqa: ARG002
        """One Sweeps: every sweep of every channel in SI units."""
        pyabf = need("pyabf", purpose="Reading Axon recordings")
        try:
            abf = pyabf.ABF(str(listing.absolute(source.primary)))
        except Exception as error:
            raise Unreadable(
                f"pyabf cannot read the ABF file ({type(error).__name__}); it is truncated or not an ABF."
            ) from error
        if abf.sweepCount < 1 or abf.channelCount < 1 or abf.data.size == 0:
            raise Unreadable("The ABF file holds no samples; copy it again from its source.")
        channels = tuple(_channel(name, unit) for name, unit in zip(abf.adcNames, abf.adcUnits, strict=True))
        units = [unit for _, unit in map(si_of, abf.dacUnits)]
        commands = tuple(
            Channel(name, "DAC", unit)
            for name, unit in zip(abf.dacNames[: len(channels)], units, strict=False)
        )
        clues = Clues(source)
        start = _tell(clues, abf)
        clues.fact("rate_hz", float(abf.dataRate))
        clues.fact("sweeps", int(abf.sweepCount))
        about = clues.about(
            "icephys", start=start, device=Device("Molecular Devices", "", _program(abf.creator))
        )
        sweeps = tuple(_sweep(abf, number, commands) for number in range(abf.sweepCount))
        return [Sweeps(sweeps, float(abf.dataRate), channels, _mode(channels), about, commands)]


def si_of(unit: str) -> tuple[float, str]:
    """Factor and SI unit of a unit as devices write it.

    >>> si_of("pA"), si_of("mV"), si_of("dB")
    ((1e-12, 'A'), (0.001, 'V'), (1.0, 'dB'))
    """
    text = unit.strip()
    for base in ("V", "A"):
        if text.endswith(base) and text[: -len(base)] in _PREFIX:
            return _PREFIX[text[: -len(base)]], base
    return 1.0, text or "1"


def _channel(name: str, unit: str) -> Channel:
    _, si = si_of(unit)
    return Channel(name, {"V": "VM", "A": "IM"}.get(si, "MISC"), si)


def _mode(channels: tuple[Channel, ...]) -> str:
    units = [channel.unit for channel in channels if channel.unit in ("V", "A")]
    return "voltage_clamp" if units[:1] == ["A"] else "current_clamp"


def _sweep(abf: Any, number: int, commands: tuple[Channel, ...]) -> Sweep:
    responses, stimuli = [], []
    for index in range(abf.channelCount):
        abf.setSweep(number, channel=index)
        responses.append(np.asarray(abf.sweepY, dtype=np.float64) * si_of(abf.adcUnits[index])[0])
        if index < len(commands):
            try:
                command = np.asarray(abf.sweepC, dtype=np.float64) * si_of(abf.dacUnits[index])[0]
            except Exception:  # noqa: BLE001 - the waveform comes from a stimulus file that is not beside
                command = np.full(responses[-1].shape, np.nan)
            stimuli.append(command)
    known = bool(stimuli) and all(
        np.isfinite(stimulus).all() and stimulus.size == responses[0].size for stimulus in stimuli
    )
    told = known and any(np.ptp(stimulus) > 0 or stimulus[0] != 0 for stimulus in stimuli)
    return Sweep(
        float(abf.sweepTimesSec[number]),
        np.stack(responses, axis=1),
        np.stack(stimuli, axis=1) if told else None,
    )


def _tell(clues: Clues, abf: Any) -> datetime | None:
    start = abf.abfDateTime if isinstance(abf.abfDateTime, datetime) else None
    if start is not None and start.year < _NO_YEAR_BEFORE:
        start = None
    clues.hide_date(start, abf.abfDateTimeString)
    clues.hide("comment", abf.abfFileComment, *(abf.tagComments or []))
    clues.hide_path(abf.protocolPath)
    clues.hide("uid", abf.fileGUID if isinstance(abf.fileGUID, str) and len(abf.fileGUID) >= 8 else "")
    return start


def _program(creator: str) -> str:
    return str(creator).split(" ")[0] if creator else ""


reader = Axon()
