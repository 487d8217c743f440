"""Whatever bytes and names lie in a folder, the neurophysiology readers look and never fail."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissure.errors import CommissureError
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS

NAMES = (
    "intan", "openephys", "spikeglx", "blackrock", "plexon", "axon", "maxwell", "threebrain", "binary", "phy", "tiff",
    "suite2p", "deeplabcut", "video", "eyelink", "nwb",
)  # fmt: skip
MARKS = [
    b"\x02\x27\x91\xc6", b"\xac\x27\x91\xd6", b"{", b"nSavedChans=385\ntypeThis=imec\n", b"NEURALCD", b"NEURALEV", b"PLEX",
    b"ABF2", b"ABF ", b"\x89HDF\r\n\x1a\n", b'{"sample_rate": 1e4, "n_channels": 2}', b"\x93NUMPY", b"II*\x00", b"MM\x00*",
    b"scorer,a,a\nbodyparts,n,n\ncoords,x,y\n", b"\x00\x00\x00\x18ftypisom", b"RIFF\x00\x00\x00\x00AVI avih",
    b"** CONVERTED FROM x.edf\n", b"",
]  # fmt: skip
FILES = [
    "a.rhd", "info.rhs", "structure.oebin", "a.meta", "a.bin", "a.ns5", "a.nev", "a.plx", "a.abf", "a.raw.h5", "a.h5", "a.brw",
    "a.dat", "info.json", "params.py", "spike_times.npy", "spike_clusters.npy", "stat.npy", "F.npy", "a.tif", "a.csv",
    "config.yaml", "a.mp4", "a.avi", "a.asc", "a.nwb", "x-4ch-1s.dat",
]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(FILES), st.sampled_from(MARKS), st.binary(max_size=120)), max_size=6)
)
def test_detection_never_fails_and_reading_fails_in_one_clear_way(
    files: list[tuple[str, bytes, bytes]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        for path, mark, rest in files:
            (Path(name) / path).write_bytes(mark + rest)
        listing = Listing.of(Path(name))
        for reader in NAMES:
            for source in READERS.get(reader).find(listing):
                assert source.standard == "nwb"
                assert all(listing.has(path) for path in source.files)
                if source.complete:
                    try:
                        READERS.get(reader).read(source, listing, scratch=Path(name))
                    except CommissureError as error:
                        assert "\n" not in str(error)


@pytest.mark.realdata
def test_no_two_readers_claim_the_same_real_file(shared: Path) -> None:
    for item in sorted((shared / "data").iterdir()):
        if not item.is_dir() or not item.name.startswith(("ephys", "ophys", "behav", "nwb")):
            continue
        listing = Listing.of(item)
        claims: dict[str, str] = {}
        for reader in NAMES:
            for source in READERS.get(reader).find(listing):
                for path in source.files:
                    assert claims.setdefault(path, reader) == reader
        assert claims
