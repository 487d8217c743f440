"""Partners: who could replicate a study, ranked by reasons that are told, and a letter to invite them.

In the order in which they weigh: the same design (modality, task, species, condition), enough subjects for the effect,
another lab with another device, access, licence, and a signal that is close. A modality that is not shared rules out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Design", "Ground", "Partner", "invite", "rank_partners"]

#: how much each ground weighs; they sum to one
_WEIGHTS = {
    "design": 0.35,
    "power": 0.25,
    "independence": 0.15,
    "access": 0.1,
    "licence": 0.05,
    "signal": 0.1,
}
#: how much each family of concepts counts in a design
_FAMILIES = {
    "modality": 1.0,
    "task": 1.0,
    "condition": 1.0,
    "state": 0.8,
    "species": 0.7,
    "cognition": 0.6,
    "design": 0.5,
    "technique": 0.4,
    "region": 0.3,
}
_OPEN = ("cc0", "cc-by-4", "cc-by-3", "cc by", "cc-by-sa", "pddl", "odbl", "odc-by", "public domain")
_UNKNOWN = 0.3
_ENOUGH = 0.8


@dataclass(frozen=True, slots=True)
class Design:
    """What is known of a study, for comparing it with another.

    Parameters
    ----------
    id, title : str
        As the index knows it.
    concepts : mapping of str to (str, str)
        Concept id to its family and label.
    subjects : int or None
        How many took part; None if not known.
    lab : str
        Who answers for it, or where it is kept.
    authors : frozenset of str
        Names, folded.
    devices : tuple of str
        What measured; empty if not known.
    licence : str
        Empty if none is stated.
    access : str
        ``"public"``, ``"granted"``, ``"archive"`` or ``"ask"``.
    closeness : float or None
        Of its signal to the asked one's; None if it cannot be compared.
    alike : tuple of str
        What of the signal is alike.
    power : float or None
        The chance that so many subjects find the effect; None if their number is not known.
    """

    id: str
    title: str
    concepts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    subjects: int | None = None
    lab: str = ""
    authors: frozenset[str] = frozenset()
    devices: tuple[str, ...] = ()
    licence: str = ""
    access: str = "archive"
    closeness: float | None = None
    alike: tuple[str, ...] = ()
    power: float | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for a rank: what it is about, how well it is met from 0 to 1, and in words."""

    name: str
    score: float
    words: str


@dataclass(frozen=True, slots=True)
class Partner:
    """A study that could replicate, with the grounds of its rank, the weightiest first."""

    design: Design
    score: float
    grounds: tuple[Ground, ...]


def rank_partners(
    study: Design, candidates: Sequence[Design], *, needed: int, weights: Mapping[str, float]
) -> tuple[Partner, ...]:
    """The candidates that share the study's modality, the best partner first.

    Parameters
    ----------
    study : Design
        What is to be replicated.
    candidates : sequence of Design
        Who might.
    needed : int
        Subjects needed for the effect.
    weights : mapping of str to float
        How much each concept counts, the rare ones more.

    Examples
    --------
    >>> eeg, mri = {"eeg": ("modality", "EEG")}, {"mri": ("modality", "MRI")}
    >>> found = rank_partners(Design("a", "A", eeg), [Design("b", "B", eeg), Design("c", "C", mri)], needed=60, weights={})
    >>> [partner.design.id for partner in found]
    ['b']
    """
    wanted = {c for c, (family, _) in study.concepts.items() if family == "modality"}
    partners = []
    for each in candidates:
        if each.id == study.id or (wanted and not wanted & set(each.concepts)):
            continue
        grounds = (
            _design(study, each, weights), _power(each, needed), _independence(study, each), _access(each),
            _licence(each), _signal(each),
        )  # fmt: skip
        score = sum(_WEIGHTS[ground.name] * ground.score for ground in grounds)
        partners.append(Partner(each, score, grounds))
    return tuple(sorted(partners, key=lambda p: (-p.score, p.design.id)))


def _design(study: Design, other: Design, weights: Mapping[str, float]) -> Ground:
    total = met = 0.0
    shared, lacking = [], []
    for concept, (family, label) in study.concepts.items():
        weight = _FAMILIES.get(family, 0.0) * weights.get(concept, 1.0)
        if not weight:
            continue
        total += weight
        if concept in other.concepts:
            met += weight
            shared.append((weight, label))
        else:
            lacking.append((weight, label))
    told = [f"the same {_listed(shared)}"] if shared else []
    told += [f"without {_listed(lacking)}"] if lacking else []
    return Ground(
        "design", met / total if total else 0.5, "; ".join(told) or "nothing is known of the design"
    )


