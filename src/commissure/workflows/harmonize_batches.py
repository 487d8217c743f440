"""Scanner, field strength and protocol of each row of a table, read from the sidecars of a BIDS folder."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from commissure.errors import BadInput, Conflict, NotFound

__all__ = ["FIELDS", "add_batches"]

#: what a batch may be made of, by the sidecars' names
FIELDS = (
    "Manufacturer",
    "ManufacturersModelName",
    "DeviceSerialNumber",
    "MagneticFieldStrength",
    "ProtocolName",
    "SoftwareVersions",
    "InstitutionName",
)
_MISSING, _PARTICIPANT, _SESSION = "n/a", "participant_id", "session_id"


def add_batches(table: Path, folder: Path, *, into: Path, suffix: str = "T1w") -> dict[str, int]:
    """Write ``table`` with a column for each of :data:`FIELDS` that the sidecars of ``folder`` tell.

    Sidecars at the top of the folder hold for all below, as BIDS has it. A row whose images came from two scanners gets both
    names: such rows are a batch of their own.

    Parameters
    ----------
    table : Path
        CSV or TSV with ``participant_id``, and ``session_id`` where there are sessions.
    folder : Path
        A BIDS folder.
    into : Path
        Where to write; nothing may be there.
    suffix : str
        Which images' sidecars.

    Returns
    -------
    dict
        How many different values each column has.

    Raises
    ------
    NotFound
        If no sidecar tells anything.
    BadInput
        If the table has no ``participant_id`` or already has such a column.
    Conflict
        If something is at ``into``.
    """
    if into.exists():
        raise Conflict("There is a file at the place to write to already; choose another name.")
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter="\t" if table.suffix.lower() == ".tsv" else ","))
    if not rows or _PARTICIPANT not in rows[0]:
        raise BadInput(f"The table must have rows and a column {_PARTICIPANT!r}; sidecars are found by it.")
    if there := [name for name in FIELDS if name in rows[0]]:
        raise BadInput(f"The table has a column {there[0]!r} already; take it out, or use it as it is.")
    common = _merged(sorted(folder.glob(f"*{suffix}.json")))
    told = [_told(folder, row, suffix, common) for row in rows]
    fields = [name for name in FIELDS if any(name in found for found in told)]
    if not fields:
        raise NotFound(
            f"No sidecar *_{suffix}.json of the folder tells scanner, field strength or protocol of a row."
        )
    filled = [
        {**row, **{name: found.get(name, _MISSING) for name in fields}}
        for row, found in zip(rows, told, strict=True)
    ]
    _write(filled, into)
    return {name: len({row[name] for row in filled}) for name in fields}


def _told(
    folder: Path, row: Mapping[str, str], suffix: str, common: Mapping[str, set[str]]
) -> dict[str, str]:
    subject = row[_PARTICIPANT] if row[_PARTICIPANT].startswith("sub-") else f"sub-{row[_PARTICIPANT]}"
    session = row.get(_SESSION, "")
    below = folder / subject
    if session:
        below = below / (session if session.startswith("ses-") else f"ses-{session}")
    own = _merged(sorted(below.rglob(f"*_{suffix}.json"))) if _within(below, folder) else {}
    return {name: " + ".join(sorted(values)) for name, values in {**common, **own}.items()}


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve()) and path.is_dir()


def _merged(paths: Sequence[Path]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError as error:
            raise BadInput("A sidecar of the folder is no JSON; validate the folder first.") from error
        for name in FIELDS:
            if isinstance(content, dict) and content.get(name) not in (None, ""):
                found.setdefault(name, set()).add(str(content[name]))
    return found


def _write(rows: Sequence[Mapping[str, str]], into: Path) -> None:
    out = io.StringIO()
    mark = "\t" if into.suffix.lower() == ".tsv" else ","
    writer = csv.DictWriter(out, list(rows[0]), delimiter=mark, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(out.getvalue(), encoding="utf-8")
