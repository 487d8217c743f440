"""Share: from a raw folder to a findable release.

The recipe: detect → read → deidentify → standardize → quality → describe → validate → likeness → release → publish. Every
stage is a function of its own in :mod:`commissure.workflows.sharing`, takes the :class:`Work` in hand and adds to it.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commissure.hub import Hub
from commissure.model import Progress, Silent
from commissure.workflows.sharing.describing import plan_rows
from commissure.workflows.sharing.detecting import find_sources
from commissure.workflows.sharing.judging import judge
from commissure.workflows.sharing.likening import find_likeness
from commissure.workflows.sharing.options import ShareOptions, read_config
from commissure.workflows.sharing.reading import protect_items, read_sources
from commissure.workflows.sharing.releasing import known_release, name_dataset, publish, release
from commissure.workflows.sharing.report import ShareReport
from commissure.workflows.sharing.staging import Staging
from commissure.workflows.sharing.work import Work
from commissure.workflows.sharing.writing import check_items, write_items

__all__ = ["ShareOptions", "ShareReport", "as_work", "share"]

SILENT = Silent()
#: the stages between detection and judgement; each may be interrupted and run again
_STAGES: tuple[tuple[str, Callable[[Work], None]], ...] = (
    ("read", read_sources),
    ("deidentify", protect_items),
    ("standardize", write_items),
    ("quality", check_items),
)


def share(
    hub: Hub,
    folder: Path | str,
    *,
    now: datetime,
    options: ShareOptions | None = None,
    progress: Progress = SILENT,
) -> ShareReport:
    """Turn a raw folder into a valid, de-identified, versioned release of ``hub``.

    The raw folder is never changed. Interrupted, it goes on where it stood when it is called again; called twice
    on the same folder, it makes no second release.

    Parameters
    ----------
    hub : Hub
        Where the release goes.
    folder : Path or str
        The raw folder, or one file.
    now : datetime
        The instant to record, with its time zone.
    options : ShareOptions or None
        What cannot be inferred; ``commissure.yaml`` in the folder is read too, and these win over it.
    progress : Progress
        Told of each stage.

    Returns
    -------
    ShareReport
        The release, or the Findings that say why there is none.

    Raises
    ------
    BadInput
        If the folder does not exist or ``commissure.yaml`` cannot be understood.
    """
    folder = Path(folder).expanduser()
    config = read_config(folder if folder.is_dir() else folder.parent)
    said = (options or ShareOptions()).over(config)
    dataset = name_dataset(hub, folder, options=said)
    with hub.lock(dataset):
        work = Work(hub, folder, said, Staging(hub.work_folder / dataset), now, progress, dataset=dataset)
        try:
            with warnings.catch_warnings():
                # what libraries mutter is for their developers; what a user must know is a Finding
                warnings.simplefilter("ignore")
                return _run(work)
        finally:
            work.staging.forget_scratch()


def _run(work: Work) -> ShareReport:
    with work.stage("detect"):
        find_sources(work)
    if (known := known_release(work)) is not None and not work.options.dry_run:
        return known
    work.staging.start()
    total = len(work.detection.sources) if work.detection else 0
    for name, stage in _STAGES:
        with work.stage(name, total or None):
            stage(work)
        total = len(work.items)
    fit = judge(work)
    if fit and not work.options.dry_run:
        with work.stage("likeness"):
            find_likeness(work)
        with work.stage("release"):
            release(work)
        with work.stage("publish"):
            publish(work)
    report = _report(work, fit=fit)
    work.staging.clear()
    return report


def _report(work: Work, *, fit: bool) -> ShareReport:
    made = work.release
    files = tuple(asset.path for asset in made.assets) if made else _staged(work) if fit else ()
    return ShareReport(
        dataset=work.dataset,
        version=made.version if made else "",
        standard="+".join(work.standards) if fit else "",
        files=files,
        validators=work.validators,
        findings=tuple(dict.fromkeys(work.findings)),
        identifiers_removed=dict(work.removed),
        seconds=work.seconds,
        plan=plan_rows(work),
        public=bool(made and made.public),
        unchanged=work.unchanged,
        dry_run=work.options.dry_run,
    )


def _staged(work: Work) -> tuple[str, ...]:
    return tuple(name for item in work.standing if item.written for name in item.written.files)


def as_work(hub: Any, parameters: Mapping[str, Any], *, progress: Progress) -> Mapping[str, object]:
    """``share`` as a job: ``{"folder": …, "options": {…}}``; gives the report as plain values."""
    options = ShareOptions(**dict(parameters.get("options", {})))
    report = share(
        hub, parameters["folder"], now=datetime.now(UTC), options=replace(options), progress=progress
    )
    return report.to_dict()
