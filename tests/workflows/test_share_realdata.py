"""The main job on every real item: it ends well or says why, is valid, and tells nothing of a person."""

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commissure.annotate.face import check_tree_faces
from commissure.hub import open_hub
from commissure.model import About, Subject, Tree
from commissure.workflows.get import get
from commissure.workflows.share import share

SHARED = Path(__file__).parents[3] / "shared"
MANIFEST = SHARED / "data" / "manifest.json"
ITEMS: list[dict[str, Any]] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
pytestmark = [pytest.mark.realdata, pytest.mark.slow]

#: items that hold headers only
HEADERS_ONLY = {"ephys_spikeglx_meta": "detect.incomplete", "ephys_openephys_meta": "detect.incomplete"}
#: keys of the manifest's ids whose values tell who, where or when
PERSONAL = {"his_id", "id", "first_name", "last_name", "experimenter", "hostnames", "path", "meas_date", "date", "PatientName",
            "PatientID", "PatientBirthDate", "InstitutionName", "InstitutionAddress", "StudyDate", "DeviceSerialNumber",
            "StationName"}  # fmt: skip
GENERIC = {"default", "unspecified", "anonymous", "unknown", "none", "test"}


def needles(ids: dict[str, Any]) -> set[str]:
    """What must not be found: the values, the parts of names, and dates in their usual spellings."""
    found: set[str] = set()
    for key, value in ids.items():
        text = str(value).strip("{}'\" ")
        if key not in PERSONAL or not text:
            continue
        if key in {"meas_date", "date", "StudyDate", "PatientBirthDate"}:
            digits = re.sub(r"\D", "", text)[:8]
            found |= {
                digits,
                f"{digits[:4]}-{digits[4:6]}-{digits[6:]}",
                f"{digits[6:]}.{digits[4:6]}.{digits[:4]}",
            }
            continue
        if key == "path":
            found |= {
                text,
                *re.findall(r"[\\/][Uu]sers[\\/]([^\\/]+)", text),
                *re.findall(r"[^\\/]+\.pro$", text),
            }
            continue
        found |= {text, *re.split(r"[\^_@,]", text)}
    return {word for word in found if len(word) >= 4 and word.lower() not in GENERIC and not word.isspace()}


def found_in(folder: Path, words: set[str]) -> list[str]:
    """Like ``grep -ri`` over decompressed bytes, in UTF-8 and UTF-16, also in the names."""
    hits = []
    for path in sorted(folder.rglob("*")):
        data = path.name.encode()
        if path.is_file():
            raw = path.read_bytes()
            data += gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        lowered = data.lower()
        for word in words:
            for spelling in (word.lower().encode(), word.lower().encode("utf-16-le")):
                pattern = re.escape(spelling)
                if len(word) <= 5 and word.isalnum():
                    pattern = rb"(?<![a-z0-9+/])" + pattern + rb"(?![a-z0-9+/])"
                if re.search(pattern, lowered):
                    hits.append(f"{path.suffix}: a value of {len(word)} characters")
    return hits


@pytest.mark.parametrize("item", ITEMS, ids=[item["id"] for item in ITEMS])
def test_a_real_item_becomes_a_valid_release_that_tells_nobody(item: dict[str, Any], tmp_path: Path) -> None:
    folder = SHARED / "data" / item["id"]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    hub = open_hub(tmp_path / "hub", clock=lambda: NOW)
    report = share(hub, folder, now=NOW)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    if item["id"] in HEADERS_ONLY:
        assert report.exit_code == 3
        assert HEADERS_ONLY[item["id"]] in {finding.check for finding in report.findings}
        return
    assert report.version, report.findings
    if "face" in item["id"]:
        assert "protect.defaced" in {finding.check for finding in report.findings}
    assert report.validators
    assert all(counts["errors"] == 0 for counts in report.validators.values())
    again = share(hub, folder, now=NOW)
    assert (again.unchanged, again.version, again.files) == (True, report.version, report.files)
    out = tmp_path / "out"
    get(hub, f"{report.dataset}@{report.version}", into=out, now=NOW)
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == set(report.files)
    assert found_in(out, needles(item["content"].get("ids", {}))) == []
    tree = Tree("bids", out, tuple(report.files), About("anat", Subject("")))
    assert check_tree_faces(tree) == ((), ())
    said = json.dumps(report.to_dict()).lower()
    assert not [word for word in needles(item["content"].get("ids", {})) if word.lower() in said]
