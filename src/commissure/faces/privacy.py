"""A dataset's privacy budget as every face shows it: its shape as JSON, bars of text, and a picture."""

from collections.abc import Mapping
from html import escape
from typing import Any

from commissure.protect.private.budget import Limit, gaussian_epsilon
from commissure.workflows.private_release import BudgetState

__all__ = ["draw_ledger", "privacy", "privacy_limit", "text_bar"]

_WIDTH = 40
_ROW, _LEFT, _WIDE, _LINE_HEIGHT = 42, 10, 290, 16
_SPENT, _NEW, _LINE = "#5b6770", "#0b6e4f", "#b4552d"


def privacy_limit(dataset: str, limit: Limit) -> dict[str, Any]:
    """What a dataset's private releases may cost together."""
    return {
        "dataset": dataset,
        "epsilon": limit.epsilon,
        "delta": limit.delta,
        "neighbours": str(limit.neighbours),
        "most_auc": limit.most_auc,
    }


def privacy(dataset: str, state: BudgetState) -> dict[str, Any]:
    """The limit, every spend with the total after it, and what no attack on all of them can pass."""
    spends = [
        {
            "what": spend.what,
            "kind": spend.kind,
            "total_epsilon": total,
            "asked_epsilon": gaussian_epsilon(spend.asked_mu, state.limit.delta) if spend.asked_mu else None,
        }
        for spend, total in zip(state.spends, state.totals, strict=True)
    ]
    return {**privacy_limit(dataset, state.limit), "attack_auc": state.attack_auc, "spends": spends}


def text_bar(share: float) -> str:
    """A share of a whole, as blocks.

    >>> text_bar(0.1)
    '████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░'
    """
    full = round(min(max(share, 0.0), 1.0) * _WIDTH)
    return "█" * full + "░" * (_WIDTH - full)


def draw_ledger(state: Mapping[str, Any]) -> str:
    """The ledger as SVG: one line a release, what had been spent before it and what it added, up to the limit.

    Parameters
    ----------
    state : mapping
        As :func:`privacy` gives it.

    Examples
    --------
    >>> state = {"dataset": "ds-1", "epsilon": 1.0, "delta": 1e-5, "neighbours": "add-or-remove-one-subject",
    ...          "attack_auc": 0.55, "spends": [{"what": "mean of age", "kind": "gaussian", "total_epsilon": 0.5}]}
    >>> draw_ledger(state).startswith("<svg"), "mean of age" in draw_ledger(state)
    (True, True)
    """
    limit, spends = float(state["epsilon"]), list(state["spends"])
    title = f"{state['dataset']}: privacy spent"
    about = (
        f"epsilon {limit:g} at delta {state['delta']:g},",
        f"to {str(state['neighbours']).replace('-', ' ')};",
        f"no attack on all of it passes an AUC of {state['attack_auc']:.3f}",
    )
    top = 48 + _LINE_HEIGHT * len(about)
    foot = top + _ROW * max(len(spends), 1)
    end = _LEFT + _WIDE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {end + 76} {foot + 46}" width="{end + 76}" '
        'style="max-width:100%;height:auto" role="img" font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(title)}</text>',
        *(
            f'<text x="{_LEFT}" y="{40 + _LINE_HEIGHT * number}" font-size="12" fill="{_SPENT}">{escape(line)}</text>'
            for number, line in enumerate(about)
        ),
    ]
    before = 0.0
    for number, spend in enumerate(spends):
        total = float(spend["total_epsilon"])
        lines += _bar(str(spend["what"]), top + _ROW * number, limit, before=before, total=total)
        before = total
    lines += [
        f'<line x1="{end}" x2="{end}" y1="{top}" y2="{foot}" stroke="{_LINE}" stroke-width="2"/>',
        f'<text x="{end}" y="{foot + 16}" text-anchor="middle" fill="{_LINE}">limit {limit:g}</text>',
        f'<text x="{_LEFT}" y="{foot + 16}" font-size="12" fill="{_SPENT}">left {max(limit - before, 0.0):.3f}</text>',
        f'<text x="{_LEFT}" y="{foot + 34}" font-size="12" fill="{_SPENT}">'
        "grey: spent before, green: by this one</text>",
    ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _bar(name: str, y: int, limit: float, *, before: float, total: float) -> list[str]:
    """A release's name, and under it what had been spent before and what it added."""
    first, last = (_WIDE * min(value / limit, 1.0) for value in (before, total))
    return [
        f'<text x="{_LEFT}" y="{y + 12}">{escape(_short(name))}</text>',
        f'<rect x="{_LEFT}" y="{y + 18}" width="{_WIDE}" height="14" fill="#eef1f2"/>',
        f'<rect x="{_LEFT}" y="{y + 18}" width="{first:.1f}" height="14" fill="{_SPENT}"/>',
        f'<rect x="{_LEFT + first:.1f}" y="{y + 18}" width="{last - first:.1f}" height="14" fill="{_NEW}"/>',
        f'<text x="{_LEFT + _WIDE + 8}" y="{y + 30}">ε {total:.3f}</text>',
    ]


def _short(name: str, longest: int = 40) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"
