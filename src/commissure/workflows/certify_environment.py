"""The environment of a release: is it complete, is this one the same, can it be had again?"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commissure.certify.environment import ENVIRONMENT, check_environment, normal, requirements
from commissure.errors import NotFound, Unreadable
from commissure.hub import Hub
from commissure.model import Finding, Person, Severity
from commissure.workflows.access import open_asset
from commissure.workflows.browse import show
from commissure.workflows.sharing.environment import environment_text

__all__ = ["Rebuild", "check_rebuild", "resolve"]

_LONGEST_S = 1800


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What is known of a release's environment.

    Attributes
    ----------
    document : mapping
        The environment itself.
    findings : tuple of Finding
        What it lacks; empty if it is complete.
    differences : tuple of str
        In what this process's environment is another one; empty if it is the same.
    resolved : bool or None
        Whether a package index has every version for this Python and platform; None if it was not asked.
    """

    document: Mapping[str, Any]
    findings: tuple[Finding, ...]
    differences: tuple[str, ...]
    resolved: bool | None = None

    @property
    def complete(self) -> bool:
        """Whether it could be built again from what is written."""
        return not self.findings

    def to_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "complete": self.complete,
            "same": not self.differences,
            "resolved": self.resolved,
            "python": self.document.get("python", ""),
            "platform": self.document.get("platform", ""),
            "packages": len(self.document.get("packages", ())),
            "programs": list(self.document.get("programs", ())),
            "differences": list(self.differences),
            "findings": [finding.to_dict() for finding in self.findings],
            "requirements": requirements(self.document),
        }


def check_rebuild(
    hub: Hub, reference: str, *, viewer: str, now: datetime, ask_index: bool = False
) -> Rebuild:
    """Check the environment that a release carries.

    Parameters
    ----------
    hub : Hub
        Where the release is.
    reference : str
        ``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest.
    viewer : str
        Who asks.
    now : datetime
        The instant, in UTC.
    ask_index : bool
        Whether to ask the package index for every version (``pip install --dry-run``; nothing is installed).

    Raises
    ------
    NotFound
        If the release carries none.
    Unreadable
        If it is no JSON object.
    """
    shown = show(hub, reference, viewer=viewer, now=now)
    release = shown.release
    asset = next((one for one in release.assets if one.path == ENVIRONMENT), None)
    if asset is None:
        raise NotFound(f"{release.id} carries no environment; share it again, and it will.")
    with open_asset(hub.acting_as(Person(viewer)), release, asset=asset, purpose="research", now=now) as file:
        document = read_environment(file.read())
    software = [tool for each in release.activities for tool in each.software]
    findings = check_environment(document, software)
    differences = _differences(document, json.loads(environment_text())) if not findings else ()
    resolved = None
    if ask_index and not findings:
        resolved, why = resolve(requirements(document))
        if why:
            findings = (Finding("environment.index", Severity.WARNING, why),)
    return Rebuild(document, findings, differences, resolved)


def read_environment(data: bytes) -> dict[str, Any]:
    """An ``environment.json``; Unreadable if it is no JSON object."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{ENVIRONMENT} is not JSON; the release is damaged.") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{ENVIRONMENT} is no JSON object; the release is damaged.")
    return found


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Each difference in one line: interpreter, platform, versions, contents, programs."""
    told = [f"{name} {then.get(name)} is {now.get(name)} here." for name in ("python", "implementation", "platform")
            if then.get(name) != now.get(name)]  # fmt: skip
    here = {normal(row["name"]): row for row in now["packages"]}
    for row in then["packages"]:
        mine = here.get(normal(row["name"]))
        if mine is None:
            told.append(f"{row['name']} {row['version']} is not installed here.")
        elif mine["version"] != row["version"]:
            told.append(f"{row['name']} {row['version']} is {mine['version']} here.")
        elif mine["sha256"] != row["sha256"]:
            told.append(f"{row['name']} {row['version']} has other contents here.")
    mine_by_file = {one["file"]: one["sha256"] for one in now["programs"]}
    told += [
        f"The program {one['name']} is another one here."
        for one in then.get("programs", ()) if mine_by_file.get(one["file"]) != one["sha256"]
    ]  # fmt: skip
    return tuple(told)


def resolve(lines: str, *, anew: bool = True) -> tuple[bool, str]:
    """Whether ``pip`` finds every line for this Python and platform, and if not, what it says; installs nothing.

    Parameters
    ----------
    lines : str
        ``name==version`` lines.
    anew : bool
        Whether as for an empty environment; otherwise what is installed here counts as found.
    """
    with tempfile.TemporaryDirectory(prefix="commissure-") as folder:
        path = Path(folder) / "lock.txt"
        path.write_text(lines, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--disable-pip-version-check", *(["--ignore-installed"] if anew else []), "-r", str(path)]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            return False, f"pip could not be run ({type(error).__name__})."
    wrong = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return done.returncode == 0, "" if done.returncode == 0 else (wrong or ["pip found not all of it."])[-1][
        :300
    ]
