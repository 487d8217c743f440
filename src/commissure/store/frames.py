"""Frames: bytes encrypted in pieces of 1 MiB, so that they stream and can be read from anywhere.

Layout: ``CMSV``, version, three zero bytes, a random salt of 32 bytes; then the frames, each AES-256-GCM over at most
1 MiB with its 16-byte tag. Every blob has its own key, derived from the subject's key and the salt, and a frame's
number is its nonce: a nonce cannot come twice under one key. The number and whether the frame is the last are
authenticated, so that frames cannot be left out, moved or cut off (the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár, 2015, doi:10.1007/978-3-662-47989-6_24).
"""

import io
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commissure.errors import Fault
from commissure.store.keyring import derive

__all__ = ["FRAME", "Opener", "Sealer", "sealed_size"]

#: plain bytes a frame
FRAME = 1 << 20
_TAG, _SALT, _MAGIC = 16, 32, b"CMSV\x01\x00\x00\x00"
_HEADER = len(_MAGIC) + _SALT
_KEPT = 4


def sealed_size(size: int) -> int:
    """How many bytes ``size`` plain bytes become.

    >>> sealed_size(0), sealed_size(FRAME)
    (56, 1048632)
    """
    return _HEADER + size + _TAG * max(1, -(-size // FRAME))


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(derive(key, info="commissure/blob", salt=salt))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(salt: bytes, number: int, last: bool) -> bytes:
    return _MAGIC + salt + number.to_bytes(8, "big") + bytes([last])


class Sealer:
    """Encrypts what is written, frame by frame.

    Parameters
    ----------
    write : callable
        Takes the encrypted bytes.
    key : bytes
        The subject's key, 32 bytes.
    """

    def __init__(self, write: Callable[[bytes], None], *, key: bytes) -> None:
        self._write = write
        self._salt = secrets.token_bytes(_SALT)
        self._cipher = _cipher(key, self._salt)
        self._frame = bytearray(FRAME)
        self._filled = 0
        self._number = 0
        write(_MAGIC + self._salt)

    def write(self, block: bytes | memoryview) -> None:
        """Encrypt ``block`` after what was written before."""
        view = memoryview(block)
        while view:
            if self._filled == FRAME:
                self._seal(last=False)
            taken = min(FRAME - self._filled, len(view))
            self._frame[self._filled : self._filled + taken] = view[:taken]
            self._filled += taken
            view = view[taken:]

    def close(self) -> None:
        """Write the last frame."""
        self._seal(last=True)

    def _seal(self, *, last: bool) -> None:
        plain = memoryview(self._frame)[: self._filled]
        bound = _bound(self._salt, self._number, last)
        self._write(self._cipher.encrypt(_nonce(self._number), plain, bound))
        self._number += 1
        self._filled = 0


class Opener(io.RawIOBase):
    """The plain bytes of a sealed blob: readable and seekable.

    Parameters
    ----------
    sealed : binary stream
        The blob; closed together with this.
    key : bytes
        The subject's key.
    size : int
        How many plain bytes there are.

    Raises
    ------
    Fault
        If the blob was cut, changed, or sealed under another key: at once, or where the damage is read.
    """

    def __init__(self, sealed: BinaryIO, *, key: bytes, size: int) -> None:
        super().__init__()
        self._sealed = sealed
        self._size = size
        self._last = max(1, -(-size // FRAME)) - 1
        self._at = 0
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        header = sealed.read(_HEADER)
        if sealed.seek(0, io.SEEK_END) != sealed_size(size) or not header.startswith(_MAGIC):
            sealed.close()
            raise _damaged("its size or its head is wrong")
        self._salt = header[len(_MAGIC) :]
        self._cipher = _cipher(key, self._salt)
        if size == 0:
            self._frame(0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte is read from."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to ``offset`` from the start, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("The position must not be negative.")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        """Fill ``buffer`` with what follows; how many bytes that were."""
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._at < self._size:
            number, within = divmod(self._at, FRAME)
            piece = self._frame(number)[within : within + len(view) - done]
            view[done : done + len(piece)] = piece
            done += len(piece)
            self._at += len(piece)
        return done

    def close(self) -> None:
        """Close, and forget the plain bytes."""
        if not self.closed:
            self._frames.clear()
            self._sealed.close()
        super().close()

    def _frame(self, number: int) -> memoryview:
        if number not in self._frames:
            self._sealed.seek(_HEADER + number * (FRAME + _TAG))
            sealed = self._sealed.read(FRAME + _TAG)
            bound = _bound(self._salt, number, number == self._last)
            try:
                self._frames[number] = self._cipher.decrypt(_nonce(number), sealed, bound)
            except InvalidTag as error:
                raise _damaged(f"frame {number} of {self._last + 1} does not open") from error
            while len(self._frames) > _KEPT:
                self._frames.popitem(last=False)
        return memoryview(self._frames[number])


def _damaged(how: str) -> Fault:
    return Fault(f"The vault's copy of a file is damaged ({how}); put it back from a backup.")
