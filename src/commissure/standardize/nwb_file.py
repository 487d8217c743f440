"""An NWB file's frame from an About: name, subject, session, start, device; deterministic in every byte.

What NWB and DANDI demand and nobody told is written as what it is, unknown, in words their checks accept, and
is said in a Finding: species as NCBITaxon_32644 ("unidentified"), age as the open range ``P0D/``, sex ``U``, a
start of 1970-01-01T00:00:00Z. Nothing is invented.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from commissure.extras import need
from commissure.model import About, Finding, Severity

__all__ = ["AGE", "BINOMIAL", "NO_START", "UNIDENTIFIED", "Draft", "begin", "description_of", "path_of"]

#: session_start_time where the recording does not tell it
NO_START = datetime(1970, 1, 1, tzinfo=UTC)
#: NCBI Taxonomy's own term for what nobody has identified
UNIDENTIFIED = "http://purl.obolibrary.org/obo/NCBITaxon_32644"
_NAMESPACE = UUID("5e0f3c0e-7f0b-5d7e-9a63-0c6f1d5a7b11")
#: the entities DANDI allows in a file's name, in its order; others go into ``desc``
_DANDI_ENTITIES = ("tis", "slice", "cell", "desc", "probe", "obj")
_SUFFIX = {"behavior": "behavior", "ecephys": "ecephys", "icephys": "icephys", "ophys": "ophys"}
_DESCRIPTION = {
    "ecephys": "Extracellular electrophysiology.",
    "icephys": "Intracellular electrophysiology.",
    "ophys": "Optical physiology.",
    "behavior": "Behavior.",
}
#: species as NWB's inspector takes it
BINOMIAL = re.compile(r"[A-Z][a-z]* [a-z]+|http://purl\.obolibrary\.org/obo/NCBITaxon_\d+")
_DURATION = r"P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?"
#: age as NWB's inspector takes it
AGE = re.compile(rf"{_DURATION}(/({_DURATION})?)?")


@dataclass(slots=True)
class Draft:
    """An NWB file in the making.

    Parameters
    ----------
    nwbfile : pynwb.NWBFile
        The containers, with empty datasets for what is large.
    about : About
        Whose, when, with what.
    pours : list of (str, Any)
        HDF5 path of an empty dataset, and the Signal that fills it.
    findings : list of Finding
        What was assumed, and what could not be carried over.
    """

    nwbfile: Any
    about: About
    pours: list[tuple[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    beside: list[tuple[Any, str]] = field(default_factory=list)
    _device: Any = None

    def say(self, check: str, message: str, *, remedy: str = "", severity: Severity = Severity.INFO) -> None:
        """Add a Finding about this file."""
        self.findings.append(Finding(f"nwb.{check}", severity, message, path_of(self.about), remedy))

    @property
    def device(self) -> Any:
        """The pynwb Device, made on first use."""
        if self._device is None:
            told = self.about.device
            words = " ".join(word for word in (told.manufacturer, told.model) if word)
            model = self.nwbfile.create_device_model(
                name=told.model.replace("/", "-") or "unknown model",
                manufacturer=told.manufacturer or "unknown",
            )
            software = f" Software: {told.software}." if told.software else ""
            self._device = self.nwbfile.create_device(
                name=words.replace("/", "-") or "device",
                description=f"{words or 'The recording device; the data do not tell which.'}{software}",
                model=model,
            )
        return self._device


def path_of(about: About) -> str:
    """Where DANDI wants the file: ``sub-x/sub-x[_ses-y][_desc-z]_ecephys.nwb``.

    >>> from commissure.model import Session, Subject
    >>> path_of(About("ecephys", Subject("m3"), Session("1"), {"probe": "imec0", "run": "2", "desc": "ap"}))
    'sub-m3/sub-m3_ses-1_desc-ap+run2_probe-imec0_ecephys.nwb'
    """
    label = _clean(about.subject.label) or "unknown"
    kept = {key: _clean(value) for key, value in about.entities.items() if key in _DANDI_ENTITIES}
    others = [
        f"{key}{_clean(value)}"
        for key, value in about.entities.items()
        if key not in (*_DANDI_ENTITIES, "ses", "sub")
    ]
    if others:
        kept["desc"] = "+".join(filter(None, [kept.get("desc", ""), *others]))
    parts = [f"sub-{label}"]
    if about.session.label:
        parts.append(f"ses-{_clean(about.session.label)}")
    parts += [f"{key}-{kept[key]}" for key in _DANDI_ENTITIES if kept.get(key)]
    suffix = _SUFFIX.get(about.datatype, about.datatype)
    return f"sub-{label}/{'_'.join(parts)}_{suffix}.nwb"


def description_of(datatype: str) -> str:
    """The least that a session_description can say."""
    return _DESCRIPTION.get(datatype, "Neurophysiology.")


def begin(about: About, *, mark: object = "") -> Draft:
    """The NWB file without data; ``mark`` (shapes, names) goes into the deterministic identifier."""
    pynwb = need("pynwb", purpose="Writing NWB")
    start = about.start or NO_START
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    side = about.sidecar
    known = {
        key: side[key]
        for key in ("experiment_description", "keywords", "lab", "institution", "experimenter", "notes", "pharmacology",
                    "protocol", "surgery", "virus", "slices", "stimulus_notes", "related_publications")
        if side.get(key)
    }  # fmt: skip
    nwbfile = pynwb.NWBFile(
        session_description=str(side.get("session_description") or description_of(about.datatype)),
        identifier=str(uuid5(_NAMESPACE, f"{path_of(about)}|{start.isoformat()}|{mark}")),
        session_start_time=start,
        timestamps_reference_time=start,
        file_create_date=[start],
        session_id=about.session.label or None,
        **known,
    )
    draft = Draft(nwbfile, about)
    nwbfile.subject = pynwb.file.Subject(**_subject(draft))
    _say_start(draft)
    _say_cut(draft)
    return draft


def _subject(draft: Draft) -> dict[str, Any]:
    told = draft.about.subject
    species = _species(draft, told.species)
    fields: dict[str, Any] = {"subject_id": told.label, "species": species, "sex": told.sex or "U"}
    if told.sex not in ("F", "M", "O", "U"):
        fields["sex"] = "U"
    if told.age_iso and AGE.fullmatch(told.age_iso):
        fields["age"] = told.age_iso
    elif told.age_years is not None and math.isfinite(told.age_years):
        fields["age"] = _iso_years(told.age_years)
    else:
        fields["age"] = "P0D/"
        draft.say("subject.age", "Nothing tells the subject's age; it is written as the open range P0D/.",
                  remedy="Give subject.age in commissure.yaml, as an ISO 8601 duration (P90D).")  # fmt: skip
    extra: Mapping[str, str] = {"strain": told.strain, "genotype": told.genotype}
    fields |= {key: value for key, value in extra.items() if value}
    if told.group or told.handedness:
        words = [
            f"Group: {told.group}." if told.group else "",
            f"Handedness: {told.handedness}." if told.handedness else "",
        ]
        fields["description"] = " ".join(filter(None, words))
    return fields


def _species(draft: Draft, species: str) -> str:
    if BINOMIAL.fullmatch(species):
        return species
    what = "Nothing tells the subject's species" if not species else "The species is not a Latin binomial"
    draft.say("subject.species", f"{what}; it is written as NCBITaxon_32644 (unidentified).",
              remedy="Give subject.species in commissure.yaml (Mus musculus, Homo sapiens …).",
              severity=Severity.WARNING)  # fmt: skip
    return UNIDENTIFIED


def _say_start(draft: Draft) -> None:
    if draft.about.start is None:
        draft.say("start", "Nothing tells when it was recorded; session_start_time is 1970-01-01T00:00:00Z.",
                  remedy="Give session.start in commissure.yaml.", severity=Severity.WARNING)  # fmt: skip
    elif draft.about.start.tzinfo is None:
        draft.say("timezone", "The recording tells no time zone; its local time is written as UTC.")


def _say_cut(draft: Draft) -> None:
    side = draft.about.sidecar
    remedy = "Copy it again from its source, or share what there is."
    if "bytes_told" in side:
        message = f"The recording is cut off: the header tells {side['bytes_told']} bytes, the file holds {side['bytes_found']}."
        draft.say("truncated", message, remedy=remedy, severity=Severity.WARNING)
    elif "bytes_left_over" in side:
        message = f"{side['bytes_left_over']} bytes after the last whole frame were left out; the file may be cut off."
        draft.say("truncated", message, remedy=remedy, severity=Severity.WARNING)


def _iso_years(years: float) -> str:
    whole = int(years)
    if years == whole:
        return f"P{whole}Y"
    return f"P{round(years * 365.25)}D"


_clean: Callable[[str], str] = lambda value: re.sub(r"[^A-Za-z0-9+-]", "", str(value))  # noqa: E731
