"""FAIR: the metrics and their sums, what each source shows, and that a repair earns what it says."""

import json
from pathlib import Path

import pytest

from commissure.certify.archives import of_record
from commissure.certify.evidence import Evidence, is_persistent
from commissure.certify.fair import assess
from commissure.certify.metrics import METRICS
from commissure.certify.repair import Said
from commissure.certify.sources import of_page
from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.workflows.browse import show
from commissure.workflows.certify import certify, history, keep
from commissure.workflows.certify_folder import assess_path, fix_folder

from .conftest import NOW, ORIGIN

#: ids and totals of F-UJI's metrics v0.8, as its own YAML lists them
FUJI = {
    "FsF-F1-01MD": 1, "FsF-F1-02MD": 1, "FsF-F2-01M": 2, "FsF-F3-01M": 1, "FsF-F4-01M": 2, "FsF-A1-01M": 1, "FsF-A1-02MD": 2,
    "FsF-A1.1-01MD": 2, "FsF-A1.2-01MD": 2, "FsF-I1-01M": 2, "FsF-I2-01M": 2, "FsF-I3-01M": 2, "FsF-R1-01M": 2,
    "FsF-R1.1-01M": 1, "FsF-R1.2-01M": 1, "FsF-R1.3-01M": 1, "FsF-R1.3-02D": 1,
}  # fmt: skip
PAGE = """<!doctype html><html><head><title>x</title><link rel="cite-as" href="https://doi.org/10.5281/zenodo.1234567">
<link rel="describedby" type="application/ld+json" href="/x.jsonld"><link rel="alternate" type="application/rss+xml" href="/feed">
<script type="application/ld+json">{"@context": "https://schema.org/", "@graph": [{"@type": "WebSite", "name": "no"}, {"@type": "Dataset",
"name": "Tapping", "description": "People tapped.", "creator": {"@type": "Person", "name": "Ada"}, "publisher": {"name": "Z"},
"datePublished": "2026-01-01", "keywords": "eeg, motor", "license": "https://creativecommons.org/licenses/by/4.0/",
"isAccessibleForFree": true, "distribution": {"@type": "DataDownload", "contentUrl": "https://z.example/a.edf", "encodingFormat": "EDF",
"contentSize": "3 B"}, "isBasedOn": "https://doi.org/10.1000/xyz"}]}</script></head><body>a</body></html>"""
DANDI = {
    "schemaKey": "Dandiset", "id": "DANDI:000003/0.210813.0327", "doi": "10.48324/dandi.000003/0.210813.0327",
    "url": "https://dandiarchive.org/dandiset/000003/0.210813.0327", "name": "Granule cells", "description": "Recordings of mice.",
    "contributor": [{"schemaKey": "Person", "name": "Senzai, Y", "roleName": ["dcite:Author"]}, {"name": "NIH", "roleName": ["dcite:Funder"]}],
    "license": ["spdx:CC-BY-4.0"], "datePublished": "2021-08-13", "keywords": ["mossy cells"],
    "access": [{"schemaKey": "AccessRequirements", "status": "dandi:OpenAccess"}],
    "relatedResource": [{"identifier": "doi:10.1016/j.neuron.2016.12.011", "relation": "dcite:IsDescribedBy"}],
    "manifestLocation": ["https://api.dandiarchive.org/api/dandisets/000003/versions/0.210813.0327/assets/"],
    "assetsSummary": {"numberOfBytes": 5, "species": [{"name": "House mouse", "identifier": "http://purl.obolibrary.org/obo/NCBITaxon_10090"}],
                      "dataStandard": [{"name": "Neurodata Without Borders (NWB)", "identifier": "RRID:SCR_015242"}],
                      "variableMeasured": ["Units"]},
}  # fmt: skip
OPENNEURO = {"data": {"snapshot": {
    "id": "ds000001:1.0.0", "tag": "1.0.0", "created": "2018-07-17", "readme": "Balloon task.",
    "description": {"Name": "Balloon", "BIDSVersion": "1.0.0", "License": "PDDL", "Authors": ["T. Schonberg"],
                    "DatasetDOI": "10.18112/openneuro.ds000001.v1.0.0", "ReferencesAndLinks": ["a paper"]},
    "summary": {"modalities": ["MRI"], "tasks": ["balloon"], "size": 5}, "validation": {"errors": 2, "warnings": 1}}}}  # fmt: skip


