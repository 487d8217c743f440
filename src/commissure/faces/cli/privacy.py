"""``commissure protect dp``: budgets, their ledger as a picture, and private statistics."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from commissure.errors import BadInput
from commissure.faces.cli.show import facts, line, show, table
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.faces.privacy import draw_ledger, privacy, privacy_limit, text_bar
from commissure.workflows.private_ask import STATISTICS, Ask
from commissure.workflows.private_release import budget_state, private_release, set_budget

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Differential privacy: a budget, and statistics charged to it.")
Dataset = Annotated[str, typer.Argument(help="The dataset's id.")]
Numbers = list[float] | None
_MOST_SHOWN = 40


@app.command("budget")
def budget(
    dataset: Dataset,
    epsilon: Annotated[float, typer.Option(help="What all releases may cost together.")],
    delta: Annotated[float, typer.Option(help="The chance beyond it.")] = 1e-5,
    most_auc: Annotated[
        float,
        typer.Option(help="What no membership attack may pass (area under its curve); 1 for no such limit."),
    ] = 1.0,
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Set what all private releases of a dataset may cost together."""
    limit = set_budget(
        opened(hub), dataset, epsilon=epsilon, delta=delta, most_auc=most_auc, now=datetime.now(UTC)
    )
    value = privacy_limit(dataset, limit)
    attack = f", and no attack may pass an AUC of {most_auc:g}" if most_auc < 1 else ""
    said = f"✓ {dataset} may spend epsilon {epsilon:g} (delta {delta:g}), {limit.neighbours}{attack}."
    show(value, as_json=json, draw=line(said))


@app.command("ledger")
def ledger(
    dataset: Dataset,
    picture: Annotated[Path | None, typer.Option(help="Also draw it into this SVG file.")] = None,
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Show what a dataset's private releases have cost, and what is left."""
    state = privacy(dataset, budget_state(opened(hub), dataset))
    limit = state["epsilon"]
    if picture:
        if picture.suffix.lower() != ".svg":
            raise BadInput(
                f"The picture is an SVG drawing; give it a name that ends with .svg, not {picture.suffix!r}."
            )
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(draw_ledger(state), encoding="utf-8")
    drawn = [
        (s["what"] + _asked(s), f"{s['total_epsilon']:.3f}", text_bar(s["total_epsilon"] / limit))
        for s in state["spends"]
    ]
    spent = state["spends"][-1]["total_epsilon"] if drawn else 0.0
    told = (
        f"{dataset}: {spent:.3f} of epsilon {limit:g} is spent, at delta {state['delta']:g}, {state['neighbours']}. No membership "
        f"attack on all of it together can pass an area under the curve of {state['attack_auc']:.3f}."
    )
    rows = table(("release", "spent so far", ""), drawn) if drawn else "Nothing has been released yet."
    show(state, as_json=json, draw=lambda console: console.print(rows, told))


@app.command("release")
def release(
    dataset: Dataset,
    statistic: Annotated[str, typer.Argument(help=f"One of {', '.join(STATISTICS)}.")],
    epsilon: Annotated[float, typer.Option(help="What this release may cost.")],
    column: Annotated[list[str] | None, typer.Option(help="A column or channel; may be repeated.")] = None,
    lower: Annotated[Numbers, typer.Option(help="Its public lower limit; may be repeated.")] = None,
    upper: Annotated[Numbers, typer.Option(help="Its public upper limit; may be repeated.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="A value to count; may be repeated.")] = None,
    point: Annotated[
        Numbers, typer.Option(help="A probability, an edge, or a time in s; may be repeated.")
    ] = None,
    planned_n: Annotated[
        int, typer.Option(help="The announced number of subjects, for all but a count.")
    ] = 0,
    several: Annotated[
        str, typer.Option(help="Where a subject has several rows or scans: refuse, or mean.")
    ] = "refuse",
    public: Annotated[
        list[str] | None, typer.Option(help="A public dataset that is the reference; may be repeated.")
    ] = None,
    regions: Annotated[bool, typer.Option(help="Connectivity of regions, not of 7 or 17 networks.")] = False,
    event: Annotated[str, typer.Option(help="The event of an ERP.")] = "",
    clip_v: Annotated[float, typer.Option(help="The clip norm of an ERP, RMS in volts.")] = 5e-6,
    hidden: Annotated[int, typer.Option(help="Units of a network's hidden layer.")] = 8,
    most_auc: Annotated[
        float | None,
        typer.Option(
            help="What no membership attack on this release may pass; less than --epsilon is spent where it must be. "
            "By default 0.55 for connectivity, 1 (no limit) for others."
        ),
    ] = None,
    table: Annotated[
        str, typer.Option("--table", help="The file's name in the release, or how the names end.")
    ] = "",
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Release a statistic of a dataset with noise, charged to its budget."""
    ask = Ask(
        statistic=statistic, epsilon=epsilon, columns=tuple(column or ()), lower=tuple(lower or ()),
        upper=tuple(upper or ()), categories=tuple(category or ()), points=tuple(point or ()), planned_n=planned_n,
        several=several, public=tuple(public or ()), regions=regions, event=event, clip_v=clip_v, hidden=hidden,
        most_auc=most_auc,
    )  # fmt: skip
    made = private_release(opened(hub), dataset, ask=ask, now=datetime.now(UTC), table=table).to_dict()
    pairs = [(key, _short(value)) for key, value in made["values"].items()]
    pairs += [(f"noise in {key}", _short(value)) for key, value in made["noise_sd"].items()]
    pairs.append(("cost", _cost(made["cost"])))
    pairs += [("baseline" if "publishing only" in note else "note", note) for note in made["notes"]]
    show(made, as_json=json, draw=lambda console: console.print(facts(pairs, title=made["name"])))


def _asked(spend: dict[str, Any]) -> str:
    asked = spend["asked_epsilon"]
    return f" (asked: {asked:.3g}, less for the limit on attacks)" if asked else ""


def _cost(cost: dict[str, float]) -> str:
    """What was spent of what was asked for, and what an attack can make of it."""
    said = f"epsilon {cost['epsilon']:.3g} at delta {cost['delta']:g}; no attack on it passes an AUC of {cost['attack_auc']:.3f}"
    if cost["epsilon"] < cost["asked_epsilon"] * (1 - 1e-6):
        said += f". Asked was {cost['asked_epsilon']:g}: the limit on attacks is {cost['most_auc']:g}, --most-auc 1 lifts it"
    return said


def _short(value: object) -> str:
    """Numbers as a person reads them; what has many is told by its shape, and is whole with ``--json``."""
    array = np.asarray(value)
    if array.size > _MOST_SHOWN:
        return f"{' × '.join(str(size) for size in array.shape)} numbers, {array.min():.4g} to {array.max():.4g} (whole with --json)"
    return np.array2string(array, precision=4, suppress_small=True)
