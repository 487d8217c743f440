"""``commissure translate``: names to terms, abbreviations, columns, method text, two ontologies."""

import json as json_module
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from commissure.faces.cli.archives import mat, record
from commissure.faces.cli.show import line, show, table
from commissure.faces.cli.terms import hub_folder
from commissure.terms.load import read_ontology
from commissure.terms.site import site_lexicon
from commissure.translate.abbreviations import AbbreviationReader
from commissure.translate.align import align, as_sssom
from commissure.translate.columns import Column, find_columns
from commissure.translate.lines import read_lines, read_table
from commissure.translate.mapper import Mapper
from commissure.translate.methods.read import read_methods
from commissure.workflows.translate import in_words, read_bytes, read_papers, told_of, write_harmonized
from commissure.workflows.translate_model import add_from_model, model_at

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Method text to tags, names to terms.")
AsLines = Annotated[bool, typer.Option("--json", help="Print one JSON object a line and nothing else.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
HubAt = Annotated[str | None, typer.Option("--hub", help="The hub's folder.", metavar="FOLDER")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only terms of this kind; may be repeated.")]


def _mapper(hub: str | None, kinds: list[str] | None) -> Mapper:
    lexicon = site_lexicon(hub_folder(hub))
    others = sorted({t.kind for t in lexicon.terms()} - {"region", "anatomy"})
    return Mapper(lexicon, kinds=kinds or ("region",), also=() if kinds else others)


def _print_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        sys.stdout.write(json_module.dumps(row, ensure_ascii=False) + "\n")


@app.command("terms")
def terms(
    file: Annotated[Path, typer.Argument(help="Names, one a line.")],
    kind: Kinds = None,
    hub: HubAt = None,
    json: AsLines = False,
) -> None:
    """Map one name a line to terms: one answer a line, in the same order."""
    rows = [answer.to_dict() for answer in _mapper(hub, kind).map_all(read_lines(read_bytes(file)))]
    if json:
        return _print_lines(rows)
    cells = (
        [r["query"], r["id"] or "none of these", r["label"] or "", f"{r['confidence']:.2f}"] for r in rows
    )
    return show(
        {}, as_json=False, draw=lambda console: console.print(table(("Name", "Term", "Label", "Sure"), cells))
    )


@app.command("term")
def term(
    name: Annotated[str, typer.Argument(help="One name, as a lab writes it.")],
    kind: Kinds = None,
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Map one name to a term, and say which terms are close but not the same."""
    mapper = _mapper(hub, kind)
    answer = mapper.map(name)
    told = answer.to_dict() | {"near": [n.to_dict() for n in mapper.near(name, besides=answer.curie)]}
    show(told, as_json=json, draw=lambda console: console.print(_in_words(told), markup=False))


@app.command("abbreviations")
def abbreviations(
    file: Annotated[Path, typer.Argument(help="A TSV with the columns abbrev and context.")],
    hub: HubAt = None,
    json: AsLines = False,
) -> None:
    """Say what each abbreviation means in its context: a brain region, or something else."""
    reader = AbbreviationReader(Mapper(site_lexicon(hub_folder(hub))))
    rows = [meaning.to_dict() for meaning in reader.read_all(read_table(read_bytes(file)))]
    if json:
        return _print_lines(rows)
    cells = ([r["abbreviation"], r["id"] or "no region", r["label"] or "", r["confidence"]] for r in rows)
    return show(
        {}, as_json=False, draw=lambda c: c.print(table(("Abbreviation", "Term", "Label", "Sure"), cells))
    )


def _in_words(told: dict[str, Any]) -> str:
    head = f"{told['query']} → {told['id']} {told['label']} (confidence {told['confidence']:.2f})"
    lines = [head if told["id"] else f"{told['query']} → none of these"]
    for near in told["near"]:
        how = {"broad": "wider", "narrow": "a part or kind of it"}.get(
            near["relation"], "close, not the same"
        )
        lines.append(f"  {near['id']} {near['label']}: {how}")
    return "\n".join(lines)


@app.command("columns")
def columns(
    file: Annotated[Path, typer.Argument(help="A participants table (TSV or CSV) as the lab has it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the BIDS table and its dictionary here.")
    ] = None,
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Harmonize column names and values to BIDS names, units and terms, each with its confidence."""
    rows = read_table(read_bytes(file), delimiter="," if file.suffix.lower() == ".csv" else "\t")
    found = find_columns(rows, lexicon=site_lexicon(hub_folder(hub)))
    if out is not None:
        write_harmonized(rows, found, into=out)
    told = {"columns": [column.to_dict() for column in found]}
    cells = [(c.raw, c.name, c.units, f"{c.confidence:.2f}", _levels_in_words(c)) for c in found]
    heads = ("Column", "BIDS name", "Unit", "Sure", "Values")
    show(told, as_json=json, draw=lambda console: console.print(table(heads, cells)))


def _levels_in_words(column: Column) -> str:
    pairs = [f"{v.raw} → {v.label} ({v.confidence:.2f})" if v.curie else f"{v.raw} ?" for v in column.levels]
    return "; ".join(pairs[:8]) if column.kind == "category" else ""


@app.command("align")
def align_ontologies(
    left: Annotated[Path, typer.Argument(help="An ontology.")],
    right: Annotated[Path, typer.Argument(help="Another one.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the pairs here, as SSSOM TSV.")
    ] = None,
    hub: HubAt = None,
    json: AsLines = False,
) -> None:
    """Say which terms of two ontologies are the same: one pair a line."""
    pairs = align(read_ontology(left), read_ontology(right), lexicon=site_lexicon(hub_folder(hub)))
    if out is not None:
        out.write_text(as_sssom(pairs), encoding="utf-8")
    if json:
        return _print_lines(pair.to_dict() for pair in pairs)
    return show({}, as_json=False, draw=line(f"✓ {len(pairs)} pairs." if out else as_sssom(pairs)))


@app.command("methods")
def methods(
    file: Annotated[
        Path, typer.Argument(help="A paper: .txt, .md, .xml (JATS), .pdf, or .jsonl with a text a line.")
    ],
    hub: HubAt = None,
    json: AsLines = False,
    model_url: Annotated[
        str | None,
        typer.Option(
            "--model-url", help="Also ask a language model here (OpenAI-compatible); gets the text."
        ),
    ] = None,
    model: Annotated[str, typer.Option("--model", help="The model's name.")] = "default",
) -> None:
    """Read species, numbers, ages, devices and parameters out of a paper, each with its place in the text."""
    lexicon, rows = site_lexicon(hub_folder(hub)), []
    ask = model_at(model_url, name=model) if model_url else None
    for name, paper in read_papers(file):
        found = read_methods(paper, lexicon=lexicon)
        if ask is not None:
            add_from_model(found, paper, ask=ask)
        rows.append(told_of(name, found, paper=paper))
    if json:
        return _print_lines(rows)
    return show({}, as_json=False, draw=lambda console: console.print(in_words(rows), markup=False))


app.command("record")(record)
app.command("mat")(mat)
