"""Stages ``read`` and ``deidentify``: Sources become nouns, and nouns lose what tells who somebody is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from commissure.errors import BadInput, CommissureError
from commissure.formats.detect import safe_name
from commissure.formats.port import Noun
from commissure.formats.registry import READERS
from commissure.model import About, Fact, Finding, Image, Origin, Session, Severity, Source, Subject
from commissure.protect.deidentify import deidentify
from commissure.protect.heads.contrast import check_contrast
from commissure.protect.heads.deface_voxels import first_volume
from commissure.protect.text.known import Known
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.standardize.registry import standard_of
from commissure.workflows.sharing.captures import safe_to_read
from commissure.workflows.sharing.defacing import deface_items
from commissure.workflows.sharing.defacing_tree import deface_tree
from commissure.workflows.sharing.naming import number_runs
from commissure.workflows.sharing.options import FileRule, ShareOptions
from commissure.workflows.sharing.unnamed import UNNAMED, is_unnamed, tell_apart
from commissure.workflows.sharing.work import Item, Work

__all__ = ["protect_items", "read_sources"]

#: what one recording's header tells that may stand in another's notes
_NAMING = frozenset({"name", "operator", "contact"})
#: datatypes whose names bear a task
_TASKED = frozenset({"eeg", "ieeg", "meg", "nirs", "func", "motion", "beh"})


def read_sources(work: Work) -> None:
    """Read every complete Source into Items; what cannot be read becomes a Finding, the rest goes on."""
    if work.detection is None or work.listing is None:
        return
    sources = [source for source in work.detection.sources if source.complete]
    for number, source in enumerate(sources):
        scratch = work.staging.scratch / f"{number:05d}"
        scratch.mkdir(mode=0o700)
        try:
            safe = safe_to_read(work, source, scratch=scratch)
            nouns = READERS.get(source.format).read(*safe, scratch=scratch) if safe else ()
        except CommissureError as error:
            work.findings.append(_not_read(source, str(error)))
            nouns = ()
        except Exception as error:  # noqa: BLE001 - one broken file must not end the rest
            work.findings.append(_not_read(source, f"its reader failed ({type(error).__name__})"))
            nouns = ()
        work.items.extend(_items(source, nouns, work.options))
        work.progress.advance()


def protect_items(work: Work) -> None:
    """Deface heads, de-identify every Item, then give unique names; what cannot be made safe is quarantined."""
    _refuse_misnamed(work)
    deface_items(work)
    pseudonyms = Pseudonyms(work.hub.secret("pseudonyms"))
    consents = work.hub.records.access.consents(work.dataset)
    named = Known(
        told for item in work.items for told in item.noun.about.identifiers if told.category in _NAMING
    )
    gone = frozenset(subject for subject, consent in consents.items() if subject and consent.withdrawn)
    _tell_apart(work, pseudonyms)
    for number, item in enumerate(work.items):
        work.identifiers.update(item.noun.about.identifiers)
        if any(finding.severity is Severity.ERROR for finding in item.noun.about.findings):
            item.quarantined = True
            where = safe_name(item.source.primary)
            work.findings.extend(replace(finding, where=where) for finding in item.noun.about.findings)
        if item.quarantined:
            continue
        _protect(work, item, (pseudonyms, named), number, gone=gone)
        if not item.quarantined:
            deface_tree(work, item)
        work.progress.advance()
    standing = work.standing
    for item, about in zip(standing, number_runs([item.noun.about for item in standing]), strict=True):
        item.noun = _with_about(item.noun, about)


def _refuse_misnamed(work: Work) -> None:
    """Quarantine images that are not what they are called, before a brain is looked for in them."""
    for item in work.standing:
        noun = item.noun
        if not isinstance(noun, Image) or noun.about.datatype != "anat" or len(noun.array.shape) < 3:
            continue
        found = check_contrast(first_volume(noun.array), suffix=noun.about.suffix)
        item.quarantined = bool(found)
        work.findings.extend(replace(finding, where=safe_name(item.source.primary)) for finding in found)


def _protect(
    work: Work, item: Item, by: tuple[Pseudonyms, Known], number: int, *, gone: frozenset[str]
) -> None:
    pseudonyms, others = by
    is_tree = item.source.format == "bids"
    unnamed = item.noun.about.subject.label.startswith(UNNAMED)
    policy = Policy(keep_labels=work.options.keep_labels or is_tree)
    scratch = work.staging.scratch / f"protect-{number:05d}"
    scratch.mkdir(mode=0o700, exist_ok=True)
    try:
        noun: Any = item.noun
        item.noun, removed = deidentify(
            noun, pseudonyms=pseudonyms, policy=policy, scratch=scratch, others=others
        )
    except Exception as error:  # noqa: BLE001 - what cannot be made safe stays back, and the rest goes on
        item.quarantined = True
        why = (
            str(error)
            if isinstance(error, CommissureError)
            else f"de-identification failed ({type(error).__name__})"
        )
        remedy = "Mend the file, or leave it out of the folder, and share again."
        finding = Finding("protect.failed", Severity.ERROR, why, safe_name(item.source.primary), remedy)
        work.findings.append(finding)
        return
    if unnamed:
        removed["id"] -= 1
    work.removed.update(+removed)
    if item.noun.about.subject.label in gone:
        item.quarantined = True
        message = "The subject of this recording has withdrawn; it is not released."
        work.findings.append(
            Finding("govern.withdrawn", Severity.WARNING, message, safe_name(item.source.primary))
        )
    work.identifiers.update(item.noun.about.identifiers)


def _not_read(source: Source, why: str) -> Finding:
    message = f"{source.format}: {why}"
    remedy = "Export or copy the recording again; the rest of the folder went through."
    return Finding("read.failed", Severity.ERROR, message, safe_name(source.primary), remedy)


def _items(source: Source, nouns: Sequence[Noun], options: ShareOptions) -> list[Item]:
    items = []
    for noun in nouns:
        about = _told(noun.about, options, options.rules_for(source.primary))
        items.append(
            Item(source, _with_about(noun, about), getattr(noun, "standard", "") or standard_of(about))
        )
    return items


def _with_about(noun: Any, about: About) -> Any:
    return noun if noun.about == about else replace(noun, about=about)


def _tell_apart(work: Work, pseudonyms: Pseudonyms) -> None:
    """Give recordings that tell no id a subject: one person a dataset, or those whom their names tell apart."""
    items = [item for item in work.items if is_unnamed(item.noun.about)]
    labels = tell_apart([item.noun.about for item in items], dataset=work.dataset, pseudonyms=pseudonyms)
    for item, label in zip(items, labels, strict=True):
        about = item.noun.about
        item.noun = _with_about(item.noun, replace(about, subject=replace(about.subject, label=label)))
    if len(set(labels)) > 1:
        message = f"{len(items)} recordings tell no id of their subject; by the names in them they are taken for {len(set(labels))} people."
        remedy = "If that is wrong, say whose each is in commissure.yaml, and share again."
        work.findings.append(Finding("read.unnamed", Severity.INFO, message, remedy=remedy))


def _told(about: About, options: ShareOptions, rules: Sequence[FileRule]) -> About:
    """``about`` with what flags and ``commissure.yaml`` say; files' rules win over the folder's words."""
    about = _overlay(about, options, Origin.FLAG)
    for rule in rules:
        about = _overlay(about, rule, Origin.CONFIG)
    return about


def _overlay(about: About, said: ShareOptions | FileRule, origin: Origin) -> About:
    facts = list(about.facts)

    def take(key: str, value: object) -> None:
        facts[:] = [fact for fact in facts if fact.key != key]
        facts.append(Fact(key, value, origin))

    subject = _subject(about.subject, said)
    for name in ("subject", "species", "sex", "strain", "age"):
        if value := getattr(said, name):
            take(name, value)
    entities = dict(about.entities) | dict(getattr(said, "entities", {}))
    if said.task and about.datatype in _TASKED:
        entities["task"] = said.task
        take("task", said.task)
    session = about.session
    if said.session:
        session = Session(said.session)
        take("session", said.session)
    sidecar = dict(about.sidecar) | dict(getattr(said, "sidecar", {}))
    datatype, suffix = getattr(said, "datatype", ""), getattr(said, "suffix", "")
    return replace(
        about,
        subject=subject,
        session=session,
        entities=entities,
        sidecar=sidecar,
        datatype=datatype or about.datatype,
        suffix=suffix or about.suffix,
        facts=tuple(facts),
    )


def _subject(subject: Subject, said: ShareOptions | FileRule) -> Subject:
    subject = replace(
        subject,
        label=said.subject or subject.label,
        species=said.species or subject.species,
        sex=said.sex or subject.sex,
        strain=said.strain or subject.strain,
    )
    if not said.age:
        return subject
    if said.age.startswith("P"):
        return replace(subject, age_iso=said.age)
    try:
        return replace(subject, age_years=float(said.age))
    except ValueError as error:
        raise BadInput(f"age must be years (34) or an ISO 8601 duration (P90D); got {said.age!r}.") from error
