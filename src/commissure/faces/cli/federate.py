"""``commissure federate``: studies over sites whose data never moves."""

import json as json_module
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commissure.faces.cli import studies
from commissure.faces.cli.words import HubAt, opened
from commissure.federate.analyses import build
from commissure.federate.plan import Plan

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Compute over sites whose data never moves.")
study = typer.Typer(
    no_args_is_help=True, help="Plans: what is read, computed and sent; approved by each site."
)
app.add_typer(study, name="study")
study.registered_commands += studies.app.registered_commands
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
PlanAt = Annotated[Path, typer.Argument(help="A plan (JSON).")]
Names = Annotated[list[str], typer.Option("--site", help="A site's name; may be repeated.")]


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _tell(value: dict[str, Any], *, as_json: bool, text: str) -> None:
    typer.echo(json_module.dumps(value, ensure_ascii=False, indent=2) if as_json else text)


@app.command("network")
def network(
    folder: Annotated[Path, typer.Argument(help="Where folders of keys are made, one a site.")],
    site: Names,
    host: Annotated[list[str] | None, typer.Option(help="The coordinator's names and addresses.")] = None,
    days: Annotated[int, typer.Option(help="How long certificates are valid.")] = 365,
    json: AsJson = False,
) -> None:
    """Make an authority, a coordinator and sites: keys and certificates, to be carried to each."""
    from commissure.workflows.make_network import make_network

    hosts = host or ["127.0.0.1", "localhost"]
    keys = make_network(folder, sites=site, hosts=hosts, now=datetime.now(UTC), days=days, entropy=os.urandom)
    _tell(keys, as_json=json, text="\n".join(f"{name}={key}" for name, key in keys.items()))


@app.command("renew")
def renew(
    folder: Annotated[Path, typer.Argument(help="The network's folder, with its authority.")],
    site: Names,
    days: Annotated[int, typer.Option(help="How long the new certificates are valid.")] = 365,
    json: AsJson = False,
) -> None:
    """Renew certificates (`--site coordinator` too): keys stay, so approved plans do."""
    from commissure.workflows.make_network import renew_certificates

    made = renew_certificates(folder, names=site, now=datetime.now(UTC), days=days, entropy=os.urandom)
    _tell({"written": [str(path) for path in made]}, as_json=json, text="\n".join(map(str, made)))


@app.command("status")
def status(
    folder: Annotated[Path, typer.Argument(help="The study's folder, at the coordinator.")],
    stale: Annotated[float, typer.Option(help="Seconds without a round after which all is not well.")] = 600,
    json: AsJson = False,
) -> None:
    """Say where a study stands, for a monitor: exit code 1 if no round was done for too long."""
    from commissure.workflows.run_study import study_status

    told = study_status(folder, now=datetime.now(UTC))
    _tell(told, as_json=json, text="\n".join(f"{name}: {value}" for name, value in told.items()))
    if not told["done"] and told["seconds_since"] > stale:
        raise typer.Exit(1)


@study.command("new")
def new(
    plan: Annotated[Path, typer.Argument(help="The plan to write (JSON).")],
    title: Annotated[str, typer.Option(help="What the study is called.")],
    analysis: Annotated[str, typer.Option(help="moments, regression, cox, mixed, training, trees …")],
    parameters: Annotated[str, typer.Option(help="The analysis' own, as a JSON object.")],
    column: Annotated[list[str], typer.Option(help="NAME[:UNIT[:LOW:HIGH]] or NAME=LABEL:CODE,…")],
    site: Annotated[list[str], typer.Option(help="NAME=KEY as `network` prints them; may be repeated.")],
    minimum: Annotated[int, typer.Option(help="Fewest sites in a sum; two thirds and one if 0.")] = 0,
    secure: Annotated[bool, typer.Option(help="Whether only sums are seen.")] = True,
    json: AsJson = False,
) -> None:
    """Write a study's plan."""
    from commissure.workflows.plan_study import plan_study

    said = json_module.loads(parameters)
    made = plan_study(
        title, sites=site, columns=column, analysis=analysis, parameters=said, secure=secure, minimum=minimum
    )
    plan.write_text(made.to_json(), encoding="utf-8")
    _tell({"id": made.id, "digest": made.digest}, as_json=json, text=f"{plan.name}: {made.digest}")


