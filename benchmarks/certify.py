"""FAIR scores, validators and badges, on every real recording, in one run.

    python benchmarks/certify.py [--items N] [--crates N]

Peers: the raw folder as the lab has it, judged by the same metrics; and the records of OpenNeuro and DANDI that the
tests carry. The validators are outside programs: mlcroissant, pyshacl, roc-validator; DataCite's rules are our own check.
"""

import argparse
import importlib
import json
import statistics
import sys
import tempfile
import time
import types
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commissure.certify.archives import of_record
from commissure.certify.credential import check_proof
from commissure.certify.datacite import check_datacite, datacite
from commissure.certify.dcat import shapes
from commissure.certify.exports import export
from commissure.certify.fair import assess
from commissure.certify.rocrate import ro_crate
from commissure.hub import Hub, open_hub
from commissure.settings import Settings
from commissure.workflows.browse import show
from commissure.workflows.certify import certify
from commissure.workflows.certify_badge import issue_badge
from commissure.workflows.certify_folder import assess_path
from commissure.workflows.certify_sparql import ask, build
from commissure.workflows.share import ShareOptions, share

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "https://hub.example"


def loaded(name: str):
    """A module of the tests, by file."""
    package = types.ModuleType("certify_tests")
    package.__path__ = [str(ROOT / "tests" / "certify")]
    sys.modules.setdefault("certify_tests", package)
    return importlib.import_module(f"certify_tests.{name}")


def row(name: str, *cells: object) -> None:
    print(f"{name:<44}" + "".join(f"{cell!s:>14}" for cell in cells), flush=True)


class Counts:
    """What the run has seen so far."""

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.raw: list[float] = []
        self.times_ms: list[float] = []
        self.passed: dict[str, list[bool]] = {}
        self.badges = self.crates = self.none = 0


def judge(one: Any, validators: Any, top: Path, *, crate: bool) -> dict[str, bool]:
    """What the validators say of one release."""
    verdicts = {
        "Croissant 1.1, by mlcroissant": not validators.check_croissant(json.loads(export(one, "croissant")))[
            0
        ],
        "DCAT 3, by pyshacl": validators.check_shapes(export(one, "dcat"), shapes())[0],
        "DataCite 4.6, by our check": not check_datacite(datacite(one)),
    }
    if crate:
        wrong = validators.check_crate(
            ro_crate(one.release), Path(tempfile.mkdtemp(dir=top)), profile="ro-crate-1.3"
        )
        verdicts["RO-Crate 1.3, by roc-validator"] = not wrong
    return verdicts


def release(hub: Hub, item: str, counts: Counts, validators: Any, *, top: Path, crates: int) -> None:
    """Share an item, certify it and count what came of it."""
    said = ShareOptions(
        licence="CC0-1.0",
        consent="DUO:0000042",
        public=True,
        authors=("Ada Example",),
        keywords=("test recording",),
        dataset=f"ds-{item.replace('_', '-')}",
    )
    if not share(hub, DATA / item, now=NOW, options=said).version:
        counts.none += 1
        return
    counts.raw.append(assess_path(DATA / item, validate=False).fair.percent)
    begun = time.perf_counter()
    found = certify(hub, show(hub, said.dataset, viewer="", now=NOW), viewer="", now=NOW, origin=ORIGIN)
    counts.times_ms.append(1000 * (time.perf_counter() - begun))
    counts.found.append(found)
    for name, ok in judge(found.one, validators, top, crate=counts.crates < crates).items():
        counts.passed.setdefault(name, []).append(ok)
    counts.crates += 1
    counts.badges += not check_proof(issue_badge(hub, said.dataset, now=NOW, origin=ORIGIN))


def tell(counts: Counts, items: int, fair: Any) -> None:
    """The tables of validators, scores and badges."""
    print(
        f"{len(counts.found)} releases of {items} real items; {counts.none} could not be released "
        "(headers only, or a face left)\n"
    )
    row("validators", "pass", "of")
    for name, verdict in counts.passed.items():
        row(name, sum(verdict), len(verdict))
    row("badges signed and verified", counts.badges, len(counts.found))
    print()
    row("F-UJI's metrics v0.8, per cent", "median", "least")
    row("raw folders, as the lab has them", f"{statistics.median(counts.raw):.1f}", f"{min(counts.raw):.1f}")
    for name, record in (
        ("OpenNeuro record (fixture)", fair.OPENNEURO),
        ("DANDI record (fixture)", fair.DANDI),
    ):
        row(name, f"{assess(of_record(record)).fair.percent:.1f}", "")
    percents = [found.assessment.fair.percent for found in counts.found]
    row("releases of a hub", f"{statistics.median(percents):.1f}", f"{min(percents):.1f}")
    whole = [found.assessment.score.percent for found in counts.found]
    row("the same with the checks of the data", f"{statistics.median(whole):.1f}", f"{min(whole):.1f}")
    print()
    row("levels of badges", "releases")
    for level in ("findable", "standard", "quality-checked", "reproducible", "ethical"):
        row(level, sum(level in found.levels for found in counts.found))


def clock(hub: Hub, times_ms: list[float]) -> None:
    """How long certifying and asking take."""
    print()
    row("times, milliseconds", "median", "most")
    row("assess a release", f"{statistics.median(times_ms):.0f}", f"{max(times_ms):.0f}")
    begun = time.perf_counter()
    build(hub)
    row("build the SPARQL store, all releases", f"{1000 * (time.perf_counter() - begun):.0f}", "")
    asked = []
    for _ in range(9):
        begun = time.perf_counter()
        ask(
            hub,
            "SELECT ?d ?t WHERE { ?d a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> ?t }",
        )
        asked.append(1000 * (time.perf_counter() - begun))
    row("a SPARQL query, in its own process", f"{statistics.median(asked):.0f}", f"{max(asked):.0f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=0, help="only the N smallest")
    parser.add_argument(
        "--crates", type=int, default=5, help="how many crates roc-validator judges (it takes seconds each)"
    )
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    validators, fair = loaded("validators"), loaded("test_fair")
    manifest = json.loads((DATA / "manifest.json").read_text())
    manifest.sort(key=lambda item: sum(file["bytes"] for file in item["files"]))
    items = [item["id"] for item in manifest][: chosen.items or None]
    counts = Counts()
    with tempfile.TemporaryDirectory(prefix="certify-", ignore_cleanup_errors=True) as folder:
        top = Path(folder)
        hub = open_hub(top / "hub", settings=Settings(hub=str(top / "hub"), jobs="inline"), clock=lambda: NOW)
        for item in items:
            release(hub, item, counts, validators, top=top, crates=chosen.crates)
        tell(counts, len(items), fair)
        clock(hub, counts.times_ms)
        hub.close()


if __name__ == "__main__":
    main()
