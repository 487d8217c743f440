"""How fast bytes go into and out of the vault: hashed, encrypted and stored in one pass, beside bare copies.

Run: python benchmarks/vault.py [megabytes]
"""

import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from commissure.model import Grant
from commissure.store.blobs import FolderBlobs
from commissure.store.keyring import FileKeyring
from commissure.store.vault import Vault

BLOCK = 1 << 20


class Everybody:
    """Lets everybody in."""

    def stands(self, grant: Grant, *, subject: str) -> bool:
        return True


def copy(source: Path, target: Path) -> str:
    """What one would write by hand: hash and copy, without encryption."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(BLOCK):
            digest.update(block)
            writer.write(block)
        os.fsync(writer.fileno())
    return digest.hexdigest()


def rate(name: str, megabytes: int, call: Callable[[], object]) -> None:
    """Print MB/s of wall time and of processor time."""
    wall, core = time.perf_counter(), time.process_time()
    call()
    wall, core = time.perf_counter() - wall, time.process_time() - core
    print(f"{name:44s} {megabytes / wall:7.0f} MB/s   {megabytes / core:7.0f} MB/s a core")


def main(megabytes: int) -> None:
    """Print a table."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = folder / "raw"
        with raw.open("wb") as file:
            for _ in range(megabytes * 1_000_000 // BLOCK):
                file.write(os.urandom(BLOCK))
        megabytes = raw.stat().st_size // 1_000_000
        vault = Vault(
            FolderBlobs(folder / "blobs"),
            FileKeyring(str(folder / "keys")),
            gate=Everybody(),
            person="ada",
            clock=lambda: now,
        )
        grant = Grant("g", "ada", "ds-1")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rate("by hand: SHA-256, copy", megabytes, lambda: copy(raw, folder / "copy"))
        (folder / "copy").unlink()
        put = {}

        def store(encrypt: bool) -> None:
            put[encrypt] = vault.put(raw, path="raw", dataset="ds-1", subject="01", encrypt=encrypt)

        def fetch(encrypt: bool) -> None:
            with vault.open(put[encrypt], grant) as stream:
                while stream.read(BLOCK):
                    pass

        rate("put: SHA-256, store as it is", megabytes, lambda: store(False))
        rate("put: SHA-256, AES-256-GCM, store", megabytes, lambda: store(True))
        rate("put again: SHA-256, AES-256-GCM, kept once", megabytes, lambda: store(True))
        rate("open, read all, encrypted", megabytes, lambda: fetch(True))
        started, count = time.perf_counter(), 500
        with vault.open(put[True], grant) as stream:
            for number in range(count):
                stream.seek((number * 7_919_111) % put[True].bytes)
                stream.read(4096)
        print(
            f"{'ranged read of 4 KiB, encrypted':44s} {1000 * (time.perf_counter() - started) / count:7.2f} ms"
        )
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
        print(f"{'memory grown by':44s} {grown:7.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
