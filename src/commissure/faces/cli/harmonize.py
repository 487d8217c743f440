"""``commissure harmonize``: take sites out of tables, judge what is left, pool effects, plan studies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from commissure.faces.cli.show import facts, line, show, table
from commissure.faces.cli.words import AsJson
from commissure.harmonize.effects import Effects
from commissure.harmonize.meta import Pooled
from commissure.harmonize.power import plan_sites, plan_subjects, power_over_sites
from commissure.workflows.harmonize_batches import add_batches
from commissure.workflows.harmonize_map import map_effects
from commissure.workflows.harmonize_tables import (
    Choice,
    Table,
    diagnose_table,
    effects_of_table,
    harmonize_table,
    pool_table,
)

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Remove site effects, pool cohorts.")
Csv = Annotated[Path, typer.Argument(help="A table, CSV or TSV, one row a subject.", metavar="TABLE")]
Site = Annotated[str | None, typer.Option("--site", help="The column of sites.")]
Batch = Annotated[
    str, typer.Option("--batch-from", help="Instead of --site: device, field, protocol, or columns.")
]
Keep = Annotated[str, typer.Option("--keep", help="Covariates that must survive, as age,sex.")]
Smooth = Annotated[str, typer.Option("--smooth", help="Those of them whose effect is a curve.")]
Features = Annotated[str, typer.Option("--features", help="Columns to harmonize, as *_thickness.")]
Method = Annotated[str, typer.Option("--method", help="combat, covbat or longitudinal.")]
Subject = Annotated[str | None, typer.Option("--subject", help="The column of subjects, for longitudinal.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Draw it here, as SVG.")]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _choice(
    site: str | None, batch_from: str, keep: str, features: str, *, smooth: str = "", method: str = "combat"
) -> Choice:
    """What the options say, subjects aside."""
    return Choice(site, _listed(batch_from), _listed(keep), _listed(smooth), _listed(features), method=method)


@app.command("combat")
def combat(
    path: Csv,
    out: Annotated[Path, typer.Option("--out", "-o", help="Write the harmonized table here.")],
    site: Site = None,
    batch_from: Batch = "",
    keep: Keep = "",
    smooth: Smooth = "",
    features: Features = "",
    method: Method = "combat",
    subject: Subject = None,
    plot: Plot = None,
    json: AsJson = False,
) -> None:
    """Take out what sites add to means and variances, and keep what covariates explain."""
    choice = replace(_choice(site, batch_from, keep, features, smooth=smooth, method=method), subject=subject)
    done = harmonize_table(path, choice, into=out, plot=plot)
    told = {name: getattr(done, name) for name in done.__slots__}
    text = f"✓ {done.features} features of {done.rows} rows from {done.sites} sites harmonized (smallest: {done.smallest})."
    show(told, as_json=json, draw=line(text))


@app.command("diagnose")
def diagnose(
    path: Csv,
    site: Site = None,
    batch_from: Batch = "",
    keep: Keep = "",
    smooth: Smooth = "",
    features: Features = "",
    method: Method = "combat",
    seed: Annotated[int, typer.Option(help="Of the halves.")] = 0,
    plot: Plot = None,
    json: AsJson = False,
) -> None:
    """Say how well site is told before and after, fitted on one half of each site and judged on the other."""
    choice = _choice(site, batch_from, keep, features, smooth=smooth, method=method)
    told = diagnose_table(path, choice, seed=seed, plot=plot).to_dict()
    told["made_after"] = diagnose_table(path, choice, seed=seed, made=True).after
    show(told, as_json=json, draw=lambda console: console.print(facts(_in_words(told))))


@app.command("batches")
def batches(
    path: Csv,
    folder: Annotated[Path, typer.Argument(help="A BIDS folder.", metavar="BIDS_FOLDER")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Write the table with the new columns here.")],
    suffix: Annotated[str, typer.Option(help="Which images' sidecars: T1w, bold, dwi …")] = "T1w",
    json: AsJson = False,
) -> None:
    """Add scanner, field strength and protocol of each row from BIDS sidecars, for `combat --batch-from`."""
    found = add_batches(path, folder, into=out, suffix=suffix)
    text = "✓ " + ", ".join(f"{name}: {count}" for name, count in found.items()) + " different values."
    show(found, as_json=json, draw=line(text))


@app.command("effects")
def effects(
    path: Csv,
    cases: Annotated[str, typer.Option("--cases", help="Who is a case: COLUMN=VALUE.")],
    site: Site = None,
    batch_from: Batch = "",
    keep: Keep = "",
    features: Features = "",
    plot: Plot = None,
    atlas: Annotated[Path | None, typer.Option(help="lh.NAME.annot of fsaverage5; needs --map.")] = None,
    map_to: Annotated[Path | None, typer.Option("--map", help="Draw d on the surface here, as SVG.")] = None,
    json: AsJson = False,
) -> None:
    """Cohen's d of cases against controls a feature: all rows in a mixed model, and sites' own pooled."""
    choice = _choice(site, batch_from, keep, features)
    found, over, pooled = effects_of_table(path, choice, cases=cases, plot=plot)
    rows = _effect_rows(found, over, pooled)
    if atlas is not None and map_to is not None:
        map_effects({row["feature"]: row["d"] for row in rows}, atlas=atlas, into=map_to)
    show({"effects": rows}, as_json=json, draw=_effect_table(rows))


@app.command("meta")
def meta(
    path: Annotated[Path, typer.Argument(help="One row a study: study, effect, error.", metavar="STUDIES")],
    effect: Annotated[str, typer.Option(help="The column of effects.")] = "effect",
    error: Annotated[str, typer.Option(help="The column of standard errors.")] = "error",
    study: Annotated[str, typer.Option(help="The column of names.")] = "study",
    method: Annotated[str, typer.Option(help="reml, or dl for DerSimonian-Laird.")] = "reml",
    plot: Plot = None,
    json: AsJson = False,
) -> None:
    """Pool studies' effects by a random-effects model: mean, interval, heterogeneity, what a new study may find."""
    found = pool_table(path, effect=effect, error=error, study=study, method=method, plot=plot)
    names = ("effect", "low", "high", "p", "tau2", "i2", "q", "q_p", "expected_low", "expected_high")
    told = {name: float(getattr(found, name)[0]) for name in names}
    show(
        told,
        as_json=json,
        draw=lambda console: console.print(facts((k, f"{v:.4g}") for k, v in told.items())),
    )


