"""The rows of a study that works out of the box: made ones, or the reader's own table cut by its column of sites."""

import csv
from pathlib import Path

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Table
from commissure.federate.clinical import ClinicalStudy
from commissure.workflows.clinical_study import make_tables

__all__ = ["study_rows"]

_MADE = "These rows are made, with known truth; none is of a person."
_EMPTY = {"", "n/a", "na", "nan", "?"}


def study_rows(
    study: ClinicalStudy, *, path: Path | None, site: str = "site", seed: int = 0
) -> tuple[dict[str, Table], str]:
    """Each site's rows, and what they are.

    Parameters
    ----------
    study : ClinicalStudy
    path : Path or None
        A CSV or TSV file; None for made rows.
    site : str
        Its column of sites.
    seed : int
        Of rows that are made.

    Raises
    ------
    BadInput
        If a column is not there, or a cell of one that the study reads is no number.
    """
    if path is None:
        return make_tables(study, seed=seed), _MADE
    with path.open(newline="", encoding="utf-8-sig") as file:
        mark = "\t" if path.suffix == ".tsv" else ","
        lines = list(csv.DictReader(file, delimiter=mark))
    wanted = [*study.features, study.outcome, *([study.person] if study.person else [])]
    there = list(lines[0]) if lines else []
    if missing := [name for name in (*wanted, site) if name not in there]:
        raise BadInput(
            f"The study {study.name!r} needs the column {missing[0]!r}; there are: {', '.join(there[:20]) or 'none'}."
        )
    names = np.array([row[site] for row in lines])
    columns = {
        name: _numbers([row[name] for row in lines], name=name, codes=name == study.person) for name in wanted
    }
    extra = [
        group.column for group in study.subgroups if group.column not in columns and group.column in there
    ]
    columns |= {name: _numbers([row[name] for row in lines], name=name) for name in extra}
    tables: dict[str, Table] = {
        str(own): {name: values[names == own] for name, values in columns.items()} for own in np.unique(names)
    }
    return tables, f"Rows of {len(tables)} sites from a table of yours."


def _numbers(cells: list[str], *, name: str, codes: bool = False) -> Array:
    """Cells as numbers; with ``codes``, words become the numbers of their kind."""
    if codes:
        return np.unique(np.array(cells), return_inverse=True)[1].astype(float)
    try:
        return np.array([np.nan if cell.strip().lower() in _EMPTY else float(cell) for cell in cells])
    except ValueError as error:
        raise BadInput(
            f"Column {name!r} must hold numbers (n/a or nothing where missing); a cell of it is a word."
        ) from error
