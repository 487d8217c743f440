"""The lexicon answers by id, by name, by place in the tree; ontologies of any format add to it."""

import gzip
import json
import time
from pathlib import Path

import pytest

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.terms.lexicon import Lexicon
from commissure.terms.load import contract, read_obo, read_ontology
from commissure.terms.scan import Scanner
from commissure.terms.site import add_ontology, site_lexicon
from commissure.terms.tables import DATA, NAMES, TERMS, XREFS, read_rows

OBO = """
[Term]
id: LAB:1
name: left flocculus lobe
synonym: "llf" EXACT OMO:0003000 []
is_a: LAB:2
[Term]
id: LAB:2
name: flocculus lobe
is_a: LAB:1
[Term]
id: LAB:3
is_a: LAB:1
[Term]
id: LAB:4
name: gone
is_obsolete: true
"""
TTL = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix lab: <http://lab.org/LAB_> .
lab:1 rdfs:label "zebra cortex" ; skos:altLabel "ZC field" ; rdfs:subClassOf lab:2 .
lab:2 rdfs:label "cortex of zebras" .
"""


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


def test_every_row_has_a_source_and_a_licence() -> None:
    for table, source, licence in ((TERMS, 5, 6), (NAMES, 3, 4), (XREFS, 6, 7)):
        rows = read_rows(DATA / table)
        assert len(rows) > 2000
        assert all(row[source] and row[licence] for row in rows)
    assert sum(p.stat().st_size for p in DATA.iterdir()) < 2_000_000


def test_it_loads_fast_and_looks_up_faster(lexicon: Lexicon) -> None:
    lexicon.match("precuneus")
    started = time.perf_counter()
    for _ in range(1000):
        lexicon.match("Locus coeruleus")
    assert (time.perf_counter() - started) / 1000 < 1e-4


def test_the_tree_is_walked_up_and_down(lexicon: Lexicon) -> None:
    below = {t.label for t in lexicon.narrower("UBERON:0001950")}
    assert {"cortical layer I", "lateral occipital cortex"} <= below
    assert lexicon.get("UBERON:0002148") in lexicon.children(lexicon.parents("UBERON:0002148")[0].curie)
    assert "Locus coeruleus" in lexicon.synonyms("UBERON:0002148")
    with pytest.raises(NotFound, match="UBERON:none"):
        lexicon.get("UBERON:none")


def test_atlas_labels_are_linked(lexicon: Lexicon) -> None:
    linked = {x.subject: x for x in lexicon.cross_references}
    assert linked["Aseg:Putamen"].object == "UBERON:0001874"
    assert linked["Brodmann:BA44"].predicate == "skos:closeMatch"
    assert sum(x.source == "commissure" for x in lexicon.cross_references) > 170
    assert sum(x.subject.startswith("MBA:") for x in lexicon.cross_references) > 1000


def test_everyday_names_are_known(lexicon: Lexicon) -> None:
    for name, curie in {"mouse": "NCBITaxon:10090", "rhesus monkey": "NCBITaxon:9544", "F": "PATO:0000383",
                        "ADHD": "DOID:1094", "C57BL/6": "BIRNLEX:393"}.items():  # fmt: skip
        assert any(m.term.curie == curie for m in lexicon.match(name)), name


def test_names_are_found_in_text_with_offsets(lexicon: Lexicon) -> None:
    text = "EEG of 20 patients with  schizophrenia, seeded in the anterior cingulate cortex (ACC), not the ACCESS."
    hits = lexicon.find(text)
    assert [text[h.start : h.end] for h in hits] == [h.text for h in hits]
    assert {"schizophrenia", "anterior cingulate cortex", "ACC"} <= {h.text for h in hits}
    assert all(a.end <= b.start for a, b in zip(hits, hits[1:], strict=False))


def test_plurals_hyphens_and_cortical_are_found_too(lexicon: Lexicon) -> None:
    text = (
        "Primary visual cortices, motor cortical neurons, the preBotzinger complex, superior temporal gyri."
    )
    found = {h.text: h.terms[0].label for h in lexicon.find(text, kinds=("region",))}
    assert found["Primary visual cortices"] == "primary visual cortex"
    assert found["motor cortical"].endswith("motor cortex")
    assert found["preBotzinger complex"] == "pre-Botzinger complex"
    assert found["superior temporal gyri"] == "superior temporal gyrus"


def test_the_scanner_in_pure_python_finds_the_same(lexicon: Lexicon) -> None:
    names = [(n.text, lexicon.get(n.curie), n.scope) for n in lexicon.names[:3000]]
    fast, slow = Scanner(names), Scanner(names)
    slow._automaton = None
    text = "The locus coeruleus, the red nucleus, corpus callosum and dorsal raphe nucleus; the Red Nucleus again."
    assert fast.find(text) == slow.find(text)
    assert len(fast.find(text)) >= 3


def test_an_ontology_with_cycles_and_gaps_is_read(tmp_path: Path) -> None:
    file = tmp_path / "lab.obo"
    file.write_text(OBO)
    counts = add_ontology(file, hub=tmp_path / "hub", kind="region", licence="CC0-1.0")
    assert counts["terms"] == 2
    lexicon = site_lexicon(tmp_path / "hub")
    assert [m.term.curie for m in lexicon.match("left flocculus lobe")] == ["LAB:1"]
    assert [t.curie for t in lexicon.narrower("LAB:1")] == ["LAB:2"]
    assert lexicon.get("UBERON:0002148").label == "locus ceruleus"
    file.write_text(OBO.replace("flocculus lobe", "nodulus lobe"))
    add_ontology(file, hub=tmp_path / "hub", kind="region", licence="CC0-1.0")
    assert site_lexicon(tmp_path / "hub").match("left nodulus lobe")


def test_turtle_and_json_ld_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(TTL)
    graph = [{"@id": "http://lab.org/LAB_1", "http://www.w3.org/2000/01/rdf-schema#label": "zebra cortex"}]
    (tmp_path / "b.jsonld").write_text(json.dumps(graph))
    turtle = read_ontology(tmp_path / "a.ttl")
    assert [(t.curie, t.label, t.synonyms, t.parents) for t in turtle][0] == (
        "LAB:1", "zebra cortex", [("ZC field", "exact")], ["LAB:2"])  # fmt: skip
    assert read_ontology(tmp_path / "b.jsonld")[0].label == "zebra cortex"
    assert contract("http://purl.obolibrary.org/obo/UBERON_0001950") == "UBERON:0001950"


def test_what_is_no_ontology_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.owl").write_bytes(b"\x00\x01 not xml")
    (tmp_path / "b.obo").write_text("nothing here")
    (tmp_path / "c.pdf").write_text("x")
    for name, error in (
        ("a.owl", Unreadable),
        ("b.obo", Unreadable),
        ("c.pdf", BadInput),
        ("d.obo", NotFound),
    ):
        with pytest.raises(error) as caught:
            read_ontology(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="licence"):
        add_ontology(tmp_path / "b.obo", hub=tmp_path, kind="region", licence="")
    assert list(read_obo([])) == []


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / TERMS).write_bytes(gzip.compress(b"only\tthis\n"))
    with pytest.raises(Unreadable, match="columns"):
        read_rows(tmp_path / TERMS)
