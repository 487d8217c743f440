"""Effects on the brain's surface: lateral and medial views of both hemispheres as one SVG, drawn with numpy alone."""

import base64
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["Hemisphere", "draw_surface", "values_of_regions"]

Array = NDArray[np.float64]
_WIDE, _HIGH, _STEPS = 340, 260, 16
_LOW, _MIDDLE, _TOP = (np.array(c, dtype=float) for c in ((33, 102, 172), (247, 247, 247), (178, 24, 43)))
_NONE = np.array([170.0, 170.0, 170.0])


@dataclass(frozen=True, slots=True)
class Hemisphere:
    """One hemisphere's mesh and what is shown on it.

    Parameters
    ----------
    side : str
        ``"left"`` or ``"right"``.
    vertices : array, shape (v, 3)
        Positions in mm: right, anterior, superior.
    faces : array of int, shape (f, 3)
        Triangles, by vertex.
    values : array, shape (v,)
        What is shown; NaN is grey.
    """

    side: str
    vertices: Array
    faces: NDArray[np.intp]
    values: Array


def values_of_regions(
    effects: Mapping[str, float], *, labels: NDArray[np.intp], names: list[str], side: str
) -> Array:
    """Each vertex's value from its region's, shape (v,); NaN where a region has none.

    Parameters
    ----------
    effects : mapping of str to float
        By region, as an atlas or ENIGMA's tables name them: ``lh_insula_thickness``, ``L_insula`` or ``insula``.
    labels : array of int, shape (v,)
        Each vertex's region, a place in ``names``; below zero for none.
    names : list of str
        The atlas's regions.
    side : str
        ``"left"`` or ``"right"``.

    Raises
    ------
    BadInput
        If no region of ``effects`` is in the atlas.

    Examples
    --------
    >>> values_of_regions({"lh_insula_thickness": 0.5}, labels=np.array([0, 1]), names=["cuneus", "insula"], side="left")
    array([nan, 0.5])
    """
    found = {_plain(name, side): value for name, value in effects.items()}
    by_name = np.array([found.get(_plain(name, side), np.nan) for name in names] + [np.nan])
    if np.isnan(by_name).all():
        raise BadInput(
            f"No region with an effect is in the {side} atlas, which has {', '.join(names[:5])} …; name regions as it does."
        )
    return np.asarray(by_name[np.where((labels >= 0) & (labels < len(names)), labels, -1)])


def draw_surface(*hemispheres: Hemisphere, title: str, bound: float | None = None) -> str:
    """Lateral and medial views with a legend, as SVG text.

    Parameters
    ----------
    *hemispheres : Hemisphere
        One or two.
    title : str
        What is shown.
    bound : float or None
        The value of the fullest colour; None for the largest there is.
    """
    shown = np.concatenate([half.values[np.isfinite(half.values)] for half in hemispheres])
    top = bound if bound is not None else float(np.abs(shown).max(initial=0.0)) or 1.0
    parts = [f'<text x="10" y="24" font-size="15">{_escaped(title)}</text>']
    for row, half in enumerate(hemispheres):
        if half.side not in ("left", "right"):
            raise BadInput(f"side is left or right; got {half.side!r}.")
        for column, view in enumerate(("lateral", "medial")):
            picture = base64.b64encode(_png(_view(half, view, top))).decode()
            x, y = 10 + column * (_WIDE + 10), 36 + row * (_HIGH + 26)
            parts.append(
                f'<image x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" href="data:image/png;base64,{picture}"/>'
            )
            parts.append(
                f'<text x="{x + _WIDE / 2}" y="{y + _HIGH + 12}" text-anchor="middle" font-size="12">{half.side}, {view}</text>'
            )
    high = 60 + len(hemispheres) * (_HIGH + 26)
    stops = "".join(
        f'<stop offset="{place}" stop-color="rgb({",".join(str(int(c)) for c in colour)})"/>'
        for place, colour in ((0, _LOW), (0.5, _MIDDLE), (1, _TOP))
    )
    parts.append(f'<defs><linearGradient id="scale">{stops}</linearGradient></defs>')
    parts.append(f'<rect x="230" y="{high - 16}" width="240" height="12" fill="url(#scale)"/>')
    for x, text in ((225, f"{-top:.2f}"), (520, f"{top:.2f}")):
        parts.append(f'<text x="{x}" y="{high - 5}" text-anchor="end" font-size="12">{text}</text>')
    wide = 2 * _WIDE + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high + 10}" width="{wide}" height="{high + 10}" '
        f'font-family="system-ui, sans-serif" fill="#1f2937" role="img"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>\n"
    )


