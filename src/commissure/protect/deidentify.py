"""Takes out of a noun all that tells who somebody is, before anything is written.

>>> from commissure.model import About, Identifier, Subject, Units
>>> about = About("ecephys", Subject("Jane Doe"), identifiers=(Identifier("name", "Jane Doe"),))
>>> clean, removed = deidentify(Units((), (), about), pseudonyms=Pseudonyms(bytes(32)))
>>> clean.about.subject.label.isalnum(), removed["name"]
(True, 1)
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import Any, TypeVar

from commissure.errors import BadInput, NotPermitted
from commissure.model import (
    About,
    Annotation,
    Cells,
    Channel,
    Fact,
    Gaze,
    Image,
    Movie,
    Pose,
    Recording,
    Session,
    Sweeps,
    Tree,
    Units,
    Video,
)
from commissure.protect.files.film import rewrite_film
from commissure.protect.files.film_faces import clean_film
from commissure.protect.files.nifti import clean_nifti, is_nifti
from commissure.protect.files.raw import clean_raw, is_raw
from commissure.protect.files.sidecar import clean_sidecar
from commissure.protect.files.tree import rewrite_tree
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import top_age
from commissure.protect.text.known import Known
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

__all__ = ["deidentify"]

N = TypeVar("N", Recording, Image, Units, Tree, Sweeps, Movie, Cells, Pose, Gaze, Video)


def deidentify(
    noun: N,
    *,
    pseudonyms: Pseudonyms,
    policy: Policy | None = None,
    scratch: Path | None = None,
    others: Known | None = None,
) -> tuple[N, Counter[str]]:
    """The same noun without identifiers, and how many of each category were removed.

    Signals, images and times within the recording are untouched. Dates go back by the subject's secret offset,
    labels become pseudonyms. ``about.identifiers`` is kept, in memory only, for the scan that follows.

    Parameters
    ----------
    noun : Recording, Image, Units, Tree, Sweeps, Movie, Cells, Pose, Gaze or Video
        What a reader gave. A ``native`` MNE Raw is changed in place, any other is replaced by a clean copy.
    pseudonyms : Pseudonyms
        The hub's keyed hash.
    policy : Policy or None
        What to keep; None for the default.
    scratch : Path or None
        A private folder; needed for a Tree and a Video, whose files are rewritten there.
    others : Known or None
        What the other recordings of the folder told of persons.

    Returns
    -------
    noun : the same kind
        Clean.
    removed : Counter
        Category to count. A category counts at least as often as the reader saw it.

    Raises
    ------
    BadInput
        If ``scratch`` is missing where it is needed.
    """
    cleaner = Cleaner.of(noun.about, pseudonyms=pseudonyms, policy=policy or Policy(), others=others)
    clean: N = _clean(noun, cleaner, scratch)
    seen = Counter(identifier.category for identifier in noun.about.identifiers)
    return clean, cleaner.removed | seen


def _about(about: About, cleaner: Cleaner) -> About:
    subject = about.subject
    label = cleaner.subject_label()
    session = Session(cleaner.label(about.session.label, kind="session"))
    age = subject.age_years
    if subject.is_person and age is not None and age >= cleaner.policy.top_age_years:
        cleaner.count("age")
        age = top_age(age, top=cleaner.policy.top_age_years)
    if about.device.serial:
        cleaner.count("serial")
    device = replace(about.device, serial="", software=cleaner.known_only(about.device.software))
    return replace(
        about,
        subject=replace(
            subject,
            label=label,
            age_years=age,
            age_iso=f"P{age:.0f}Y" if age != subject.age_years and subject.age_iso else subject.age_iso,
            handedness=cleaner.known_only(subject.handedness),
            strain=cleaner.known_only(subject.strain),
            genotype=cleaner.known_only(subject.genotype),
            group=cleaner.text(subject.group),
        ),
        session=session,
        entities={key: cleaner.label(value, kind=key) for key, value in about.entities.items()},
        start=cleaner.shifted_start(about.start),
        device=device,
        sidecar=clean_sidecar(about.sidecar, cleaner=cleaner),
        facts=tuple(_fact(fact, cleaner, label, session.label) for fact in about.facts),
    )


def _fact(fact: Fact, cleaner: Cleaner, label: str, session: str) -> Fact:
    """Facts are shown to people, so they are cleaned like all else; the counts are the data's own."""
    quiet = replace(cleaner, removed=Counter())
    key = fact.key.rpartition(".")[2]
    if key in {"subject", "session", "label"}:
        value: object = session if key == "session" else label
    else:
        value = clean_sidecar({key: fact.value}, cleaner=quiet).get(key, "[removed]")
    return replace(fact, value=value, where=quiet.text(fact.where))


@singledispatch
def _clean(noun: Any, cleaner: Cleaner, scratch: Path | None) -> Any:
    del scratch
    return replace(noun, about=_about(noun.about, cleaner))


