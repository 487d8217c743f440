"""``commissure share``: a raw folder into a release."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commissure.faces.cli.bars import Bars
from commissure.faces.cli.show import facts, findings_table, next_steps, show, table
from commissure.faces.cli.words import AsJson, HubAt, command, opened, settings_for
from commissure.workflows.share import share as share_workflow
from commissure.workflows.sharing.options import ShareOptions
from commissure.workflows.sharing.report import ShareReport

__all__ = ["share"]

_DATASET, _RECORDING = "About the dataset", "About the recordings"


@command
def share(
    folder: Annotated[Path, typer.Argument(help="The raw folder; it is never changed.")],
    hub: HubAt = None,
    dataset: Annotated[
        str, typer.Option(help="Add a release to this dataset.", rich_help_panel=_DATASET)
    ] = "",
    title: Annotated[str, typer.Option(help="Its title.", rich_help_panel=_DATASET)] = "",
    description: Annotated[str, typer.Option(help="What it is.", rich_help_panel=_DATASET)] = "",
    author: Annotated[
        list[str] | None, typer.Option(help="As cited; once an author.", rich_help_panel=_DATASET)
    ] = None,
    keyword: Annotated[
        list[str] | None, typer.Option(help="Once a keyword.", rich_help_panel=_DATASET)
    ] = None,
    funding: Annotated[list[str] | None, typer.Option(help="Once a grant.", rich_help_panel=_DATASET)] = None,
    licence: Annotated[
        str, typer.Option(help="An SPDX id: CC0-1.0, CC-BY-4.0 …", rich_help_panel=_DATASET)
    ] = "",
    consent: Annotated[
        str, typer.Option(help="A consent reference: IRB-2026-17 …", rich_help_panel=_DATASET)
    ] = "",
    public: Annotated[
        bool, typer.Option("--public", help="Anybody may read it.", rich_help_panel=_DATASET)
    ] = False,
    subject: Annotated[str, typer.Option(help="The subject's label.", rich_help_panel=_RECORDING)] = "",
    session: Annotated[str, typer.Option(help="The session's label.", rich_help_panel=_RECORDING)] = "",
    task: Annotated[str, typer.Option(help="What was done.", rich_help_panel=_RECORDING)] = "",
    species: Annotated[str, typer.Option(help="Latin: Mus musculus …", rich_help_panel=_RECORDING)] = "",
    sex: Annotated[str, typer.Option(help="F, M, O or U.", rich_help_panel=_RECORDING)] = "",
    strain: Annotated[str, typer.Option(help="An animal's strain.", rich_help_panel=_RECORDING)] = "",
    age: Annotated[str, typer.Option(help="34, or P90D.", rich_help_panel=_RECORDING)] = "",
    keep_labels: Annotated[
        bool, typer.Option("--keep-labels", help="Subject labels are pseudonyms already.")
    ] = False,
    encrypt_animals: Annotated[
        bool, typer.Option("--encrypt-animals", help="Encrypt animal data too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and release nothing.")] = False,
    json: AsJson = False,
) -> int:
    """Turn a raw folder into a findable release.

    Interrupted? Run it again: it goes on where it stopped. Run twice, it stores nothing twice.
    """
    lists = {
        "authors": tuple(author or ()),
        "keywords": tuple(keyword or ()),
        "funding": tuple(funding or ()),
    }
    said = {name: value for name, value in locals().items() if name in ShareOptions.__dataclass_fields__}
    settings = settings_for(hub)
    with Bars(quiet=json) as bars:
        options = ShareOptions(**{**said, **lists})
        report = share_workflow(
            opened(hub, create=True), folder, options=options, now=datetime.now(UTC), progress=bars
        )
    show(report.to_dict(), as_json=json, draw=lambda console: _draw(console, report, hub=settings.hub))
    return report.exit_code


def _draw(console: Console, report: ShareReport, *, hub: str) -> None:
    told = report.to_dict()
    if report.plan:
        columns = list(report.plan[0])
        rows = ([_cell(row.get(name)) for name in columns] for row in report.plan)
        console.print(table([name.capitalize() for name in columns], rows, title="Plan"))
    console.print(findings_table(told["findings"]))  # type: ignore[arg-type]
    console.print(facts(_summary(report)))
    if report.version:
        console.print(next_steps(_after(report, hub=hub)))
    elif not report.dry_run:
        console.print("[red]✗ Nothing was released.[/] The Findings above say why, and what to do.")


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return str(value if value is not None else "")


def _summary(report: ShareReport) -> list[tuple[str, object]]:
    validators = [
        f"{name} {n['errors']} errors, {n['warnings']} warnings" for name, n in report.validators.items()
    ]
    removed = [f"{category} ×{count}" for category, count in report.identifiers_removed.items()]
    seen = "anybody" if report.public else "its owner, and those with a Grant"
    return [
        ("Release", f"{report.dataset}@{report.version}" if report.version else ""),
        ("", "the same as before: nothing was stored twice" if report.unchanged else ""),
        ("Standard", report.standard),
        ("Files", len(report.files) or ""),
        ("Validators", validators),
        ("Identifiers removed", removed),
        ("Readable by", seen if report.version else ""),
        ("Seconds", " · ".join(f"{name} {value:.1f}" for name, value in report.seconds.items())),
    ]


def _after(report: ShareReport, *, hub: str) -> list[tuple[str, str]]:
    release = f"{report.dataset}@{report.version}"
    steps = [
        ("look at it", f"commissure serve --hub {hub}"),
        ("fetch it", f"commissure get {release} FOLDER --hub {hub}"),
    ]
    if not report.public:
        steps.append(("make it public", "share again with --public --licence … --consent …"))
    return steps
