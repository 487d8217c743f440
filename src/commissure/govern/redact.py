"""Redaction: a dataset's own files (tables, side files, texts) without one subject."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

__all__ = ["names_subject", "without_subject"]

_TEXTS = {"", ".md", ".txt", ".rst"}


def without_subject(data: bytes, *, path: str, label: str) -> bytes | None:
    """``data`` without what names ``sub-<label>``: rows of tables, members of JSON, lines of texts.

    Parameters
    ----------
    data : bytes
        A file that belongs to the whole dataset.
    path : str
        Its path in the release; the extension says how to read it.
    label : str
        The subject's label, without ``sub-``.

    Returns
    -------
    bytes or None
        The very same bytes if nothing names the subject; None if something does and the format cannot be redacted.

    Examples
    --------
    >>> table = b"participant_id\\tage\\nsub-01\\t30\\nsub-02\\t41\\n"
    >>> without_subject(table, path="participants.tsv", label="01")
    b'participant_id\\tage\\nsub-02\\t41\\n'
    """
    named = _named(label)
    text = data.decode(errors="surrogateescape")
    if not named.search(text):
        return data
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in {".json", ".jsonld"}:
        try:
            pruned = _prune(json.loads(text), named)
        except ValueError:
            return None
        return (json.dumps(pruned, indent=2, ensure_ascii=False) + "\n").encode()
    if suffix in {".tsv", ".csv"} | _TEXTS:
        kept = "".join(line for line in text.splitlines(keepends=True) if not named.search(line))
        return kept.encode(errors="surrogateescape")
    return None


def names_subject(text: str, *, label: str) -> bool:
    """Whether ``text`` names ``sub-<label>``.

    >>> names_subject("sub-01/eeg", label="01"), names_subject("sub-011/eeg", label="01")
    (True, False)
    """
    return _named(label).search(text) is not None


def _named(label: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9])sub-{re.escape(label)}(?![A-Za-z0-9])")


def _prune(value: object, named: re.Pattern[str]) -> object:
    if isinstance(value, Mapping):
        return {
            key: _prune(item, named)
            for key, item in value.items()
            if not _names(key, named) and not _names(item, named)
        }
    if isinstance(value, list):
        return [
            _prune(item, named) for item in value if not _names(item, named) and not _is_about(item, named)
        ]
    return value


def _names(value: object, named: re.Pattern[str]) -> bool:
    return isinstance(value, str) and named.search(value) is not None


def _is_about(value: object, named: re.Pattern[str]) -> bool:
    return isinstance(value, Mapping) and any(_names(item, named) for item in value.values())
