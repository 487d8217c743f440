"""The web and the command line: negotiation, signposting, badges, feeds, SPARQL with its bounds, ARKs, tombstones, DOIs."""

import hashlib
import io
import json
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from commissure.certify.identifiers import ark, check_character, is_ark
from commissure.certify.sources import of_page
from commissure.errors import BadInput, Conflict, Fault, NotPermitted
from commissure.faces.cli import main
from commissure.faces.http.app import create_app
from commissure.hub import Hub, open_hub
from commissure.model import Asset, Consent, Dataset, Release
from commissure.settings import Settings
from commissure.store.access import put_consents
from commissure.store.catalogue import take_on
from commissure.testing.datacite import datacite_double
from commissure.workflows.certify_badge import issue_badge
from commissure.workflows.certify_doi import DataCite, register
from commissure.workflows.certify_sparql import ask
from commissure.workflows.withdraw import withdraw

from .validators import check_shapes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OAI = {"o": "http://www.openarchives.org/OAI/2.0/"}
ORIGIN = "http://testserver"


def made(
    name: str, *, version: str = "0.1.0", public: bool = True, title: str = ""
) -> tuple[Dataset, Release]:
    """A small release, of a file that :func:`put` stores."""
    data = f"{name} {version}".encode()
    asset = Asset("README.md", hashlib.sha256(data).hexdigest(), len(data), media_type="text/markdown")
    told = title or f"EEG {name}"
    metadata = {"title": told, "modality": ["eeg"], "species": ["Homo sapiens"], "licence": "CC0-1.0", "authors": ["Ada Example"],
                "keywords": ["eeg"], "consent": "DUO:0000042", "identifiers_removed": {}, "validators": {"bids": {"errors": 0}}}  # fmt: skip
    release = Release(
        name, version, f"{name}{version}", (asset,), "bids", public, metadata, (), (), NOW.isoformat()
    )
    return Dataset(name, told, "local", NOW.isoformat(), public), release


def put(hub: Hub, name: str, *, version: str = "0.1.0", public: bool = True, title: str = "") -> Release:
    """The same, released."""
    dataset, release = made(name, version=version, public=public, title=title)
    hub.vault.put(
        io.BytesIO(f"{name} {version}".encode()), path="README.md", dataset=name, media_type="text/markdown"
    )
    return hub.records.releases.add(dataset, release, by="local", consents={"": Consent("DUO:0000042")})


