"""HED tags of events, checked against the schema that the BIDS validator carries too.

References
----------
Robbins et al. 2022, doi:10.1007/s12021-021-09540-9.
"""

from collections.abc import Iterable
from pathlib import Path

from commissure.errors import NotFound
from commissure.extras import need
from commissure.model import Finding, Recording, Severity

__all__ = ["HED_VERSION", "check_hed", "has_hed"]

#: for ``HEDVersion`` of ``dataset_description.json``, where any event bears tags
HED_VERSION = "8.3.0"
_PURPOSE = "Checking HED tags"


def has_hed(recording: Recording) -> bool:
    """Whether any event of ``recording`` bears HED tags; its dataset must then declare ``HEDVersion``."""
    return any(mark.details.get("HED") for mark in recording.annotations)


def check_hed(recordings: Iterable[Recording], *, version: str = HED_VERSION) -> tuple[Finding, ...]:
    """One Finding for each distinct tag string that the HED schema does not allow.

    Parameters
    ----------
    recordings : iterable of Recording
        Those whose annotations have ``details["HED"]``.
    version : str
        Of the standard schema; it must be among those that ``hedtools`` carries, for nothing is downloaded.

    Raises
    ------
    NotFound
        If that version is not among them.
    """
    tags = sorted(
        {
            str(mark.details["HED"])
            for one in recordings
            for mark in one.annotations
            if mark.details.get("HED")
        }
    )
    if not tags:
        return ()
    package = need("hed", purpose=_PURPOSE)
    folder = Path(str(package.__file__)).parent / "schema" / "schema_data"
    path = folder / f"HED{version}.xml"
    if not path.exists():
        known = ", ".join(sorted(one.stem.removeprefix("HED") for one in folder.glob("HED[0-9]*.xml")))
        raise NotFound(f"The HED schema {version!r} is not installed; there are: {known}.")
    schema = need("hed.schema", purpose=_PURPOSE).load_schema(str(path))
    validator = need("hed.validator", purpose=_PURPOSE).HedValidator(schema)
    found = []
    for text in tags:
        issues = validator.validate(package.HedString(text, schema), allow_placeholders=False)
        for issue in issues:
            severe = int(issue.get("severity", 1)) <= 1
            message = f"HED tags of an event are not valid: {issue.get('code', 'HED_ERROR')}."
            found.append(
                Finding(
                    f"hed.{issue.get('code', 'HED_ERROR')}",
                    Severity.ERROR if severe else Severity.WARNING,
                    message,
                    remedy=f"Correct the tag by the HED schema {version}.",
                )
            )  # fmt: skip
    return tuple(dict.fromkeys(found))
