"""The plots of a study's report: how sure, how right, where from, for whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from commissure.federate.analysis import Array
from commissure.kernels.svg import BLUE, INK, ORANGE, QUIET, axis, line, page, scale, short, text

__all__ = ["draw_calibration", "draw_curves", "draw_home", "draw_importance", "draw_roc", "draw_subgroups"]

_LEFT, _ROW, _SIDE = 190, 24, 260


def draw_importance(pairs: Sequence[tuple[str, float]], *, unit: str) -> str:
    """The mean size of each feature's SHAP values, the largest first."""
    shown = list(pairs)[:16]
    top = max([value for _, value in shown] + [1e-12])
    parts = [text((10, 22), f"Mean size of SHAP values ({unit})", size=14)]
    for row, (name, value) in enumerate(shown):
        y, wide = 40 + row * _ROW, 330 * value / top
        parts.append(text((_LEFT - 8, y + 13), short(name), anchor="end"))
        parts.append(f'<rect x="{_LEFT}" y="{y}" width="{wide:.1f}" height="{_ROW - 7}" fill="{BLUE}"/>')
        parts.append(text((_LEFT + wide + 6, y + 13), f"{value:.3g}"))
    return page(_LEFT + 400, 50 + len(shown) * _ROW, parts=parts)


def draw_curves(names: Sequence[str], explained: Mapping[str, Array], *, order: Sequence[str]) -> str:
    """How the four weightiest features act: mean SHAP value in each tenth of ± 2.5 SD."""
    curves, counts, parts = explained["curve"], explained["counts"], []
    bound = max(float(np.nanmax(np.abs(np.nan_to_num(curves)))), 1e-12)
    for number, name in enumerate(list(order)[:4]):
        values, many = curves[names.index(name)], counts[names.index(name)]
        left = 34 + number * 190
        at, up = scale(-2.5, 2.5, start=left, length=150), scale(-bound, bound, start=150, length=-110)
        parts += [
            text((left, 22), short(name, most=22), size=13),
            line((left, up(0)), (left + 150, up(0)), colour=QUIET),
        ]
        middles = np.linspace(-2.25, 2.25, values.size)
        known = [(at(m), up(v), n) for m, v, n in zip(middles, values, many, strict=True) if np.isfinite(v)]
        parts += [line(a[:2], b[:2], colour=BLUE, width=2) for a, b in zip(known, known[1:], strict=False)]
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{1.5 + min(n, 100) ** 0.5 / 3:.1f}" fill="{BLUE}"/>'
            for x, y, n in known
        ]
        parts += axis((left, 160), 150, low=-2.5, high=2.5, digits=1)
    parts.append(
        text(
            (34, 200),
            "Level: the feature in standard deviations. Upright: what it adds to the model's output, mean of rows.",
            size=11,
        )
    )
    return page(800, 212, parts=parts)


def draw_calibration(coarse: Array, *, limits: tuple[float, float], number: bool) -> str:
    """Predicted against observed, in tenths; the size of a dot tells its rows."""
    low, high = limits
    at, up = scale(low, high, start=60, length=_SIDE), scale(low, high, start=40 + _SIDE, length=-_SIDE)
    parts = [text((10, 22), "Predicted, and what came", size=14)]
    parts.append(line((at(low), up(low)), (at(high), up(high)), colour=QUIET))
    for rows, told, came in coarse:
        if rows >= 5:
            x, y = told / rows, came / rows
            wide = 1.96 * np.sqrt(max(y * (1 - y), 1e-4) / rows) if not number else 0.0
            if wide:
                parts.append(line((at(x), up(max(y - wide, 0))), (at(x), up(min(y + wide, 1))), colour=BLUE))
            parts.append(
                f'<circle cx="{at(x):.1f}" cy="{up(y):.1f}" r="{2 + min(rows, 400) ** 0.5 / 3:.1f}" fill="{BLUE}"/>'
            )
    digits = 0 if number else 2
    parts += axis((60, 40 + _SIDE), _SIDE, low=low, high=high, digits=digits)
    parts += [
        text((52, up(v) + 4), f"{v:.{digits}f}", anchor="end", size=11) for v in np.linspace(low, high, 5)
    ]
    return page(80 + _SIDE, 76 + _SIDE, parts=parts)