def _listed(weighed: list[tuple[float, str]]) -> str:
    return ", ".join(label for _, label in sorted(weighed, reverse=True)[:5])


def _power(other: Design, needed: int) -> Ground:
    if other.subjects is None or other.power is None:
        return Ground("power", 0.3, f"how many took part is not known; {needed} are needed")
    verdict = "enough" if other.power >= _ENOUGH else "too few alone"
    words = f"{other.subjects} subjects, {needed} needed: {verdict} (power {other.power:.2f})"
    return Ground("power", min(1.0, other.power / _ENOUGH), words)


def _independence(study: Design, other: Design) -> Ground:
    shared = study.authors & other.authors
    same = bool(study.lab) and study.lab == other.lab
    lab = 0.0 if same else 0.3 if shared else 1.0
    told = ["the same lab" if same else "authors in common" if shared else "another lab"]
    if not study.devices or not other.devices:
        device, words = 0.5, "device not known"
    elif set(study.devices) & set(other.devices):
        device, words = 0.3, "the same device"
    else:
        device, words = 1.0, "another device"
    return Ground("independence", 0.65 * lab + 0.35 * device, ", ".join([*told, words]))


def _access(other: Design) -> Ground:
    score, words = {
        "public": (1.0, "anybody may read it"), "granted": (0.9, "a Grant opens it to you"),
        "archive": (0.8, "listed in its archive"), "ask": (0.4, "private: ask its owner"),
    }[other.access]  # fmt: skip
    return Ground("access", score, words)


def _licence(other: Design) -> Ground:
    folded = other.licence.lower()
    if not folded:
        return Ground("licence", 0.3, "no licence stated")
    if "nc" in folded.replace("_", "-").split("-") or "nd" in folded.replace("_", "-").split("-"):
        return Ground("licence", 0.6, f"{other.licence}: not for every use")
    return Ground("licence", 1.0 if folded.startswith(_OPEN) else 0.6, other.licence)


def _signal(other: Design) -> Ground:
    if other.closeness is None:
        return Ground("signal", _UNKNOWN, "its signal is not described here")
    alike = f": alike in {', '.join(other.alike[:3])}" if other.alike else ""
    return Ground("signal", other.closeness, f"closeness {other.closeness:.2f}{alike}")


def invite(
    study: Design, partner: Partner, *, effect_d: float, power: float, needed: int, sender: str
) -> str:
    """The text of a letter that invites a partner, in Markdown; nobody sends it but you.

    It holds titles, counts and grounds, and nothing of a single subject.

    Parameters
    ----------
    study : Design
        What is to be replicated.
    partner : Partner
        Who is invited.
    effect_d : float
        The effect, Cohen's d.
    power : float
        The chance to find it.
    needed : int
        Subjects needed for it.
    sender : str
        Who writes.
    """
    other, grounds = partner.design, {ground.name: ground.words for ground in partner.grounds}
    who = f"{study.subjects} subjects" if study.subjects else "our subjects"
    theirs = f" ({other.subjects} subjects)" if other.subjects else ""
    lines = [
        f"**Subject:** Would you replicate a finding with us? ({_plain(study.title)})", "",
        f"To whoever answers for *{_plain(other.title)}* (`{other.id}`):", "",
        f"we have recorded *{_plain(study.title)}* (`{study.id}`, {who}) and look for an independent replication. Your data"
        f"{theirs} look like the right place for it:", "",
        f"- design: {grounds['design']}", f"- power: {grounds['power']}", f"- independence: {grounds['independence']}",
        f"- signal: {grounds['signal']}", "",
        f"The effect we would test is Cohen's d = {effect_d:g}; two equal groups of {needed} subjects in all find it with a "
        f"power of {power:g}. We propose to write the analysis down before either of us looks, to run the same code at both "
        "sites (the data need not move), and to publish whatever comes out, with both labs as authors.", "",
        f"What we would need: {_needs(other)}", "", "With kind regards,", sender or "(your name)",
    ]  # fmt: skip
    if study.access == "ask":
        lines += ["", "> Your own dataset is private: look through this letter before you send it."]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A title on one line, without what Markdown would take for markup."""
    return " ".join("".join(" " if letter in "*_`[]<>\n\r#|" else letter for letter in text).split())[:160]


def _needs(other: Design) -> str:
    if other.access in {"public", "granted", "archive"}:
        return f"your word that this use is welcome (licence: {other.licence or 'none stated'})."
    return "a Grant for this purpose, or your running the analysis where the data are."