def _view(half: Hemisphere, view: str, top: float) -> NDArray[np.uint8]:
    """One view as pixels (row, column, colour): points on the triangles that face us, the nearest on top."""
    outward = -1.0 if half.side == "left" else 1.0
    towards = outward if view == "lateral" else -outward
    corners = half.vertices[half.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    facing = towards * normals[:, 0] * _orientation(half)
    front = facing > 0
    corners, facing = corners[front], facing[front]
    i, j = np.meshgrid(np.arange(_STEPS + 1), np.arange(_STEPS + 1), indexing="ij")
    inside = i + j <= _STEPS
    share = np.stack([i[inside], j[inside], _STEPS - i[inside] - j[inside]], axis=1) / _STEPS
    points = np.einsum("sc,fcd->fsd", share, corners).reshape(-1, 3)
    face = np.repeat(np.arange(len(corners)), len(share))
    low, high = half.vertices.min(axis=0), half.vertices.max(axis=0)
    scale = min((_WIDE - 8) / (high[1] - low[1]), (_HIGH - 8) / (high[2] - low[2]))
    column = _WIDE / 2 + towards * scale * (points[:, 1] - (low[1] + high[1]) / 2)
    row = _HIGH / 2 - scale * (points[:, 2] - (low[2] + high[2]) / 2)
    colours = _colours(half.values[half.faces[front]], top) * (0.45 + 0.55 * facing[:, None])
    order = np.argsort(towards * points[:, 0], kind="stable")
    pixels = np.full((_HIGH, _WIDE, 3), 255.0)
    pixels[row[order].astype(int), column[order].astype(int)] = colours[face[order]]
    return pixels.astype(np.uint8)


def _orientation(half: Hemisphere) -> float:
    """1 if triangles turn so that their normals point outwards, -1 if inwards."""
    a, b, c = (half.vertices[half.faces[:, n]] for n in range(3))
    return 1.0 if float(np.einsum("fd,fd->", a, np.cross(b, c))) >= 0 else -1.0


def _colours(values: Array, top: float) -> Array:
    """A triangle's colour (f, 3) from its corners' values (f, 3)."""
    there = np.isfinite(values)
    mean = np.where(there, values, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    share = np.clip(mean / top, -1, 1)[:, None]
    coloured = np.where(share < 0, _MIDDLE + share * (_MIDDLE - _LOW), _MIDDLE + share * (_TOP - _MIDDLE))
    return np.where(there.sum(axis=1, keepdims=True) >= 2, coloured, _NONE)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    rows = np.concatenate([np.zeros((len(pixels), 1), np.uint8), pixels.reshape(len(pixels), -1)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _plain(name: str, side: str) -> str:
    """A region's name without its side and measure; one that names the other side matches nothing."""
    text = name.lower().strip()
    own, other = ("l", "r") if side == "left" else ("r", "l")
    for mark in (f"{own}h_", f"{own}h.", f"{own}h-", f"{own}_", f"{own}h "):
        text = text.removeprefix(mark)
    if text.startswith((f"{other}h_", f"{other}h.", f"{other}h-", f"{other}_")):
        return f"other {text}"
    for measure in ("_thickness", "_thickavg", "_area", "_surfavg", "_volume"):
        text = text.removesuffix(measure)
    return text.replace("&", "_and_") if "_and_" not in text else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
