"""FAIR: how findable, accessible, interoperable and reusable a dataset is, in points, each missing one with its remedy.

Seventeen metrics are F-UJI's (26 points); six more judge the data themselves, which only a platform that reads neuro
data can do (12 points). A check that could not be made (nobody saw the files) counts neither way.

>>> from commissure.certify.evidence import Evidence
>>> found = assess(Evidence(kind="page", title="x"))
>>> found.fair.points, found.fair.of
(0.0, 26.0)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from commissure.certify.evidence import DataFacts, Evidence
from commissure.certify.metrics import METRICS, Metric, Test
from commissure.model import Finding, Severity

__all__ = ["Assessment", "Result", "Score", "assess"]

_PRINCIPLES = {"F": "findable", "A": "accessible", "I": "interoperable", "R": "reusable"}


@dataclass(frozen=True, slots=True)
class Result:
    """What one metric or check earned: ``points`` of ``of``, and the remedies for what is missing."""

    id: str
    name: str
    points: float
    of: float
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """Points earned, of how many, and in per cent."""

    points: float
    of: float

    @property
    def percent(self) -> float:
        """From 0 to 100, one decimal; 0 where nothing could be judged."""
        return round(100 * self.points / self.of, 1) if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Assessment:
    """All results of one dataset.

    Parameters
    ----------
    kind : str
        What was looked at.
    results : tuple of Result
        First F-UJI's metrics, then the checks of the data that could be made.
    skipped : tuple of str
        The checks that could not be made.
    """

    kind: str
    results: tuple[Result, ...]
    skipped: tuple[str, ...] = ()

    @property
    def score(self) -> Score:
        """Over all that was judged."""
        return _sum(self.results)

    @property
    def fair(self) -> Score:
        """Over F-UJI's metrics alone, to be compared with F-UJI's own figure."""
        return _sum(one for one in self.results if one.id.startswith("FsF-"))

    @property
    def data(self) -> Score:
        """Over the checks of the data."""
        return _sum(one for one in self.results if not one.id.startswith("FsF-"))

    @property
    def principles(self) -> dict[str, Score]:
        """Findable, accessible, interoperable, reusable: F-UJI's metrics by principle."""
        return {
            word: _sum(one for one in self.results if one.id.startswith(f"FsF-{letter}"))
            for letter, word in _PRINCIPLES.items()
        }

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One Finding for each metric that did not earn all its points; a warning where it earned none."""
        return tuple(
            Finding(
                f"fair.{one.id}",
                Severity.INFO if one.points else Severity.WARNING,
                f"{one.name}: {one.points:g} of {one.of:g} points.",
                remedy=" ".join(one.remedies),
            )
            for one in self.results
            if one.points < one.of
        )

    def to_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "kind": self.kind,
            "score": self.score.percent,
            "points": self.score.points,
            "of": self.score.of,
            "fair": {"score": self.fair.percent, "points": self.fair.points, "of": self.fair.of},
            "data": {"score": self.data.percent, "points": self.data.points, "of": self.data.of},
            "principles": {name: score.percent for name, score in self.principles.items()},
            "results": [
                {"id": r.id, "name": r.name, "points": r.points, "of": r.of, "remedies": list(r.remedies)}
                for r in self.results
            ],
            "skipped": list(self.skipped),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def assess(evidence: Evidence) -> Assessment:
    """Judge a dataset by all metrics and by the checks of the data that can be made.

    Parameters
    ----------
    evidence : Evidence
        What was seen of it.

    References
    ----------
    Wilkinson et al. 2016, doi:10.1038/sdata.2016.18; Devaraju & Huber 2021, doi:10.1016/j.patter.2021.100370.
    """
    checks = _check_data(evidence.data)
    made = [each for each in checks if each[1] is not None]
    results = [_measure(metric, evidence) for metric in METRICS]
    for check, share, remedy in made:
        points = round(2 * float(share or 0.0), 2)
        results.append(Result(check[0], check[1], points, 2.0, () if points >= 2 else (remedy,)))
    return Assessment(
        evidence.kind, tuple(results), tuple(check[0] for check, share, _ in checks if share is None)
    )


def _measure(metric: Metric, evidence: Evidence) -> Result:
    held = [(test, test.holds(evidence)) for test in metric.tests]
    points = min(float(metric.total), float(sum(test.points for test, holds in held if holds)))
    missing = tuple(test.remedy for test, holds in held if not holds and test.points)
    return Result(
        metric.id, metric.name, points, float(metric.total), _if_short(points, metric, missing, held)
    )


def _if_short(
    points: float, metric: Metric, missing: tuple[str, ...], held: list[tuple[Test, bool]]
) -> tuple[str, ...]:
    """Remedies only where points are missing, and those for free tests too."""
    free = tuple(
        test.remedy for test, holds in held if not holds and not test.points and points < metric.total
    )
    return (*missing, *free) if points < metric.total else ()


def _check_data(facts: DataFacts) -> list[tuple[tuple[str, str], float | None, str]]:
    """(id and name, share from 0 to 1 or None, remedy) of each check of the data."""
    placed = [share for share in (facts.units, facts.coordinates) if share is not None]
    linked = [known for known in (facts.raw, facts.code, facts.environment) if known is not None]
    absent = [
        word
        for word, known in (
            ("the raw input", facts.raw),
            ("the code", facts.code),
            ("its environment", facts.environment),
        )
        if known is False
    ]
    consent = {"machine": 1.0, "reference": 0.5, "none": 0.0}
    return [
        (("data.valid", "Valid by the field's own validators"), _share(facts.valid),
         "Correct what the BIDS validator or NWB Inspector calls an error: commissure standardize."),
        (("data.units", "Units and coordinates present"), sum(placed) / len(placed) if placed else None,
         "State units in channels.tsv and positions in electrodes.tsv with coordsystem.json, or in the NWB electrodes table."),
        (("data.hed", "Events described by HED tags"), facts.hed,
         "Tag events with HED, in a HED column of events.tsv or in its JSON, and declare HEDVersion."),
        (("data.linked", "Raw data, code and environment linked"), sum(linked) / len(linked) if linked else None,
         f"Link {' and '.join(absent)}: sourcedata/, code/, and a lock file or container." if absent else ""),
        (("data.quality", "Quality checked"), _share(facts.quality),
         "Run quality control: commissure share does, and its Findings say what is wrong."),
        (("data.consent", "Consent is machine-readable"), consent.get(facts.consent or ""),
         "State consent as a DUO term (such as DUO:0000042): commissure share --consent DUO:0000042."),
    ]  # fmt: skip


def _share(known: bool | None) -> float | None:
    return None if known is None else float(known)


def _sum(results: Iterable[Result]) -> Score:
    each = tuple(results)
    return Score(round(sum(one.points for one in each), 2), round(sum(one.of for one in each), 2))