def draw_roc(fine: Array) -> str:
    """Sensitivity against the rate of false positives, from counts (class, bin)."""
    others, cases = fine
    false = np.append(0, np.cumsum(others[::-1])) / max(others.sum(), 1)
    true = np.append(0, np.cumsum(cases[::-1])) / max(cases.sum(), 1)
    at, up = scale(0, 1, start=60, length=_SIDE), scale(0, 1, start=40 + _SIDE, length=-_SIDE)
    points = " ".join(f"{at(x):.1f},{up(y):.1f}" for x, y in zip(false, true, strict=True))
    parts = [text((10, 22), "Sensitivity by rate of false positives", size=14)]
    parts.append(line((at(0), up(0)), (at(1), up(1)), colour=QUIET))
    parts.append(f'<polyline points="{points}" fill="none" stroke="{BLUE}" stroke-width="2"/>')
    parts += axis((60, 40 + _SIDE), _SIDE, low=0, high=1)
    parts += [text((52, up(v) + 4), f"{v:.2f}", anchor="end", size=11) for v in np.linspace(0, 1, 5)]
    return page(80 + _SIDE, 76 + _SIDE, parts=parts)


def draw_subgroups(rows: Sequence[Mapping[str, Any]], *, measure: str) -> str:
    """Each subgroup's score with its interval."""
    known = [row for row in rows if np.isfinite(row["score"])]
    if not known:
        return page(300, 40, parts=[text((10, 22), "No subgroup could be judged.")])
    low, high = min(row["low"] for row in known), max(row["high"] for row in known)
    at, parts = (
        scale(low, high, start=_LEFT, length=330),
        [text((10, 22), f"{measure} with 95 % interval", size=14)],
    )
    for number, row in enumerate(known):
        y = 46 + number * _ROW
        colour = INK if row["name"] == "all" else BLUE
        parts.append(text((_LEFT - 8, y + 4), short(f"{row['name']} ({row['rows']:.0f})"), anchor="end"))
        parts.append(line((at(row["low"]), y), (at(row["high"]), y), colour=colour, width=2.5))
        parts.append(f'<circle cx="{at(row["score"]):.1f}" cy="{y}" r="5" fill="{colour}"/>')
        parts.append(text((_LEFT + 342, y + 4), f"{row['score']:.3g}"))
    bottom = 46 + len(known) * _ROW
    return page(_LEFT + 400, bottom + 36, parts=[*parts, *axis((_LEFT, bottom), 330, low=low, high=high)])


def draw_home(rows: Sequence[Mapping[str, Any]], *, measure: str) -> str:
    """Each site's held-out rows: its own model, the federated one, and that with a last layer of its own."""
    kinds = (
        ("own", ORANGE, "own model"),
        ("federated", BLUE, "federated"),
        ("personal", "#15803d", "with own last layer"),
    )
    values = [row[kind] for row in rows for kind, _, _ in kinds if np.isfinite(row[kind])]
    if not values:
        return page(300, 40, parts=[text((10, 22), "No site has both classes.")])
    low, high = min(values), max(values)
    at, parts = (
        scale(low, high, start=_LEFT, length=380),
        [text((10, 22), f"{measure} of each site on its own held-out rows", size=14)],
    )
    shown = [kind for kind in kinds if any(np.isfinite(row[kind[0]]) for row in rows)]
    for number, (_, colour, words) in enumerate(shown):
        parts.append(f'<circle cx="{_LEFT + number * 140}" cy="40" r="5" fill="{colour}"/>')
        parts.append(text((_LEFT + 10 + number * 140, 44), words))
    for number, row in enumerate(rows):
        y = 70 + number * _ROW
        there = [(at(row[kind]), colour) for kind, colour, _ in shown if np.isfinite(row[kind])]
        parts.append(text((_LEFT - 8, y + 4), short(f"{row['site']} ({row['rows']})"), anchor="end"))
        if there:
            parts.append(line((min(x for x, _ in there), y), (max(x for x, _ in there), y), colour=QUIET))
        parts += [f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{colour}"/>' for x, colour in there]
    bottom = 70 + len(rows) * _ROW
    return page(_LEFT + 420, bottom + 36, parts=[*parts, *axis((_LEFT, bottom), 380, low=low, high=high)])
