"""A hub with a public and a private release of real bytes, served over loopback, for the clients people already have."""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from commissure.faces.http.app import create_app
from commissure.faces.http.auth import issue
from commissure.hub import Hub, open_hub
from commissure.model import Consent, Dataset, Release
from commissure.settings import Settings
from commissure.testing.signals import planted, write_edf
from commissure.workflows.harvest import index_release

sys.path.insert(0, str(Path(__file__).parent))
from loopback import serving  # noqa: E402

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATE_HZ, SAMPLES = 200.0, 20_000


def nwb_bytes(folder: Path) -> tuple[bytes, np.ndarray]:
    """A small NWB file with a planted signal."""
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries

    signal = np.arange(SAMPLES, dtype=np.float32) * 1e-6
    file = NWBFile("planted ramp", "ramp-1", NOW)
    file.add_acquisition(TimeSeries(name="ramp", data=signal, unit="V", rate=RATE_HZ))
    path = folder / "ramp.nwb"
    with NWBHDF5IO(str(path), "w") as io_:
        io_.write(file)
    return path.read_bytes(), signal


def add(hub: Hub, name: str, *, files: dict[str, bytes], metadata: dict[str, Any], public: bool) -> Release:
    """A release with real bytes in the vault."""
    assets = tuple(
        hub.vault.put(io.BytesIO(data), path=path, dataset=name, subject="01" if "sub-01" in path else "",
                      encrypt="sub-01" in path, media_type="")
        for path, data in files.items()
    )  # fmt: skip
    dataset = Dataset(name, str(metadata["title"]), "local", NOW.isoformat(), public)
    release = Release(
        name, hub.records.releases.next_version(name), f"{abs(hash(name)):064x}"[-64:], assets, "bids", public,
        metadata, (), (), NOW.isoformat(),
    )  # fmt: skip
    made = hub.records.releases.add(dataset, release, by="local", consents={"": Consent("IRB-2026-17")})
    index_release(hub, made)
    return made


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Hub, address, the owner's token, files and the planted signal."""
    folder = tmp_path_factory.mktemp("dialects")
    hub = open_hub(folder / "hub", settings=Settings(hub=str(folder / "hub"), jobs="inline"))
    nwb, signal = nwb_bytes(folder)
    truth = planted(rng=np.random.default_rng(7))
    edf = write_edf(folder, truth).read_bytes()
    files = {
        "README": b"Two subjects looked at pictures.\n",
        "dataset_description.json": b'{"Name": "Sample", "BIDSVersion": "1.10.0"}',
        "participants.tsv": b"participant_id\tage\tsex\nsub-01\t71\tF\nsub-02\t68\tM\n",
        "sub-01/eeg/sub-01_task-memory_eeg.edf": edf,
        "sub-01/sub-01_ramp.nwb": nwb,
        "empty.txt": b"",
    }
    metadata = {
        "title": "EEG of visual memory", "description": "Two people over 65 looked at pictures.",
        "modality": ["eeg"], "species": ["Homo sapiens"], "subjects": 2, "task": ["memory"], "licence": "CC0-1.0",
        "authors": ["Ada Lovelace", "Santiago Ramon"], "sex": {"F": 1, "M": 1}, "age_years": [68, 71],
        "keywords": ["memory"], "doi": "10.5072/abc",
    }  # fmt: skip
    add(hub, "ds-open", files=files, metadata=metadata, public=True)
    add(
        hub,
        "ds-closed",
        files={"README": b"Not for everybody.\n"},
        metadata={"title": "Closed"},
        public=False,
    )
    with serving(create_app(hub)) as address:
        yield SimpleNamespace(
            hub=hub,
            address=address,
            token=issue(hub, "local"),
            files=files,
            signal=signal,
            metadata=metadata,
            truth=truth,
        )
    hub.close()
