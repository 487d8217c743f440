"""Every export is accepted by the validator of those who read it, and says nothing that is not known."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from commissure.certify.datacite import check_datacite, datacite
from commissure.certify.dcat import catalogue, dcat, shapes
from commissure.certify.described import Described
from commissure.certify.exports import EXPORTS, export, wanted
from commissure.certify.rdf import convert
from commissure.certify.rocrate import ro_crate
from commissure.errors import BadInput
from commissure.model import Release

from .validators import check_crate, check_croissant, check_shapes


def nothing(one: Described) -> Described:
    """A private release of which nothing but its files is known."""
    return replace(
        one, dataset=None, release=replace(one.release, metadata={}, public=False, activities=(), findings=())
    )


@pytest.fixture(params=["full", "bare", "no page", "tombstone"])
def each(request: pytest.FixtureRequest, one: Described) -> Described:
    return {
        "full": one,
        "bare": nothing(one),
        "no page": replace(one, url="", doi="10.5072/x"),
        "tombstone": replace(one, release=replace(one.release, withdrawn=True, assets=())),
    }[request.param]


def test_croissant_is_read_by_mlcroissant_with_its_rai_fields(each: Described) -> None:
    document = json.loads(export(each, "croissant"))
    errors, metadata = check_croissant(document)
    assert errors == []
    assert metadata.ctx.is_v1_1()
    if each.release.assets and each.release.metadata:
        assert [file.sha256 for file in metadata.distribution] == [
            asset.sha256 for asset in each.release.assets
        ]
        said = metadata.to_json()
        assert said["rai:personalSensitiveInformation"] and said["rai:dataCollection"]
        assert document["conformsTo"][0].endswith("/1.1")


def test_mlcroissant_would_tell_a_wrong_document(one: Described) -> None:
    document = json.loads(export(one, "croissant"))
    del document["distribution"][0]["contentUrl"]
    assert any("contentUrl" in message for message in check_croissant(document)[0])


def test_dcat_meets_its_shapes_and_a_broken_one_does_not(each: Described) -> None:
    ok, told = check_shapes(export(each, "dcat"), shapes())
    assert ok, told
    broken = {key: value for key, value in dcat(each).items() if key not in {"dct:title", "dcat:version"}}
    ok, told = check_shapes(convert(broken, "turtle"), shapes())
    assert not ok and "title" in told and "version" in told


def test_dcat_says_the_same_in_every_serialization(one: Described) -> None:
    import rdflib
    from rdflib.compare import isomorphic

    graphs = [
        rdflib.Graph().parse(data=export(one, name), format=kind)
        for name, kind in (("dcat", "turtle"), ("dcat-xml", "xml"), ("dcat-jsonld", "json-ld"))
    ]
    assert len(graphs[0]) > 50
    assert isomorphic(graphs[0], graphs[1]) and isomorphic(graphs[0], graphs[2])
    other = replace(nothing(one), url="https://hub.example/datasets/ds-other/0.1.0")
    whole = convert(catalogue([one, other], url="https://hub.example/catalog", title="A hub"), "turtle")
    ok, told = check_shapes(whole, shapes())
    assert ok, told


def test_datacite_is_as_schema_4_6_wants_it_in_json_and_xml(each: Described) -> None:
    said = datacite(each)
    assert check_datacite(said) == ()
    assert {finding.check for finding in check_datacite({**said, "titles": [], "publicationYear": "soon"})} == {
        "datacite.titles", "datacite.publicationYear",
    }  # fmt: skip
    root = ET.fromstring(export(each, "datacite-xml"))
    space = {"d": "http://datacite.org/schema/kernel-4"}
    assert [node.text for node in root.findall("d:titles/d:title", space)] == [each.title]
    assert len(root.findall("d:creators/d:creator", space)) == max(len(each.authors), 1)
    order = [child.tag.partition("}")[2] for child in root]
    mandatory = ["identifier", "creators", "titles", "publisher", "publicationYear", "resourceType"]
    assert [tag for tag in order if tag in mandatory] == mandatory
    kind = root.find("d:identifier", space).attrib["identifierType"]  # type: ignore[union-attr]
    assert kind == ("DOI" if each.doi else "ARK")


@pytest.mark.slow
def test_the_barest_crate_is_accepted_by_roc_validator(one: Described, tmp_path: Path) -> None:
    assert check_crate(ro_crate(nothing(one).release), tmp_path, profile="ro-crate-1.3") == []


@pytest.mark.slow
def test_roc_validator_would_tell_a_wrong_crate(one: Described, tmp_path: Path) -> None:
    crate = ro_crate(one.release)
    graph: Any = crate["@graph"]
    del next(entity for entity in graph if entity["@id"] == "./")["license"]
    assert any(
        "license" in message.lower() for message in check_crate(crate, tmp_path, profile="ro-crate-1.3")
    )


def test_openminds_names_things_that_are_in_the_graph(each: Described) -> None:
    graph = json.loads(export(each, "openminds"))["@graph"]
    ids = {entity["@id"] for entity in graph}
    version = graph[0]
    assert version["@type"].endswith("/types/DatasetVersion")
    assert {"shortName", "versionIdentifier", "accessibility", "dataType", "digitalIdentifier"} <= set(
        version
    )
    linked = [one["@id"] for key in ("author",) for one in version.get(key, ())] + [
        version["digitalIdentifier"]["@id"]
    ]
    linked += [version[key]["@id"] for key in ("repository", "fullDocumentation") if key in version]
    assert set(linked) <= ids
    assert len(ids) == len(graph)


def test_the_citation_file_has_what_the_schema_demands(each: Described) -> None:
    said = yaml.safe_load(export(each, "citation"))
    assert {"cff-version", "message", "title", "authors"} <= set(said)
    assert said["type"] == "dataset"


def test_all_exports_are_the_same_each_time_and_tell_no_empty_value(each: Described) -> None:
    for form in EXPORTS:
        assert export(each, form) == export(each, form), form
    for form in ("jsonld", "croissant", "datacite", "openminds", "dcat-jsonld"):
        text = export(each, form)
        assert ": null" not in text and ': ""' not in text, form
    with pytest.raises(BadInput, match="croissant"):
        export(each, "marc21")


@pytest.mark.parametrize(("accept", "form"), [
    ("text/html,application/xhtml+xml,*/*;q=0.8", ""), ("*/*", ""), ("", ""), ("application/ld+json", "jsonld"),
    ("text/turtle;q=0.9, text/html;q=0.1", "dcat"), ("application/vnd.datacite.datacite+json", "datacite"),
    ("application/ld+json;q=nonsense", ""), ("application/rdf+xml", "dcat-xml"), ("image/png", ""),
])  # fmt: skip
def test_accept_is_understood(accept: str, form: str) -> None:
    assert wanted(accept) == form


def test_control_characters_do_not_break_xml(one: Described) -> None:
    odd = replace(one, dataset=None, release=_titled(one.release, "a\x00\x0bb <&> \u2028"))
    assert ET.fromstring(export(odd, "datacite-xml")) is not None
    assert convert(dcat(odd), "rdf-xml")


def _titled(release: Release, title: str) -> Release:
    return replace(release, metadata={**release.metadata, "title": title})
