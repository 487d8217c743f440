"""Plots of the room as SVG text: sites before and after, what is left of them, forests, effects a region.

They show sites and regions, never a single subject's value.
"""

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from commissure.harmonize.diagnose import Diagnosis
from commissure.harmonize.effects import Effects
from commissure.harmonize.meta import Pooled
from commissure.kernels.svg import BLUE, INK, ORANGE, QUIET, axis, line, page, scale, short, text

__all__ = ["draw_diagnosis", "draw_effects", "draw_forest", "draw_sites"]

Array = NDArray[np.float64]
_BEFORE, _AFTER, _QUIET, _INK = ORANGE, BLUE, QUIET, INK
_ROW, _LEFT = 22, 220


def draw_sites(before: Array, after: Array, *, sites: Any, names: Sequence[str], most: int = 6) -> str:
    """Each site's mean of the features that sites shift most, before and after.

    Parameters
    ----------
    before, after : array, shape (subject, feature)
    sites : array, shape (subject,)
    names : sequence of str
        Of the features.
    most : int
        How many features are shown.
    """
    labels = np.asarray(sites)
    known = np.unique(labels)
    spread = np.nanstd(before, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    centre = np.nanmean(before, axis=0)
    means = [np.stack([_mean(values[labels == s]) for s in known]) for values in (before, after)]
    scaled = [(mean - centre) / spread for mean in means]
    order = np.argsort(-np.nan_to_num(np.nanstd(scaled[0], axis=0)), kind="stable")[:most]
    bound = max(1.0, float(np.nanmax(np.abs(np.stack(scaled)[:, :, order]))) * 1.05)
    parts = [_text(10, 24, f"Each of {len(known)} sites' means, in SDs of all subjects", size=15)]
    parts += [_text(_LEFT, 46, "before", colour=_BEFORE), _text(_LEFT + 60, 46, "after", colour=_AFTER)]
    for row, feature in enumerate(order):
        y = 74 + row * 2 * _ROW
        parts.append(_text(_LEFT - 10, y + 14, short(names[feature]), anchor="end"))
        for values, colour, below in ((scaled[0], _BEFORE, 0), (scaled[1], _AFTER, _ROW - 4)):
            parts.append(_line(_LEFT, y + below, _LEFT + 480, y + below, "#e5e7eb"))
            for name, value in zip(known, values[:, feature], strict=True):
                if np.isfinite(value):
                    x = _LEFT + 240 + 240 * value / bound
                    parts.append(
                        f'<circle cx="{x:.1f}" cy="{y + below}" r="4.5" fill="{colour}" fill-opacity=".6">'
                        f"<title>{escape(str(name))}: {value:.2f}</title></circle>"
                    )
    height = 90 + len(order) * 2 * _ROW
    parts += _axis(_LEFT, _LEFT + 480, height - 16, -bound, bound)
    return page(_LEFT + 510, height + 20, parts=parts)


def draw_diagnosis(found: Diagnosis) -> str:
    """How well site is told on rows not fitted on, and how much of the features' variance is the sites'."""
    bars = [
        ("before", found.before, _BEFORE),
        ("after", found.after, _AFTER),
        ("from the covariates alone", found.covariates_alone, _QUIET),
        ("by chance", found.chance, _QUIET),
    ]
    parts = [
        _text(
            10,
            24,
            f"Site told on {found.rows} held-out rows of {found.sites} sites (balanced accuracy)",
            size=15,
        )
    ]
    for row, (name, value, colour) in enumerate(bars):
        y = 44 + row * (_ROW + 4)
        parts.append(_text(_LEFT - 10, y + 14, name, anchor="end"))
        parts.append(
            f'<rect x="{_LEFT}" y="{y}" width="{440 * value:.1f}" height="{_ROW - 4}" fill="{colour}"/>'
        )
        parts.append(_text(_LEFT + 446 * value + 4, y + 14, f"{value:.3f}"))
    y = 180
    parts.append(
        _text(10, y, "Share of each feature's variance that site explains beyond the covariates", size=15)
    )
    top = max(0.05, float(max(found.variance_before.max(), found.variance_after.max())))
    for row, (name, values, colour) in enumerate(
        (("before", found.variance_before, _BEFORE), ("after", found.variance_after, _AFTER))
    ):
        at = y + 24 + row * (_ROW + 8)
        parts.append(_text(_LEFT - 10, at + 4, f"{name}, median {np.median(values):.3f}", anchor="end"))
        parts += [
            _line(_LEFT + 440 * v / top, at - 8, _LEFT + 440 * v / top, at + 8, colour)
            for v in np.sort(values)[:2000]
        ]
    parts += _axis(_LEFT, _LEFT + 440, y + 86, 0.0, top)
    return page(_LEFT + 500, y + 116, parts=parts)


def draw_forest(
    pooled: Pooled, *, effects: Array, errors: Array, names: Sequence[str], region: int = 0
) -> str:
    """A forest plot: each study's effect with its 95 % interval, the pooled one, and where a new study's is expected.

    Parameters
    ----------
    pooled : Pooled
    effects, errors : array, shape (study,)
        Estimates and standard errors.
    names : sequence of str
        Of the studies.
    region : int
        Which of ``pooled``'s regions.
    """
    low, high = effects - 1.96 * errors, effects + 1.96 * errors
    ends = [low.min(), high.max(), 0.0]
    if np.isfinite(pooled.expected_low[region]):
        ends += [pooled.expected_low[region], pooled.expected_high[region]]
    left, right = min(ends), max(ends)
    place = _scale(left, right, 420)
    parts = [_line(place(0.0), 40, place(0.0), 66 + len(names) * _ROW, "#d1d5db")]
    parts.append(_text(10, 24, f"{len(names)} studies, random effects", size=15))
    for row, name in enumerate(names):
        y = 56 + row * _ROW
        side = 4 + 14 * float(np.sqrt(pooled.weights[row, region]))
        parts += [
            _text(_LEFT - 10, y + 4, short(name), anchor="end"),
            _line(place(low[row]), y, place(high[row]), y, _INK),
            f'<rect x="{place(effects[row]) - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}" '
            f'fill="{_AFTER}"/>',
            _text(_LEFT + 436, y + 4, f"{effects[row]:.2f} [{low[row]:.2f}, {high[row]:.2f}]"),
        ]
    y = 62 + len(names) * _ROW
    a, m, b = (place(v[region]) for v in (pooled.low, pooled.effect, pooled.high))
    if np.isfinite(pooled.expected_low[region]):
        parts.append(
            _line(place(pooled.expected_low[region]), y, place(pooled.expected_high[region]), y, _QUIET)
        )
    parts.append(
        f'<polygon points="{a:.1f},{y} {m:.1f},{y - 8} {b:.1f},{y} {m:.1f},{y + 8}" fill="{_BEFORE}"/>'
    )
    parts.append(_text(_LEFT - 10, y + 4, "pooled", anchor="end"))
    told = f"{pooled.effect[region]:.2f} [{pooled.low[region]:.2f}, {pooled.high[region]:.2f}]"
    parts.append(_text(_LEFT + 436, y + 4, told))
    parts += _axis(_LEFT, _LEFT + 420, y + 22, left, right)
    between = (
        f"I² {100 * pooled.i2[region]:.0f} %, τ² {pooled.tau2[region]:.3g}, Q p {pooled.q_p[region]:.2g}"
    )
    parts.append(_text(10, y + 60, between))
    return page(_LEFT + 620, y + 76, parts=parts)


def draw_effects(found: Effects, *, names: Sequence[str], most: int = 40) -> str:
    """Cohen's d of each region with its interval, the largest first, coloured by sign."""
    order = np.argsort(-np.abs(np.nan_to_num(found.d)), kind="stable")[:most]
    left, right = min(0.0, float(np.nanmin(found.low[order]))), max(0.0, float(np.nanmax(found.high[order])))
    place = _scale(left, right, 420)
    bottom = 52 + len(order) * _ROW
    parts = [_text(10, 24, "Cohen's d, cases against controls, 95 % interval", size=15)]
    parts.append(_line(place(0.0), 40, place(0.0), bottom, "#d1d5db"))
    for row, region in enumerate(order):
        y, colour = 56 + row * _ROW, _AFTER if found.d[region] < 0 else _BEFORE
        parts += [
            _text(_LEFT - 10, y + 4, short(names[region]), anchor="end"),
            _line(place(found.low[region]), y, place(found.high[region]), y, colour),
            f'<circle cx="{place(found.d[region]):.1f}" cy="{y}" r="4.5" fill="{colour}"/>',
            _text(_LEFT + 436, y + 4, f"{found.d[region]:.2f}"),
        ]
    parts += _axis(_LEFT, _LEFT + 420, bottom + 6, left, right)
    return page(_LEFT + 500, bottom + 40, parts=parts)


def _mean(values: Array) -> Array:
    there = ~np.isnan(values)
    count = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _scale(left: float, right: float, width: float) -> Callable[[float], float]:
    return scale(left, right, start=_LEFT, length=width)


def _axis(left: float, right: float, y: float, low: float, high: float) -> list[str]:
    return axis((left, y), right - left, low=low, high=high)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return line((x1, y1), (x2, y2), colour=colour)


def _text(x: float, y: float, words: str, **how: Any) -> str:
    return text((x, y), words, **how)
