"""What the BIDS validator says of a tree, as Findings.

The validator is the community's own (`bids-validator`, the Deno build), run as an outside program: it carries
its schema and needs no network.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, Fault
from commissure.model import Finding, Severity
from commissure.standardize.validation import Validation

__all__ = ["validate_bids"]

_PROGRAM = "bids-validator-deno"
_TIMEOUT_S = 900.0
_LONGEST_MESSAGE = 300
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "ignore": Severity.INFO}

#: what to do about the issues that come most often, by code
_REMEDIES = {
    "SIDECAR_KEY_REQUIRED": "Give the field in commissure.yaml (sidecar: {…}), or in a JSON file beside the data.",
    "SIDECAR_KEY_RECOMMENDED": "Give the field in commissure.yaml (sidecar: {…}) if it is known.",
    "JSON_KEY_RECOMMENDED": "Give the field in commissure.yaml (dataset: {…}) if it is known.",
    "JSON_KEY_REQUIRED": "Give the field in commissure.yaml (dataset: {…}).",
    "TOO_FEW_AUTHORS": "Name all authors in commissure.yaml (authors: [...]).",
    "NO_AUTHORS": "Name the authors in commissure.yaml (authors: [...]).",
    "EVENTS_TSV_MISSING": "Put an events.tsv (onset, duration, trial_type) beside the recording.",
    "NOT_INCLUDED": "The name is not a BIDS name; rename the file or list it in .bidsignore.",
    "README_FILE_SMALL": "Describe the study in a README.md beside the data.",
    "HED_ERROR": "Correct the HED tag; see the HED specification, appendix B.",
}


def validate_bids(root: Path, *, timeout_s: float = _TIMEOUT_S) -> Validation:
    """Run the BIDS validator on the dataset at ``root``.

    Parameters
    ----------
    root : Path
        The top of a BIDS dataset.
    timeout_s : float
        After how many seconds it is stopped.

    Returns
    -------
    Validation
        One Finding an issue; ``check`` is ``bids.`` and the validator's code (and sub-code).

    Raises
    ------
    BadInput
        If ``root`` is no folder.
    Fault
        If the validator is not installed beside this Python, does not end in time, or does not answer in JSON.

    References
    ----------
    Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44.
    """
    if not root.is_dir():
        raise BadInput("A BIDS dataset is a folder; there is none at the path that was given.")
    text = _run([str(_program()), "--format", "json", "--max-rows", "-1", str(root)], timeout_s=timeout_s)
    answer = _parsed(text)
    messages = answer["issues"].get("codeMessages", {})
    findings = tuple(_finding(issue, messages) for issue in answer["issues"]["issues"])
    return Validation("bids-validator", version("bids-validator-deno"), _merged(findings))


def _program() -> Path:
    path = Path(sys.executable).parent / _PROGRAM
    for candidate in (path, path.with_suffix(".exe")):
        if candidate.exists():
            return candidate
    raise Fault(f"The program {_PROGRAM!r} is not beside this Python: pip install bids-validator-deno.")


def _run(command: list[str], *, timeout_s: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise Fault(f"The BIDS validator did not end within {timeout_s:g} s and was stopped.") from error
    except OSError as error:
        raise Fault(f"The BIDS validator could not be started ({type(error).__name__}).") from error
    if not done.stdout.strip():
        raise Fault(
            f"The BIDS validator ended with code {done.returncode} and said nothing that can be read."
        )
    return done.stdout


def _parsed(text: str) -> dict[str, Any]:
    start = text.find("{")
    try:
        answer: dict[str, Any] = json.loads(text[max(start, 0) :])
    except ValueError as error:
        raise Fault("The BIDS validator did not answer in JSON.") from error
    if not isinstance(answer.get("issues", {}).get("issues"), list):
        raise Fault("The BIDS validator answered in a JSON that we do not know: it has no list of issues.")
    return answer


def _finding(issue: Mapping[str, Any], messages: Mapping[str, str]) -> Finding:
    code, sub_code = str(issue.get("code", "UNKNOWN")), str(issue.get("subCode", ""))
    said = str(messages.get(code, "")).split("\n\n")[0]
    message = " ".join(said.split())
    if sub_code:
        message = (
            f"{message} ({sub_code})" if code != "HED_ERROR" else str(issue.get("issueMessage", message))
        )
    elif not message or code in {"SCHEMA_ERROR", "JSON_SCHEMA_VALIDATION_ERROR", "TSV_VALUE_INCORRECT_TYPE"}:
        message = f"{message} {issue.get('issueMessage', '')}".strip() or code
    return Finding(
        f"bids.{code}" + (f".{sub_code}" if sub_code else ""),
        _SEVERITIES.get(str(issue.get("severity", "error")), Severity.ERROR),
        " ".join(message.split())[:_LONGEST_MESSAGE],
        where=str(issue.get("location", "")).lstrip("/"),
        remedy=_REMEDIES.get(code, ""),
    )


def _merged(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Each Finding once, in a stable order."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (f.where, f.check, f.message)))
