"""A plot of scores with their intervals, as SVG, without a library."""

from collections.abc import Sequence
from html import escape

from commissure.federate.evaluation import Score

__all__ = ["draw_scores"]

_ROW, _LEFT, _WIDE = 26, 150, 460


def draw_scores(scores: Sequence[Score], *, title: str, label: str = "AUC") -> str:
    """One line a model: its score as a dot, its 95 % interval as a bar; readable without colour.

    >>> draw_scores([Score("pooled", 0.8, 0.7, 0.9, 100)], title="t").startswith("<svg")
    True
    """
    low, high = min(score.low for score in scores), max(score.high for score in scores)
    span = max(high - low, 1e-9)
    height = 70 + _ROW * len(scores)

    def at(value: float) -> float:
        return round(_LEFT + _WIDE * (value - low) / span, 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + 90} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<text x="10" y="20" font-size="12">{escape(title)}</text>',
    ]
    for number, score in enumerate(scores):
        y = 48 + _ROW * number
        main = score.name in ("pooled", "federated")
        colour = "#0b6e4f" if main else "#5b6770"
        weight = "bold" if main else "normal"
        lines += [
            f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end" font-weight="{weight}">{escape(score.name)}</text>',
            f'<line x1="{at(score.low)}" x2="{at(score.high)}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"/>',
            f'<circle cx="{at(score.value)}" cy="{y}" r="5" fill="{colour}"/>',
            f'<text x="{_LEFT + _WIDE + 12}" y="{y + 4}">{label} {score.value:.3f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
