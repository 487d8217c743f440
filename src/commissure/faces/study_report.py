"""A study's report: one page with its plots, a model card in Markdown, the model as ONNX, all numbers as JSON."""

import json
from html import escape
from pathlib import Path
from typing import Any

from commissure.faces.bars import draw_scores
from commissure.faces.study_plots import (
    draw_calibration,
    draw_curves,
    draw_home,
    draw_importance,
    draw_roc,
    draw_subgroups,
)
from commissure.workflows.clinical_study import StudyReport

__all__ = ["card_of", "page_of", "write_study"]

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#1f2937}
h1{line-height:1.2}h2{margin-top:2.2rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left}
figure{margin:1rem 1rem 1rem 0;overflow-x:auto;display:inline-block;vertical-align:top;max-width:100%}svg{max-width:100%;height:auto}.made{border-left:4px solid #c2410c;padding:.4rem .8rem;background:#fff7ed}
.verdict{border-left:4px solid #0f6cbd;padding:.4rem .8rem;background:#eff6ff}code{overflow-wrap:anywhere}"""


def write_study(report: StudyReport, folder: Path) -> dict[str, str]:
    """Write all that a study leaves into ``folder``; the paths by what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / file for name, file in (("report", "report.html"), ("card", "model-card.md"), ("model", "model.onnx"), ("numbers", "numbers.json"))}  # fmt: skip
    files["report"].write_text(page_of(report), encoding="utf-8")
    files["card"].write_text(card_of(report), encoding="utf-8")
    files["model"].write_bytes(report.onnx)
    files["numbers"].write_text(json.dumps(report.to_dict(), indent=2, ensure_ascii=False), encoding="utf-8")
    return {name: str(path) for name, path in files.items()}


def card_of(report: StudyReport) -> str:
    """The model card (Mitchell et al. 2019, doi:10.1145/3287560.3287596), Markdown."""
    study, everyone = report.study, report.subgroups[0]
    rows = "\n".join(
        f"| {r['name']} | {r['rows']:.0f} | {r['score']:.3f} | {r['low']:.3f} to {r['high']:.3f} |"
        for r in report.subgroups
    )
    weights = "\n".join(f"| {name} | {value:.3g} |" for name, value in report.importance)
    models = ", ".join(f"{name} {value:.3f}" for name, value in report.models.items())
    return f"""# {study.title}: model card

**Question.** {study.question}
**Rows.** {report.said} {report.rows[0]:,} to train on, {report.rows[1]:,} held out, of {len(report.at_home)} sites.
**Model.** {report.chosen}, chosen among {", ".join(report.losses)} by cross-validation within the training rows; trained
over sites by sums. {report.measure} of each on the held-out rows: {models}.
**Not for.** {study.not_for}

## How good

{report.measure} {everyone["score"]:.3f} (95 % {everyone["low"]:.3f} to {everyone["high"]:.3f}){_ceiling(report)}.
{_calibration(report)}
{_alarms(report)}

| who | rows | {report.measure} | 95 % |
|---|---|---|---|
{rows}

## Did federation help?

{chr(10).join(f"- {said}" for said in report.verdict)}

## What it goes by

Mean size of SHAP values; only sums over rows left a site.

| feature | size |
|---|---|
{weights}

## File

`model.onnx`: input `rows` (columns {", ".join(f"`{name}`" for name in report.predictor.features)}, in this order, NaN where
missing), output `prediction` of `{study.outcome}`. {_onnx(report)}
"""


def page_of(report: StudyReport) -> str:
    """The report as one page that needs nothing else."""
    study = report.study
    chance = study.family == "logistic"
    limits = (0.0, 1.0) if chance else study.limits
    order = [name for name, _ in report.importance]
    figures = {
        "Did federation help?": [
            _said(report.verdict, "verdict"), draw_scores(report.scores, title="All sites' held-out rows", label=report.measure),
            draw_home(report.at_home, measure=report.measure),
        ],
        "How right is it?": [
            f"<p>{escape(_calibration(report))} {escape(_alarms(report))}</p>", *([draw_roc(report.judged["fine"][0])] if chance else []),
            draw_calibration(report.judged["coarse"][0], limits=limits, number=not chance),
        ],
        "For whom?": [draw_subgroups(report.subgroups, measure=report.measure)],
        "What does it go by?": [
            draw_importance(report.importance, unit="log odds" if chance else study.outcome),
            draw_curves(report.predictor.features, report.explained, order=order),
        ],
        "Which models?": [_models(report)],
    }  # fmt: skip
    body = "".join(
        f"<h2>{escape(head)}</h2>" + "".join(_figure(part) for part in parts)
        for head, parts in figures.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(study.title)}</title><style>{_STYLE}</style><h1>{escape(study.title)}</h1>"
        f'<p>{escape(study.question)}</p><p class="made">{escape(report.said)} {report.rows[0]:,} rows to train on, '
        f"{report.rows[1]:,} held out, {len(report.at_home)} sites{escape(_ceiling(report))}. Not for: {escape(study.not_for)}</p>"
        f"{body}<h2>The file</h2><p>{escape(_onnx(report))}</p></html>\n"
    )


def _figure(part: str) -> str:
    return f"<figure>{part}</figure>" if part.startswith("<svg") else part


def _said(lines: Any, kind: str) -> str:
    return f'<div class="{kind}">' + "".join(f"<p>{escape(line)}</p>" for line in lines) + "</div>"


def _models(report: StudyReport) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}{' (chosen)' if name == report.chosen else ''}</td><td>{report.losses[name]:.4g}</td>"
        f"<td>{value:.3f}</td></tr>" for name, value in report.models.items()
    )  # fmt: skip
    return (
        "<p>The choice saw the inner loss alone; the scores on held-out rows came after it.</p>"
        f"<table><tr><th>model</th><th>inner loss</th><th>{report.measure}, held out</th></tr>{rows}</table>"
    )


def _ceiling(report: StudyReport) -> str:
    if report.ceiling != report.ceiling:
        return ""
    return f"; the rule that made the rows scores {report.ceiling:.3f}, and no model can do better in the long run"


def _calibration(report: StudyReport) -> str:
    intercept, slope = report.calibration
    return (
        f"Calibration: slope {slope:.2f} (1 is right; below, too sure), intercept {intercept:+.2f} (0 is right); "
        f"{'Brier score' if report.study.family == 'logistic' else 'mean squared error'} {report.judged['squares'][0] / 1:.3g}."
    )


def _alarms(report: StudyReport) -> str:
    found = report.alarms
    if found is None:
        return ""
    return (
        f"Of {found.events} events in {found.hours:.1f} held-out hours it finds {found.found}, and alarms {found.false} times for nothing "
        f"({found.false / max(found.hours, 1e-9):.1f} an hour), at the threshold {found.threshold:.2f}, which one in 200 training windows "
        "without an event passes."
    )


def _onnx(report: StudyReport) -> str:
    if report.onnx_apart != report.onnx_apart:
        return "It was not run here: onnxruntime is not installed."
    return f"onnxruntime gives the same predictions on the held-out rows, to {report.onnx_apart:.0e}."