def fill(hub: Hub, count: int) -> None:
    """``count`` datasets in one transaction, without bytes."""
    with hub.ledger.transaction() as connection:
        for number in range(count):
            dataset, release = made(f"ds-{number:02d}")
            line = hub.ledger.write(
                connection, "release", {"release": release.id}, at=release.created, by="local"
            )
            put_consents(connection, dataset.id, given={"": Consent("DUO:0000042")})
            take_on(connection, release, dataset=dataset, rank=line.seq)
            hub.records.releases._insert(connection, release)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("site") / "hub"
    hub = open_hub(
        folder, settings=Settings(hub=str(folder), jobs="inline", publisher="A lab's hub"), clock=lambda: NOW
    )
    fill(hub, 60)
    put(hub, "ds-secret", public=False, title="Secret title")
    put(hub, "ds-00", version="0.2.0")
    put(hub, "ds-gone")
    withdraw(hub, "ds-gone", reason="test", now=NOW)
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def web(site: Hub) -> Iterator[TestClient]:
    with TestClient(create_app(site), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(("accept", "kind"), [
    ("application/ld+json", "application/ld+json"), ("text/turtle", "text/turtle"), ("application/rdf+xml", "application/rdf+xml"),
    ("application/vnd.datacite.datacite+json", "application/vnd.datacite.datacite+json"), ("text/html", "text/html"), ("*/*", "text/html"),
])  # fmt: skip
def test_the_page_answers_in_the_form_that_is_asked(web: TestClient, accept: str, kind: str) -> None:
    answer = web.get("/datasets/ds-01/0.1.0", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert "Accept" in answer.headers.get("vary", "Accept")


def test_the_page_signposts_and_a_crawler_finds_all_of_it(web: TestClient) -> None:
    answer = web.get("/datasets/ds-00/0.2.0", headers={"Accept": "text/html"})
    relations = set(re.findall(r'rel="([\w-]+)"', answer.headers["link"]))
    assert relations == {"cite-as", "type", "license", "describedby", "item"}
    for part in answer.headers["link"].split(", "):
        address, relation = part.split(">; rel=")
        if relation.startswith(('"describedby"', '"item"')):
            assert web.get(address.removeprefix("<").removeprefix(ORIGIN)).status_code == 200, address
    seen = of_page(answer.text)
    assert seen.identifiers[0].startswith("ark:99999/") and seen.publisher == "A lab's hub" and seen.data_urls
    assert {"json_in_html", "typed_link"} <= seen.offers
    assert "How FAIR it is" in answer.text and "findable" in answer.text
    fair = web.get("/api/v1/datasets/ds-00/releases/0.2.0/fair").json()
    assert fair["fair"]["of"] == 26 and fair["fair"]["points"] >= 24


def test_what_is_private_is_in_no_form_and_no_feed(web: TestClient) -> None:
    for path in ("/datasets/ds-secret/0.1.0", "/api/v1/datasets/ds-secret/releases/0.1.0/metadata/croissant", "/badges/ds-secret/0.1.0.svg",
                 "/api/v1/datasets/ds-secret/releases/0.1.0/fair"):  # fmt: skip
        assert web.get(path, headers={"Accept": "application/ld+json"}).status_code == 404
    assert (
        "Secret"
        not in web.get(
            "/sparql", params={"query": "SELECT ?t WHERE { ?s <http://purl.org/dc/terms/title> ?t }"}
        ).text
    )
    told = web.get("/oai?verb=GetRecord&identifier=oai:commissure:ds-secret@0.1.0&metadataPrefix=oai_dc").text
    assert "idDoesNotExist" in told and "Secret" not in told
    assert web.get("/api/v1/datasets/ds-01/releases/0.1.0/metadata/marc21").status_code == 422


def test_dcat_pages_lead_through_the_whole_catalogue(web: TestClient) -> None:
    from commissure.certify.dcat import shapes

    address, titles = "/catalog", set()
    for _ in range(5):
        text = web.get(address, headers={"Accept": "text/turtle"}).text
        ok, told = check_shapes(text, shapes())
        assert ok, told
        import rdflib

        graph = rdflib.Graph().parse(data=text, format="turtle")
        dcat, dct = (
            rdflib.Namespace("http://www.w3.org/ns/dcat#"),
            rdflib.Namespace("http://purl.org/dc/terms/"),
        )
        titles |= {str(graph.value(s, dct.title)) for s in graph.objects(None, dcat.dataset)}
        following = next(graph.objects(None, rdflib.URIRef("http://www.w3.org/ns/hydra/core#next")), None)
        if following is None:
            break
        address = str(following).removeprefix(ORIGIN)
    assert titles == {f"EEG ds-{number:02d}" for number in range(60)}


def test_oai_harvests_all_with_tokens_and_tells_what_was_deleted(web: TestClient) -> None:
    found: dict[str, str] = {}
    query = "verb=ListRecords&metadataPrefix=oai_dc"
    for _ in range(5):
        root = ET.fromstring(web.get(f"/oai?{query}").text)
        for header in root.iterfind(".//o:header", OAI):
            found[str(header.findtext("o:identifier", namespaces=OAI))] = header.get("status", "")
        token = root.findtext(".//o:resumptionToken", namespaces=OAI)
        if not token:
            break
        query = f"verb=ListRecords&resumptionToken={token}"
    assert len(found) == 61
    assert [name for name, status in found.items() if status == "deleted"] == ["oai:commissure:ds-gone@0.1.0"]
    for prefix in ("oai_dc", "oai_datacite"):
        text = web.get(
            f"/oai?verb=GetRecord&identifier=oai:commissure:ds-05@0.1.0&metadataPrefix={prefix}"
        ).text
        assert "EEG ds-05" in text and ET.fromstring(text) is not None
    assert "A lab's hub" in web.get("/oai?verb=Identify").text
    assert "oai_datacite" in web.post("/oai", content="verb=ListMetadataFormats").text
    nothing = web.get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&from=2000-01-01&until=2001-01-01")
    assert "<header" not in nothing.text


@pytest.mark.parametrize(("query", "code"), [
    ("", "badVerb"), ("verb=Nonsense", "badVerb"), ("verb=Identify&verb=Identify", "badVerb"), ("verb=Identify&x=1", "badArgument"),
    ("verb=ListRecords", "badArgument"), ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
    ("verb=ListRecords&resumptionToken=%22%00", "badResumptionToken"), ("verb=GetRecord&identifier=a", "badArgument"),
    ("verb=GetRecord&identifier=%00&metadataPrefix=oai_dc", "idDoesNotExist"), ("verb=ListSets", "noSetHierarchy"),
])  # fmt: skip
def test_oai_answers_wrong_questions_in_its_own_words(web: TestClient, query: str, code: str) -> None:
    answer = web.get(f"/oai?{query}")
    error = ET.fromstring(answer.text).find("o:error", OAI)
    assert error is not None and error.get("code") == code


def test_sparql_answers_and_is_bounded(web: TestClient, site: Hub) -> None:
    count = "SELECT (COUNT(?d) AS ?n) WHERE { ?d a <http://www.w3.org/ns/dcat#Dataset> }"
    answer = web.get("/sparql", params={"query": count})
    assert answer.json()["results"]["bindings"][0]["n"]["value"] == "60"
    assert web.post("/sparql", data={"query": count}).json() == answer.json()
    assert web.post(
        "/sparql",
        content="ASK { ?s a <http://schema.org/Dataset> }",
        headers={"Content-Type": "application/sparql-query"},
    ).json()["boolean"]
    construct = web.get(
        "/sparql", params={"query": "CONSTRUCT WHERE { ?s <http://www.w3.org/ns/dcat#version> ?v }"}
    )
    assert construct.headers["content-type"].startswith("text/turtle") and "0.2.0" in construct.text
    begun = time.monotonic()
    with pytest.raises(BadInput, match="stopped"):
        ask(site, "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", seconds=1)
    assert time.monotonic() - begun < 4
    for wrong in ("SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SELECT * WHERE { \\u0053ervice <http://127.0.0.1:1/> {} }",
                  "DROP ALL", "INSERT DATA { <a:b> <a:b> <a:b> }", "LOAD <file:///etc/passwd>", "", "x" * 30_000, "SELECT\x00"):  # fmt: skip
        with pytest.raises(BadInput):
            ask(site, wrong)
    assert web.get("/sparql", params={"query": count}).json() == answer.json()


def test_a_new_release_is_seen_by_sparql(site: Hub) -> None:
    put(site, "ds-later", title="Came later")
    query = 'ASK { ?s <http://purl.org/dc/terms/title> "Came later" }'
    assert json.loads(ask(site, query)[1])["boolean"] is True
    withdraw(site, "ds-later", reason="test", now=NOW)
    assert json.loads(ask(site, query)[1])["boolean"] is False


def test_badges_are_served_and_revoked(web: TestClient, site: Hub) -> None:
    put(site, "ds-badge")
    assert web.get("/badges/ds-badge/0.1.0.json").status_code == 404
    made = issue_badge(site, "ds-badge", now=NOW, origin=ORIGIN)
    assert web.get("/badges/ds-badge/0.1.0.json").json() == made
    assert "levels" in web.get("/badges/ds-badge/0.1.0.svg").text
    assert "Signed badge" in web.get("/datasets/ds-badge/0.1.0").text
    listed = web.get("/badges/status").json()
    assert (
        listed["id"] == f"{ORIGIN}/badges/status"
        and made["credentialStatus"]["statusListCredential"] == listed["id"]
    )  # type: ignore[index]
    assert [level["name"] for level in web.get("/badges/criteria").json()["levels"]][0] == "findable"
    put(site, "ds-badge", version="0.2.0")
    assert web.get("/badges/ds-badge/0.1.0.json").status_code == 410
    assert "revoked" in web.get("/badges/ds-badge/0.1.0.svg").text
    withdraw(site, "ds-badge", reason="test", now=NOW)


def test_arks_lead_to_pages_and_pages_never_die(web: TestClient, site: Hub) -> None:
    name = ark("99999", site.id, "ds-gone", "0.1.0")
    to = web.get(f"/{name}")
    assert (to.status_code, to.headers["location"]) == (302, f"{ORIGIN}/datasets/ds-gone/0.1.0")
    page = web.get("/datasets/ds-gone/0.1.0")
    assert page.status_code == 200 and "Withdrawn" in page.text
    assert (
        web.get("/datasets/ds-gone/0.1.0", headers={"Accept": "application/ld+json"}).json()[
            "creativeWorkStatus"
        ]
        == "Withdrawn"
    )
    assert web.get("/ark:99999/nothing").status_code == 404
    assert is_ark(name) and check_character("13030/xf93gt2") == "q"
    body = name.removeprefix("ark:")
    for place in range(6, len(body) - 1):
        wrong = body[:place] + ("b" if body[place] != "b" else "c") + body[place + 1 :]
        assert not is_ark(f"ark:{wrong}")


def test_a_doi_is_registered_once_updated_and_hidden(site: Hub, web: TestClient) -> None:
    put(site, "ds-doi")
    with datacite_double() as double:
        client = DataCite(double.url, account="LAB.HUB", password="secret")
        doi = register(site, "ds-doi", registrar=client, prefix="10.5072", origin=ORIGIN, now=NOW)
        assert doi == "10.5072/ds-doi-0.1.0"
        assert (
            double.dois[doi]["state"] == "findable"
            and double.dois[doi]["url"] == f"{ORIGIN}/datasets/ds-doi/0.1.0"
        )
        page = web.get("/datasets/ds-doi/0.1.0")
        assert f'<https://doi.org/{doi}>; rel="cite-as"' in page.headers["link"] and doi in page.text
        assert web.get("/api/v1/datasets/ds-doi/releases/0.1.0/fair").json()["principles"]["findable"] == 100
        lines = len(site.ledger.of_kind("identifier"))
        assert register(site, "ds-doi", registrar=client, prefix="10.5072", origin=ORIGIN, now=NOW) == doi
        assert len(site.ledger.of_kind("identifier")) == lines
        withdraw(site, "ds-doi", reason="test", now=NOW)
        register(site, "ds-doi@0.1.0", registrar=client, prefix="10.5072", origin=ORIGIN, now=NOW)
        assert double.dois[doi]["state"] == "registered"
        with pytest.raises(NotPermitted):
            register(
                site,
                "ds-02",
                registrar=DataCite(double.url, account="x", password="y"),
                prefix="10.5072",
                origin=ORIGIN,
                now=NOW,
            )
        with pytest.raises(Conflict):
            register(site, "ds-secret", registrar=client, prefix="10.5072", origin=ORIGIN, now=NOW)
        with pytest.raises(BadInput, match="url"):
            register(site, "ds-02", registrar=client, prefix="10.5072", origin="", now=NOW)
    with pytest.raises(Fault, match="reached"):
        register(site, "ds-02", registrar=client, prefix="10.5072", origin=ORIGIN, now=NOW)


def test_the_commands_do_what_the_chapter_says(
    site: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--hub", str(site.root)]
    assert main(["certify", "assess", "ds-01", *where, "--origin", ORIGIN, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["score"] > 70 and told["history"][-1]["score"] == told["score"]
    badge = str(tmp_path / "badge.json")
    assert main(["certify", "badge", "ds-01", *where, "--origin", ORIGIN, "-o", badge]) == 0
    assert main(["certify", "verify", badge]) == 0
    assert "The signature holds" in capsys.readouterr().out
    (tmp_path / "badge.json").write_text(Path(badge).read_text().replace("findable", "platinum"))
    assert main(["certify", "verify", badge, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["holds"] is False
    assert main(["certify", "export", "ds-01", "--as", "citation", *where]) == 0
    assert "cff-version" in capsys.readouterr().out
    assert main(["certify", "export", "ds-01", "--as", "marc", *where]) == 2
    assert main(["certify", "assess", "ds-none", *where]) == 5
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("x")
    assert (
        main(
            [
                "certify",
                "fix",
                str(tmp_path / "folder"),
                "--title",
                "T",
                "--author",
                "Ada L.",
                "--licence",
                "CC0-1.0",
                "--json",
            ]
        )
        == 0
    )
    assert "CITATION.cff" in (tmp_path / "folder" / "CITATION.cff").name
