"""``commissure certify``: how FAIR something is, what machines read of it, and its badge."""

import json as json_lib
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.text import Text

from commissure.certify.environment import requirements
from commissure.certify.repair import Said
from commissure.faces.cli.show import facts, findings_list, line, show
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.workflows import certify as workflow
from commissure.workflows.browse import show as show_release
from commissure.workflows.certify_badge import issue_badge, verify_badge
from commissure.workflows.certify_environment import check_rebuild
from commissure.workflows.certify_folder import assess_path, fix_folder

__all__ = ["app"]

app = typer.Typer(help="FAIR assessment and machine-readable metadata.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(help="A release: ds-… or ds-…@0.1.0.", metavar="REF")]
Origin = Annotated[
    str, typer.Option(help="Where the hub is served, such as https://hub.example.", metavar="URL")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Write it to this file instead of standard output.")
]


@app.command()
def assess(
    target: Annotated[str, typer.Argument(help="A release, a folder, a saved PAGE.html or an archive's RECORD.json.", metavar="REF|PATH")],
    hub: HubAt = None, origin: Origin = "",
    validate: Annotated[bool, typer.Option(help="Run the field's validators on a folder.")] = True,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Score how FAIR it is, by F-UJI's metrics and by the data, with what to do for each point that is missing."""
    path = Path(target)
    if path.exists() or path.suffix in {".html", ".json"}:
        told = assess_path(path, validate=validate).to_dict()
    else:
        told = _assessed(target, hub=hub, origin=origin)
    show(told, as_json=json, draw=lambda console: _draw(console, told))


def _assessed(reference: str, *, hub: str | None, origin: str) -> dict[str, Any]:
    here, now = opened(hub), datetime.now(UTC)
    shown = show_release(here, reference, viewer=here.actor.id, now=now)
    found = workflow.certify(here, shown, viewer=here.actor.id, now=now, origin=origin)
    if shown.dataset.owner == here.actor.id:
        workflow.keep(here, found, now=now)
    past = workflow.history(here, shown.dataset.id)
    rows = [{"at": one.at, "release": one.body["release"], "score": one.body["score"]} for one in past]
    return {**found.to_dict(), "history": rows}


def _draw(console: Console, told: Mapping[str, Any]) -> None:
    rows = [
        ("Score", f"{told['score']:g} %  ({told['points']:g} of {told['of']:g} points)"),
        ("F-UJI's metrics", f"{told['fair']['points']:g} of {told['fair']['of']:g}"),
        ("The data", f"{told['data']['points']:g} of {told['data']['of']:g}"),
        *((name.capitalize(), f"{percent:g} %") for name, percent in told["principles"].items()),
        ("Levels", ", ".join(told.get("levels", ()))),
        ("Not looked at", ", ".join(told["skipped"])),
    ]
    console.print(Group(facts(rows), Text(""), findings_list(told["findings"], most=30)))


@app.command()
def environment(
    reference: Reference,
    hub: HubAt = None,
    ask_index: Annotated[
        bool, typer.Option(help="Ask the package index for every version; installs nothing.")
    ] = False,
    output: Output = None,
    json: AsJson = False,
) -> None:
    """Check the environment that made a release: is it complete, is this one the same, can it be had again?"""
    here = opened(hub)
    found = check_rebuild(here, reference, viewer=here.actor.id, now=datetime.now(UTC), ask_index=ask_index)
    told = found.to_dict()
    if output:
        output.write_text(requirements(found.document), encoding="utf-8")
    show(told, as_json=json, draw=lambda console: _draw_environment(console, told))


def _draw_environment(console: Console, told: Mapping[str, Any]) -> None:
    known = {None: "not asked", True: "yes", False: "no"}
    rows = [
        ("Complete", known[told["complete"]]), ("Same as this one", known[told["same"]]),
        ("Had from an index", known[told["resolved"]]), ("Python", f"{told['python']} on {told['platform']}"),
        ("Packages", told["packages"]), ("Programs", ", ".join(dict.fromkeys(p["name"] for p in told["programs"]))),
    ]  # fmt: skip
    lines = [Text(f"- {one}", style="dim") for one in told["differences"][:20]]
    console.print(Group(facts(rows), *lines, findings_list(told["findings"])))


@app.command()
def fix(
    folder: Annotated[Path, typer.Argument(help="The folder to repair.", metavar="FOLDER")],
    title: Annotated[str, typer.Option(help="What it is called.")] = "",
    description: Annotated[str, typer.Option(help="What was done.")] = "",
    author: Annotated[list[str] | None, typer.Option(help="An author; as often as wanted.")] = None,
    licence: Annotated[str, typer.Option(help="An SPDX id, such as CC0-1.0.")] = "",
    keyword: Annotated[list[str] | None, typer.Option(help="A keyword; as often as wanted.")] = None,
    consent: Annotated[str, typer.Option(help="A DUO term, such as DUO:0000042, or a reference.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
    json: AsJson = False,
) -> None:
    """Write what is missing and known: licence, citation, README, JSON-LD; never over what is there."""
    lists = {"authors": tuple(author or ()), "keywords": tuple(keyword or ())}
    said = Said(title=title, description=description, licence=licence, consent=consent, **lists)
    done = fix_folder(folder, said=said, dry_run=dry_run).to_dict()
    show(done, as_json=json, draw=lambda console: _draw_fixed(console, done, dry_run=dry_run))


def _draw_fixed(console: Console, done: Mapping[str, Any], *, dry_run: bool) -> None:
    word = "Would write" if dry_run else "✓ Wrote"
    console.print(
        f"{word} {', '.join(done['written']) or 'nothing: all that is known stands there already'}.",
        markup=False,
    )
    console.print(f"FAIR {done['before']:g} % → {done['after']:g} %", markup=False)
    console.print(findings_list(done["left"], most=30))


@app.command()
def export(
    reference: Reference,
    form: Annotated[str, typer.Option("--as", help="jsonld, croissant, dcat, dcat-xml, dcat-jsonld, datacite, datacite-xml, ro-crate, openminds or citation.", metavar="FORM")] = "jsonld",
    output: Output = None, hub: HubAt = None, origin: Origin = "", json: AsJson = False,
) -> None:  # fmt: skip
    """Describe a release in one of the forms that machines read."""
    here = opened(hub)
    text = workflow.export(
        here, reference, form=form, viewer=here.actor.id, now=datetime.now(UTC), origin=origin
    )
    _put(text, output, told={"release": reference, "form": form}, as_json=json)


def _put(text: str, output: Path | None, *, told: Mapping[str, Any], as_json: bool) -> None:
    if output is not None:
        output.write_text(text, encoding="utf-8")
        show(
            {**told, "file": output.name, "bytes": len(text.encode())},
            as_json=as_json,
            draw=line(f"✓ Wrote {output.name}."),
        )
    elif as_json:
        show({**told, "text": text}, as_json=True, draw=line(""))
    else:
        sys.stdout.write(text)


@app.command()
def badge(
    reference: Reference, output: Output = None, hub: HubAt = None, origin: Origin = "",
    token: Annotated[bool, typer.Option("--token", help="As a JSON Web Token, for JOSE libraries.")] = False,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Sign a badge for what a release has earned: an Open Badges 3.0 credential with the evidence inside."""
    made = issue_badge(opened(hub), reference, now=datetime.now(UTC), origin=origin, compact=token)
    text = made if isinstance(made, str) else json_lib.dumps(made, indent=2, ensure_ascii=False) + "\n"
    _put(text, output, told={"release": reference, "kind": "vc+jwt" if token else "vc"}, as_json=json)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The badge.", metavar="BADGE.json")],
    issuer: Annotated[str, typer.Option(help="The did:key that must have signed.", metavar="DID")] = "",
    status: Annotated[Path | None, typer.Option(help="A saved status list, to see whether it is revoked.")] = None,
    hub: HubAt = None, json: AsJson = False,
) -> None:  # fmt: skip
    """Say whether a badge holds, without a network; exit code 2 if it does not."""
    said = verify_badge(file, issuer=issuer, status=status, hub=opened(hub) if hub else None)
    told = said.to_dict()
    show(told, as_json=json, draw=lambda console: _draw_verdict(console, told))
    if not said.holds:
        raise typer.Exit(2)


def _draw_verdict(console: Console, told: Mapping[str, Any]) -> None:
    word = "✓ The signature holds." if told["holds"] else "✗ The badge does not hold."
    rows = [
        ("Levels", ", ".join(told["levels"])),
        ("About", told["subject"]),
        ("Signed by", told["issuer"]),
        ("Status", told["status"]),
    ]
    console.print(word, markup=False)
    console.print(facts(rows))
    if told["findings"]:
        console.print(findings_list(told["findings"]))
