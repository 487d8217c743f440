"""The vault: no Grant, no bytes.

What belongs to a person is encrypted with a key of that subject in that dataset; what belongs to nobody, or to an
animal or phantom, is stored as it is unless asked. Bytes lie under a keyed name (an HMAC over the dataset, the subject
and the plain SHA-256): a name tells nothing of the content, the same bytes of the same subject are stored once, and a
Grant to one dataset cannot reach the bytes of another.
"""

import hashlib
import hmac
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from commissure.errors import NotFound, NotPermitted
from commissure.model import Asset, Grant
from commissure.store.frames import FRAME, Opener, Sealer
from commissure.store.port import Blobs, Gate, Keyring

__all__ = ["Vault"]


class Vault:
    """The only way to the bytes.

    Parameters
    ----------
    blobs : Blobs
        Where the bytes lie.
    keyring : Keyring
        Who has the keys.
    gate : Gate
        Who knows whether a Grant stands.
    person : str
        Who asks, by id: a Grant of somebody else opens nothing.
    clock : callable
        Gives the instant, in UTC.
    """

    def __init__(
        self, blobs: Blobs, keyring: Keyring, *, gate: Gate, person: str, clock: Callable[[], datetime]
    ) -> None:
        self._blobs = blobs
        self._keyring = keyring
        self._gate = gate
        self._clock = clock
        self.person = person

    def of(self, person: str) -> "Vault":
        """The same vault, asked by another Person."""
        return Vault(self._blobs, self._keyring, gate=self._gate, person=person, clock=self._clock)

    def put(
        self,
        source: Path | BinaryIO,
        *,
        path: str,
        dataset: str,
        subject: str = "",
        encrypt: bool = False,
        media_type: str = "",
    ) -> Asset:
        """Store the bytes of ``source``: hashed, encrypted and written in one pass, in flat memory.

        Parameters
        ----------
        source : Path or binary stream
            The bytes; a stream is read from where it stands to its end.
        path : str
            Where they lie in the release.
        dataset, subject : str
            Whose they are; ``subject`` is empty for what belongs to nobody.
        encrypt : bool
            Whether to encrypt them under the subject's key (under the dataset's own if ``subject`` is empty).
        media_type : str
            IANA media type, if known.

        Returns
        -------
        Asset
            What to put into a Release, to be opened again with a Grant.

        Raises
        ------
        NotPermitted
            If the subject's key was destroyed by a withdrawal.
        Fault
            If the disk is full; nothing is left half-written.
        """
        key = self._keyring.key(_scope(dataset, subject), create=True) if encrypt else b""
        digest, size = hashlib.sha256(), 0
        draft = self._blobs.draft()
        try:
            sealer = Sealer(draft.write, key=key) if encrypt else None
            write = sealer.write if sealer else draft.write
            with _opened(source) as stream:
                for block in _blocks(stream):
                    digest.update(block)
                    write(block)
                    size += len(block)
            if sealer:
                sealer.close()
            asset = Asset(path, digest.hexdigest(), size, subject, encrypt, media_type)
            draft.keep(self._name(asset, dataset))
        finally:
            draft.drop()
        return asset

    def open(self, asset: Asset, grant: Grant) -> BinaryIO:
        """The plain bytes of ``asset``, readable and seekable.

        Parameters
        ----------
        asset : Asset
            What to open, as its Release names it.
        grant : Grant
            The right to, made by ``govern.consent`` and recorded.

        Raises
        ------
        NotPermitted
            If the Grant is somebody else's, has ended, was revoked or was never recorded; if its dataset does not hold
            these bytes; or if the subject has withdrawn.
        Fault
            If the bytes are damaged.
        """
        self._check(asset, grant)
        try:
            stored = self._blobs.open(self._name(asset, grant.dataset))
        except NotFound as error:
            message = (
                f"Dataset {grant.dataset!r} does not hold these bytes: they are another's, or were withdrawn."
            )
            raise NotPermitted(message) from error
        if not asset.encrypted:
            return stored
        try:
            key = self._keyring.key(_scope(grant.dataset, asset.subject))
        except BaseException:
            stored.close()
            raise
        return cast(BinaryIO, io.BufferedReader(Opener(stored, key=key, size=asset.bytes), 1 << 16))

    def has(self, asset: Asset, *, dataset: str) -> bool:
        """Whether the bytes of ``asset`` are stored for ``dataset``."""
        try:
            self._blobs.open(self._name(asset, dataset)).close()
        except NotFound:
            return False
        return True

    def delete(self, asset: Asset, *, dataset: str) -> None:
        """Remove the bytes of ``asset`` that are stored for ``dataset``, if there are any."""
        self._blobs.delete(self._name(asset, dataset))

    def destroy(self, dataset: str, *, subject: str = "") -> None:
        """Destroy the key of a subject: their encrypted bytes can be read nowhere any more, backups included."""
        self._keyring.destroy(_scope(dataset, subject))

    def _check(self, asset: Asset, grant: Grant) -> None:
        if grant.person != self.person:
            raise NotPermitted("This Grant was made for another person; ask for one of your own.")
        if grant.until is not None and self._clock() >= grant.until:
            raise NotPermitted(f"This Grant ended at {grant.until.isoformat()}; ask for a new one.")
        if not self._gate.stands(grant, subject=asset.subject):
            raise NotPermitted(
                "This Grant does not stand: it was revoked, consent was withdrawn, or it was never made."
            )

    def _name(self, asset: Asset, dataset: str) -> str:
        kind = "sealed" if asset.encrypted else "plain"
        text = "\n".join((kind, dataset, asset.subject, asset.sha256))
        return hmac.new(self._keyring.secret("names"), text.encode(), "sha256").hexdigest()


def _scope(dataset: str, subject: str) -> str:
    return f"{dataset}/{subject}"


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb", buffering=0) as stream:
            yield cast(BinaryIO, stream)
    else:
        yield source


def _blocks(stream: BinaryIO) -> Iterator[memoryview]:
    buffer = bytearray(FRAME)
    readinto = getattr(stream, "readinto", None)
    while True:
        if readinto is not None:
            count = readinto(buffer)
            block = memoryview(buffer)[: count or 0]
        else:
            block = memoryview(stream.read(FRAME))
        if not block:
            return
        yield block
