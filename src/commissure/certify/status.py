"""Bitstring status lists: which badges are revoked, as one signed, compressed list.

>>> coded = encode({3}, length=131072)
>>> revoked(coded, 3), revoked(coded, 4)
(True, False)
"""

import base64
import gzip
import zlib
from collections.abc import Collection

from commissure.errors import BadInput

__all__ = ["LEAST", "encode", "revoked", "status_list"]

#: the least number of bits that the standard allows, so that a list does not tell which badge was looked up
LEAST = 131_072
_MOST_BYTES = 1 << 24


def encode(numbers: Collection[int], *, length: int = LEAST) -> str:
    """The list in which the bits ``numbers`` are set: gzip, then multibase base64url; the same set, the same text.

    Parameters
    ----------
    numbers : collection of int
        The revoked places, from 0.
    length : int
        Bits in all; rounded up to whole bytes.
    """
    bits = bytearray((max(length, LEAST) + 7) // 8)
    for number in numbers:
        bits[number >> 3] |= 0x80 >> (number & 7)
    data = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def revoked(coded: str, number: int) -> bool:
    """Whether the bit ``number`` of an encoded list is set.

    Raises
    ------
    BadInput
        If the list cannot be read, or is shorter.
    """
    try:
        data = base64.urlsafe_b64decode(coded.removeprefix("u") + "=" * (-len(coded.removeprefix("u")) % 4))
        bits = zlib.decompressobj(wbits=31).decompress(data, _MOST_BYTES)
    except (ValueError, zlib.error) as error:
        raise BadInput("The status list cannot be read: it must be base64url over gzip.") from error
    if number < 0 or number >= 8 * len(bits):
        raise BadInput(f"The status list has {8 * len(bits)} places; got place {number}.")
    return bool(bits[number >> 3] & (0x80 >> (number & 7)))


def status_list(numbers: Collection[int], *, url: str, issuer: str, now: str) -> dict[str, object]:
    """The credential of a status list, to be signed.

    Parameters
    ----------
    numbers : collection of int
        The revoked places.
    url : str
        Where it is served; badges name this address.
    issuer : str
        The hub's did:key.
    now : str
        ISO 8601 instant.

    References
    ----------
    W3C 2025, Bitstring Status List 1.0, https://www.w3.org/TR/vc-bitstring-status-list/.
    """
    length = max(LEAST, (max(numbers, default=0) // LEAST + 1) * LEAST)
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": now,
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode(numbers, length=length),
        },
    }
