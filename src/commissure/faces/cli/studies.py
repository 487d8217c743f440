"""``commissure federate study run``, ``plan`` and ``list``: studies that work out of the box."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commissure.faces.cli.show import line, show, table
from commissure.faces.cli.words import AsJson
from commissure.federate.clinical import STUDIES, find_study

if TYPE_CHECKING:
    from commissure.workflows.clinical_study import StudyReport

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Studies that work out of the box.")


@app.command("list")
def list_studies(json: AsJson = False) -> None:
    """List the studies that work out of the box, and what each asks."""
    told = [{"name": s.name, "question": s.question, "outcome": s.outcome, "columns": list(s.features)} for s in STUDIES.values()]  # fmt: skip
    rows = [(study["name"], study["question"]) for study in told]
    show(
        {"studies": told},
        as_json=json,
        draw=lambda console: console.print(table(("Study", "Question"), rows)),
    )


@app.command("run")
def run_study(
    name: Annotated[str, typer.Argument(help="Of the list: dementia, brain-age, coma …", metavar="NAME")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder to write; NAME if not said.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Your own rows, CSV or TSV; else rows are made.")] = None,
    site: Annotated[str, typer.Option("--site", help="The column of sites in your rows.")] = "site",
    seed: Annotated[int, typer.Option(help="Of the rows that are made, and of the split.")] = 0,
    json: AsJson = False,
) -> None:
    """Run a study over sites that are all here: choose, train, compare, judge, explain, and write report and model."""
    from commissure.faces.study_report import write_study
    from commissure.workflows.clinical_study import run_clinical_study
    from commissure.workflows.study_rows import study_rows

    study = find_study(name)
    tables, said = study_rows(study, path=data, site=site, seed=seed)
    report = run_clinical_study(study, tables, said=said, seed=seed)
    files = write_study(report, out or Path(name))
    show(report.to_dict() | {"files": files}, as_json=json, draw=line(_in_words(report, files)))


@app.command("plan")
def plan_for_hospitals(
    name: Annotated[str, typer.Argument(help="Of the list: dementia, brain-age, coma …", metavar="NAME")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The plan to write (JSON).")],
    site: Annotated[list[str], typer.Option(help="NAME=KEY as `network` prints them; may be repeated.")],
    model: Annotated[str, typer.Option(help="One of the study's: linear, trees, network; its first.")] = "",
    without: Annotated[
        list[str] | None, typer.Option(help="A feature that a site lacks, left out; may be repeated.")
    ] = None,
    minimum: Annotated[int, typer.Option(help="Fewest sites in a sum; two thirds and one if 0.")] = 0,
    json: AsJson = False,
) -> None:
    """Write a study's plan for hospitals: `show`, `approve`, `coordinate` and `join` run it over the wire."""
    from commissure.workflows.plan_clinical_study import plan_clinical_study

    made = plan_clinical_study(
        find_study(name), sites=site, model=model, without=without or (), minimum=minimum
    )
    out.write_text(made.to_json(), encoding="utf-8")
    show({"id": made.id, "digest": made.digest}, as_json=json, draw=line(f"{out.name}: {made.digest}"))


def _in_words(report: "StudyReport", files: dict[str, Any]) -> str:
    unit = report.measure
    rows = [f"{s.name:>14}  {unit} {s.value:.3f}  [{s.low:.3f}, {s.high:.3f}]" for s in report.scores]
    others = ", ".join(f"{name} {value:.3f}" for name, value in report.models.items())
    return "\n".join([
        report.study.question, report.said, *rows, *report.verdict,
        f"Model: {report.chosen}, chosen within the training rows; each, federated, on the rows held out: {others}.",
        f"Goes by: {', '.join(name for name, _ in report.importance[:4])}.", f"Report: {files['report']}",
    ])  # fmt: skip
