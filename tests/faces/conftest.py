"""A hub with a small catalogue, made straight through the records, and a server over it."""

import io
import json
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn

from commissure.faces.http.app import create_app
from commissure.faces.http.auth import issue
from commissure.hub import Hub, open_hub
from commissure.model import Activity, Consent, Dataset, Finding, Release, Severity, Software
from commissure.settings import Settings
from commissure.store.catalogue import take_on

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> \"quoted\" & </title>"
KINDS = (
    (
        "eeg",
        "Homo sapiens",
        "EEG during visual memory in mild cognitive impairment",
        "visualmemory",
        "CC0-1.0",
    ),
    ("ecephys", "Mus musculus", "Neuropixels in mouse visual cortex", "drifting gratings", "CC-BY-4.0"),
    ("anat", "Homo sapiens", "Structural MRI of healthy ageing", "rest", "CC-BY-4.0"),
    (
        "ophys",
        "Mus musculus",
        "Two-photon imaging of hippocampal place cells",
        "linear track",
        "CC-BY-NC-4.0",
    ),
    ("meg", "Homo sapiens", "MEG of naturalistic speech listening", "listening", "CC0-1.0"),
    ("icephys", "Rattus norvegicus", "Patch clamp of layer 5 pyramidal cells", "", "ODbL-1.0"),
)
FILES = {
    "README": b"A sample session.\n\nTwo subjects looked at pictures.\n",
    "dataset_description.json": json.dumps({"Name": "Sample", "BIDSVersion": "1.10.0"}, indent=2).encode(),
    "participants.tsv": b"participant_id\tage\tsex\nsub-01\t71\tF\nsub-02\t68\tM\n",
    "sub-01/eeg/sub-01_task-memory_eeg.edf": bytes(range(256)) * 400,
    "sub-01/eeg/sub-01_task-memory_events.tsv": b"onset\tduration\ttrial_type\n0.4\t0.2\tblink\n",
}


def about(index: int) -> tuple[Dataset, Release]:
    """The ``index``-th dataset of a made-up catalogue, without bytes."""
    modality, species, title, task, licence = KINDS[index % len(KINDS)]
    public = index % 11 != 10
    name = f"ds-{index:05d}"
    metadata = {
        "title": f"{title}, cohort {index}",
        "description": f"{title}: recordings of {8 + index % 40} subjects, shared by a lab.",
        "modality": [modality], "species": [species], "task": [task] if task else [], "subjects": 8 + index % 40,
        "licence": licence, "authors": ["Ada L.", "Santiago R."], "device": [f"Maker {index % 5}"],
    }  # fmt: skip
    created = (NOW - timedelta(minutes=index)).isoformat()
    dataset = Dataset(name, str(metadata["title"]), "local", created, public)
    standard = "nwb" if modality in {"ecephys", "ophys", "icephys"} else "bids"
    return dataset, Release(name, "0.1.0", f"{index:064x}", (), standard, public, metadata, created=created)


def fill(hub: Hub, count: int, *, pages: bool = True) -> None:
    """Put ``count`` datasets into the catalogue, in one transaction; quicker if only lists are wanted, not their pages."""
    with hub.ledger.transaction() as connection:
        for index in range(count):
            dataset, release = about(index)
            if pages:
                body = {"release": release.id, "digest": release.digest}
                hub.ledger.write(connection, "release", body, at=release.created, by="local")
            take_on(connection, release, dataset=dataset, rank=index + 1)
            if pages:
                hub.records.releases._insert(connection, release)


def add_full(
    hub: Hub,
    name: str = "ds-full",
    *,
    title: str = "EEG of visual memory in two subjects",
    public: bool = True,
) -> Release:
    """A release with real bytes in the vault, Findings and Activities."""
    assets = tuple(
        hub.vault.put(io.BytesIO(data if name == "ds-full" else data + name.encode()), path=path, dataset=name, subject="01" if "sub-01" in path else "",
                      encrypt="sub-01" in path, media_type="text/plain")
        for path, data in FILES.items()
    )  # fmt: skip
    hashes = tuple(f"sha256:{asset.sha256}" for asset in assets)
    raw = tuple(f"sha256:{name}-{number}" for number in range(3))
    steps = (
        Activity("read", raw, (f"sha256:{name}-a", f"sha256:{name}-b"), "local", (Software("mne", "1.9.0"),)),
        Activity(
            "deidentify",
            (f"sha256:{name}-a", f"sha256:{name}-b"),
            (f"sha256:{name}-c",),
            "local",
            (Software("commissure", "0.1.0"),),
        ),
        Activity(
            "standardize",
            (f"sha256:{name}-c",),
            hashes[3:],
            "local",
            (Software("mne-bids", "0.16"), Software("edfio", "0.4")),
        ),
        Activity("quality", hashes[3:4], (f"sha256:{name}-q",), "local", (Software("commissure", "0.1.0"),)),
        Activity("describe", hashes[3:], hashes[:3], "local", (Software("commissure", "0.1.0"),)),
    )
    findings = (
        Finding(
            "quality.flat",
            Severity.WARNING,
            "Channel Cz is flat for 12 s.",
            "sub-01",
            "Mark it bad before averaging.",
        ),
        Finding(
            "bids.README_TOO_SHORT",
            Severity.INFO,
            "The README is short.",
            "README",
            "Say how the data were recorded.",
        ),
    )
    metadata = {
        "title": title, "description": "Two people over 65 looked at pictures and said later which ones they knew.",
        "modality": ["eeg"], "species": ["Homo sapiens"], "subjects": 2, "sessions": 2, "task": ["memory"],
        "licence": "CC0-1.0", "authors": ["Ada L.", "Santiago R."], "device": ["BrainProducts actiCHamp"],
        "sex": {"F": 1, "M": 1}, "age_years": [68, 71], "duration_s": 754.2, "consent": "IRB-2026-17",
        "keywords": ["memory", "ageing"], "validators": {"bids": {"errors": 0, "warnings": 2}},
    }  # fmt: skip
    dataset = Dataset(name, title, "local", NOW.isoformat(), public)
    release = Release(name, hub.records.releases.next_version(name), f"{zlib.crc32(name.encode()):064x}", assets, "bids",
                      public, metadata, findings, steps, NOW.isoformat())  # fmt: skip
    return hub.records.releases.add(dataset, release, by="local", consents={"": Consent("IRB-2026-17")})


def made(folder: Path, count: int = 60) -> Hub:
    """A hub in ``folder`` with ``count`` datasets and three whole ones."""
    hub = open_hub(folder, settings=Settings(hub=str(folder), jobs="inline"))
    fill(hub, count)
    add_full(hub)
    add_full(hub, "ds-hostile", title=HOSTILE)
    add_full(hub, "ds-private", title="Not for everybody", public=False)
    return hub


@pytest.fixture(scope="session")
def samples() -> SimpleNamespace:
    """The makers above, for tests that want a hub of their own."""
    return SimpleNamespace(made=made, fill=fill, add_full=add_full, files=FILES, hostile=HOSTILE)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with a catalogue; one a file of tests, for what one file publishes another must not count."""
    found = made(tmp_path_factory.mktemp("faces") / "hub")
    yield found
    found.close()


@pytest.fixture(scope="module")
def token(hub: Hub) -> str:
    """The owner's token."""
    return issue(hub, "local")


@pytest.fixture(scope="module")
def address(hub: Hub) -> Iterator[str]:
    """A server over the hub, on a free port of loopback."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(hub), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)