@study.command("show")
def show(plan: PlanAt, json: AsJson = False) -> None:
    """Say what a study reads, computes and sends."""
    found = Plan.from_json(plan.read_text(encoding="utf-8"))
    analysis = build(found)
    leaves = found.leaves(analysis.shapes(analysis.first()))
    head = [
        f"{found.title} ({found.purpose}); digest {found.digest}",
        f"{found.analysis}: {dict(found.parameters)}",
    ]
    told = json_module.loads(found.to_json()) | {"digest": found.digest, "leaves": leaves}
    _tell(told, as_json=json, text="\n".join([*head, *leaves]))


@study.command("approve")
def approve(
    plan: PlanAt,
    site: Annotated[Path, typer.Option("--site", help="This site's folder of keys.")],
    dataset: Annotated[str, typer.Option(help="The hub's dataset whose privacy budget is charged.")] = "",
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Approve a plan for this site: its signature on the plan's digest, after its price is in the hub's ledger."""
    from commissure.workflows.approve_study import approve_study
    from commissure.workflows.join_study import SiteFolder

    found, folder = Plan.from_json(plan.read_text(encoding="utf-8")), SiteFolder(site)
    if dataset:
        letter = approve_study(opened(hub), dataset, plan=found, site=folder, now=datetime.now(UTC))
    else:
        letter = folder.approve(found)
    _tell(
        {"site": letter.sender, "digest": found.digest},
        as_json=json,
        text=f"{letter.sender} approved {found.digest}",
    )


@study.command("fit")
def fit(
    plan: PlanAt,
    table: Annotated[Path, typer.Option(help="The lab's own table: CSV or TSV.")],
    out: Annotated[Path, typer.Option(help="The table to write, for `join`.")],
    sidecar: Annotated[Path | None, typer.Option(help="Its BIDS sidecar: Units and Levels (JSON).")] = None,
    json: AsJson = False,
) -> None:
    """Fit a lab's table to a plan: columns by their meaning, units converted, labels coded; read what it says."""
    from commissure.terms.lexicon import Lexicon
    from commissure.translate.lines import read_table
    from commissure.workflows.fit_table import fit_table
    from commissure.workflows.train_federated import write_rows

    found = Plan.from_json(plan.read_text(encoding="utf-8"))
    rows = read_table(table.read_bytes(), delimiter="\t" if table.suffix.lower() == ".tsv" else ",")
    about = json_module.loads(sidecar.read_text(encoding="utf-8")) if sidecar else None
    fitted = fit_table(found, rows, lexicon=Lexicon.load(), sidecar=about)
    wrong = [f"{finding.message} {finding.remedy}" for finding in fitted.findings]
    if not wrong:
        write_rows(out, fitted.table)
    told = {"matches": list(fitted.matches), "findings": wrong, "written": None if wrong else str(out)}
    _tell(told, as_json=json, text="\n".join([*fitted.matches, *(wrong or [f"Written: {out}"])]))
    if wrong:
        raise typer.Exit(2)


@app.command("coordinate")
def coordinate(
    folder: Annotated[Path, typer.Argument(help="Where the study is kept; it holds plan.json.")],
    tls: Annotated[Path, typer.Option(help="The coordinator's folder of keys.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for a free one.")] = 8443,
    gather: Annotated[float, typer.Option(help="Seconds to wait for all sites before beginning.")] = 30.0,
    json: AsJson = False,
) -> None:
    """Lead a study until it has its result; killed, it goes on where it was."""
    from commissure.faces.http.federation import Patience, serve_study
    from commissure.federate.wire import as_json
    from commissure.workflows.run_study import open_study

    running = open_study(folder, say=_say)
    serve_study(running, tls=tls, host=host, port=port, patience=Patience(gather), ready=_say)
    result = as_json(running.result)
    (folder / "result.json").write_text(result, encoding="utf-8")
    typer.echo(result if json else f"Done: {folder / 'result.json'}")


@app.command("join")
def join(
    url: Annotated[str, typer.Argument(help="https://host:port of the coordinator.")],
    site: Annotated[Path, typer.Option("--site", help="This site's folder of keys.")],
    table: Annotated[Path, typer.Option(help="This site's rows: a CSV or TSV file.")],
    proxy: Annotated[str, typer.Option(help="http://host:port that connections go out through.")] = "",
    json: AsJson = False,
) -> None:
    """Take part in a study as a site: connections go out only, rows stay here."""
    # the agent stays for days: it begins anew in this process, without what a command line needs
    words = [url, "--site", str(site), "--table", str(table), "--proxy", proxy, *(["--json"] if json else [])]
    os.execv(sys.executable, [sys.executable, "-m", "commissure.faces.site_agent", *words])


@app.command("flower")
def flower(
    folder: Annotated[Path, typer.Argument(help="A new folder for the app.")],
    study: Annotated[
        Path, typer.Option(help="The study's folder on the SuperLink's host; it holds plan.json.")
    ],
    gather: Annotated[float, typer.Option(help="Seconds to wait for all sites before beginning.")] = 60.0,
    deadline: Annotated[float, typer.Option(help="Seconds to wait for a site's answer.")] = 120.0,
    json: AsJson = False,
) -> None:
    """Write an app for `flwr run` that leads a study over Flower's SuperLink, for networks that have one."""
    from commissure.workflows.write_flower_app import write_flower_app

    made = write_flower_app(folder, study=study, gather_s=gather, deadline_s=deadline)
    _tell({"app": str(made)}, as_json=json, text=f"Run: flwr run {made} YOUR-SUPERLINK --stream")


@app.command("demo")
def demo(
    folder: Annotated[Path, typer.Argument(help="An empty folder for keys, tables and the study.")] = Path(
        "federate-demo"
    ),
    data: Annotated[
        Path | None, typer.Option(help="A folder with the four hospitals of UCI heart disease.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of training.")] = 30,
    strategy: Annotated[str, typer.Option(help="fedavg, fedprox, fedadam or scaffold.")] = "fedavg",
    json: AsJson = False,
) -> None:
    """Train over eight site processes with mutual TLS, kill one, and compare with pooled rows and each site alone."""
    from commissure.faces.bars import draw_losses, draw_scores, page_of
    from commissure.workflows.demo_tables import demo_tables
    from commissure.workflows.train_federated import demonstrate

    tables, said = demo_tables(data)
    training = {"rounds": rounds, "strategy": strategy, "steps": 5}
    shown = demonstrate(folder, tables, data=said, outcome="case", now=datetime.now(UTC), entropy=os.urandom, parameters=training)  # fmt: skip
    title = "Eight sites, one model, no row moved"
    scores = draw_scores(shown.scores, title=title)
    losses = draw_losses(shown.losses, title=title, killed_after=shown.killed_after)
    lines = [shown.data, _loss_of_site(shown), shown.verdict]
    page = page_of(shown.scores, [scores, losses], title=title, said=lines)
    for name, text in (("scores.svg", scores), ("losses.svg", losses), ("report.html", page)):
        (folder / name).write_text(text, encoding="utf-8")
    told = shown.to_dict() | {"plot": str(folder / "scores.svg"), "report": str(folder / "report.html")}
    _tell(told, as_json=json, text=_in_words(shown, folder))


def _loss_of_site(shown: Any) -> str:
    return f"One site was killed; the coordinator noticed after {shown.noticed_s:.2f} s and went on."


def _in_words(shown: Any, folder: Path) -> str:
    wide = max(len(score.name) for score in shown.scores)
    rows = [f"{s.name:>{wide}}  AUC {s.value:.3f}  [{s.low:.3f}, {s.high:.3f}]" for s in shown.scores]
    ends = f"Plot: {folder / 'scores.svg'}\nReport: {folder / 'report.html'}"
    return "\n".join([shown.data, *rows, _loss_of_site(shown), shown.verdict, ends])


@app.command("simulate")
def simulate(
    sites: Annotated[int, typer.Option(help="How many sites.", min=2, max=1000)] = 50,
    weights: Annotated[int, typer.Option(help="How many weights a round sums.", min=1)] = 100_000,
    lost: Annotated[
        float, typer.Option(help="Share of sites that drop out in the middle.", min=0, max=0.3)
    ] = 0.05,
    json: AsJson = False,
) -> None:
    """Plan a network: seconds, bytes and safety of one secure round over so many sites, in this process."""
    from commissure.workflows.simulate_round import simulate_round

    found = simulate_round(sites, weights, lost=lost, entropy=os.urandom)
    _tell(found, as_json=json, text="\n".join(f"{name}: {value}" for name, value in found.items()))
