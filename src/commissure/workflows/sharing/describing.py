"""Stage ``describe``: the dataset's own files, and the catalogue's record of it."""

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from commissure.certify.environment import ENVIRONMENT
from commissure.certify.readme import nwb_readme
from commissure.model import About, Cells, Fact, Image, Movie, Recording, Subject, Sweeps
from commissure.standardize.bids_dataset import Card, write_dataset
from commissure.standardize.hed import HED_VERSION, has_hed
from commissure.workflows.sharing.work import Item, Work

__all__ = ["describe", "plan_rows"]

#: the provenance crate lies beside the BIDS files
CRATE = "ro-crate-metadata.json"
_MODALITY_TITLES = {
    "eeg": "EEG", "ieeg": "intracranial EEG", "meg": "MEG", "nirs": "fNIRS", "anat": "anatomical MRI",
    "func": "functional MRI", "dwi": "diffusion MRI", "fmap": "MRI field maps", "perf": "perfusion MRI",
    "motion": "motion capture", "ecephys": "extracellular electrophysiology", "pet": "PET",
    "icephys": "intracellular electrophysiology", "ophys": "optical physiology", "behavior": "behaviour",
}  # fmt: skip


def describe(work: Work) -> None:
    """Write the dataset-level files of each standard's tree and fill ``work.metadata``."""
    work.metadata.update(_summary(work))
    pairs = [
        (item.noun.about, item.written)
        for item in work.standing
        if item.standard == "bids" and item.written is not None
    ]
    if pairs:
        write_dataset(work.staging.tree / "bids", card=_card(work), written=pairs)
        _ignore_papers(work.staging.tree / "bids" / ".bidsignore")
    if any(item.standard == "nwb" for item in work.standing):
        text = nwb_readme(work.metadata)
        (work.staging.tree / "nwb" / "README.md").write_text(text, encoding="utf-8", newline="\n")


def _ignore_papers(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    papers = [name for name in (CRATE, ENVIRONMENT) if name not in lines]
    path.write_text("\n".join([*lines, *papers]) + "\n", encoding="utf-8", newline="\n")


def plan_rows(work: Work) -> tuple[dict[str, object], ...]:
    """For each recording what it is, where it goes and where each value came from; nothing of a person."""
    return tuple(_row(item) for item in work.items)


def _row(item: Item) -> dict[str, object]:
    about: About = item.noun.about
    return {
        "format": item.source.format,
        "standard": item.standard,
        "datatype": about.datatype,
        "raw_files": len(item.source.files),
        "target": list(item.written.files) if item.written else [],
        "quarantined": item.quarantined,
        "values": {} if item.quarantined else {fact.key: _told(fact) for fact in about.facts if _safe(fact)},
    }


def _safe(fact: Fact) -> bool:
    return fact.key not in {
        "subject",
        "session",
        "start",
        "age",
        "birth_date",
        "operator",
        "institution",
        "path",
    }


def _told(fact: Fact) -> dict[str, object]:
    value = fact.value if isinstance(fact.value, str | int | float | bool) else str(fact.value)
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    return {"value": value, "from": str(fact.origin)}


def _card(work: Work) -> Card:
    options = work.options
    fields: dict[str, object] = {"Funding": list(options.funding), "Keywords": list(options.keywords)}
    if any(has_hed(item.noun) for item in work.standing if isinstance(item.noun, Recording)):
        fields["HEDVersion"] = HED_VERSION
    return Card(
        title=str(work.metadata["title"]),
        description=str(work.metadata["description"]),
        authors=options.authors,
        licence=options.licence or work.hub.settings.policy.licence,
        changes=_changes(work),
        fields=fields,
    )


def _changes(work: Work) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The CHANGES entries, the newest first: this release's, then those of the releases before it."""
    releases = work.hub.records.releases
    count = f"{len(work.standing)} recordings of {work.metadata['subjects']} subjects."
    entries = [(f"{releases.next_version(work.dataset)} {work.now:%Y-%m-%d}", (count,))]
    for version in releases.versions(work.dataset):
        before = releases.get(work.dataset, version)
        said = f"{before.metadata.get('subjects', 0)} subjects, {len(before.assets)} files."
        entries.append((f"{version} {before.created[:10]}", (said,)))
    return tuple(entries)


def _summary(work: Work) -> dict[str, object]:
    options, items = work.options, work.standing
    abouts = [item.noun.about for item in items]
    subjects = {about.subject.label: about.subject for about in abouts}
    datatypes = sorted({about.datatype for about in abouts})
    species = sorted({subject.species for subject in subjects.values() if subject.species})
    title = options.title or _title(datatypes, len(subjects), species)
    return {
        "title": title,
        "description": options.description or _sentence(items, datatypes, subjects.values(), species),
        "modality": datatypes,
        "species": species,
        "subjects": len(subjects),
        "sessions": len({(about.subject.label, about.session.label) for about in abouts}),
        "task": sorted({about.entities["task"] for about in abouts if "task" in about.entities}),
        "device": sorted({_device(about) for about in abouts} - {""}),
        "format": sorted({item.source.format for item in items}),
        "sex": dict(Counter(subject.sex for subject in subjects.values() if subject.sex != "U")),
        "age_years": _range(subjects.values()),
        "duration_s": round(sum(_duration(item) for item in items), 3),
        "licence": options.licence or work.hub.settings.policy.licence,
        "consent": options.consent or work.hub.settings.policy.consent,
        "authors": list(options.authors),
        "keywords": list(options.keywords),
        "funding": list(options.funding),
    }


def _device(about: About) -> str:
    return f"{about.device.manufacturer} {about.device.model}".strip()


def _title(datatypes: list[str], subjects: int, species: list[str]) -> str:
    what = ", ".join(_MODALITY_TITLES.get(name, name) for name in datatypes) or "Recordings"
    of = f" ({species[0]})" if len(species) == 1 else ""
    return f"{what[:1].upper()}{what[1:]} of {subjects} subject{'s' if subjects != 1 else ''}{of}"


def _sentence(
    items: list[Item], datatypes: list[str], subjects: Iterable[Subject], species: list[str]
) -> str:
    what = ", ".join(_MODALITY_TITLES.get(name, name) for name in datatypes)
    who = f"{len(list(subjects))} subject(s)" + (f" ({', '.join(species)})" if species else "")
    tasks = sorted({item.noun.about.entities["task"] for item in items if "task" in item.noun.about.entities})
    during = f" Tasks: {', '.join(tasks)}." if tasks else ""
    return f"{len(items)} recording(s) of {what} from {who}.{during} The authors gave no description."


def _range(subjects: Iterable[Subject]) -> list[float]:
    ages = [subject.age_years for subject in subjects if subject.age_years is not None]
    return [min(ages), max(ages)] if ages else []


def _duration(item: Item) -> float:
    noun = item.noun
    if isinstance(noun, Recording):
        return noun.duration_s
    if isinstance(noun, Image):
        return float((noun.repetition_s or 0.0) * (noun.array.shape[3] if len(noun.array.shape) > 3 else 0))
    if isinstance(noun, Movie | Cells):
        samples = (
            noun.frames.shape[0] if isinstance(noun, Movie) else next(iter(noun.traces.values())).shape[0]
        )
        return float(samples / noun.rate_hz) if noun.rate_hz > 0 else 0.0
    if isinstance(noun, Sweeps):
        return float(sum(sweep.response.shape[0] for sweep in noun.sweeps) / noun.rate_hz)
    return 0.0
