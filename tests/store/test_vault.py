"""The vault: no Grant, no bytes; frames that stream, seek and show every tampering; keys that can be destroyed."""

import hashlib
import io
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissure.errors import Fault, NotFound, NotPermitted
from commissure.model import Asset, Grant
from commissure.store import frames
from commissure.store.blobs import FolderBlobs
from commissure.store.frames import FRAME, Opener, Sealer, sealed_size
from commissure.store.keyring import KEYRINGS, FileKeyring, open_keyring
from commissure.store.vault import Vault

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GRANT = Grant("g1", "ada", "ds-1", "research", NOW + timedelta(hours=1))
KEY = b"k" * 32


class Gatekeeper:
    """Lets in the Grants and keeps out the subjects that a test names."""

    def __init__(self) -> None:
        self.grants, self.gone = {"g1"}, set[str]()

    def stands(self, grant: Grant, *, subject: str) -> bool:
        return grant.id in self.grants and subject not in self.gone


@pytest.fixture
def gate() -> Gatekeeper:
    return Gatekeeper()


@pytest.fixture
def vault(tmp_path: Path, gate: Gatekeeper) -> Vault:
    return Vault(
        FolderBlobs(tmp_path / "blobs"),
        FileKeyring(str(tmp_path / "keys")),
        gate=gate,
        person="ada",
        clock=lambda: NOW,
    )


def _put(
    vault: Vault, data: bytes, *, dataset: str = "ds-1", subject: str = "01", encrypt: bool = True
) -> Asset:
    return vault.put(io.BytesIO(data), path="x", dataset=dataset, subject=subject, encrypt=encrypt)


def _stored(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 1000, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 77])
@pytest.mark.parametrize("encrypt", [True, False])
def test_bytes_come_back(size: int, encrypt: bool, vault: Vault, tmp_path: Path) -> None:
    data = os.urandom(size)
    file = tmp_path / "raw"
    file.write_bytes(data)
    asset = vault.put(file, path="a/b", dataset="ds-1", subject="01", encrypt=encrypt)
    assert (asset.sha256, asset.bytes) == (hashlib.sha256(data).hexdigest(), size)
    with vault.open(asset, GRANT) as stream:
        assert stream.read() == data
    (blob,) = _stored(tmp_path)
    assert blob.stat().st_size == (sealed_size(size) if encrypt else size)
    assert stat.S_IMODE(blob.stat().st_mode) == 0o600


def test_nothing_plain_lies_in_an_encrypted_blob_nor_in_its_name(vault: Vault, tmp_path: Path) -> None:
    asset = _put(vault, b"Jane Doe 1980-01-01 " * 5000)
    (blob,) = _stored(tmp_path)
    assert b"Jane" not in blob.read_bytes()
    assert asset.sha256 not in str(blob)
    assert blob.name != "01"


def test_the_same_bytes_are_stored_once_a_subject(vault: Vault, tmp_path: Path) -> None:
    for _ in range(2):
        _put(vault, b"same")
    assert len(_stored(tmp_path)) == 1
    _put(vault, b"same", subject="02")
    _put(vault, b"same", dataset="ds-2")
    _put(vault, b"same", encrypt=False)
    assert len(_stored(tmp_path)) == 4


def test_no_grant_no_bytes(vault: Vault, gate: Gatekeeper) -> None:
    asset = _put(vault, b"mine")
    plain = _put(vault, b"plain", subject="", encrypt=False)
    others = {
        "another person": Grant("g1", "eve", "ds-1", "research", GRANT.until),
        "another dataset": Grant("g1", "ada", "ds-2", "research", GRANT.until),
        "ended": Grant("g1", "ada", "ds-1", "research", NOW),
        "never recorded": Grant("g2", "ada", "ds-1", "research", GRANT.until),
    }
    for grant in others.values():
        for each in (asset, plain):
            with pytest.raises(NotPermitted):
                vault.open(each, grant)
    with pytest.raises(NotPermitted):
        vault.of("eve").open(asset, GRANT)
    gate.gone.add("01")
    with pytest.raises(NotPermitted):
        vault.open(asset, GRANT)
    gate.grants.clear()
    with pytest.raises(NotPermitted):
        vault.open(plain, GRANT)


def test_a_destroyed_key_takes_the_bytes_along_in_every_backup(vault: Vault, tmp_path: Path) -> None:
    asset, other = _put(vault, b"gone"), _put(vault, b"stays", subject="02")
    old_ring = (tmp_path / "keys" / "keyring.json").read_bytes()
    vault.destroy("ds-1", subject="01")
    vault.destroy("ds-1", subject="01")
    with pytest.raises(NotPermitted, match="withdrawn"):
        vault.open(asset, GRANT)
    with pytest.raises(NotPermitted, match="withdrawn"):
        _put(vault, b"again")
    with vault.open(other, GRANT) as stream:
        assert stream.read() == b"stays"
    (tmp_path / "keys" / "keyring.json").write_bytes(old_ring)
    with pytest.raises(Fault):
        FileKeyring(str(tmp_path / "keys")).key("ds-1/01")


