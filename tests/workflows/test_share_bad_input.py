"""Bad input to ``share``: one clear Finding each, the rest of the folder still goes through, nothing half-written."""

import os
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import edfio
import numpy as np
import pytest

from commissure.errors import BadInput, Fault
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.hub import Hub, open_hub
from commissure.model import Finding, Source
from commissure.workflows.search import search
from commissure.workflows.share import ShareOptions, ShareReport, share
from commissure.workflows.sharing import releasing
from commissure.workflows.withdraw import withdraw

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def write_edf(
    path: Path, *, seed: int = 0, person: str = "P1", flat: bool = False, start: str = "2020-01-02"
) -> Path:
    rng = np.random.default_rng(seed)
    volts = [np.zeros(2560) if flat else rng.normal(0, 20, 2560) for _ in range(4)]
    signals = [
        edfio.EdfSignal(v, 256, label=f"EEG {n}", physical_dimension="uV", physical_range=(-300, 300))
        for v, n in zip(volts, ("Fz", "Cz", "Pz", "Oz"), strict=True)
    ]
    when = datetime.fromisoformat(start)
    path.parent.mkdir(parents=True, exist_ok=True)
    edfio.Edf(
        signals,
        patient=edfio.Patient(code=person),
        recording=edfio.Recording(startdate=when.date()),
        starttime=when.time(),
    ).write(path)
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return open_hub(tmp_path / "hub", clock=lambda: NOW)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write_edf(tmp_path / "raw" / "good_task-rest.edf")
    return tmp_path / "raw"


def checks(report: ShareReport) -> set[str]:
    return {finding.check for finding in report.findings}


def the(report: ShareReport, check: str) -> Finding:
    return next(finding for finding in report.findings if finding.check == check)


def goes_through(report: ShareReport, recordings: int = 1) -> None:
    assert report.version == "0.1.0"
    assert sum(name.endswith("_eeg.vhdr") for name in report.files) == recordings
    assert all(counts["errors"] == 0 for counts in report.validators.values())


