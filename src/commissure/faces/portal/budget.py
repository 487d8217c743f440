"""The panel of what a dataset's private statistics may tell, and have told."""

from typing import Any
from urllib.parse import quote

from commissure.errors import NotFound
from commissure.faces.privacy import privacy
from commissure.hub import Hub
from commissure.workflows.private_release import budget_state

__all__ = ["panel"]


def panel(hub: Hub, dataset: str) -> dict[str, Any]:
    """The budget, what is spent of it and its picture; nothing where the dataset has no budget.

    Whoever may see the page may see it: the page is drawn for them alone.
    """
    try:
        state = privacy(dataset, budget_state(hub, dataset))
    except NotFound:
        return {"budget": None}
    spends = state["spends"]
    return {
        "budget": {
            **state,
            "spent": spends[-1]["total_epsilon"] if spends else 0.0,
            "picture": f"/api/v1/datasets/{quote(dataset, safe='')}/privacy.svg",
        }
    }
