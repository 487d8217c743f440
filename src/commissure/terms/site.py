"""A site's own ontologies: loaded once from a file, kept as tables in the hub's folder."""

import re
from pathlib import Path

from commissure.errors import BadInput
from commissure.terms.lexicon import Lexicon
from commissure.terms.load import read_ontology
from commissure.terms.tables import TERMS, from_ontology, write_rows

__all__ = ["add_ontology", "site_folders", "site_lexicon"]


def site_folders(hub: Path) -> list[Path]:
    """The folders of tables that a hub has added, in the order of their names."""
    root = hub / "terms"
    return sorted(p.parent for p in root.glob(f"*/{TERMS}")) if root.is_dir() else []


def site_lexicon(hub: Path) -> Lexicon:
    """The package's lexicon with a hub's own ontologies on top."""
    return Lexicon.load(*site_folders(hub))


def add_ontology(file: Path, *, hub: Path, kind: str, licence: str, name: str = "") -> dict[str, int]:
    """Load an OBO, OWL, Turtle or JSON-LD file into a hub's terms; loading it again replaces it.

    Parameters
    ----------
    file : Path
        The ontology.
    hub : Path
        The hub's folder.
    kind : str
        What its terms are: ``"region"``, ``"diagnosis"``, ``"cell type"`` …
    licence : str
        The ontology's licence (an SPDX id), written in every row.
    name : str
        The source's name in every row; by default the file's name without its ending.

    Returns
    -------
    dict
        How many rows each table has: ``terms``, ``names``, ``xrefs``.

    Raises
    ------
    BadInput
        If the licence or the kind is empty, or the name has other signs than letters, digits, ``-`` and ``_``.
    """
    source = name or file.stem
    if not licence.strip() or not kind.strip():
        raise BadInput("An ontology needs a licence (an SPDX id, as 'CC-BY-4.0') and a kind (as 'region').")
    if not re.fullmatch(r"[\w-]{1,60}", source):
        raise BadInput(
            f"A source's name has letters, digits, '-' and '_' only; got {source!r}. Give another name."
        )
    tables = from_ontology(read_ontology(file), kind=kind, source=source, licence=licence)
    for table, rows in tables.items():
        write_rows(hub / "terms" / source / table, rows)
    Lexicon.forget()
    return {table.partition(".")[0]: len(rows) for table, rows in tables.items()}
