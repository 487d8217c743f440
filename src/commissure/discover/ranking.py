"""Order records by how well they answer a question, and say why.

Three lists (words, words with synonyms, meaning) are fused by reciprocal rank (Cormack et al. 2009,
https://doi.org/10.1145/1571941.1572114); above that stands coverage: how many of the asked things a record
meets, each weighed by its family and its rarity, so that a rare clinical condition counts more than "EEG".
A record that has only a wider or a sibling concept gets part of the credit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from commissure.discover.concepts import Concepts
from commissure.discover.question import Need, Question

__all__ = ["Credit", "Evidence", "Weights", "credits_of", "fuse", "rank"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """How the parts of the score are weighed; found by cross-validation on the development queries.

    Attributes
    ----------
    wider, sibling : float
        Credit of a record that has only a next wider concept, or a next of kin.
    beside : float
        Credit of a wider concept asked beside a narrower one: "cocaine or other addiction".
    exact : float
        What is taken from a record that never uses the very words of the question.
    rarity : float
        How much a concept's rarity adds to its weight.
    fused : float
        Weight of the fused text and meaning ranks beside coverage.
    limit : float
        Weight of a numeric limit.
    unknown : float
        Credit where the number is not known.
    refused : float
        Taken for something that was ruled out.
    reciprocal : float
        The constant of reciprocal rank fusion.
    """

    wider: float = 0.35
    sibling: float = 0.75
    beside: float = 0.8
    exact: float = 0.05
    rarity: float = 1.0
    fused: float = 0.25
    limit: float = 3.0
    unknown: float = 0.35
    refused: float = 0.8
    reciprocal: float = 20.0


@dataclass(frozen=True, slots=True)
class Credit:
    """Concepts that meet a need and what each is worth: 1 itself, less for wider and sibling ones."""

    need: Need
    worth: Mapping[str, float]
    weight: float


@dataclass(slots=True)
class Evidence:
    """What the index knows about the candidates, one row a candidate.

    Attributes
    ----------
    credits : sequence of Credit
        The needs.
    met : array, shape (needs, candidates)
        How well each need is met, 0 to 1.
    limits : array, shape (limits, candidates)
        1 holds, 0 fails, NaN not known.
    refused : array, shape (candidates,)
        How surely a record has something that was ruled out, 0 to 1.
    fused : array, shape (candidates,)
        The fused ranks, 0 to 1.
    """

    credits: Sequence[Credit]
    met: Floats
    limits: Floats
    refused: Floats
    fused: Floats
    weights: Weights = field(default_factory=Weights)


def credits_of(
    question: Question, *, concepts: Concepts, counts: Mapping[str, int], records: int, weights: Weights
) -> list[Credit]:
    """Give each need of a question the concepts that meet it, and its weight.

    Parameters
    ----------
    question : Question
        What is asked.
    concepts : Concepts
        Their hierarchy.
    counts : mapping
        In how many records each concept, and each plain word, is found.
    records : int
        How many records there are.
    weights : Weights
        The scheme.

    Returns
    -------
    list of Credit
        In the order of the needs.
    """
    found = []
    for need in question.needs:
        wide = {wider for concept in need.concepts for wider in concepts.broader(concept)}
        worth = {concept: weights.beside if concept in wide else 1.0 for concept in need.concepts}
        for concept in need.concepts:
            for sibling in concepts.siblings(concept):
                worth.setdefault(sibling, weights.sibling)
            for wider in concepts.get(concept).broader:
                worth[wider] = max(worth.get(wider, 0.0), weights.wider)
        names = need.concepts or (need.words,)
        frequency = sum(counts.get(name, 0) for name in names)
        rarity = math.log((records + 1) / (frequency + 1)) / math.log(records + 2)
        found.append(Credit(need, worth, need.weight * (0.4 + weights.rarity * rarity)))
    return found


def fuse(lists: Sequence[Sequence[int]], size: int, *, reciprocal: float) -> Floats:
    """Fuse ranked lists of candidate numbers by reciprocal rank, scaled so that the best is 1.

    Parameters
    ----------
    lists : sequence of sequence of int
        Candidate numbers, best first.
    size : int
        How many candidates there are.
    reciprocal : float
        The constant added to each rank.

    Examples
    --------
    >>> fuse([[0, 1], [1, 2]], 3, reciprocal=1.0).round(2).tolist()
    [0.6, 1.0, 0.4]
    """
    score = np.zeros(size)
    for ranked in lists:
        for place, candidate in enumerate(ranked):
            score[candidate] += 1.0 / (reciprocal + place + 1)
    top = score.max(initial=0.0)
    return score / top if top > 0 else score


def rank(
    evidence: Evidence, *, among: npt.NDArray[np.bool_] | None = None, most: int = 10_000
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Order the candidates.

    Parameters
    ----------
    evidence : Evidence
        What is known about them.
    among : array of bool, optional
        The candidates that are ordered; all if left out.
    most : int
        How many of the best are ordered at most.

    Returns
    -------
    order : array of int
        Candidate numbers, best first; ties keep the order of the candidates.
    score : array of float
        From 0 to 1 for each candidate, in the order of the candidates.
    """
    scheme = evidence.weights
    weight = np.array([credit.weight for credit in evidence.credits])
    limits = np.where(np.isnan(evidence.limits), scheme.unknown, evidence.limits)
    total = weight.sum() + scheme.limit * len(limits)
    share = weight @ evidence.met if len(weight) else np.zeros(evidence.fused.shape)
    share = share + scheme.limit * limits.sum(axis=0)
    coverage = share / total if total > 0 else np.zeros(evidence.fused.shape)
    score = (coverage + scheme.fused * evidence.fused) / (1.0 + scheme.fused if total > 0 else scheme.fused)
    score = score * (1.0 - scheme.refused * evidence.refused)
    chosen = np.arange(len(score)) if among is None else np.flatnonzero(among)
    if len(chosen) > most:
        chosen = np.sort(chosen[np.argpartition(-score[chosen], most - 1)[:most]])
    return chosen[np.argsort(-score[chosen], kind="stable")], score
