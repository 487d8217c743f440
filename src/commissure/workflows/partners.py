"""Partners: who could replicate a dataset's study, with the grounds of each rank, and a letter to each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from commissure.discover.concepts import Concepts, load_concepts
from commissure.discover.partners import Design, Partner, invite, rank_partners
from commissure.errors import BadInput, NotFound
from commissure.harmonize.power import plan_subjects, power_over_sites
from commissure.hub import Hub
from commissure.store.index import SearchIndex
from commissure.workflows.harvest import index_of
from commissure.workflows.likeness import SignalMatch, near_datasets, signal_of

__all__ = ["PartnersReply", "partners"]

_OURS, _SURE, _NEAR, _CANDIDATES = "commissure", 0.4, 400, 400


@dataclass(frozen=True, slots=True)
class PartnersReply:
    """Who could replicate a study.

    Parameters
    ----------
    dataset : str
        Whose partners.
    effect_d, power : float
        The effect, Cohen's d, and the chance to find it that was asked for.
    needed : int
        Subjects needed in two equal groups.
    partners : tuple of Partner
        The best first.
    letters : tuple of str
        An invitation to each, in Markdown; none is sent.
    """

    dataset: str
    effect_d: float
    power: float
    needed: int
    partners: tuple[Partner, ...]
    letters: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The reply as plain values for JSON."""
        rows = [
            {
                "id": partner.design.id, "title": partner.design.title, "score": round(partner.score, 4),
                "subjects": partner.design.subjects, "licence": partner.design.licence, "access": partner.design.access,
                "grounds": [asdict(ground) | {"score": round(ground.score, 3)} for ground in partner.grounds],
                "invitation": letter,
            }
            for partner, letter in zip(self.partners, self.letters, strict=True)
        ]  # fmt: skip
        return {
            "dataset": self.dataset,
            "effect": self.effect_d,
            "power": self.power,
            "needed": self.needed,
            "partners": rows,
        }


def partners(
    hub: Hub,
    dataset: str,
    *,
    effect: float = 0.5,
    power: float = 0.8,
    limit: int = 10,
    viewer: str = "",
    now: datetime | None = None,
) -> PartnersReply:
    """Rank the datasets that could replicate one of this hub's, here and in the archives that were added.

    Parameters
    ----------
    hub : Hub
        Where to look.
    dataset : str
        The dataset's id.
    effect : float
        The effect to be found, Cohen's d between two equal groups.
    power : float
        The chance to find it.
    limit : int
        How many, 1 to 100.
    viewer : str
        Who asks.
    now : datetime, optional
        The instant at which a Grant must hold; the hub's by default.

    Raises
    ------
    NotFound
        If no dataset of that id may be seen.
    BadInput
        If the effect, the power or the limit cannot be used.
    """
    if not 1 <= limit <= 100:
        raise BadInput(f"limit must be 1 to 100; got {limit}.")
    if not np.isfinite(effect) or effect == 0:
        raise BadInput(f"effect is a Cohen's d other than zero; got {effect!r}.")
    needed = 2 * plan_subjects(effect, sites=1, power=power)
    index, concepts, at = index_of(hub), load_concepts(), now or hub.clock()
    record = _record(index, dataset, viewer=viewer)
    asked = signal_of(hub, dataset, viewer=viewer, now=at)
    near = near_datasets(hub, asked, viewer=viewer, now=at, limit=_NEAR) if asked else ()
    matches = {match.dataset: match for match in near}
    study = _design(hub, index.rows([record])[0], concepts, viewer=viewer, matches={}, effect=effect)
    places = _candidates(index, study, viewer=viewer, own=record)
    others = [
        _design(hub, row, concepts, viewer=viewer, matches=matches, effect=effect)
        for row in index.rows(places)
    ]
    weights = {
        c: float(np.log((index.size() + 1) / (len(index.having(c)[0]) + 1)) + 0.5) for c in study.concepts
    }
    best = rank_partners(study, others, needed=needed, weights=weights)[:limit]
    sender = hub.actor.name or (viewer or hub.actor.id)
    letters = tuple(
        invite(study, each, effect_d=effect, power=power, needed=needed, sender=sender) for each in best
    )
    return PartnersReply(dataset, effect, power, needed, best, letters)


def _visible(index: SearchIndex, viewer: str) -> set[int]:
    seen = {int(i) for i in np.flatnonzero(index.numbers("public") == 1.0)}
    return seen | set(index.where("owner", viewer)) if viewer else seen


def _record(index: SearchIndex, dataset: str, *, viewer: str) -> int:
    source, _, ident = dataset.rpartition(":")
    seen = _visible(index, viewer)
    found = [
        i
        for i in index.where("source_id", ident)
        if i in seen and (not source or i in index.where("source", source))
    ]
    if not found:
        raise NotFound(
            f"No dataset has the id {dataset[:120]!r}, or it is private; search shows the ids there are."
        )
    return found[0]


def _candidates(index: SearchIndex, study: Design, *, viewer: str, own: int) -> list[int]:
    """The visible records with one of the study's modalities; of those the ones that share most else."""
    score = np.zeros(index.top())
    modal = np.zeros(index.top(), dtype=bool)
    for concept, (family, _) in study.concepts.items():
        ids, sure = index.having(concept)
        score[ids] += sure / np.log(len(ids) + 2)
        if family == "modality":
            modal[ids] = True
    seen = np.zeros(index.top(), dtype=bool)
    seen[list(_visible(index, viewer))] = True
    seen[own] = False
    places = np.flatnonzero(seen & (modal if modal.any() else score > 0))
    return [int(i) for i in places[np.argsort(-score[places], kind="stable")][:_CANDIDATES]]


def _design(
    hub: Hub, row: Mapping[str, Any], concepts: Concepts, *, viewer: str, matches: Mapping[str, SignalMatch], effect: float
) -> Design:  # fmt: skip
    held = {
        c: (concepts.get(c).family, concepts.get(c).label)
        for c, found in row["facets"].items()
        if found[0] >= _SURE
    }
    ours, count = row["source"] == _OURS, row["n"]
    lab, access = str(row["source"]), "archive"
    devices: tuple[str, ...] = ()
    if ours:
        release, owner = (
            hub.records.releases.get(row["source_id"]),
            hub.records.releases.dataset(row["source_id"]).owner,
        )
        told = release.metadata.get("device") or ()
        lab, devices = (
            owner,
            tuple(str(each) for each in told) if isinstance(told, list | tuple) else (str(told),),
        )
        access = "public" if release.public else "ask" if owner == viewer or not viewer else "granted"
    match = matches.get(row["source_id"]) if ours else None
    half = int(count) // 2 if count else 0
    return Design(
        id=row["source_id"] if ours else row["uid"], title=row["title"] or row["source_id"], concepts=held,
        subjects=int(count) if count else None, lab=lab, licence=row["licence"] or "", access=access, devices=devices,
        authors=frozenset(name.strip().casefold() for name in str(row["authors"]).split(";") if name.strip()),
        closeness=match.closeness if match else None, alike=match.alike if match else (),
        power=power_over_sites(effect, [(half, half)]) if half >= 2 else 0.0 if count else None,
    )  # fmt: skip
