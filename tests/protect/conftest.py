"""A person with an identifier of each category, and a hub."""

import pytest

from commissure.model import Identifier
from commissure.protect.pseudonym import Pseudonyms

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
