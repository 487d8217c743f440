"""Attack synthetic signals: shadow models of random halves, and what is to be done where they tell who was in."""

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Finding, Severity
from commissure.protect.synthetic.judge import Judgement, attack_generator, check_synthetic
from commissure.workflows.synthesize_signals import Signals

__all__ = ["AttackProgress", "attack_signals"]

AttackProgress = Callable[[str, int, int], None]
Array = NDArray[np.float64]
_SHADOWS = 8
_LONGEST_S = 600.0
#: what an attack may reach without a word; fewest and, in fitted people, most that a shadow model draws
_HIDDEN, _FEWEST_DRAWN, _MOST_DRAWN = 0.55, 20, 4
_REMEDY = (
    "fit more people (or trials), or release statistics with formal privacy (commissure protect dp release)."
)


def attack_signals(
    signals: Signals, *, count: int, took_s: float, rng: np.random.Generator, shadows: int = 0, progress: AttackProgress | None = None,
) -> tuple[dict[str, float], tuple[Finding, ...]]:  # fmt: skip
    """Judge a generator of signals on halves, and attack it by the nearest synthetic neighbour with shadow models.

    Parameters
    ----------
    signals : Signals
        The cohort.
    count : int
        How many were drawn; each shadow model draws as many for each that it learned.
    took_s : float
        Seconds that learning and drawing took: an attack of over ten minutes is left out, with a Finding.
    rng : numpy.random.Generator
        Draws the halves.
    shadows : int
        Shadow models, 8 at least, however long they take; 0 for 8.
    progress : callable or None
        Told what is done, how many are, and of how many.

    Returns
    -------
    tuple of dict and tuple of Finding
        The figures that tables have, and a WARNING where the attack is above 0.55, an ERROR above 0.6.

    Raises
    ------
    BadInput
        If the cohort is too small to learn halves.
    """
    runs = shadows or _SHADOWS
    if not shadows and took_s * (runs + 1) > _LONGEST_S:
        return {}, (_unattacked(runs, took_s * (runs + 1) / 60),)
    if signals.size < 2 * signals.fewest:
        raise BadInput(
            f"Attacking what is made takes {2 * signals.fewest} {signals.unit}, for it learns halves; the archive has {signals.size}. "
            "Leave the attack out (--no-attack) only if the result stays inside."
        )
    done = 0

    def drawn(who: NDArray[np.int64]) -> Array:
        nonlocal done
        number = max(_FEWEST_DRAWN, min(round(count * len(who) / signals.size), _MOST_DRAWN * len(who)))
        made = signals.measured(signals.drawn(who, number, rng))
        done += 1
        if progress is not None:
            progress("attack", done, runs + 1)
        return made

    try:
        found, attack = attack_generator(signals.measured(), drawn, runs=runs, rng=rng, fewest=signals.fewest)
    except BadInput as error:
        raise BadInput(f"A half of the {signals.size} {signals.unit} cannot be learned, and the attack learns halves: {error} Leave the attack out (--no-attack) only if the result stays inside.") from error  # fmt: skip
    findings = _found(
        found, attack.auc, of=f"{runs} shadow models of halves of {signals.size} {signals.unit}"
    )
    return {**asdict(found), "membership_auc": attack.auc}, findings


def _unattacked(runs: int, minutes: float) -> Finding:
    message = (
        f"What was made was not attacked: {runs} shadow models would take some {minutes:.0f} minutes, and "
        f"{_LONGEST_S / 60:.0f} is the most. Nothing is known of whom it gives away."
    )
    remedy = f"Ask for it with --shadows {runs}, or keep the result inside."
    return Finding("privacy.synthetic_unattacked", Severity.WARNING, message, remedy=remedy)


def _found(found: Judgement, auc: float, *, of: str) -> tuple[Finding, ...]:
    """What is said of any synthetic rows, with the remedies that signals have, and a WARNING for a smaller leak."""
    findings = [
        replace(each, remedy=f"Do not release them: {_REMEDY}") if each.severity is Severity.ERROR else each
        for each in check_synthetic(found, membership=auc)
    ]
    if auc > _HIDDEN and not any(each.severity is Severity.ERROR for each in findings):
        message = (
            f"Who was in is told a little: membership attack {auc:.3f} (0.5 is chance), above {_HIDDEN}, with {of}; "
            f"distance to fitted over unseen {found.neighbour_ratio:.2f} (1 is safe)."
        )
        findings.insert(0, Finding("privacy.synthetic_membership", Severity.WARNING, message, remedy=_REMEDY[0].upper() + _REMEDY[1:]))  # fmt: skip
    return tuple(findings)
