"""The options that many commands share, and the decorator that makes a function a command."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeVar

import typer

from commissure.hub import Hub, open_hub
from commissure.settings import Settings

__all__ = ["AsJson", "HubAt", "command", "opened", "settings_for"]

F = TypeVar("F", bound=Callable[..., object])

HubAt = Annotated[
    str | None,
    typer.Option(
        "--hub", help="The hub's folder.", metavar="FOLDER", show_default="$COMMISSURE_HUB or ./hub"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def command(function: F) -> F:
    """Say that ``function`` is called by the command line, by the table in :mod:`commissure.faces.cli`."""
    return function


def settings_for(hub: str | None) -> Settings:
    """The environment's settings, with the hub that the command names."""
    settings = Settings.from_environment()
    return replace(settings, hub=hub) if hub else settings


def opened(hub: str | None, *, create: bool = False) -> Hub:
    """The hub that the command names, as the settings' actor sees it.

    Raises
    ------
    NotFound
        If there is none and ``create`` is false.
    """
    settings = settings_for(hub)
    return open_hub(settings.hub, settings=settings, create=create)