def test_a_folder_that_is_not_there_is_wrong_use(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        share(hub, tmp_path / "nowhere", now=NOW)


@pytest.mark.parametrize("text", ["title: [", "colour: red", "- a list", "age: {}"])
def test_a_wrong_commissure_yaml_names_what_is_wrong(hub: Hub, raw: Path, text: str) -> None:
    (raw / "commissure.yaml").write_text(text)
    with pytest.raises(BadInput, match=r"commissure\.yaml"):
        share(hub, raw, now=NOW)


def test_truncated_and_empty_files_are_told_and_the_rest_goes_through(hub: Hub, raw: Path) -> None:
    whole = write_edf(raw / "cut.edf", seed=1).read_bytes()
    (raw / "cut.edf").write_bytes(whole[:400])
    (raw / "empty.edf").write_bytes(b"")
    report = share(hub, raw, now=NOW)
    goes_through(report)
    assert {"read.failed", "detect.empty"} <= checks(report) | {f.check for f in report.findings}
    assert "cut" not in the(report, "read.failed").message


def test_a_wrong_extension_is_read_by_its_content(hub: Hub, tmp_path: Path) -> None:
    write_edf(tmp_path / "raw" / "recording.edf").rename(tmp_path / "raw" / "recording.dat")
    goes_through(share(hub, tmp_path / "raw", now=NOW))


def test_a_zip_bomb_is_not_opened(hub: Hub, raw: Path) -> None:
    with zipfile.ZipFile(raw / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (64 << 20))
    report = share(hub, raw, now=NOW)
    goes_through(report)
    assert the(report, "detect.unknown").where.endswith(".zip")


def test_links_that_loop_or_leave_are_not_followed(hub: Hub, raw: Path, tmp_path: Path) -> None:
    (raw / "loop").symlink_to(raw)
    (raw / "self.edf").symlink_to(raw / "self.edf")
    write_edf(tmp_path / "outside.edf", seed=2)
    (raw / "outside.edf").symlink_to(tmp_path / "outside.edf")
    report = share(hub, raw, now=NOW)
    goes_through(report)
    assert sum(finding.check == "detect.link" for finding in report.findings) >= 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_are_told(hub: Hub, raw: Path) -> None:
    write_edf(raw / "locked.edf", seed=3).chmod(0)
    report = share(hub, raw, now=NOW)
    goes_through(report)
    assert "detect.permission" in checks(report)


def test_two_sessions_of_one_subject_become_two_runs(hub: Hub, raw: Path) -> None:
    write_edf(raw / "again" / "good_task-rest.edf", seed=4, start="2020-01-02T10:00:00")
    report = share(hub, raw, now=NOW)
    goes_through(report, recordings=2)
    assert {
        name.split("_run-")[1][:2] for name in report.files if "_run-" in name and name.endswith(".vhdr")
    } == {"01", "02"}


class _Greedy:
    """Claims every EDF file, as sure of it as the EDF reader."""

    def find(self, listing: Listing) -> Iterable[Source]:
        return [Source("greedy", (entry.path,), "bids") for entry in listing.with_suffix(".edf")]

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[object]:
        return []


def test_two_readers_that_claim_one_file_are_an_error_that_lists_both(hub: Hub, raw: Path) -> None:
    READERS.add("greedy", _Greedy())  # type: ignore[arg-type]
    try:
        report = share(hub, raw, now=NOW)
        assert report.exit_code == 3
        message = the(report, "detect.ambiguous").message
        assert "'edf'" in message
        assert "'greedy'" in message
        (raw / "commissure.yaml").write_text("files: [{match: '*.edf', format: edf}]\n")
        goes_through(share(hub, raw, now=NOW))
    finally:
        READERS.drop("greedy")


def test_flat_channels_are_told_and_released(hub: Hub, tmp_path: Path) -> None:
    write_edf(tmp_path / "raw" / "a_task-rest.edf", flat=True)
    report = share(hub, tmp_path / "raw", now=NOW)
    goes_through(report)
    assert "quality.flat" in checks(report)


def test_names_in_any_script_go_through_and_do_not_come_out(hub: Hub, tmp_path: Path) -> None:
    write_edf(tmp_path / "raw" / "Müller_日本語_🙂.edf", person="Mueller")
    report = share(hub, tmp_path / "raw", now=NOW)
    goes_through(report)
    assert not [name for name in report.files if "ller" in name.lower() or "日本" in name]


def test_a_full_disk_leaves_nothing_half_released_and_the_next_call_goes_on(
    hub: Hub, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = type(hub.vault).put, []

    def full(*arguments: object, **named: object) -> object:
        calls.append(named["path"])
        if len(calls) == 5:
            raise Fault(
                "The disk that holds the vault is full; free some space and run it again: nothing is lost."
            )
        return put(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(hub.vault), "put", full)
        with pytest.raises(Fault, match="full"):
            share(hub, raw, now=NOW)
    dataset = releasing.name_dataset(hub, raw, options=ShareOptions())
    assert not (hub.work_folder / dataset / "scratch").exists()
    assert hub.records.releases.versions(dataset) == ()
    goes_through(share(hub, raw, now=NOW))


def test_a_dry_run_plans_and_releases_nothing(hub: Hub, raw: Path) -> None:
    report = share(hub, raw, now=NOW, options=ShareOptions(dry_run=True))
    assert (report.version, report.exit_code) == ("", 0)
    assert report.plan[0]["format"] == "edf"
    assert hub.records.releases.versions(report.dataset) == ()


def test_more_data_make_a_next_version_that_shares_the_bytes_of_the_first(hub: Hub, raw: Path) -> None:
    first = share(hub, raw, now=NOW)
    write_edf(raw / "second_task-rest.edf", seed=9, person="P2")
    second = share(hub, raw, now=NOW)
    assert (second.dataset, second.version) == (first.dataset, "0.2.0")
    old, new = (hub.records.releases.get(first.dataset, version) for version in ("0.1.0", "0.2.0"))
    signal = {asset.sha256 for asset in old.assets if asset.path.endswith(".eeg")}
    assert signal < {asset.sha256 for asset in new.assets}


def test_public_needs_licence_and_consent(hub: Hub, raw: Path) -> None:
    private = share(hub, raw, now=NOW, options=ShareOptions(public=True))
    assert not private.public
    assert "no consent" in the(private, "release.private").message
    public = share(hub, raw, now=NOW, options=ShareOptions(public=True, licence="CC0-1.0", consent="IRB-1"))
    assert public.public


def test_a_withdrawn_subject_is_found_no_more_and_not_shared_again(hub: Hub, raw: Path) -> None:
    write_edf(raw / "second_task-rest.edf", seed=9, person="P2")
    first = share(hub, raw, now=NOW)
    subjects = sorted({name.split("/")[0] for name in first.files if name.startswith("sub-")})
    withdraw(
        hub, first.dataset, subject=subjects[0].removeprefix("sub-"), reason="consent withdrawn", now=NOW
    )
    write_edf(raw / "third_task-rest.edf", seed=10, person="P3")
    after = share(hub, raw, now=NOW)
    assert after.version == "0.3.0"
    assert "govern.withdrawn" in checks(after)
    assert not [name for name in after.files if subjects[0] in name]
    withdraw(hub, first.dataset, reason="consent withdrawn", now=NOW)
    assert search(hub, "EEG", viewer=hub.actor.id).results == ()