@_clean.register
def _(noun: Recording, cleaner: Cleaner, scratch: Path | None) -> Recording:
    del scratch
    about = _about(noun.about, cleaner)
    if is_raw(noun.native):
        of_native = replace(cleaner, removed=Counter())
        clean_raw(noun.native, cleaner=of_native, label=about.subject.label)
    else:
        of_native = None
    clean = replace(
        noun,
        about=about,
        channels=_channels(noun.channels, cleaner),
        annotations=_annotations(noun.annotations, cleaner),
    )
    if of_native is not None:
        # the noun and its native say the same things twice; each is counted once
        cleaner.removed.update(of_native.removed - cleaner.removed)
    return clean


@_clean.register
def _(noun: Image, cleaner: Cleaner, scratch: Path | None) -> Image:
    del scratch
    native = clean_nifti(noun.native, cleaner=cleaner) if is_nifti(noun.native) else noun.native
    return replace(
        noun,
        about=_about(noun.about, cleaner),
        native=native,
        extra={key: cleaner.known_only(text) for key, text in noun.extra.items()},
    )


@_clean.register
def _(noun: Sweeps, cleaner: Cleaner, scratch: Path | None) -> Sweeps:
    del scratch
    return replace(
        noun,
        about=_about(noun.about, cleaner),
        channels=_channels(noun.channels, cleaner),
        commands=_channels(noun.commands, cleaner),
    )


@_clean.register
def _(noun: Units, cleaner: Cleaner, scratch: Path | None) -> Units:
    del scratch
    return replace(noun, about=_about(noun.about, cleaner), columns=_columns(noun.columns, cleaner))


@_clean.register
def _(noun: Pose, cleaner: Cleaner, scratch: Path | None) -> Pose:
    del scratch
    video = cleaner.text(noun.source_video)
    return replace(
        noun,
        about=_about(noun.about, cleaner),
        parts=tuple(cleaner.known_only(part) for part in noun.parts),
        source_video="" if video != noun.source_video else video,
    )


@_clean.register
def _(noun: Gaze, cleaner: Cleaner, scratch: Path | None) -> Gaze:
    del scratch
    return replace(
        noun, about=_about(noun.about, cleaner), annotations=_annotations(noun.annotations, cleaner)
    )


@_clean.register
def _(noun: Video, cleaner: Cleaner, scratch: Path | None) -> Video:
    about = _about(noun.about, cleaner)
    if not cleaner.is_person or not noun.path.is_file():
        path = rewrite_film(noun.path, cleaner=cleaner, scratch=scratch)
        return replace(noun, about=about, path=path, has_audio=noun.has_audio and path == noun.path)
    if scratch is None:
        raise BadInput("A film of a person is cleaned in a copy; give a scratch folder.")
    name = cleaner.pseudonyms.token("film", f"{cleaner.subject}\x1f{noun.path.name}", length=16)
    path = scratch / f"{name}{noun.path.suffix.lower()}"
    findings = clean_film(noun.path, path, cleaner=cleaner)
    if not path.is_file():
        raise NotPermitted(" ".join(finding.message for finding in findings))
    return replace(
        noun, about=replace(about, findings=(*about.findings, *findings)), path=path, has_audio=False
    )


@_clean.register
def _(noun: Tree, cleaner: Cleaner, scratch: Path | None) -> Tree:
    clean = rewrite_tree(noun, cleaner=cleaner, scratch=scratch)
    return replace(clean, about=_about(clean.about, cleaner))


def _channels(channels: tuple[Channel, ...], cleaner: Cleaner) -> tuple[Channel, ...]:
    clean = []
    for index, channel in enumerate(channels):
        name = channel.name
        if cleaner.known.holds(name):
            cleaner.count(cleaner.known.spans(name)[0].category)
            name = f"ch{index + 1:03d}"
        details = clean_sidecar(channel.details, cleaner=cleaner) if channel.details else channel.details
        clean.append(replace(channel, name=name, group=cleaner.known_only(channel.group), details=details))
    return tuple(clean)


def _annotations(marks: tuple[Annotation, ...], cleaner: Cleaner) -> tuple[Annotation, ...]:
    if not cleaner.policy.keep_annotations:
        for _ in marks:
            cleaner.count("comment")
        return ()
    labels = cleaner.descriptions([mark.label for mark in marks])
    return tuple(
        replace(
            mark, label=label, by=cleaner.text(mark.by), details=clean_sidecar(mark.details, cleaner=cleaner)
        )
        for mark, label in zip(marks, labels, strict=True)
    )


def _columns(columns: Mapping[str, object], cleaner: Cleaner) -> dict[str, object]:
    clean: dict[str, object] = {}
    for name, values in columns.items():
        if isinstance(values, list | tuple) and any(isinstance(value, str) for value in values):
            values = type(values)(cleaner.text(v) if isinstance(v, str) else v for v in values)
        clean[name] = values
    return clean
