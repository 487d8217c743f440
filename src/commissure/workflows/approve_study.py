"""Approve a study for a dataset of a hub: its price goes into the ledger before the steward's signature is given."""

from datetime import datetime

from commissure.errors import NotFound, NotPermitted
from commissure.federate.letters import Letter
from commissure.federate.plan import Plan
from commissure.federate.privacy import mu_of_subject
from commissure.hub import Hub
from commissure.protect.private.budget import Spend
from commissure.workflows.join_study import SiteFolder
from commissure.workflows.private_release import budget_state, charge

__all__ = ["approve_study"]


def approve_study(hub: Hub, dataset: str, *, plan: Plan, site: SiteFolder, now: datetime) -> Letter:
    """The site's approval of a plan, charged to the privacy budget of the dataset that it will read.

    A plan is charged once: what it may ask at most, all rounds, whether they come to pass or not. The price is for one
    subject of the dataset, and holds as long as ``minimum`` sites add their part of the noise.

    Parameters
    ----------
    hub : Hub
        Where the dataset is; its actor must own it.
    dataset : str
    plan : Plan
    site : SiteFolder
        Signs.
    now : datetime
        The instant, in UTC.

    Raises
    ------
    NotFound
        If there is no such dataset.
    NotPermitted
        If the actor is not the owner, the plan adds no noise to a dataset that has a budget, or the budget does not
        allow it.
    """
    if hub.records.releases.dataset(dataset).owner != hub.actor.id:
        raise NotPermitted(f"Only the owner of dataset {dataset!r} may approve a study of it.")
    try:
        state = budget_state(hub, dataset)
    except NotFound:
        return site.approve(plan)
    noise = float(plan.parameters.get("noise", 0))
    if not noise:
        raise NotPermitted(
            f"Dataset {dataset!r} has a privacy budget, and this plan adds no noise that could be charged: ask for one "
            "with `noise`."
        )
    what = f"federated study {plan.id} {plan.digest[:16]}"
    if all(spend.what != what for spend in state.spends):
        rounds = int(plan.parameters.get("rounds", plan.rounds))
        mu = mu_of_subject(noise=noise, rounds=rounds, rows=plan.hides_rows)
        spend = Spend(what=what, mu=mu, neighbours=state.limit.neighbours)
        charge(hub, dataset, spend=spend, now=now)
    return site.approve(plan)
