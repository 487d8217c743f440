"""Signed letters: who says what, in which session, round and step; a letter of another one is refused.

Each party has an Ed25519 identity. The signature covers all that says where a letter belongs, so a letter that is
replayed in a later round, or under another name, does not verify.

References
----------
RFC 8032 (Ed25519).
"""

import functools
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commissure.errors import BadInput, NotPermitted

__all__ = ["Identity", "Letter", "open_letter"]

_HEAD = struct.Struct(">I")
_SHORT = 256
_FIELDS = {"session": str, "round": int, "step": str, "sender": str}


@dataclass(frozen=True, slots=True)
class Letter:
    """One signed message.

    Parameters
    ----------
    session : str
        The study and its session.
    round : int
        Counts every attempt; none comes twice.
    step : str
        ``"keys"``, ``"shares"``, ``"masked"``, ``"unmask"``.
    sender : str
        The site that wrote it.
    body : bytes
    signature : bytes
        Of Ed25519, over all of the above.
    """

    session: str
    round: int
    step: str
    sender: str
    body: bytes
    signature: bytes = b""

    def to_bytes(self) -> bytes:
        """As it travels: a length, a head in JSON, the signature, the body."""
        head = json.dumps(
            {"session": self.session, "round": self.round, "step": self.step, "sender": self.sender},
            separators=(",", ":"), sort_keys=True,
        ).encode()  # fmt: skip
        return _HEAD.pack(len(head)) + head + self.signature + self.body

    @classmethod
    def from_bytes(cls, data: bytes) -> "Letter":
        """The letter of :meth:`to_bytes`.

        Raises
        ------
        BadInput
            If these bytes are no letter.
        """
        try:
            (size,) = _HEAD.unpack_from(data)
            fields = json.loads(data[4 : 4 + size])
            if any(not isinstance(fields[name], kind) for name, kind in _FIELDS.items()):
                raise TypeError
            signature, body = bytes(data[4 + size : 68 + size]), bytes(data[68 + size :])
            return cls(**{name: fields[name] for name in _FIELDS}, body=body, signature=signature)
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise BadInput("These bytes are no letter of this protocol.") from error

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        # a letter of keys is looked at by every party: what it signs is kept, what a long one signs is not
        return _signed_once(self) if len(self.body) <= _SHORT else _signed(self)


def _signed(letter: Letter) -> bytes:
    end = _lengthened(letter.sender.encode(), hashlib.sha256(letter.body).digest())
    return _place(letter.session, letter.round, letter.step) + end


_signed_once = functools.lru_cache(maxsize=2048)(_signed)


@functools.lru_cache(maxsize=64)
def _place(session: str, round: int, step: str) -> bytes:
    return _lengthened(b"commissure/federate/1", session.encode(), str(round).encode(), step.encode())


def _lengthened(*parts: bytes) -> bytes:
    return b"".join(_HEAD.pack(len(part)) + part for part in parts)


@dataclass(frozen=True, slots=True)
class Identity:
    """A site's name and the key it signs with.

    Parameters
    ----------
    name : str
    private : bytes
        32 bytes of Ed25519, never shown.
    """

    name: str
    private: bytes

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"

    @property
    def public(self) -> bytes:
        """32 bytes that others know the site by."""
        return Ed25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()

    def write(self, body: bytes, *, session: str, round: int, step: str) -> Letter:
        """A signed letter."""
        letter = Letter(session, round, step, self.name, body)
        signature = Ed25519PrivateKey.from_private_bytes(self.private).sign(letter.signed)
        return Letter(session, round, step, self.name, body, signature)


def open_letter(letter: Letter, *, session: str, round: int, step: str, keys: Mapping[str, bytes]) -> bytes:
    """The body of a letter that is signed by its sender for this session, round and step.

    Raises
    ------
    NotPermitted
        If it is forged, replayed from another place, or from somebody who is not of the study.
    """
    if letter.sender not in keys:
        raise NotPermitted(f"{letter.sender!r} is not a site of this study.")
    if (letter.session, letter.round, letter.step) != (session, round, step):
        raise NotPermitted(
            f"A letter of {letter.sender!r} belongs to round {letter.round}, step {letter.step!r}; now is round "
            f"{round}, step {step!r}."
        )
    if not _is_signed(keys[letter.sender], letter.signature, letter.signed):
        raise NotPermitted(f"A letter in the name of {letter.sender!r} does not bear its signature.")
    return letter.body


@functools.lru_cache(maxsize=2048)
def _is_signed(public: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        _key(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=2048)
def _key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)
