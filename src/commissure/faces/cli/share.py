"""``commissure share``: a raw folder into a release."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commissure.faces.cli.bars import Bars
from commissure.faces.cli.show import facts, findings_list, next_steps, show, table
from commissure.faces.cli.words import AsJson, HubAt, command, opened, settings_for
from commissure.workflows.share import share as share_workflow
from commissure.workflows.sharing.options import ShareOptions
from commissure.workflows.sharing.report import ShareReport

__all__ = ["share"]

_DATASET, _RECORDING = "About the dataset", "About the recordings"


Dataset = Annotated[
    str, typer.Option("--dataset", help="Add a release to this dataset.", rich_help_panel=_DATASET)
]
Title = Annotated[str, typer.Option("--title", help="Its title.", rich_help_panel=_DATASET)]
Description = Annotated[str, typer.Option("--description", help="What it is.", rich_help_panel=_DATASET)]
Author = Annotated[
    list[str] | None, typer.Option("--author", help="As cited; once an author.", rich_help_panel=_DATASET)
]
Keyword = Annotated[
    list[str] | None, typer.Option("--keyword", help="Once a keyword.", rich_help_panel=_DATASET)
]
Funding = Annotated[
    list[str] | None, typer.Option("--funding", help="Once a grant.", rich_help_panel=_DATASET)
]
Licence = Annotated[
    str, typer.Option("--licence", help="An SPDX id: CC0-1.0, CC-BY-4.0 …", rich_help_panel=_DATASET)
]
Consent = Annotated[
    str, typer.Option("--consent", help="A consent reference: IRB-2026-17 …", rich_help_panel=_DATASET)
]
Public = Annotated[bool, typer.Option("--public", help="Anybody may read it.", rich_help_panel=_DATASET)]
Subject = Annotated[str, typer.Option("--subject", help="The subject's label.", rich_help_panel=_RECORDING)]
Session = Annotated[str, typer.Option("--session", help="The session's label.", rich_help_panel=_RECORDING)]
Task = Annotated[str, typer.Option("--task", help="What was done.", rich_help_panel=_RECORDING)]
Species = Annotated[str, typer.Option("--species", help="Latin: Mus musculus …", rich_help_panel=_RECORDING)]
Sex = Annotated[str, typer.Option("--sex", help="F, M, O or U.", rich_help_panel=_RECORDING)]
Strain = Annotated[str, typer.Option("--strain", help="An animal's strain.", rich_help_panel=_RECORDING)]
Age = Annotated[str, typer.Option("--age", help="34, or P90D.", rich_help_panel=_RECORDING)]
KeepLabels = Annotated[bool, typer.Option("--keep-labels", help="Subject labels are pseudonyms already.")]
EncryptAnimals = Annotated[bool, typer.Option("--encrypt-animals", help="Encrypt animal data too.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and release nothing.")]


@command
def share(
    folder: Annotated[Path, typer.Argument(help="The raw folder; it is never changed.")],
    hub: HubAt = None,
    dataset: Dataset = "",
    title: Title = "",
    description: Description = "",
    author: Author = None,
    keyword: Keyword = None,
    funding: Funding = None,
    licence: Licence = "",
    consent: Consent = "",
    public: Public = False,
    subject: Subject = "",
    session: Session = "",
    task: Task = "",
    species: Species = "",
    sex: Sex = "",
    strain: Strain = "",
    age: Age = "",
    keep_labels: KeepLabels = False,
    encrypt_animals: EncryptAnimals = False,
    dry_run: DryRun = False,
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
        rows = (
            [row.get("format"), row.get("datatype"), row.get("raw_files"), _cell(row)] for row in report.plan
        )
        console.print(table(("Format", "What", "Raw files", "Becomes"), rows, title="Plan"))
    console.print(findings_list(told["findings"]))  # type: ignore[arg-type]
    console.print(facts(_summary(report)))
    if report.version:
        console.print(next_steps(_after(report, hub=hub)))
    elif not report.dry_run:
        console.print("[red]✗ Nothing was released.[/] The Findings above say why, and what to do.")


def _cell(row: Mapping[str, object]) -> str:
    target = row.get("target")
    if row.get("quarantined") or not isinstance(target, list | tuple) or not target:
        return "quarantined: see the Findings" if row.get("quarantined") else "nothing: see the Findings"
    return str(target[0]) + (f" and {len(target) - 1} more" if len(target) > 1 else "")


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
