"""Stages ``standardize`` and ``quality``: nouns become files of a standard, and are judged."""

import hashlib
import json
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from commissure.annotate.quality import check_quality
from commissure.errors import CommissureError
from commissure.formats.detect import safe_name
from commissure.model import About, Finding, Severity
from commissure.standardize.port import Written
from commissure.standardize.registry import writer_for
from commissure.workflows.sharing.work import Item, Work

__all__ = ["check_items", "write_items"]


def write_items(work: Work) -> None:
    """Write every standing Item in a folder of its own (or take what a former run finished), and join the trees."""
    for number, item in enumerate(work.items):
        if item.quarantined:
            continue
        try:
            folder, item.written = work.staging.written(_key(work, item, number), partial(_write, item))
        except CommissureError as error:
            _give_up(work, item, str(error))
            continue
        except OSError as error:
            if error.errno == 28:
                raise
            _give_up(work, item, f"writing failed ({type(error).__name__})")
            continue
        except Exception as error:  # noqa: BLE001 - one recording that cannot be written must not end the rest
            _give_up(work, item, f"writing failed ({type(error).__name__})")
            continue
        said = {replace(finding, where="") for finding in item.written.findings}
        unsaid = [finding for finding in item.noun.about.findings if replace(finding, where="") not in said]
        told = dict.fromkeys((*unsaid, *item.written.findings))
        work.findings.extend(_placed(finding, item) for finding in told)
        for name in work.staging.join(folder, item.standard, item.written.files):
            message = "Two recordings describe this file differently (positions of sensors, as a rule); the first stays."
            work.findings.append(
                Finding("standardize.differs", Severity.WARNING, message, f"{item.standard}/{name}")
            )
        work.progress.advance()


def check_items(work: Work) -> None:
    """Judge the signals; what is found are Findings, never a reason to stop."""
    for item in work.standing:
        where = f"{item.standard}/{item.written.files[0]}" if item.written and item.written.files else ""
        try:
            annotations, findings = check_quality(item.noun)
        except Exception as error:  # noqa: BLE001 - a detector that fails says so and the release goes on
            message = f"Quality could not be judged ({type(error).__name__})."
            work.findings.append(Finding("quality.failed", Severity.INFO, message, where))
            continue
        work.findings.extend(replace(finding, where=finding.where or where) for finding in findings)
        marks = work.metadata.setdefault("annotations", {})
        if isinstance(marks, dict):
            for annotation in annotations:
                marks[annotation.label] = marks.get(annotation.label, 0) + 1
        work.progress.advance()


def _placed(finding: Finding, item: Item) -> Finding:
    names = item.written.files if item.written else ()
    return replace(finding, where=f"{item.standard}/{finding.where}") if finding.where in names else finding


def _write(item: Item, root: Path) -> Written:
    return writer_for(item.noun).write(item.noun, root=root)


def _give_up(work: Work, item: Item, why: str) -> None:
    item.quarantined = True
    remedy = "Say what is missing in commissure.yaml, or leave the recording out, and share again."
    message = f"{item.source.format}: {why}"
    work.findings.append(
        Finding("standardize.failed", Severity.ERROR, message, safe_name(item.source.primary), remedy)
    )


def _key(work: Work, item: Item, number: int) -> str:
    about: About = replace(item.noun.about, identifiers=(), facts=())
    hashes = [work.hashes.get(path, "") for path in item.source.files]
    message = json.dumps([version("commissure"), item.source.format, number, hashes, repr(about)])
    return hashlib.sha256(message.encode()).hexdigest()[:32]
