"""The provenance of a release as a drawing: Activities from top to bottom, joined by what they made and used."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from commissure.model import Activity

__all__ = ["draw_graph"]

_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _PAD = 190, 48, 22, 34, 4
_MOST = 40


@dataclass(frozen=True, slots=True)
class _Node:
    title: str
    sub: str
    kind: str
    level: int
    row: int

    @property
    def x(self) -> int:
        return _PAD + self.row * (_BOX_W + _GAP_X)

    @property
    def y(self) -> int:
        return _PAD + self.level * (_BOX_H + _GAP_Y)


def draw_graph(activities: Sequence[Activity], *, release: str) -> str:
    """An SVG of how a release came about; empty if nothing was recorded.

    Parameters
    ----------
    activities : sequence of Activity
        What was done, in order; an edge is drawn where one used what another made, and from each step to the next
        where nothing says so.
    release : str
        The release's id, the last node.
    """
    shown = list(activities)[:_MOST]
    if not shown:
        return ""
    before = _edges(shown)
    levels = _levels(before)
    raw = len(
        {entity for step in shown for entity in step.used}
        - {entity for step in shown for entity in step.made}
    )
    nodes = [_Node("raw data", f"{raw} used" if raw > 1 else "", "thing", 0, 0)]
    rows: dict[int, int] = {}
    for step, level in zip(shown, levels, strict=True):
        row = rows.get(level, 0)
        rows[level] = row + 1
        nodes.append(_Node(step.kind, _tools(step), "box", level + 1, row))
    nodes.append(_Node("release", release.rpartition("@")[2], "thing", max(levels) + 2, 0))
    ends = set(range(len(shown))) - {source for sources in before for source in sources}
    edges = [(0, i + 1) for i, sources in enumerate(before) if not sources]
    edges += [(source + 1, i + 1) for i, sources in enumerate(before) for source in sources]
    edges += [(i + 1, len(nodes) - 1) for i in sorted(ends)]
    return _svg(nodes, edges)


def _edges(steps: list[Activity]) -> list[list[int]]:
    made = [set(step.made) for step in steps]
    linked = [[j for j in range(i) if made[j] & set(step.used)] for i, step in enumerate(steps)]
    if any(linked):
        return linked
    return [[i - 1] if i else [] for i in range(len(steps))]


def _levels(before: list[list[int]]) -> list[int]:
    found: list[int] = []
    for sources in before:
        found.append(1 + max((found[j] for j in sources), default=-1))
    return found


def _tools(step: Activity) -> str:
    names = [f"{tool.name} {tool.version}".strip() for tool in step.software]
    return names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "") if names else ""


def _svg(nodes: list[_Node], edges: list[tuple[int, int]]) -> str:
    width = max(node.x for node in nodes) + _BOX_W + _PAD
    height = max(node.y for node in nodes) + _BOX_H + _PAD
    label = "How the release came about: " + ", then ".join(node.title for node in nodes)
    parts = [
        f'<svg class="graph" role="img" aria-label="{escape(label)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
    ]
    parts += [_edge(nodes[a], nodes[b]) for a, b in edges]
    parts += [_box(node) for node in nodes]
    return "".join([*parts, "</svg>"])


def _edge(a: _Node, b: _Node) -> str:
    x1, y1, x2, y2 = a.x + _BOX_W // 2, a.y + _BOX_H, b.x + _BOX_W // 2, b.y - 2
    bend = (y1 + y2) // 2
    return f'<path class="edge" marker-end="url(#tip)" d="M{x1} {y1}C{x1} {bend} {x2} {bend} {x2} {y2}"/>'


def _box(node: _Node) -> str:
    middle = node.x + _BOX_W // 2
    round_ = _BOX_H // 2 if node.kind == "thing" else 10
    title_y = node.y + (21 if node.sub else 29)
    text = f'<text x="{middle}" y="{title_y}" text-anchor="middle">{escape(_short(node.title, 20))}</text>'
    if node.sub:
        sub = escape(_short(node.sub, 24))
        text += f'<text class="sub" x="{middle}" y="{node.y + 37}" text-anchor="middle">{sub}</text>'
    return f'<rect class="{node.kind}" x="{node.x}" y="{node.y}" width="{_BOX_W}" height="{_BOX_H}" rx="{round_}"/>{text}'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
