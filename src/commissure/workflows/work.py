"""Work: the worker process of a hub."""

from pathlib import Path

from commissure.errors import BadInput
from commissure.hub import open_hub
from commissure.jobs.local import LocalExecutor
from commissure.settings import Settings

__all__ = ["work"]


def work(hub_path: str | Path, *, settings: Settings | None = None, idle_s: float | None = None) -> int:
    """Run the queued jobs of a hub, one after the other; several workers may run side by side.

    Parameters
    ----------
    hub_path : str or Path
        The hub's folder; it must be a hub already.
    settings : Settings, optional
        As for :func:`commissure.hub.open_hub`.
    idle_s : float or None
        After how many seconds without a job to return; None for never.

    Returns
    -------
    int
        How many jobs were run.

    Raises
    ------
    NotFound
        If there is no hub.
    BadInput
        If the hub's jobs are not queued but run at once.
    """
    hub = open_hub(hub_path, settings=settings, create=False)
    if not isinstance(hub.jobs, LocalExecutor):
        raise BadInput("This hub runs jobs at once; a worker is for COMMISSURE_JOBS=local.")
    try:
        return hub.jobs.work(idle_s=idle_s)
    finally:
        hub.close()
