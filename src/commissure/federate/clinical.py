"""The table of studies that work out of the box: what each asks, reads and compares, as data.

A study runs on the reader's own rows, or on rows made by the maker named here where no open data exists; made rows are
said to be made wherever they are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commissure.errors import NotFound
from commissure.federate.assessment import Subgroup
from commissure.federate.clinical_columns import COLUMNS
from commissure.federate.plan import Column

__all__ = ["STUDIES", "ClinicalStudy", "find_study"]

Model = tuple[str, Mapping[str, Any]]

#: what a study chooses from, by inner cross-validation: a line, trees, a network
_CHOICES: Mapping[str, Model] = {
    "linear": ("regression", {"ridge": 5.0}),
    "trees": ("trees", {"trees": 40, "depth": 3, "rate": 0.15}),
    "network": ("deep", {"layers": [16, 8], "rounds": 25, "steps": 10, "rate": 0.1, "decay": 3e-3}),
}
#: where each site is one person: a common body, a last layer of one's own
_BODY: Mapping[str, Model] = {
    "network": (
        "deep",
        {"layers": [16, 8], "rounds": 40, "steps": 10, "rate": 0.15, "decay": 0.03, "personal": True},
    ),
}
_SEX = (Subgroup("women", "female", 0.5), Subgroup("men", "female", high=0.5))


@dataclass(frozen=True, slots=True)
class ClinicalStudy:
    """A study that works out of the box.

    Parameters
    ----------
    name, title : str
    question : str
        In a sentence.
    maker : str
        ``"module:function"`` of the maker of rows with known truth.
    features : tuple of str
    outcome : str
    family : str
        ``"logistic"`` for a case, ``"linear"`` for a number.
    models : mapping of str to (analysis, parameters)
        What is chosen from.
    subgroups : sequence of Subgroup
        Judged apart.
    person : str
        A column that tells which rows are of one person; empty if each row is.
    personal : bool
        Whether each site keeps a last layer of its own.
    window_s : float
        Where rows are windows in their order: how long one is, and events and false alarms are counted; 0 where not.
    limits : tuple of float
        The range of a number that is predicted.
    not_for : str
        What the model must not be used for.
    """

    name: str
    title: str
    question: str
    maker: str
    features: tuple[str, ...]
    outcome: str
    family: str = "logistic"
    models: Mapping[str, Model] = None  # type: ignore[assignment]
    subgroups: Sequence[Subgroup] = ()
    person: str = ""
    personal: bool = False
    window_s: float = 0.0
    limits: tuple[float, float] = (0.0, 1.0)
    not_for: str = "Care of patients: it was never tried on them."

    @property
    def columns(self) -> tuple[Column, ...]:
        """Features, then the outcome, each with its unit and what is plausible."""
        return tuple(COLUMNS[name] for name in (*self.features, self.outcome))

    def candidates(self) -> dict[str, Model]:
        """The models with the study's own columns filled in."""
        own = {"features": list(self.features), "outcome": self.outcome, "family": self.family}
        return {name: (kind, {**said, **own}) for name, (kind, said) in (self.models or _CHOICES).items()}


_EEG = ("delta_power", "theta_power", "alpha_power", "beta_power", "gamma_power", "line_length", "line_length_top", "theta_top", "rhythm", "synchrony")  # fmt: skip
_AGED = (Subgroup("under 70", "age", high=70.0), Subgroup("70 and over", "age", 70.0))

STUDIES: Mapping[str, ClinicalStudy] = {
    study.name: study
    for study in (
        ClinicalStudy(
            "dementia", "From mild impairment to dementia",
            "Who of those with mild cognitive impairment has dementia three years on, from MRI measures and the clinic's table?",
            "commissure.testing.clinical:make_dementia",
            ("age", "female", "education", "apoe4", "mmse", "adas", "hippocampus", "entorhinal", "ventricles", "wmh", "ptau217"),
            "converts", subgroups=(*_SEX, *_AGED, Subgroup("carriers of APOE e4", "apoe4", 0.5)),
        ),
        ClinicalStudy(
            "brain-age", "The age of a brain",
            "How old is a person, by cortical thickness and volumes?",
            "commissure.testing.clinical:make_brain_age",
            ("superiorfrontal", "rostralmiddlefrontal", "precentral", "postcentral", "insula", "superiortemporal",
             "middletemporal", "entorhinal", "fusiform", "parahippocampal", "precuneus", "inferiorparietal", "supramarginal",
             "lateraloccipital", "pericalcarine", "posteriorcingulate", "hippocampus", "ventricles", "female"),
            "age", family="linear", limits=(0.0, 100.0),
            subgroups=(*_SEX, Subgroup("under 40", "age", high=40.0), Subgroup("40 to 65", "age", 40.0, 65.0), Subgroup("65 and over", "age", 65.0)),
        ),
        ClinicalStudy(
            "stimulation", "Deep brain stimulation in Parkinson's",
            "Who improves by 30 % or more, from the clinic's table and where the active contact lies?",
            "commissure.testing.clinical:make_stimulation",
            ("age", "female", "duration", "levodopa_response", "axial", "updrs_off", "contact_x", "contact_y", "contact_z", "current_ma"),
            "responds", subgroups=(*_SEX, Subgroup("under 60", "age", high=60.0), Subgroup("60 and over", "age", 60.0)),
        ),
        ClinicalStudy(
            "seizure-detection", "Is this a seizure?",
            "Is the patient in a seizure, from 4 s windows of EEG?",
            "commissure.testing.eeg_cohorts:make_detection", _EEG, "seizure", person="person", window_s=4.0,
        ),
        ClinicalStudy(
            "seizure-prediction", "Is a seizure near?",
            "Is a seizure within half an hour, from 10 s windows of EEG?",
            "commissure.testing.eeg_cohorts:make_prediction", _EEG, "preictal", person="person",
        ),
        ClinicalStudy(
            "coma", "Outcome of coma after cardiac arrest",
            "Who has a poor outcome at six months, from EEG a day on and the clinic's table?",
            "commissure.testing.eeg_cohorts:make_coma_outcome",
            ("age", "female", "shockable", "rosc_min", "suppression", "amplitude", "slow_share", "alpha_power", "periodic", "variability"),
            "poor", subgroups=(*_SEX, Subgroup("under 65", "age", high=65.0), Subgroup("65 and over", "age", 65.0)),
            not_for="Ending treatment: it was never tried on patients, and no single test may decide that.",
        ),
        ClinicalStudy(
            "decoding", "Which hand is imagined?",
            "Left or right, from mu and beta power, with a last layer for each person?",
            "commissure.testing.eeg_cohorts:make_decoding",
            (*(f"mu_{n}" for n in range(1, 9)), *(f"beta_{n}" for n in range(1, 9))),
            "right", models=_BODY, personal=True,
        ),
    )
}  # fmt: skip


def find_study(name: str) -> ClinicalStudy:
    """The study of that name.

    Raises
    ------
    NotFound
        If there is none; the message names those there are.
    """
    if name not in STUDIES:
        raise NotFound(f"No study is called {name!r}; there are: {', '.join(STUDIES)}.")
    return STUDIES[name]
