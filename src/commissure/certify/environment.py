"""The environment that made a release: Python, every package by its version and content, programs by their hash.

It is written beside the crate as ``environment.json``. It is *complete* if it names an interpreter, every program that
the release's Activities name, and every package that a package in it requires, each at one version.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from commissure.model import Finding, Severity, Software

__all__ = ["ENVIRONMENT", "check_environment", "requirements"]

#: where it lies in a release
ENVIRONMENT = "environment.json"
_FORMAT = 1
_REMEDY = "Share again with this version of commissure: it writes the environment beside the crate."


def check_environment(document: Mapping[str, Any], software: Iterable[Software]) -> tuple[Finding, ...]:
    """What an environment lacks so that it could be built again.

    Parameters
    ----------
    document : mapping
        ``format``, ``python``, ``platform``, ``packages`` (``name``, ``version``, ``sha256``, ``requires``) and
        ``programs`` (``name``, ``file``, ``sha256``).
    software : iterable of Software
        What the release's Activities name.

    Examples
    --------
    >>> check_environment({}, ())[0].check
    'environment.format'
    >>> one = {"name": "numpy", "version": "2.3.0", "sha256": "ab" * 32, "requires": ["six"]}
    >>> told = {"format": 1, "python": "3.11.7", "platform": "linux-x86_64", "packages": [one], "programs": []}
    >>> [f.message for f in check_environment(told, [Software("numpy", "2.2.0")])]
    ['numpy 2.2.0 took part, but the environment has numpy 2.3.0.', 'numpy requires six, which the environment lacks.']
    """
    rows = document.get("packages")
    if document.get("format") != _FORMAT or not isinstance(rows, list) or not all(map(_is_pinned, rows)):
        return (
            _finding(
                "format", "The environment is not of a form that is known, or a package has no version."
            ),
        )
    if not document.get("python") or not document.get("platform"):
        return (_finding("python", "The environment names no Python, or no platform."),)
    held = {normal(row["name"]): str(row["version"]) for row in rows}
    programs = {normal(str(one.get("name", ""))) for one in document.get("programs", []) if one.get("sha256")}
    found = []
    for tool in sorted(set(software), key=lambda tool: (tool.name, tool.version)):
        has = held.get(normal(tool.name))
        if has != tool.version and not (has is None and normal(tool.name) in programs):
            instead = f"{tool.name} {has}" if has else f"no {tool.name}"
            found.append(
                _finding(
                    "software", f"{tool.name} {tool.version} took part, but the environment has {instead}."
                )
            )
    for row in rows:
        lost = [name for name in row.get("requires", ()) if normal(name) not in held]
        found += [
            _finding("requires", f"{row['name']} requires {name}, which the environment lacks.")
            for name in lost
        ]
    return tuple(found)


def _is_pinned(row: object) -> bool:
    return isinstance(row, Mapping) and all(
        isinstance(row.get(name), str) and row[name] for name in ("name", "version", "sha256")
    )


def _finding(check: str, message: str) -> Finding:
    return Finding(f"environment.{check}", Severity.WARNING, message, remedy=_REMEDY)


def normal(name: str) -> str:
    """A package's name as indexes compare it.

    >>> normal("MNE_bids"), normal("ruamel.yaml")
    ('mne-bids', 'ruamel-yaml')
    """
    return name.strip().lower().replace("_", "-").replace(".", "-")


def requirements(document: Mapping[str, Any], *, without: Iterable[str] = ("commissure",)) -> str:
    """The packages as lines that ``pip install --no-deps -r`` takes.

    Parameters
    ----------
    document : mapping
        The environment.
    without : iterable of str
        Packages that come from elsewhere than an index; by default commissure itself.

    Examples
    --------
    >>> requirements({"packages": [{"name": "numpy", "version": "2.3.0"}, {"name": "commissure", "version": "1"}]})
    'numpy==2.3.0\\n'
    """
    skipped = {normal(name) for name in without}
    rows = [row for row in document.get("packages", []) if normal(str(row["name"])) not in skipped]
    return "".join(f"{row['name']}=={row['version']}\n" for row in rows)
