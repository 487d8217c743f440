"""Write a Flower app: two modules of three lines that name what every node has installed, and where the study lies."""

from pathlib import Path

from commissure.errors import Conflict, NotFound
from commissure.store import files

__all__ = ["write_flower_app"]

_PROJECT = """[project]
name = "commissure-study"
version = "1.0.0"
description = "Leads an approved study over a SuperLink; sites run what they have installed, no code of this app."
license = "Apache-2.0"
dependencies = []

[tool.flwr.app]
publisher = "commissure"

[tool.flwr.app.components]
serverapp = "commissure_study.server:app"
clientapp = "commissure_study.client:app"

[tool.flwr.app.config]
study = {study}
gather-s = {gather_s}
deadline-s = {deadline_s}
"""


def write_flower_app(folder: Path, *, study: Path, gather_s: float = 60.0, deadline_s: float = 120.0) -> Path:
    """A folder for ``flwr run``.

    Parameters
    ----------
    folder : Path
        A new one.
    study : Path
        On the host of the SuperLink; holds ``plan.json``, and comes to hold ``result.json``.
    gather_s, deadline_s : float
        How long to wait for all sites at first, and for an answer.

    Returns
    -------
    Path
        ``folder``.

    Raises
    ------
    Conflict
        If the folder holds something.
    NotFound
        If the study has no plan.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Conflict("The folder for the Flower app is not empty; name a new one.")
    if not (study / "plan.json").exists():
        raise NotFound(
            "The study's folder holds no plan.json; make one with `commissure federate study new`."
        )
    package = folder / "commissure_study"
    package.mkdir(parents=True)
    project = _PROJECT.format(
        study=_quoted(str(study.resolve())), gather_s=float(gather_s), deadline_s=float(deadline_s)
    )  # fmt: skip
    files.replace(folder / "pyproject.toml", project.encode())
    files.replace(package / "__init__.py", b"")
    for name in ("server", "client"):
        text = f"from commissure.faces.flower.{name}_app import make_{name}_app\n\napp = make_{name}_app()\n"
        files.replace(package / f"{name}.py", text.encode())
    return folder


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
