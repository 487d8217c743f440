"""``commissure terms``: the ontologies a hub knows."""

from pathlib import Path
from typing import Annotated

import typer

from commissure.faces.cli.show import line, show
from commissure.settings import Settings
from commissure.terms.site import add_ontology, site_lexicon

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The lexicon: ontologies a hub knows.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
HubAt = Annotated[str | None, typer.Option("--hub", help="The hub's folder.", metavar="FOLDER")]


def hub_folder(hub: str | None) -> Path:
    """The hub's folder, as named or from the settings; it need not exist."""
    return Path(hub or Settings.from_environment().hub)


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="An ontology: OBO, OWL, Turtle or JSON-LD.")],
    kind: Annotated[str, typer.Option(help="What its terms are: region, diagnosis, cell type …")] = "region",
    licence: Annotated[str, typer.Option(help="Its licence, an SPDX id.")] = "",
    name: Annotated[str, typer.Option(help="The source's name; by default the file's.")] = "",
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Load an ontology file, so that its terms are known to every command."""
    counts = add_ontology(file, hub=hub_folder(hub), kind=kind, licence=licence, name=name)
    show(
        counts,
        as_json=json,
        draw=line(f"✓ {counts['terms']} terms with {counts['names']} names are known now."),
    )


@app.command("show")
def show_term(
    curie: Annotated[str, typer.Argument(help="The term's id, as UBERON:0002148.")],
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Show one term: its names, what is above and below it, its ids elsewhere."""
    lexicon = site_lexicon(hub_folder(hub))
    term = lexicon.get(curie)
    told = {"id": curie, "label": term.label, "kind": term.kind, "names": lexicon.synonyms(curie)}
    told["above"] = [t.label for t in lexicon.parents(curie)]
    told["elsewhere"] = [f"{x.predicate} {x.subject}" for x in lexicon.xrefs(curie)]
    show(told, as_json=json, draw=line("\n".join(f"{k}: {v}" for k, v in told.items())))