def points(found: object, id: str) -> float:
    return next(one.points for one in found.results if one.id == id)  # type: ignore[attr-defined]


def test_the_metrics_are_fujis_seventeen_with_its_points() -> None:
    assert {metric.id: metric.total for metric in METRICS} == FUJI
    nothing = assess(Evidence(kind="page"))
    assert (nothing.fair.points, nothing.fair.of) == (0, 26)
    assert len(nothing.findings) == 17
    assert all(finding.remedy for finding in nothing.findings)


def test_a_saved_page_earns_what_it_shows() -> None:
    found = assess(of_page(PAGE))
    assert (
        points(found, "FsF-F1-02MD") == 1
        and points(found, "FsF-F2-01M") == 2
        and points(found, "FsF-I1-01M") == 2
    )
    assert points(found, "FsF-R1.1-01M") == 1 and points(found, "FsF-I3-01M") == 2
    assert points(found, "FsF-I2-01M") == 0  # no registered vocabulary
    assert points(found, "FsF-R1.2-01M") == 1  # PROV-DC maps creator, but no PROV terms; one of two suffices
    assert "data.valid" in found.skipped
    without = assess(
        of_page(
            PAGE.replace("creativecommons.org/licenses/by/4.0/", "")
            .replace("https://", "x", 0)
            .replace('"license": "https://"', '"l": ""')
        )
    )
    assert points(without, "FsF-R1.1-01M") == 0
    tags = assess(
        of_page("<meta name='citation_title' content='T'><meta name='citation_author' content='A'>")
    )
    assert points(tags, "FsF-F4-01M") == 2 and points(tags, "FsF-I1-01M") == 0


@pytest.mark.parametrize(
    "junk",
    [
        "<script type='application/ld+json'>{not json</script>",
        "<p>" * 5000,
        '<script type=\'application/ld+json\'>[1, null, "x", {"@type": 3}]</script>',
    ],
)
def test_a_broken_page_earns_nothing_and_breaks_nothing(junk: str) -> None:
    assert assess(of_page(junk)).fair.points <= 2
    with pytest.raises(BadInput):
        of_page("no tags here")


def test_records_of_archives_are_read() -> None:
    dandi = assess(of_record(DANDI))
    assert dandi.fair.points == 24  # all but JSON-LD in the page
    assert "data.consent" in dandi.skipped  # mice give none
    openneuro = assess(of_record(OPENNEURO))
    assert (
        points(openneuro, "FsF-F1-02MD") == 1
        and points(openneuro, "data.valid") == 0
        and points(openneuro, "data.consent") == 0
    )
    assert points(openneuro, "FsF-R1.1-01M") == 1
    with pytest.raises(BadInput, match="neither"):
        of_record({"description": "x"})
    assert (
        assess(of_record({"schemaKey": "Dandiset", "assetsSummary": None, "contributor": None})).fair.points
        < 8
    )


def test_a_release_of_a_hub_earns_nearly_all(hub: Hub, dataset: str) -> None:
    shown = show(hub, dataset, viewer="", now=NOW)
    found = certify(hub, shown, viewer="", now=NOW, origin=ORIGIN)
    assert found.assessment.fair.points == 25.5  # its ARK is not registered
    assert points(found.assessment, "data.valid") == 2 and points(found.assessment, "data.consent") == 2
    assert points(found.assessment, "data.units") == 1  # channels have units; the sample has no positions
    assert points(found.assessment, "data.hed") == 0
    assert set(found.levels) == {"findable", "standard", "quality-checked", "reproducible", "ethical"}
    assert is_persistent(found.one.ark)
    bare = certify(hub, shown, viewer="", now=NOW)
    assert bare.assessment.principles["accessible"].points < found.assessment.principles["accessible"].points


