"""``commissure protect dp`` and ``commissure protect synthesize``: budgets, private statistics, synthetic data."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commissure.faces.cli.show import facts, findings_list, line, show, table
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.workflows.private_release import (
    Ask,
    budget_state,
    private_release,
    set_budget,
)
from commissure.workflows.synthesize import synthesize as synthesize_workflow

__all__ = ["app", "synthesize"]

app = typer.Typer(no_args_is_help=True, help="Differential privacy: a budget, and statistics charged to it.")
Dataset = Annotated[str, typer.Argument(help="The dataset's id.")]
Numbers = list[float] | None
_WIDTH = 40


@app.command("budget")
def budget(
    dataset: Dataset,
    epsilon: Annotated[float, typer.Option(help="What all releases may cost together.")],
    delta: Annotated[float, typer.Option(help="The chance beyond it.")] = 1e-5,
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Set what all private releases of a dataset may cost together."""
    limit = set_budget(opened(hub), dataset, epsilon=epsilon, delta=delta, now=datetime.now(UTC))
    value = {
        "dataset": dataset,
        "epsilon": limit.epsilon,
        "delta": limit.delta,
        "neighbours": str(limit.neighbours),
    }
    show(
        value,
        as_json=json,
        draw=line(f"✓ {dataset} may spend epsilon {epsilon:g} (delta {delta:g}), {limit.neighbours}."),
    )


@app.command("ledger")
def ledger(dataset: Dataset, hub: HubAt = None, json: AsJson = False) -> None:
    """Show what a dataset's private releases have cost, and what is left."""
    state = budget_state(opened(hub), dataset)
    limit = state.limit
    rows = [
        {"what": s.what, "kind": s.kind, "total_epsilon": t}
        for s, t in zip(state.spends, state.totals, strict=True)
    ]
    value = {"dataset": dataset, "epsilon": limit.epsilon, "delta": limit.delta, "neighbours": str(limit.neighbours), "spends": rows}  # fmt: skip
    drawn = [(row["what"], f"{row['total_epsilon']:.3f}", _bar(float(str(row["total_epsilon"])) / limit.epsilon)) for row in rows]  # fmt: skip
    title = f"{dataset}: epsilon {limit.epsilon:g} at delta {limit.delta:g}, {limit.neighbours}"
    show(
        value,
        as_json=json,
        draw=lambda console: console.print(table(("release", "spent", ""), drawn, title=title)),
    )


@app.command("release")
def release(
    dataset: Dataset,
    statistic: Annotated[
        str, typer.Argument(help="count, histogram, mean, quantiles, correlation, regression or survival.")
    ],
    epsilon: Annotated[float, typer.Option(help="What this release may cost.")],
    column: Annotated[list[str] | None, typer.Option(help="A column; may be repeated.")] = None,
    lower: Annotated[Numbers, typer.Option(help="Its public lower limit; may be repeated.")] = None,
    upper: Annotated[Numbers, typer.Option(help="Its public upper limit; may be repeated.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="A value to count; may be repeated.")] = None,
    point: Annotated[Numbers, typer.Option(help="A probability or an edge; may be repeated.")] = None,
    planned_n: Annotated[
        int, typer.Option(help="The announced number of subjects; too few are refused.")
    ] = 0,
    file: Annotated[
        str, typer.Option("--table", help="The table's name in the release.")
    ] = "participants.tsv",
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Release a statistic of a dataset's table with noise, charged to its budget."""
    ask = Ask(statistic=statistic, epsilon=epsilon, columns=tuple(column or ()), lower=tuple(lower or ()), upper=tuple(upper or ()),
              categories=tuple(category or ()), points=tuple(point or ()), planned_n=planned_n)  # fmt: skip
    made = private_release(opened(hub), dataset, ask=ask, now=datetime.now(UTC), table=file).to_dict()
    pairs = [(key, value) for key, value in made["values"].items()]
    pairs += [(f"noise in {key}", value) for key, value in made["noise_sd"].items()]
    show(made, as_json=json, draw=lambda console: console.print(facts(pairs, title=made["name"])))


@command
def synthesize(
    source: Annotated[Path, typer.Argument(help="A .tsv or .csv table, or an .npz of regional series.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the result.")],
    subjects: Annotated[int, typer.Option(help="How many; 0 for as many as there are.")] = 0,
    generator: Annotated[str, typer.Option(help="forest, copula or bootstrap.")] = "",
    attack: Annotated[bool, typer.Option(help="Judge and attack what was made.")] = True,
    seed: Annotated[int, typer.Option(help="Decides what is drawn.")] = 0,
    json: AsJson = False,
) -> None:
    """Make synthetic subjects that are like those of a file, and attack them."""
    made = synthesize_workflow(source, out, subjects=subjects, generator=generator, attack=attack, seed=seed)
    rows = [finding.to_dict() for finding in made.findings]
    value: dict[str, Any] = {
        "files": [str(f) for f in made.files],
        "figures": dict(made.figures),
        "findings": rows,
    }
    pairs = [
        ("written", made.files[0].name),
        *((key, f"{number:.3f}") for key, number in made.figures.items()),
    ]
    show(
        value,
        as_json=json,
        draw=lambda console: console.print(facts(pairs, title="Synthetic"), findings_list(rows)),
    )


def _bar(share: float) -> str:
    full = round(min(max(share, 0.0), 1.0) * _WIDTH)
    return "█" * full + "░" * (_WIDTH - full)
