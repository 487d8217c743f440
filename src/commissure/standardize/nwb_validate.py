"""Validates NWB files: pynwb against the schema, nwbinspector by DANDI's configuration, DANDI's layout."""

import re
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from commissure.extras import need
from commissure.model import Finding, Severity
from commissure.standardize.validation import Validation

__all__ = ["validate_nwb"]

_LABEL = r"[^_*\\/<>:|\"'?%@;.]+"
_FILE = re.compile(
    rf"sub-{_LABEL}(_ses-{_LABEL})?(_(tis|slice|cell|desc|probe|obj)-{_LABEL})*(_[a-z]+(\+[a-z]+)*)?\.nwb"
)
#: nwbinspector's levels; DANDI refuses what is CRITICAL, as it refuses errors
_SEVERITY = {
    "ERROR": Severity.ERROR,
    "PYNWB_VALIDATION": Severity.ERROR,
    "CRITICAL": Severity.ERROR,
    "BEST_PRACTICE_VIOLATION": Severity.WARNING,
    "BEST_PRACTICE_SUGGESTION": Severity.INFO,
}


def validate_nwb(root: Path) -> tuple[Validation, ...]:
    """The verdicts of pynwb, nwbinspector and DANDI's layout on every ``.nwb`` below ``root``.

    Parameters
    ----------
    root : Path
        The top of an NWB tree.

    Returns
    -------
    tuple of Validation
        ``"pynwb"``, ``"nwbinspector"`` and ``"dandi-layout"``; ``where`` of each Finding is relative to ``root``.
    """
    root = Path(root)
    paths = sorted(root.rglob("*.nwb"))
    schema: list[Finding] = []
    practice: list[Finding] = []
    layout: list[Finding] = []
    for path in paths:
        where = path.relative_to(root).as_posix()
        layout.extend(_layout(where))
        schema.extend(_schema(path, where))
        practice.extend(_practice(path, where))
    return (
        Validation("pynwb", version("pynwb"), tuple(schema)),
        Validation("nwbinspector", version("nwbinspector"), tuple(dict.fromkeys(practice))),
        Validation("dandi-layout", "", tuple(layout)),
    )


def _schema(path: Path, where: str) -> Iterator[Finding]:
    pynwb = need("pynwb", purpose="Validating NWB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            errors = pynwb.validate(path=str(path))
    except Exception as fault:  # noqa: BLE001 - a file that the validator cannot open is invalid, which is the verdict
        message = f"pynwb cannot validate the file ({type(fault).__name__})."
        yield Finding("pynwb.unreadable", Severity.ERROR, message, where, "Write the file again.")
        return
    for error in errors:
        message = " ".join(str(error).split())
        yield Finding("pynwb.schema", Severity.ERROR, message, where, "Correct what the NWB schema asks for.")


def _practice(path: Path, where: str) -> Iterator[Finding]:
    inspector = need("nwbinspector", purpose="Validating NWB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = inspector.load_config("dandi")
        for said in inspector.inspect_nwbfile(nwbfile_path=str(path), config=config, skip_validate=True):
            severity = _SEVERITY.get(said.importance.name, Severity.WARNING)
            place = f" (at {said.location})" if said.location else ""
            message = " ".join(str(said.message).split("Traceback")[0].split()) + place
            name = str(said.check_function_name)
            yield Finding(
                f"nwbinspector.{name if name.isidentifier() else 'unreadable'}", severity, message, where, ""
            )


def _layout(where: str) -> Iterator[Finding]:
    pure = PurePosixPath(where)
    remedy = "Name it sub-<label>/sub-<label>[_ses-<label>]_<modality>.nwb."
    if not _FILE.fullmatch(pure.name):
        yield Finding("dandi.filename", Severity.ERROR, "The file's name is not DANDI's.", where, remedy)
    elif len(pure.parts) != 2 or pure.parts[0] != pure.name.split("_")[0].removesuffix(".nwb"):
        yield Finding(
            "dandi.folder", Severity.ERROR, "The file is not in its subject's folder.", where, remedy
        )
