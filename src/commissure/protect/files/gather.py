"""What the files of a tree say themselves of persons and places, before any of them is cleaned.

A name that stands in one header may stand bare in another file's notes; so all headers are read first, and what they
name is looked for everywhere.
"""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from commissure.model import Identifier
from commissure.protect.files.dicom_rules import CATEGORY_OF
from commissure.protect.files.fields import fields_of, names_somebody
from commissure.protect.files.film import ISO_SUFFIXES, film_texts
from commissure.protect.files.sidecar import CATEGORY_OF_FIELD
from commissure.protect.files.tables import identifying_column
from commissure.protect.text.known import is_generic
from commissure.protect.text.lone_names import NOTES_LIMIT, find_lone_names
from commissure.protect.text.names import recognize

__all__ = ["category_of", "identifiers_in"]

_HEAD = 4096
#: what is looked for elsewhere; dates and remarks are found by their shape
_SOUGHT = frozenset(
    {"name", "id", "operator", "institution", "address", "host", "serial", "contact", "uid", "birth_date"}
)
#: fields that hold labels, or the structure of a file
_LABELS = frozenset({"participant_id", "sample_id", "session_id", "subject_id", "subjectid", "identifier", "object_id", "id", "uid",
                     "sopclassuid", "referencedsopclassuid", "recording", "implementationclassuid", "transfersyntaxuid", "namespace",
                     "protocolname", "seriesnumber", "name"})  # fmt: skip


#: side files that tell what columns mean; their keys are values of a table
_DICTIONARY = re.compile(
    r"(?:^|_)(participants|sessions|scans|samples|events|beh|channels|electrodes|physio|stim)\.json"
)


def category_of(name: str) -> str | None:
    """The category of what a field of this name holds; None if the name does not say that it tells who or where.

    >>> category_of("OperatorsName"), category_of("EchoTime")
    ('operator', None)
    """
    category = CATEGORY_OF_FIELD.get(name.casefold()) or identifying_column(name)
    if category is None and names_somebody(name):
        return next((found for word, found in CATEGORY_OF if word in name), "id")
    return category


def identifiers_in(path: Path) -> Iterator[Identifier]:
    """What the headers, keys and columns of one file name; nothing for files that cannot be opened."""
    if _DICTIONARY.search(path.name):
        return
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        suffix = path.suffix.lower()
        if suffix == ".gz":
            suffix = path.with_suffix("").suffix.lower()
            with gzip.open(path) as packed:
                head = packed.read(_HEAD)
        if suffix in ISO_SUFFIXES | {".avi"}:
            yield from _named_in_film(path)
            return
        for name, text in fields_of(path, suffix=suffix, head=head):
            category = category_of(name)
            value = text.strip("\x00 ")
            if category in _SOUGHT and name.casefold() not in _LABELS and not is_generic(value):
                yield Identifier(str(category), value)
    except Exception:  # noqa: BLE001 - a file of any bytes may come along, and each library has errors of its own
        return


def _named_in_film(path: Path) -> Iterator[Identifier]:
    """Whom a film's title or comments name: no field says so, but its file may be called the same."""
    for text in film_texts(path):
        named = [(span.start, span.end) for span in recognize(text) if span.category == "name"]
        named += [(word.start, word.end) for word in find_lone_names(text, limit=NOTES_LIMIT)]
        for start, end in named:
            if not is_generic(text[start:end]):
                yield Identifier("name", text[start:end])
