"""The environment that this process runs in, read from what is installed: the same text in the same environment."""

import hashlib
import json
import platform
import sys
from base64 import urlsafe_b64decode
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement

from commissure.certify.environment import normal

__all__ = ["environment_text", "installed"]

_SELF = "commissure"
#: extras of ours that are no part of making a release
_NOT_USED = frozenset(("dev", "all"))
#: programs that packages bring, by the name of their file
_PROGRAMS = {"dcm2niix": "dcm2niix", "deno": "deno", "bids-validator.js": "bids-validator"}


@cache
def environment_text() -> bytes:
    """``environment.json``: this interpreter, commissure with all of its extras that are installed, and what they require."""
    document = {
        "format": 1,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": f"{sys.platform}-{platform.machine()}",
        **installed(),
    }
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def installed(root: str = _SELF) -> dict[str, Any]:
    """The packages that ``root`` and its extras require, as far as they are installed, and the programs they bring.

    Parameters
    ----------
    root : str
        A package.

    Returns
    -------
    dict
        ``packages`` (``name``, ``version``, ``sha256`` over its files, ``requires``) and ``programs`` (``name``,
        ``file``, ``sha256``), sorted.
    """
    packages: dict[str, dict[str, Any]] = {}
    programs: list[dict[str, str]] = []
    waiting: list[tuple[str, frozenset[str]]] = [(root, _extras_of(root))]
    met: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (normal(name), extras) in met:
            continue
        met.add((normal(name), extras))
        if (found := _headers(normal(name))) is None:
            continue
        wanted = _wanted(found, extras)
        waiting += wanted
        if row := packages.get(normal(name)):
            row["requires"] = sorted({*row["requires"], *_present(wanted)})
            continue
        files = _own_files() if normal(name) == _SELF else _files(found["record"][0])
        digest = hashlib.sha256("\n".join(f"{f} {h}" for f, h in sorted(files.items())).encode())
        packages[normal(name)] = {
            "name": found["name"][0], "version": found["version"][0], "sha256": digest.hexdigest(),
            "requires": _present(wanted) if normal(name) == _SELF else sorted({n for n, _ in wanted}),
        }  # fmt: skip
        for file, sha in files.items():
            if program := _PROGRAMS.get(file.rpartition("/")[2].removesuffix(".exe")):
                programs.append(
                    {"name": program, "file": file.removeprefix("../../../"), "sha256": _hex(sha)}
                )
    return {
        "packages": [packages[key] for key in sorted(packages)],
        "programs": sorted(programs, key=lambda one: (one["name"], one["file"])),
    }


@cache
def _headers(name: str) -> dict[str, list[str]] | None:
    """The headers of a package's metadata that count here, and its RECORD; None where it is not installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    kept: dict[str, list[str]] = {"record": [found.read_text("RECORD") or ""]}
    for line in (found.read_text("METADATA") or "").splitlines():
        key, sign, value = line.partition(": ")
        if not line:
            break
        if sign and key in {"Name", "Version", "Requires-Dist", "Provides-Extra"}:
            kept.setdefault(key.lower(), []).append(value.strip())
    return kept if {"name", "version"} <= kept.keys() else None


def _extras_of(name: str) -> frozenset[str]:
    found = _headers(normal(name)) or {}
    return frozenset(found.get("provides-extra", ())) - _NOT_USED


def _wanted(found: dict[str, list[str]], extras: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
    """What a package requires here, with the extras asked for."""
    here = {key: str(value) for key, value in default_environment().items()}
    wanted = []
    for text in found.get("requires-dist", ()):
        head, sign, _ = text.partition(";")
        if sign and "extra" in text and not extras:
            continue
        try:
            one = Requirement(text if sign else head)
        except InvalidRequirement:
            continue
        if one.marker is None or any(one.marker.evaluate({**here, "extra": e}) for e in ("", *extras)):
            wanted.append((one.name, frozenset(one.extras)))
    return wanted


def _present(wanted: list[tuple[str, frozenset[str]]]) -> list[str]:
    """Of our own requirements those that are there: an extra that is not installed took no part."""
    return sorted({name for name, _ in wanted if _headers(normal(name)) is not None})


def _files(record: str) -> dict[str, str]:
    """Files and their hashes as the wheel recorded them; what an installer adds is left out."""
    kept = {}
    for line in record.splitlines():
        path, _, rest = line.rpartition(",")[0].rpartition(",")
        ours = not path.startswith("..") or path.rpartition("/")[2] == "deno"
        if rest.startswith("sha256=") and ".dist-info/" not in path and ours:
            kept[path.strip('"')] = rest
    return kept


def _hex(recorded: str) -> str:
    """A hash of RECORD, which writes it in base 64 without padding, in hexadecimal."""
    code = recorded.removeprefix("sha256=")
    return urlsafe_b64decode(code + "=" * (-len(code) % 4)).hex()


def _own_files() -> dict[str, str]:
    """Our own files, which may be a checkout's and not as they were installed."""
    top = Path(__file__).parents[2]
    return {
        path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(top.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