def test_the_keyring_is_private_and_names_nobody(tmp_path: Path) -> None:
    ring = open_keyring(f"file://{tmp_path / 'keys'}")
    key = ring.key("ds-1/sub-Jane", create=True)
    for path in (tmp_path / "keys" / "keyring.json", tmp_path / "keys" / "master.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"Jane" not in path.read_bytes()
        assert key not in path.read_bytes()
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    again, other = FileKeyring(str(tmp_path / "keys")), FileKeyring(str(tmp_path / "other"))
    assert again.key("ds-1/sub-Jane") == key
    assert again.secret("names") == ring.secret("names") != other.secret("names")
    assert ring.secret("names") != ring.secret("ledger")
    with pytest.raises(NotFound):
        other.key("ds-1/sub-Jane")


def test_two_rings_on_one_folder_see_each_other(tmp_path: Path) -> None:
    one, two = FileKeyring(str(tmp_path)), FileKeyring(str(tmp_path))
    keys = {name: ring.key(name, create=True) for name, ring in (("a", one), ("b", two), ("c", one))}
    assert all(ring.key(name) == key for name, key in keys.items() for ring in (one, two))
    one.destroy("a")
    with pytest.raises(NotPermitted):
        two.key("a", create=True)
    assert two.key("b") == keys["b"] == one.key("b")


def test_a_crash_between_the_keyrings_files_loses_nothing(tmp_path: Path) -> None:
    ring = FileKeyring(str(tmp_path))
    key = ring.key("b", create=True)
    ring.key("a", create=True)
    before = (tmp_path / "keyring.json").read_bytes()
    saved = ring._save
    ring._save = lambda: (_ for _ in ()).throw(OSError("killed"))  # type: ignore[method-assign]
    with pytest.raises(OSError, match="killed"):
        ring.destroy("a")
    assert (tmp_path / "keyring.json").read_bytes() == before
    ring._save = saved  # type: ignore[method-assign]
    again = FileKeyring(str(tmp_path))
    assert again.key("b") == key
    again.destroy("a")
    assert again.key("b") == key
    assert (tmp_path / "master.key").read_bytes().count(b":") == 1


def test_a_damaged_keyring_says_so(tmp_path: Path) -> None:
    FileKeyring(str(tmp_path)).key("a", create=True)
    (tmp_path / "master.key").unlink()
    with pytest.raises(Fault, match="put keyring.json and master.key back"):
        FileKeyring(str(tmp_path)).key("a")


def test_a_key_service_is_a_plugin() -> None:
    class Service:
        def __init__(self, where: str) -> None:
            self.where = where

    KEYRINGS.add("kms", Service)  # type: ignore[arg-type]
    assert open_keyring("kms://host/ring").where == "host/ring"  # type: ignore[attr-defined]
    KEYRINGS.drop("kms")


def _seal(data: bytes) -> bytearray:
    sealed = bytearray()
    sealer = Sealer(sealed.extend, key=KEY)
    sealer.write(data)
    sealer.close()
    return sealed


def _read(sealed: bytes, size: int) -> bytes:
    return Opener(io.BytesIO(sealed), key=KEY, size=size).readall()


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of 64 bytes, so that a short text has many."""
    monkeypatch.setattr(frames, "FRAME", 64)


hypothesis_settings = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@hypothesis_settings
@given(
    data=st.binary(max_size=600),
    reads=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 300)), max_size=6),
)
def test_ranged_reads_are_slices(small_frames: None, data: bytes, reads: list[tuple[int, int]]) -> None:
    stream = io.BufferedReader(Opener(io.BytesIO(bytes(_seal(data))), key=KEY, size=len(data)), 32)
    for start, count in reads:
        stream.seek(start)
        assert stream.read(count) == data[start : start + count]
        assert stream.tell() == max(start, min(start + count, len(data))) or start > len(data)


@hypothesis_settings
@given(data=st.binary(min_size=1, max_size=400), where=st.integers(0), flip=st.integers(1, 255))
def test_every_flipped_bit_is_found(small_frames: None, data: bytes, where: int, flip: int) -> None:
    sealed = _seal(data)
    sealed[where % len(sealed)] ^= flip
    with pytest.raises(Fault):
        _read(bytes(sealed), len(data))


@hypothesis_settings
@given(pieces=st.integers(2, 6), cut=st.integers(1, 5), data=st.data())
def test_cut_moved_and_doubled_frames_are_found(
    small_frames: None, pieces: int, cut: int, data: st.DataObject
) -> None:
    plain = bytes(range(64)) * pieces
    sealed = bytes(_seal(plain))
    head, whole = sealed[:40], [sealed[40 + 80 * number : 120 + 80 * number] for number in range(pieces)]
    order = data.draw(st.permutations(range(pieces)).filter(lambda given: list(given) != list(range(pieces))))
    with pytest.raises(Fault):
        _read(head + b"".join(whole[number] for number in order), len(plain))
    kept = max(1, pieces - cut)
    with pytest.raises(Fault):
        _read(head + b"".join(whole[:kept]), len(plain))
    with pytest.raises(Fault):
        _read(head + b"".join(whole[:kept]), 64 * kept)
    with pytest.raises(Fault):
        _read(head + b"".join([*whole, whole[-1]]), len(plain) + 64)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Fault):
        Opener(io.BytesIO(bytes(_seal(b"text"))), key=b"x" * 32, size=4).readall()


def test_no_two_blobs_share_a_key_stream() -> None:
    one, two = _seal(b"same text"), _seal(b"same text")
    assert one[8:40] != two[8:40]
    assert one[40:] != two[40:]
