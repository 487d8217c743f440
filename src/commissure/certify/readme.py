"""README texts of a release: what it is, how it was made, how to use it; for people."""

from collections.abc import Mapping

from commissure.certify.describe import cite_as, texts

__all__ = ["nwb_readme", "readme"]

_STANDARDS = {"bids": "Brain Imaging Data Structure (BIDS)", "nwb": "Neurodata Without Borders (NWB)"}
_ROWS = (
    ("modality", "Modalities"),
    ("species", "Species"),
    ("subjects", "Subjects"),
    ("sessions", "Sessions"),
    ("task", "Tasks"),
    ("device", "Devices"),
    ("age_years", "Age in years, from and to"),
    ("duration_s", "Duration, seconds in all"),
)


def readme(metadata: Mapping[str, object], *, standard: str) -> str:
    """The README of a release in ``standard`` (``"bids"``, ``"nwb"`` or ``"bids+nwb"``), as Markdown.

    Parameters
    ----------
    metadata : mapping
        The catalogue's record: ``title``, ``description``, ``authors``, ``licence``, ``modality``, ``species`` …
        What is missing is left out.
    standard : str
        What the files are written in.

    Examples
    --------
    >>> print(readme({"title": "Locust lobe", "subjects": 1}, standard="nwb").splitlines()[0])
    # Locust lobe
    """
    description = str(metadata.get("description", "") or "No description was given by the authors.")
    parts = [f"# {metadata.get('title', '') or 'Untitled dataset'}", description]
    rows = [f"| {label} | {shown} |" for key, label in _ROWS if (shown := _shown(metadata.get(key)))]
    if rows:
        parts.append("\n".join(["| | |", "|---|---|", *rows]))
    if authors := texts(metadata, "authors"):
        parts.append("## Authors\n\n" + "\n".join(f"- {author}" for author in authors))
    parts.append(
        "## Licence\n\n"
        + (str(metadata.get("licence", "")) or "None was given: ask the owner before any use.")
    )
    parts.append("## Cite as\n\n" + cite_as(metadata))
    names = " and ".join(_STANDARDS.get(one, one) for one in standard.split("+"))
    parts.append(
        f"## How it was made\n\nThe raw files were read, de-identified and written as {names} by commissure. Names, "
        "birth dates, identifiers, operators, places, serial numbers and free-text comments were taken out; dates were "
        "shifted by one secret number of days a subject, so that intervals hold; ages of 90 and over are given as 90."
    )
    return "\n\n".join(parts) + "\n"


def nwb_readme(metadata: Mapping[str, object]) -> str:
    """The README that lies beside NWB files."""
    return readme(metadata, standard="nwb")


def _shown(value: object) -> str:
    if value in (None, "", [], {}, 0, 0.0):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
