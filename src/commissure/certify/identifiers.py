"""Persistent identifiers: ARKs that a hub makes by itself, and the port to whoever registers DOIs.

An ARK's name follows from the hub, the dataset and the version, so that it needs no register and is the same each
time; its last letter is a check character that catches any one wrong letter, and any two swapped.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["TEST_NAAN", "Registrar", "ark", "check_character", "is_ark"]

#: the name-assigning number that everybody may use and nobody resolves; a hub with one of its own sets it
TEST_NAAN = "99999"
_LETTERS = "0123456789bcdfghjkmnpqrstvwxz"
_LENGTH = 14


class Registrar(Protocol):
    """Who registers DOIs: DataCite, or a double of it for tests."""

    def register(self, attributes: Mapping[str, Any], *, event: str) -> str:
        """Register or update a DOI with DataCite's attributes; ``event`` is ``publish``, ``register`` or ``hide``; the DOI."""
        ...


def check_character(text: str) -> str:
    """The check character of ``NAAN/name`` (NOID's algorithm).

    >>> check_character("13030/xf93gt2")
    'q'

    References
    ----------
    Kunze & Russell 2006, Noid, https://metacpan.org/dist/Noid/view/noid.
    """
    total = sum(
        place * _LETTERS.find(letter) for place, letter in enumerate(text, start=1) if letter in _LETTERS
    )
    return _LETTERS[total % len(_LETTERS)]


def ark(naan: str, *parts: str) -> str:
    """The ARK of what ``parts`` name: the same parts, the same ARK.

    Parameters
    ----------
    naan : str
        The name-assigning number, five digits.
    parts : str
        Hub, dataset, version.

    Examples
    --------
    >>> ark("99999", "hub", "ds-1", "0.1.0") == ark("99999", "hub", "ds-1", "0.1.0")
    True
    """
    number = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest(), "big")
    name = ""
    for _ in range(_LENGTH):
        number, rest = divmod(number, len(_LETTERS))
        name += _LETTERS[rest]
    name = f"c5{name}"
    return f"ark:{naan}/{name}{check_character(f'{naan}/{name}')}"


def is_ark(text: str) -> bool:
    """Whether ``text`` is an ARK whose check character fits.

    >>> is_ark("ark:13030/xf93gt2q"), is_ark("ark:13030/xf93gt2w")
    (True, False)
    """
    name = text.removeprefix("ark:").lstrip("/")
    return (
        text.startswith("ark:") and "/" in name and len(name) > 1 and check_character(name[:-1]) == name[-1]
    )
