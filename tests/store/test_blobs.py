"""Blobs in a folder and in a bucket of a real S3 server on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commissure.errors import BadInput
from commissure.store.blobs import BucketBlobs, FolderBlobs, open_blobs
from commissure.store.port import Blobs
from commissure.testing.blobs import BlobsContract

NAME = "ab" * 32


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A moto server on a free port."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, tmp_path: Path) -> BucketBlobs:
    """An empty bucket."""
    options = {
        "key": "k",
        "secret": "s",
        "endpoint_url": s3_endpoint,
        "client_kwargs": {"region_name": "us-east-1"},
    }
    blobs = BucketBlobs(f"s3://bucket-{os.urandom(4).hex()}/hub", spool=tmp_path, options=options)
    blobs.system.call_s3("create_bucket", Bucket=blobs._root.split("/")[0])
    return blobs


class TestFolder(BlobsContract):
    """The contract in a folder."""

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return open_blobs(str(tmp_path / "blobs"), spool=tmp_path)


@pytest.mark.s3
class TestBucket(BlobsContract):
    """The contract in a bucket."""

    @pytest.fixture
    def blobs(self, bucket: BucketBlobs) -> Blobs:
        return bucket


class TestMemory(BlobsContract):
    """The contract under any other fsspec URL."""

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Iterator[Blobs]:
        blobs = BucketBlobs(f"memory://{os.urandom(4).hex()}", spool=tmp_path)
        yield blobs
        blobs.system.store.clear()


@pytest.mark.s3
def test_no_draft_is_left_beside_a_bucket(bucket: BucketBlobs, tmp_path: Path) -> None:
    for name in (NAME, NAME):
        draft = bucket.draft()
        draft.write(b"x" * 3_000_000)
        draft.keep(name)
        draft.drop()
    assert list(tmp_path.glob(".draft-*")) == []


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "short", "a/b" * 10):
        with pytest.raises(BadInput):
            FolderBlobs(tmp_path).open(name)


FILLS = """
import resource, sys, pathlib
from commissure.errors import Fault
from commissure.store.blobs import FolderBlobs
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
draft = FolderBlobs(pathlib.Path(sys.argv[1])).draft()
try:
    for _ in range(100):
        draft.write(b"x" * 65_536)
    draft.keep("ab" * 32)
except Fault as fault:
    print(fault)
finally:
    draft.drop()
"""


def test_a_full_disk_gives_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILLS, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert (
        done.stdout
        == "The disk that holds the vault is full; free some space and run it again: nothing is lost.\n"
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_really_full_disk_gives_the_same(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine does not let root mount a small disk")
    try:
        program = FILLS.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n", "")
        done = subprocess.run(
            [sys.executable, "-c", program, str(disk)], capture_output=True, text=True, check=True
        )
        assert "is full; free some space" in done.stdout
        assert [path for path in disk.rglob("*") if path.is_file()] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
