"""Recordings that tell a name and no id: people whose names differ are not made one."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from commissure.hub import open_hub
from commissure.testing import signals
from commissure.testing.clinic_bytes import write_micromed
from commissure.workflows.share import ShareOptions, ShareReport, share

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _shared(tmp_path: Path, people: dict[str, str], *, keep_labels: bool = False) -> ShareReport:
    truth = signals.planted(seconds=2.0, rng=np.random.default_rng(0))
    raw = tmp_path / "raw"
    raw.mkdir()
    for stem, name in people.items():
        one = replace(truth, identifiers={**truth.identifiers, "id": "", "name": name}, events=())
        write_micromed(raw, one, name=f"{stem}.trc")
    return share(
        open_hub(tmp_path / "hub"), raw, now=NOW, options=ShareOptions(licence="CC0-1.0", consent="DUO:0000042", keep_labels=keep_labels)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("people", "count"),
    [
        ({"r1": "Ada Wexelblat", "r2": "Santiago Obregon"}, 2),
        ({"r1": "Ada Wexelblat", "r2": "WEXELBLAT^ADA"}, 1),
        ({"r1": "Ada Wexelblat", "r2": ""}, 1),
        ({"r1": "", "r2": ""}, 1),
    ],
)
@pytest.mark.parametrize("keep_labels", [False, True])
def test_names_tell_people_apart(
    tmp_path: Path, people: dict[str, str], count: int, *, keep_labels: bool
) -> None:
    report = _shared(tmp_path, people, keep_labels=keep_labels)
    hub = open_hub(tmp_path / "hub")
    release = hub.records.releases.get(report.dataset, report.version)
    subjects = {asset.path.split("/")[0] for asset in release.assets if asset.path.startswith("sub-")}
    assert len(subjects) == count
    assert not any(word in str(release).casefold() for word in ("wexelblat", "obregon"))
    assert any(finding.check == "read.unnamed" for finding in report.findings) == (count > 1)
