"""Neurobagel's question to a node, put to the participants of one release.

A term that cannot be read from the release matches nobody: a federation adds up what nodes are sure of.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from commissure.errors import BadInput
from commissure.model import Dataset, Release
from commissure.translate.archive_records import mapping_of

__all__ = ["NIDM", "QUESTIONS", "dataset_row", "find_participants", "image_modals", "modal_codes"]

#: what may be asked
QUESTIONS = (
    "min_age", "max_age", "sex", "diagnosis", "is_control", "min_num_imaging_sessions", "min_num_phenotypic_sessions",
    "assessment", "image_modal", "pipeline_name", "pipeline_version",
)  # fmt: skip
_SEX = {"snomed:248152002": "F", "snomed:248153007": "M", "snomed:32570681000036106": "O"}
NIDM = "http://purl.org/nidash/nidm#"
_CONTROLS = {"control", "controls", "healthy", "hc", "healthy control", "ctrl"}
#: what a node cannot know of a release
_NOT_KNOWN = ("diagnosis", "assessment", "pipeline_name", "pipeline_version")


def image_modals(release: Release) -> list[str]:
    """The imaging modalities of a release, as Neurobagel writes them."""
    told = release.metadata.get("modality") or release.metadata.get("modalities") or ()
    names = [told] if isinstance(told, str) else list(told) if isinstance(told, list | tuple) else []
    return modal_codes([str(name) for name in names])


def modal_codes(names: Sequence[str]) -> list[str]:
    """BIDS datatypes as Neurobagel's imaging modalities; those that it has no word for are left out.

    >>> modal_codes(["eeg", "ecephys"])
    ['http://purl.org/nidash/nidm#Electroencephalography']
    """
    rule = next(r for r in mapping_of("neurobagel")["fields"] if r["field"] == "modality")
    return [rule["written"][name] for name in names if name in rule["written"]]


def find_participants(
    asked: Mapping[str, Any], rows: Sequence[Mapping[str, str]], *, release: Release
) -> list[dict[str, Any]]:
    """The participants that match, each with id, age and sex.

    Parameters
    ----------
    asked : mapping
        The question; empty values are passed over.
    rows : sequence of mapping
        ``participants.tsv``, a mapping a row.
    release : Release
        For what holds for all of them.

    Raises
    ------
    BadInput
        If the ages are no numbers or contradict each other.
    """
    said = {
        name: value for name, value in asked.items() if name in QUESTIONS and value not in (None, "", False)
    }
    low, high = _age(said.get("min_age")), _age(said.get("max_age"))
    if low is not None and high is not None and high < low:
        raise BadInput(f"max_age must be at least min_age; got {high:g} and {low:g}.")
    wanted = str(said.get("image_modal", "")).replace("nidm:", NIDM)
    modals = image_modals(release)
    if any(name in said for name in _NOT_KNOWN) or (wanted and wanted not in modals):
        return []
    if int(said.get("min_num_imaging_sessions", 0)) > (1 if modals else 0):
        return []
    found = []
    for row in rows:
        age, sex = _number(row.get("age")), _letter(row.get("sex"))
        if (low is not None or high is not None) and age is None:
            continue
        if (low is not None and (age or 0) < low) or (high is not None and (age or 0) > high):
            continue
        if said.get("sex") and _SEX.get(str(said["sex"])) != sex:
            continue
        if said.get("is_control") and str(row.get("group", "")).strip().lower() not in _CONTROLS:
            continue
        found.append(
            {"sub_id": row.get("participant_id", ""), "age": age, "sex": sex, "group": row.get("group")}
        )
    return found


def _age(value: Any) -> float | None:
    if value is None:
        return None
    try:
        age = float(value)
    except (TypeError, ValueError) as error:
        raise BadInput(f"An age is a number of years; got {value!r}.") from error
    if not 0 <= age < 1000:
        raise BadInput(f"An age is a number of years; got {value!r}.")
    return age


def _number(value: str | None) -> float | None:
    try:
        found = float(str(value).rstrip("+"))
    except ValueError:
        return None
    return found if found == found else None


def _letter(value: str | None) -> str:
    return {"f": "F", "female": "F", "m": "M", "male": "M", "o": "O", "other": "O"}.get(
        str(value).strip().lower(), ""
    )


def dataset_row(
    dataset: Dataset, release: Release, *, url: str, total: int, matching: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A dataset as a node answers it; subjects stay aggregated (``records_protected``)."""
    return {
        "dataset_uuid": url,
        "dataset_name": dataset.title or dataset.id,
        "dataset_portal_uri": url,
        "authors": list(release.metadata.get("authors") or ()),  # type: ignore[call-overload]
        "keywords": list(release.metadata.get("keywords") or ()),  # type: ignore[call-overload]
        "homepage": url,
        "repository_url": url,
        "access_type": "public",
        "dataset_total_subjects": total,
        "records_protected": True,
        "num_matching_subjects": len(matching),
        "image_modals": image_modals(release),
        "available_pipelines": {},
    }
