"""Translate a lab's participants table: read it, harmonize it, write the BIDS table and its dictionary."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from commissure.errors import Conflict
from commissure.translate.columns import Column, data_dictionary, harmonize_rows

__all__ = ["write_harmonized"]


def write_harmonized(
    rows: Sequence[Mapping[str, str]], columns: Sequence[Column], *, into: Path
) -> list[Path]:
    """Write ``participants.tsv`` and ``participants.json`` into a folder; neither may be there yet.

    Parameters
    ----------
    rows : sequence of mapping
        The lab's table.
    columns : sequence of Column
        What its columns are, as :func:`commissure.translate.columns.find_columns` says and a person confirmed.
    into : Path
        The folder.

    Raises
    ------
    Conflict
        If one of the files exists.
    """
    table, sidecar = into / "participants.tsv", into / "participants.json"
    if table.exists() or sidecar.exists():
        raise Conflict("There is a participants table in that folder already; choose another folder.")
    into.mkdir(parents=True, exist_ok=True)
    names = [column.name for column in columns]
    lines = ["\t".join(names)]
    lines += ["\t".join(row[name] for name in names) for row in harmonize_rows(rows, columns)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sidecar.write_text(
        json.dumps(data_dictionary(columns), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return [table, sidecar]