@app.command("power")
def power(
    d: Annotated[float, typer.Argument(help="The effect to be found, Cohen's d.")],
    sites: Annotated[int | None, typer.Option(help="How many sites.")] = None,
    cases: Annotated[int | None, typer.Option(help="Cases a site, and as many controls.")] = None,
    tau2: Annotated[float, typer.Option(help="Variance of the effect between sites.")] = 0.0,
    wanted: Annotated[float, typer.Option("--power", help="The power to reach.")] = 0.8,
    json: AsJson = False,
) -> None:
    """Say the power of a plan; leave out --sites or --cases to be told how many are needed."""
    n = cases or (20 if sites is None else plan_subjects(d, sites=sites, tau2=tau2, power=wanted))
    k = sites or plan_sites(d, per_site=(n, n), tau2=tau2, power=wanted)
    told = {"sites": k, "cases": n, "controls": n, "power": power_over_sites(d, [(n, n)] * k, tau2=tau2)}
    text = (
        f"{k} sites with {n} cases and {n} controls each find d = {d:g} with a power of {told['power']:.2f}."
    )
    show(told, as_json=json, draw=line(text))


def _in_words(told: dict[str, Any]) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = [
        ("site told before", f"{told['before']:.3f}"),
        ("site told after", f"{told['after']:.3f}"),
        ("left if ComBat's model held", f"{told['made_after']:.3f} (rows made like these: what few rows a site leave)"),
        ("from covariates alone", f"{told['covariates_alone']:.3f}"),
        ("by chance", f"{told['chance']:.3f} ({told['sites']} sites, {told['rows']} held-out rows)"),
        ("site's share of variance", f"{told['variance_before']['median']:.3f} → {told['variance_after']['median']:.3f}"),
    ]  # fmt: skip
    for name, error in told["covariate_errors"].items():
        pairs.append((f"error of {name}", f"{error['before']:.2f} → {error['after']:.2f}"))
    return pairs


def _effect_rows(found: Table, over: Effects, pooled: Pooled | None) -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(found.features):
        one = {key: float(getattr(over, key)[number]) for key in ("d", "low", "high", "p")}
        if pooled is not None:
            one |= {"meta_d": float(pooled.effect[number]), "i2": float(pooled.i2[number])}
        rows.append({"feature": name, **one})
    return sorted(rows, key=lambda row: -abs(row["d"]))


def _effect_table(rows: list[dict[str, Any]]) -> Callable[[Console], None]:
    cells = [[r["feature"], f"{r['d']:.2f}", f"{r['low']:.2f} to {r['high']:.2f}", f"{r['p']:.2g}",
              f"{r['meta_d']:.2f}" if "meta_d" in r else ""] for r in rows]  # fmt: skip
    return lambda console: console.print(table(("Feature", "d", "95 %", "p", "d by meta-analysis"), cells))
