"""What a method text says, in the fields other tools read: a BIDS sidecar, NWB's Subject and Device, openMINDS, HED."""

from collections.abc import Mapping, Sequence
from typing import Any

from commissure.translate.methods.read import Methods
from commissure.translate.methods.tag import Tag

__all__ = ["bids_participants", "bids_sidecar", "hed_tags", "nwb_fields", "openminds_document"]

_BIDS = {
    "repetition_time_s": "RepetitionTime", "echo_time_s": "EchoTime", "inversion_time_s": "InversionTime",
    "flip_angle_deg": "FlipAngle", "field_strength_T": "MagneticFieldStrength", "slice_thickness_mm": "SliceThickness",
    "multiband_factor": "MultibandAccelerationFactor", "sampling_rate_hz": "SamplingFrequency",
}  # fmt: skip
_EEG_ONLY = frozenset(("SamplingFrequency",))
_HED = {
    "visual": "Sensory-event, Visual-presentation", "auditory": "Sensory-event, Auditory-presentation",
    "tactile": "Sensory-event, Somatic-presentation", "gustatory": "Sensory-event, Gustatory-presentation",
    "olfactory": "Sensory-event, Olfactory-presentation", "checkerboard": "Sensory-event, Visual-presentation",
    "face": "Sensory-event, Visual-presentation", "movie": "Sensory-event, Visual-presentation",
    "tone": "Sensory-event, Auditory-presentation", "sound": "Sensory-event, Auditory-presentation",
}  # fmt: skip


def _only(tags: Sequence[Tag], field: str) -> Any | None:
    """The value of a field if the text gives just one; two different values are ambiguous and give none."""
    values = {tag.value for tag in tags if tag.field == field}
    return values.pop() if len(values) == 1 else None


def bids_sidecar(found: Methods) -> dict[str, Any]:
    """BIDS metadata fields in BIDS units; a field the text gives two values for is left out."""
    out: dict[str, Any] = {}
    for field, name in _BIDS.items():
        value = _only(found.tags, field)
        if value is not None:
            out[name] = value
    task = _only(found.tags, "task")
    if task is not None:
        out["TaskName"] = str(task)
    device = _only(found.tags, "device")
    if device is not None:
        maker, _, model = str(device).partition(" ")
        out |= {"Manufacturer": maker, "ManufacturersModelName": model or maker}
    channels = _only(found.tags, "electrodes")
    if channels is not None and "SamplingFrequency" in out:
        out["EEGChannelCount"] = int(channels)
    return out


def bids_participants(found: Methods) -> list[dict[str, Any]]:
    """A row a group, as for the description of a participants table: counts, sexes, ages."""
    return [group.to_dict() for group in found.groups]


def nwb_fields(found: Methods) -> dict[str, Any]:
    """NWB's Subject and Device as keyword arguments; ages are given only where the text has one mean."""
    subject: dict[str, Any] = {}
    species, strain = _only(found.tags, "species"), _only(found.tags, "strain")
    if species is not None:
        subject["species"] = str(species)
    if strain is not None:
        subject["strain"] = str(strain)
    main = [group for group in found.groups if not group.further]
    if len(main) == 1:
        group = main[0]
        if group.n and group.male == group.n:
            subject["sex"] = "M"
        elif group.n and group.female == group.n:
            subject["sex"] = "F"
        if "age_min" in group.ages and "age_max" in group.ages:
            subject["age"] = f"P{group.ages['age_min']:g}Y/P{group.ages['age_max']:g}Y"
    device = _only(found.tags, "device")
    return {"Subject": subject, "Device": {"name": str(device)} if device is not None else {}}


def openminds_document(found: Methods) -> dict[str, Any]:
    """A JSON-LD document: a subject group with its species and number, techniques and regions by their ids."""
    nodes: list[dict[str, Any]] = []
    species = _only(found.tags, "species")
    for index, group in enumerate(g for g in found.groups if not g.further):
        nodes.append(
            {
                "@id": f"_:group{index + 1}",
                "@type": "https://openminds.om-i.org/types/SubjectGroup",
                "additionalRemarks": group.kind,
                **({"numberOfSubjects": group.n} if group.n else {}),
                **({"species": {"name": str(species)}} if species else {}),
            }
        )
    for field in ("technique", "region", "diagnosis", "device", "task"):
        seen: dict[str, str] = {t.curie: str(t.value) for t in found.tags if t.field == field and t.curie}
        nodes += [{"@id": _iri(curie), "name": name, "field": field} for curie, name in sorted(seen.items())]
    return {"@context": {"@vocab": "https://openminds.om-i.org/props/"}, "@graph": nodes}


def _iri(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    if prefix == "openminds":
        return f"https://openminds.om-i.org/instances/{local}"
    if prefix in ("UBERON", "DOID", "NCBITaxon", "CL", "PATO"):
        return f"http://purl.obolibrary.org/obo/{prefix}_{local}"
    return f"urn:{prefix.lower()}:{local}"


def hed_tags(found: Methods) -> list[str]:
    """HED strings for the kinds of stimuli that the text names, each once."""
    out: dict[str, None] = {}
    for tag in found.tags:
        if tag.field in ("stimulus", "task"):
            for word, hed in _HED.items():
                if word in f"{tag.value} {tag.text}".lower():
                    out.setdefault(hed)
    return list(out)


def all_fields(found: Methods) -> Mapping[str, Any]:
    """Every output at once."""
    return {
        "bids": bids_sidecar(found),
        "nwb": nwb_fields(found),
        "openminds": openminds_document(found),
        "hed": hed_tags(found),
    }
