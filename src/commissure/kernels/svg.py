"""Lines, words and axes of plots, as SVG text: what drawings in several rooms are made of."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

__all__ = ["BLUE", "INK", "ORANGE", "QUIET", "axis", "line", "page", "scale", "short", "text"]

#: two colours that the colour-blind can tell, a quiet one, and that of words
ORANGE, BLUE, QUIET, INK = "#c2410c", "#0f6cbd", "#9ca3af", "#1f2937"


def line(
    start: tuple[float, float], end: tuple[float, float], *, colour: str = INK, width: float = 1.5
) -> str:
    """A straight line between two points (x, y)."""
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def text(
    at: tuple[float, float], words: str, *, anchor: str = "start", size: int = 12, colour: str = INK
) -> str:
    """Words at a point."""
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}">{escape(words)}</text>'


def axis(left: tuple[float, float], length: float, *, low: float, high: float, digits: int = 2) -> list[str]:
    """A level axis from ``left`` on, with five ticks from ``low`` to ``high``."""
    (x, y), parts = left, []
    parts.append(line((x, y), (x + length, y), colour=QUIET))
    for value in np.linspace(low, high, 5):
        at = x + length * (value - low) / max(high - low, 1e-300)
        parts.append(line((at, y), (at, y + 5), colour=QUIET))
        parts.append(text((at, y + 18), f"{value:.{digits}f}", anchor="middle", size=11))
    return parts


def scale(low: float, high: float, *, start: float, length: float) -> Callable[[float], float]:
    """What places a value on a stretch of the page."""
    return lambda value: start + length * (value - low) / max(high - low, 1e-300)


def short(name: object, *, most: int = 28) -> str:
    """A name that fits its column."""
    words = str(name)
    return words if len(words) <= most else words[: most - 1] + "…"


def page(width: float, height: float, *, parts: Sequence[str]) -> str:
    """The parts as one picture.

    >>> page(10, 10, parts=[]).startswith("<svg")
    True
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="system-ui, sans-serif" role="img">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )
