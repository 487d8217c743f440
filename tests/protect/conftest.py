"""A person with an identifier of each category, and a hub."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass

import pytest

from commissure.model import About, Identifier
from commissure.protect.text.pseudonym import Pseudonyms

PLANTED = {
    "name": "Giroudel^Mathilde",
    "id": "MRN0044871",
    "birth_date": "1951-03-17",
    "date": "2014-04-29T22:19:44",
    "operator": "Wolfram Eschenbach",
    "institution": "Sainte Odile Hospital Colmar",
    "address": "14 rue des Tanneurs, Colmar",
    "host": "Eschenbachs-Mac.local",
    "path": "C:\\Users\\weschenbach\\study\\run1.eeg",
    "serial": "SN-88172-B",
    "uid": "1.3.12.2.1107.5.2.32.35131.2014042922194412345",
    "comment": "Patient was anxious and asked for her sister",
    "age": "93",
    "contact": "m.giroudel@example.org",
}


@pytest.fixture
def identifiers() -> tuple[Identifier, ...]:
    return tuple(Identifier(category, value) for category, value in PLANTED.items())


@pytest.fixture
def planted() -> dict[str, str]:
    return dict(PLANTED)


@pytest.fixture
def hub() -> Pseudonyms:
    return Pseudonyms(b"a secret of this hub, 32 bytes!!")


#: what a noun holds of the raw file, whose words are not written
_HELD = {"native", "signal", "array", "frames"}


@pytest.fixture
def said() -> Callable[[object], str]:
    """All the words of a noun, but for what it keeps in memory for the scan."""
    return _said


def _said(value: object) -> str:
    if isinstance(value, About):
        return " ".join(
            _said(getattr(value, item.name)) for item in fields(value) if item.name != "identifiers"
        )
    if is_dataclass(value):
        return " ".join(_said(getattr(value, item.name)) for item in fields(value) if item.name not in _HELD)
    if isinstance(value, dict):
        return " ".join(_said(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple):
        return " ".join(_said(item) for item in value)
    return str(value)
