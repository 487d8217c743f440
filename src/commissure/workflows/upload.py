"""Upload: share what somebody sent over the wire, and keep no raw copy of it afterwards."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commissure.errors import BadInput
from commissure.hub import Hub
from commissure.model import Progress
from commissure.workflows.share import as_work as share_as_work

__all__ = ["as_work", "uploads_of"]


def uploads_of(hub: Hub, person: str) -> Path:
    """The private folder for what ``person`` sent to ``hub`` and is not yet shared."""
    return hub.work_folder / "uploads" / person.encode().hex()


def as_work(hub: Hub, parameters: Mapping[str, Any], *, progress: Progress) -> Mapping[str, object]:
    """``share`` of an upload, as a job: ``{"upload": …, "options": {…}}``; the raw files go once it has ended well.

    Sent again, the same files lie at the same place, so that they make no second release.

    Raises
    ------
    BadInput
        If there is no such upload of the hub's actor.
    """
    name = str(parameters["upload"])
    folder = uploads_of(hub, hub.actor.id) / name
    if not name.isalnum() or not folder.is_dir():
        raise BadInput("There is no such upload, or it was shared already; send it again.")
    asked = {"folder": str(folder), "options": parameters.get("options", {})}
    told = share_as_work(hub, asked, progress=progress)
    shutil.rmtree(folder)
    return told
