"""Masks: streams of random words that two parties, or one, can make again from 32 bytes.

A pair's secret comes from X25519 and is spread by HKDF over the words that say what it is for; the words of a mask are
ChaCha20's keystream, read as integers of the ring.

References
----------
RFC 7748 (X25519), RFC 5869 (HKDF), RFC 8439 (ChaCha20).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["add_masks", "agree", "derive", "exchange", "private_key", "public_of", "ring_of"]

Words = NDArray[Any]
_RINGS = {16: np.uint16, 32: np.uint32, 64: np.uint64}
_ZEROS = bytes(1 << 16)  # with what it becomes and the words it is added to, it stays in a processor's cache


def ring_of(bits: int) -> Any:
    """The type of words of a ring: ``numpy.uint16``, ``numpy.uint32`` or ``numpy.uint64``."""
    if bits not in _RINGS:
        raise BadInput(f"bits must be 16, 32 or 64; got {bits}.")
    return _RINGS[bits]


def public_of(private: bytes) -> bytes:
    """The public X25519 key of a private one, both 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def agree(private: bytes, public: bytes, *, purpose: bytes) -> bytes:
    """32 bytes that only the two owners know, of which each holds one private key, for one purpose.

    Raises
    ------
    BadInput
        If the public key is not one (a point of small order, a wrong length).
    """
    return derive(exchange(private_key(private), public), purpose=purpose)


def private_key(private: bytes) -> X25519PrivateKey:
    """The key of 32 random bytes, for many an :func:`exchange`."""
    return X25519PrivateKey.from_private_bytes(private)


def exchange(private: X25519PrivateKey, public: bytes) -> bytes:
    """What two owners of keys share; to be used through :func:`derive` only."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise BadInput("This is no X25519 public key.") from error


def derive(shared: bytes, *, purpose: bytes) -> bytes:
    """32 bytes of a shared secret, for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(shared)


def add_masks(words: Words, masks: Iterable[tuple[bytes, int]]) -> None:
    """Add masks to ``words`` in place, modulo the ring.

    Parameters
    ----------
    words : array of uint16, uint32 or uint64
    masks : iterable of (bytes, int)
        The key of each mask, and whether it is added (1) or taken away (-1).

    Examples
    --------
    >>> words = np.arange(4, dtype=np.uint64)
    >>> add_masks(words, [(b"k" * 32, 1), (b"l" * 32, -1)])
    >>> add_masks(words, [(b"k" * 32, -1), (b"l" * 32, 1)])
    >>> words.tolist()
    [0, 1, 2, 3]
    """
    streams = [
        (Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor(), np.add if sign > 0 else np.subtract)
        for key, sign in masks
    ]
    flat = words.reshape(-1)
    count, out = len(_ZEROS) // flat.itemsize, bytearray(min(len(_ZEROS), flat.nbytes))
    # block by block, all masks of one before the next: the words are read from memory once
    for start in range(0, flat.size, count):
        part = flat[start : start + count]
        zeros = _ZEROS[: part.nbytes]
        mask = np.frombuffer(out, flat.dtype, count=part.size)
        for stream, change in streams:
            stream.update_into(zeros, out)
            change(part, mask, out=part)
