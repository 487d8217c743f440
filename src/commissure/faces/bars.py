"""Plots of a study as SVG, without a library: scores with their intervals, the loss of each round, and a page of both."""

import math
from collections.abc import Sequence
from html import escape

from commissure.federate.evaluation import Score

__all__ = ["draw_losses", "draw_scores", "page_of"]

_ROW, _LEFT, _WIDE, _RIGHT = 26, 150, 430, 70
_INK, _DIM, _LINE, _MAIN = "#1d252b", "#5b6770", "#d9dee2", "#0b6e4f"
_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def _ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from ``low`` to ``high``.

    >>> _ticks(0.81, 0.93)
    [0.82, 0.84, 0.86, 0.88, 0.9, 0.92]
    """
    span = max(high - low, 1e-9)
    step = next((step for step in _STEPS if span / step <= most), 10 ** math.ceil(math.log10(span / most)))
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 6) for n in range(first, int(math.floor(high / step + 1e-9)) + 1)]


def _svg(title: str, lines: Sequence[str], *, height: int) -> str:
    wide = _LEFT + _WIDE + _RIGHT
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {height}" width="{wide}" role="img" '
        'style="max-width:100%;height:auto" font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{wide}" height="{height}" fill="#ffffff"/>',
    ]
    return "\n".join([*head, *lines, "</svg>"]) + "\n"


def draw_scores(scores: Sequence[Score], *, title: str, label: str = "AUC") -> str:
    """One line a model: its score as a dot, its 95 % interval as a bar; readable without colour.

    Pooled and federated come first, single sites follow from best to worst; a dashed line continues the federated score
    through all of them.

    >>> draw_scores([Score("pooled", 0.8, 0.7, 0.9, 100)], title="t").startswith("<svg")
    True
    """
    main = [score for score in scores if score.name in ("pooled", "federated")]
    alone = sorted((score for score in scores if score not in main), key=lambda score: -score.value)
    low, high = min(score.low for score in scores), max(score.high for score in scores)
    pad = 0.04 * max(high - low, 1e-3)
    low, span = low - pad, max(high - low + 2 * pad, 1e-9)

    def at(value: float) -> float:
        return round(_LEFT + _WIDE * (value - low) / span, 1)

    bottom = 30 + _ROW * len(scores)
    lines = []
    for tick in _ticks(low, low + span):
        lines.append(
            f'<line x1="{at(tick)}" x2="{at(tick)}" y1="12" y2="{bottom}" stroke="{_LINE}"/>'
            f'<text x="{at(tick)}" y="{bottom + 18}" text-anchor="middle" fill="{_DIM}" font-size="12">{tick:g}</text>'
        )
    federated = next((score for score in main if score.name == "federated"), None)
    if federated is not None:
        x = at(federated.value)
        lines.append(
            f'<line x1="{x}" x2="{x}" y1="12" y2="{bottom}" stroke="{_MAIN}" stroke-dasharray="4 4"/>'
        )
    for number, score in enumerate([*main, *alone]):
        lines += _score(score, y=30 + _ROW * number, ends=(at(score.low), at(score.value), at(score.high)), main=score in main)  # fmt: skip
    lines.append(
        f'<text x="{_LEFT + _WIDE / 2}" y="{bottom + 38}" text-anchor="middle" fill="{_DIM}" font-size="12">'
        f"{escape(label)} on the rows held out, with its 95 % interval</text>"
    )
    return _svg(title, lines, height=bottom + 48)


def _score(score: Score, *, y: int, ends: tuple[float, float, float], main: bool) -> list[str]:
    colour, weight = (_MAIN, "bold") if main else (_DIM, "normal")
    low, value, high = ends
    name = score.name if len(score.name) <= 20 else score.name[:19] + "…"
    return [
        f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end" font-weight="{weight}" fill="{_INK}">{escape(name)}</text>',
        f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>',
        f'<circle cx="{value}" cy="{y}" r="5" fill="{colour}"/>',
        f'<text x="{_LEFT + _WIDE + 12}" y="{y + 4}" font-weight="{weight}" fill="{_INK}">{score.value:.3f}</text>',
    ]


def draw_losses(losses: Sequence[float], *, title: str, killed_after: int = 0) -> str:
    """The mean loss over sites before each round, with the round after which a site was killed.

    >>> draw_losses([0.7, 0.5, 0.4], title="t", killed_after=1).count("<circle")
    3
    """
    top, bottom = 20, 220
    low, high = min(0.0, *losses), max(losses)
    span = max(high - low, 1e-9) * 1.05

    def place(number: int, loss: float) -> tuple[float, float]:
        x = _LEFT + _WIDE * number / max(len(losses) - 1, 1)
        return round(x, 1), round(bottom - (bottom - top) * (loss - low) / span, 1)

    lines = []
    for tick in _ticks(low, high):
        y = place(0, tick)[1]
        lines.append(
            f'<line x1="{_LEFT}" x2="{_LEFT + _WIDE}" y1="{y}" y2="{y}" stroke="{_LINE}"/>'
            f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end" fill="{_DIM}" font-size="12">{tick:g}</text>'
        )
    points = [place(number, loss) for number, loss in enumerate(losses)]
    joined = " ".join(f"{x},{y}" for x, y in points)
    if 0 < killed_after < len(losses):
        x = place(killed_after, 0.0)[0]
        lines.append(
            f'<line x1="{x}" x2="{x}" y1="{top}" y2="{bottom}" stroke="{_INK}" stroke-dasharray="4 4"/>'
            f'<text x="{x + 6}" y="{top + 10}" fill="{_INK}" font-size="12">a site is killed</text>'
        )
    lines.append(f'<polyline points="{joined}" fill="none" stroke="{_MAIN}" stroke-width="2"/>')
    lines += [f'<circle cx="{x}" cy="{y}" r="3" fill="{_MAIN}"/>' for x, y in points]
    for number in sorted({0, len(losses) // 2, len(losses) - 1}):
        x = place(number, 0.0)[0]
        lines.append(
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle" fill="{_DIM}" font-size="12">{number + 1}</text>'
        )
    lines.append(
        f'<text x="{_LEFT + _WIDE / 2}" y="{bottom + 38}" text-anchor="middle" fill="{_DIM}" font-size="12">'
        "round; the mean loss over sites before it</text>"
    )
    return _svg(title, lines, height=bottom + 48)


def page_of(
    scores: Sequence[Score], plots: Sequence[str], *, title: str, said: Sequence[str], label: str = "AUC"
) -> str:
    """One HTML page with the table and the plots in it; nothing is fetched from elsewhere."""
    rows = "\n".join(
        f"<tr><th scope=row>{escape(score.name)}</th><td>{score.value:.3f}</td>"
        f"<td>{score.low:.3f} – {score.high:.3f}</td><td>{score.rows}</td></tr>"
        for score in scores
    )
    look = (
        "body{font:16px/1.5 system-ui,sans-serif;color:#1d252b;background:#fff;max-width:44rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}th,td{padding:.25rem .5rem;text-align:right;border-bottom:1px solid #d9dee2}"
        "th:first-child{text-align:left;white-space:nowrap}figure{margin:1.5rem 0}h1{font-size:1.4rem}"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{look}</style></head><body>\n'
        f"<h1>{escape(title)}</h1>\n"
        + "\n".join(f"<p>{escape(line)}</p>" for line in said)
        + f"\n<table><thead><tr><th>Model</th><th>{escape(label)}</th><th>95 % interval</th><th>Rows held out</th></tr>"
        f"</thead><tbody>\n{rows}\n</tbody></table>\n"
        + "\n".join(f"<figure>{plot}</figure>" for plot in plots)
        + "\n</body></html>\n"
    )