def test_scores_have_a_history_without_doubles(hub: Hub, dataset: str) -> None:
    found = certify(hub, show(hub, dataset, viewer="", now=NOW), viewer="", now=NOW, origin=ORIGIN)
    keep(hub, found, now=NOW)
    assert not keep(hub, found, now=NOW)
    lines = history(hub, dataset)
    assert [line.body["score"] for line in lines][-1] == found.assessment.score.percent


def bids(folder: Path) -> Path:
    (folder / "sub-01" / "eeg").mkdir(parents=True)
    stem = folder / "sub-01" / "eeg" / "sub-01_task-rest"
    (folder / "dataset_description.json").write_text(
        json.dumps({"Name": "Rest", "BIDSVersion": "1.10.0", "Authors": ["Ada L."]})
    )
    Path(f"{stem}_eeg.edf").write_bytes(b"0" * 300)
    Path(f"{stem}_channels.tsv").write_text("name\ttype\tunits\nCz\tEEG\tuV\nFz\tEEG\tn/a\n")
    Path(f"{stem}_events.tsv").write_text("onset\tduration\tHED\n1\t0\tSensory-event\n")
    return folder


def test_a_folder_is_judged_by_its_data_and_repaired_without_invention(tmp_path: Path) -> None:
    folder = bids(tmp_path / "b")
    before = assess_path(folder, validate=False)
    assert points(before, "data.units") == 0.5  # one channel of two has a unit, no electrode a place
    assert (
        points(before, "data.hed") == 2
        and points(before, "data.consent") == 0
        and points(before, "FsF-R1.1-01M") == 0
    )
    said = Said(licence="CC-BY-4.0", keywords=("rest",), consent="DUO:0000042")
    planned = fix_folder(folder, said=said, dry_run=True)
    assert not (folder / "CITATION.cff").exists()
    done = fix_folder(folder, said=said)
    assert (
        done.written
        == planned.written
        == (
            ".bidsignore",
            "CITATION.cff",
            "LICENSE",
            "README.md",
            "dataset.jsonld",
            "dataset_description.json",
        )
    )
    assert done.after.score.points > done.before.score.points
    after = assess_path(folder, validate=False)
    assert after.score == done.after.score
    assert points(after, "FsF-R1.1-01M") == 1 and points(after, "data.consent") == 2
    described = json.loads((folder / "dataset_description.json").read_text())
    assert described["Authors"] == ["Ada L."] and described["License"] == "CC-BY-4.0"
    document = json.loads((folder / "dataset.jsonld").read_text())
    assert not {"identifier", "datePublished", "publisher", "description"} & set(document)
    assert fix_folder(folder, said=said).written == ()


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    folder = bids(tmp_path / "b")
    (folder / "README.md").write_text("mine")
    (folder / "LICENSE").write_text("mine")
    done = fix_folder(folder, said=Said(licence="CC0-1.0", authors=("Somebody Else",)))
    assert (folder / "README.md").read_text() == (folder / "LICENSE").read_text() == "mine"
    assert json.loads((folder / "dataset_description.json").read_text())["Authors"] == ["Ada L."]
    assert "README.md" not in done.written


def test_wrong_targets_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        assess_path(tmp_path / "none")
    with pytest.raises(BadInput, match="no file"):
        assess_path(tmp_path)
    for name, text in (("a.json", "nonsense"), ("b.json", "[1]"), ("c.txt", "x"), ("d.json", "{}")):
        (tmp_path / name).write_text(text)
        with pytest.raises(BadInput):
            assess_path(tmp_path / name)
