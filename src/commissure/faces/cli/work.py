"""``commissure work`` and ``commissure jobs``."""

from typing import Annotated, Any

import typer

from commissure.errors import BadInput
from commissure.faces import shapes
from commissure.faces.cli.show import line, show, table
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.hub import Hub

__all__ = ["jobs", "work"]


@command
def work(
    hub: HubAt = None,
    idle: Annotated[
        float | None, typer.Option(help="Return after so many seconds without a job.", min=0)
    ] = None,
    json: AsJson = False,
) -> None:
    """Run the jobs that wait in a hub; several workers may do so side by side."""
    here: Hub = opened(hub)
    run: Any = getattr(here.jobs, "work", None)
    if run is None:
        raise BadInput(
            "This hub runs its jobs at once and needs no worker; set COMMISSURE_JOBS=local for a queue."
        )
    done = run(idle_s=idle)
    show({"jobs": done}, as_json=json, draw=line(f"✓ {done} job(s) were run."))


@command
def jobs(
    id: Annotated[str, typer.Argument(help="A job's id; all your newest if none is given.")] = "",
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Say how a job stands, or list the newest."""
    here = opened(hub)
    found = [here.jobs.get(id)] if id else list(here.records.jobs.find(by=here.actor.id))
    told = [shapes.job(item) for item in found]
    rows = (
        [job["id"], job["kind"], job["state"], f"{job['progress']:.0%}", job["stage"], job["error"]]
        for job in told
    )
    columns = ("Job", "Kind", "State", "Done", "Stage", "Error")
    show({"jobs": told}, as_json=json, draw=lambda console: console.print(table(columns, rows)))
