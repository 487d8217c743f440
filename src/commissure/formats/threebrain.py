"""3Brain ``.brw`` (BioCAM): HDF5 of raw samples over a square array of electrodes."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.formats.neo_recording import neo_open, neo_streams
from commissure.formats.probes import sites_of
from commissure.model import Channel, Device, Recording, Source

__all__ = ["ThreeBrain", "reader"]

_HDF5 = b"\x89HDF\r\n\x1a\n"


class ThreeBrain:
    """Reads BrainWave's raw recordings, file formats 3 and 4."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a ``.brw`` that is HDF5 and holds 3Brain's groups."""
        for entry in listing.with_suffix(".brw"):
            if listing.head(entry.path, 8) != _HDF5:
                continue
            h5py = need("h5py", purpose="Reading 3Brain recordings")
            with suppress(OSError, RuntimeError), h5py.File(listing.absolute(entry.path), "r") as file:
                if "3BData" in file or any(name.startswith("Well_") for name in file):
                    yield Source("threebrain", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording a well."""
        path = listing.absolute(source.primary)
        raw = neo_open("BiocamRawIO", path)
        sites = sites_of("read_3brain", path)
        recordings = []
        for stream in neo_streams(raw, kind=lambda _, __: "EXT"):
            clues = Clues(source)
            _hide_attributes(clues, path)
            clues.fact("rate_hz", stream.rate_hz)
            channels = tuple(
                Channel(
                    c.name, c.type, c.unit, c.gain, c.offset, site.position_mm, "array", details=site.details
                )
                if (site := sites.get(index)) is not None
                else c
                for index, c in enumerate(stream.channels)
            )
            about = clues.about("ecephys", device=Device("3Brain", "BioCAM"))
            recordings.append(
                Recording(stream.signal, stream.rate_hz, channels, about, space="probe" if sites else "")
            )
        if not recordings:
            raise Unreadable("The 3Brain file holds no samples; copy it again from its source.")
        return recordings


def _hide_attributes(clues: Clues, path: Path) -> None:
    h5py = need("h5py", purpose="Reading 3Brain recordings")
    with h5py.File(path, "r") as file:
        for name in (
            "GUID",
            "ExperimentName",
            "Note",
            "Notes",
            "Author",
            "MasterPath",
            "FileName",
            "ExperimentDateTimeUtc",
        ):
            for holder in (file, *(file[key] for key in ("3BUserInfo", "3BRecInfo") if key in file)):
                value = holder.attrs.get(name)
                if value is not None:
                    clues.hide(
                        "comment", value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    )


reader = ThreeBrain()
