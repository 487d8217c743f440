"""Translate a record: a file with one archive's reply, as another archive would write it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.translate.archive_records import Translation
from commissure.translate.archive_records import translate_record as translate

__all__ = ["translate_record"]

_LARGEST = 64 * 2**20


def translate_record(file: Path, *, source: str, target: str) -> Translation:
    """The record in ``file`` (JSON, as the archive's API gave it) in the terms of another archive.

    Parameters
    ----------
    file : Path
        One JSON object.
    source, target : str
        The archive that wrote it, and the one that shall read it.

    Raises
    ------
    NotFound
        If there is no such file or archive.
    Unreadable
        If it is not one JSON object.
    BadInput
        If it is larger than 64 MiB, or nothing in it is of that archive.
    """
    if not file.is_file():
        raise NotFound("There is no file at that path; name a JSON file with one record.")
    if file.stat().st_size > _LARGEST:
        raise BadInput(f"A record has at most {_LARGEST} bytes; this file is larger.")
    found = _parsed(file.read_bytes())
    made = translate(found, source=source, target=target)
    if set(made.common) <= {"source"}:
        raise BadInput(f"Nothing in the file is a record as {source} writes it; check --from.")
    return made


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The file is not JSON; give the archive's answer as it came.") from error
    if not isinstance(found, Mapping):
        raise Unreadable(f"The file holds a JSON {type(found).__name__}; one object is wanted.")
    return found
