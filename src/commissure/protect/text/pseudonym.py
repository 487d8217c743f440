"""Pseudonyms and date offsets from a keyed hash: the same in this hub, and in no other.

>>> hub = Pseudonyms(b"a secret of this hub, 32 bytes!!")
>>> hub.label("MRN 00123") == hub.label("  mrn  00123 ")
True
>>> hub.offset_days("MRN 00123") % 7
0
"""

import base64
import hashlib
import hmac
import unicodedata

from commissure.errors import BadInput

__all__ = ["Pseudonyms"]

_SHORTEST_SECRET = 16
_WEEKS_A_YEAR = 52
_YEARS_BACK = (1, 10)


class Pseudonyms:
    """What stands in for a person's ids, by HMAC-SHA-256 under a secret of the hub.

    An id is compared without regard to case, spaces and Unicode form, so that ``"S 01"`` and ``"s01"`` are one
    person. Without the secret neither the id nor the offset can be guessed back, not even by trying all ids.

    Parameters
    ----------
    secret : bytes
        At least 16 random bytes, kept by the hub and never released.

    Raises
    ------
    BadInput
        If the secret is too short.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise BadInput(
                f"A hub's secret needs at least {_SHORTEST_SECRET} bytes; got {len(secret)}. Make it with secrets.token_bytes(32)."
            )
        self._secret = bytes(secret)

    def __repr__(self) -> str:
        return "Pseudonyms(…)"

    def label(self, raw_id: str) -> str:
        """A BIDS-safe label of 8 lower-case letters and digits for a person's id."""
        return self.token("subject", _normal(raw_id), length=8)

    def offset_days(self, raw_id: str) -> int:
        """By how many days all of a person's dates go back: a multiple of 7, from 1 to 10 years."""
        first, last = (_WEEKS_A_YEAR * years for years in _YEARS_BACK)
        number = int.from_bytes(self._digest("offset", _normal(raw_id))[:8], "big")
        return 7 * (first + 1 + number % (last - first))

    def token(self, kind: str, value: str, *, length: int = 8) -> str:
        """A lower-case stand-in of ``length`` characters (at most 52) for any value of a kind."""
        digest = self._digest(kind, value)
        return base64.b32encode(digest).decode().lower().rstrip("=")[:length]

    def uid(self, uid: str) -> str:
        """A DICOM UID (``2.25.`` and 128 bits) for a UID: references between files survive."""
        number = int.from_bytes(self._digest("uid", uid.strip().strip("\x00"))[:16], "big")
        return f"2.25.{number}"

    def _digest(self, kind: str, value: str) -> bytes:
        message = f"{kind}\x1f{value}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).digest()


def _normal(raw_id: str) -> str:
    folded = unicodedata.normalize("NFKC", raw_id).casefold()
    return "".join(folded.split())
