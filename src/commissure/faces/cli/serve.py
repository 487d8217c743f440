"""``commissure serve``: the portal and the API."""

from typing import Annotated

import typer

from commissure.extras import need
from commissure.faces.cli.words import HubAt, command, settings_for

__all__ = ["serve"]


@command
def serve(
    hub: HubAt = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.", min=0, max=65535)] = 8000,
) -> None:
    """Open the portal and the API in a browser; stop with Ctrl-C.

    The token that is printed acts as you; without it only what is public is seen.
    """
    need("fastapi", purpose="Serving a hub")
    from commissure.faces.http.server import run

    run(settings_for(hub), host=host, port=port, say=lambda text: typer.echo(text, err=True))
