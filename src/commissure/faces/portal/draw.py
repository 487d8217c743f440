"""Drawing pages: one Jinja2 environment, everything escaped unless it was made safe here."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from commissure.faces.http.auth import page_viewer
from commissure.faces.shapes import named

__all__ = ["STATIC", "Pages", "coded", "marked", "script_json", "size"]

HERE = Path(__file__).parent
STATIC = HERE / "static"
_STEP = 1000


def size(count: int) -> str:
    """A size as a person reads it, in decimal units as disks are sold.

    >>> size(1_500_000)
    '1.5 MB'
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _STEP:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _STEP
    return f"{value:.1f} TB"


def marked(text: str) -> Markup:
    """``text`` with what stands between ``**`` marked; everything else escaped.

    >>> marked("a **b** <i>")
    Markup('a <mark>b</mark> &lt;i&gt;')
    """
    return _between(text, "**", Markup("<mark>{}</mark>"))


def coded(text: str) -> Markup:
    """``text`` with what stands between backticks set as code; everything else escaped.

    >>> coded("a `b` <i>")
    Markup('a <code>b</code> &lt;i&gt;')
    """
    return _between(text, "`", Markup("<code>{}</code>"))


def _between(text: str, sign: str, form: Markup) -> Markup:
    pieces = [escape(piece) for piece in text.split(sign)]
    shown = Markup("")
    for index, piece in enumerate(pieces):
        shown += form.format(piece) if index % 2 and index < len(pieces) - 1 else piece
    return shown


def script_json(value: Any) -> str:
    """``value`` as JSON that cannot end the script element it stands in.

    >>> script_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


class Pages:
    """The pages of one hub.

    Parameters
    ----------
    name : str
        What the portal is called.
    hub_path : str
        How its owner names the hub's folder, for the lines to copy.
    """

    def __init__(self, *, name: str, hub_path: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        self._environment.filters |= {"size": size, "marked": marked, "coded": coded, "named": named}
        self._environment.globals |= {
            "hub_name": name,
            "hub_path": hub_path,
            "version": version("commissure"),
        }

    def draw(
        self, request: Request, template: str, *, status: int = 200, values: dict[str, Any] | None = None
    ) -> HTMLResponse:
        """The page ``template`` filled with ``values``, for whoever asks."""
        shared = {
            "path": request.url.path,
            "viewer": page_viewer(request),
            "origin": str(request.base_url).rstrip("/"),
        }
        text = self._environment.get_template(template).render(shared | (values or {}))
        headers = {"Cache-Control": "no-cache", "Vary": "Cookie"}
        return HTMLResponse(text, status, headers)
