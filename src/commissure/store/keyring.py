"""The keyring: one random key a subject, wrapped by a master key, and the secrets of the hub.

The ring (``keyring.json``) and the master key (``master.key``) lie in one private folder, apart from the bytes they
open. A scope is kept under a keyed name, so that the file tells no subject. Destroying a key makes a new master key
and wraps the others again: a copy of an older ring is of no use without the older master key, which is overwritten.
Back the folder up apart from the hub, or not at all: whoever keeps a copy of both files keeps the destroyed key too.

Keys are wrapped by AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D, doi:10.6028/NIST.SP.800-38D), secrets
derived by HKDF-SHA256 (RFC 5869, doi:10.17487/RFC5869).
"""

import base64
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock

from commissure.errors import BadInput, Fault, NotFound, NotPermitted
from commissure.plugins import Registry
from commissure.store.files import full_disk, replace
from commissure.store.port import Keyring

__all__ = ["KEYRINGS", "FileKeyring", "derive", "open_keyring"]

_KEY, _NONCE = 32, 12
_GONE = "destroyed"


class FileKeyring:
    """A keyring in a folder of its own (mode 0700, files 0600).

    Parameters
    ----------
    where : str
        The folder; made if it does not exist.

    Raises
    ------
    Fault
        If one of its two files is missing or damaged.

    Examples
    --------
    >>> import tempfile
    >>> ring = FileKeyring(tempfile.mkdtemp())
    >>> ring.key("ds-1/01", create=True) == ring.key("ds-1/01")
    True
    """

    def __init__(self, where: str) -> None:
        folder = Path(where)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ring, self._master = folder / "keyring.json", folder / "master.key"
        self._lock = FileLock(str(folder / ".lock"))
        self._stamp: tuple[int, int, int] = (0, 0, 0)
        self._state: dict[str, Any] = {}
        self._masters: dict[str, bytes] = {}
        if not (self._ring.exists() and self._master.exists()):
            with full_disk("the keyring"), self._lock:
                if not self._ring.exists():
                    self._found()

    def key(self, scope: str, *, create: bool = False) -> bytes:
        """The 32-byte key of ``scope``; see :class:`commissure.store.port.Keyring`."""
        name = self._name(scope)
        found = self._look(name)
        if found is None and create:
            with full_disk("the keyring"), self._lock:
                self._load()
                if (found := self._look(name)) is None:
                    found = secrets.token_bytes(_KEY)
                    self._state["keys"][name] = self._wrap(found)
                    self._save()
        if found is None:
            raise NotFound("The keyring has no key for this subject; were these bytes stored in another hub?")
        return found

    def destroy(self, scope: str) -> None:
        """Destroy the key of ``scope`` for ever, with a new master key for all the others."""
        name = self._name(scope)
        with full_disk("the keyring"), self._lock:
            self._load()
            if self._state["keys"].get(name) == _GONE:
                self._drop_old_masters()
                return
            plain = {
                each: self._unwrap(found) for each, found in self._state["keys"].items() if found != _GONE
            }
            root = self._unwrap(self._state["root"])
            gone = [each for each, found in self._state["keys"].items() if found == _GONE]
            self._new_master()
            self._state["root"] = self._wrap(root)
            self._state["keys"] = {each: self._wrap(found) for each, found in plain.items() if each != name}
            self._state["keys"] |= dict.fromkeys([*gone, name], _GONE)
            self._save()
            self._drop_old_masters()

    def secret(self, purpose: str) -> bytes:
        """32 bytes of this hub for one purpose; see :class:`commissure.store.port.Keyring`."""
        self._load()
        return derive(self._unwrap(self._state["root"]), info=f"commissure/secret/{purpose}")

    def _look(self, name: str) -> bytes | None:
        self._load()
        found = self._state["keys"].get(name)
        if found == _GONE:
            raise NotPermitted(
                "This subject has withdrawn: their key is destroyed and nobody can read the bytes."
            )
        return None if found is None else self._unwrap(found)

    def _name(self, scope: str) -> str:
        return hmac.new(self.secret("scope"), scope.encode(), "sha256").hexdigest()

    def _found(self) -> None:
        self._state = {"version": 1, "keys": {}}
        self._masters = {}
        self._new_master()
        self._state["root"] = self._wrap(secrets.token_bytes(_KEY))
        self._save()

    def _new_master(self) -> None:
        self._state["master"] = secrets.token_hex(8)
        self._masters[self._state["master"]] = secrets.token_bytes(_KEY)
        self._save_masters()

    def _drop_old_masters(self) -> None:
        current = self._state["master"]
        if set(self._masters) != {current}:
            self._masters = {current: self._masters[current]}
            self._save_masters()

    def _save_masters(self) -> None:
        found = {name: base64.b64encode(key).decode() for name, key in self._masters.items()}
        replace(self._master, json.dumps(found).encode(), private=True)

    def _save(self) -> None:
        replace(self._ring, json.dumps(self._state).encode(), private=True)

    def _load(self) -> None:
        try:
            self._read()
        except (OSError, ValueError, KeyError, TypeError):
            with self._lock:
                self._reread()

    def _reread(self) -> None:
        try:
            self._read()
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = (
                "The keyring is missing or damaged; put keyring.json and master.key back from one backup."
            )
            raise Fault(message) from error

    def _read(self) -> None:
        about = self._ring.stat()
        stamp = (about.st_ino, about.st_mtime_ns, about.st_size)
        if stamp == self._stamp:
            return
        state = json.loads(self._ring.read_bytes())
        masters = {name: base64.b64decode(key) for name, key in json.loads(self._master.read_bytes()).items()}
        if state["version"] != 1 or state["master"] not in masters:
            raise KeyError("master")
        self._state, self._masters, self._stamp = state, masters, stamp

    def _wrap(self, key: bytes) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + AESGCM(self._current()).encrypt(nonce, key, b"")).decode()

    def _unwrap(self, text: str) -> bytes:
        data = base64.b64decode(text)
        try:
            return AESGCM(self._current()).decrypt(data[:_NONCE], data[_NONCE:], b"")
        except InvalidTag as error:
            raise Fault("The keyring is damaged: a key does not open; put it back from a backup.") from error

    def _current(self) -> bytes:
        return self._masters[self._state["master"]]


#: a keyring by scheme: ``factory(where)``
KEYRINGS: Registry[type[Keyring]] = Registry("keyring", {"file": "commissure.store.keyring:FileKeyring"})


def open_keyring(url: str) -> Keyring:
    """The keyring at ``scheme://where``; :class:`BadInput` if that is not a URL.

    Parameters
    ----------
    url : str
        ``file:///srv/keys``, or the scheme of a plugin of the kind ``keyring``.
    """
    scheme, separator, where = url.partition("://")
    if not separator:
        raise BadInput(f"A keyring is named scheme://where, such as file:///srv/keys; got {url!r}.")
    factory: Any = KEYRINGS.get(scheme)
    ring: Keyring = factory(where)
    return ring


def derive(key: bytes, *, info: str, salt: bytes = b"") -> bytes:
    """32 bytes that follow from ``key`` for one use (HKDF-SHA256).

    >>> derive(bytes(32), info="a") == derive(bytes(32), info="b")
    False
    """
    return HKDF(algorithm=SHA256(), length=_KEY, salt=salt or None, info=info.encode()).derive(key)
