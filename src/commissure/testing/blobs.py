"""The contract of a place for blobs: subclass :class:`BlobsContract` and give a fixture ``blobs``."""

from commissure.errors import NotFound
from commissure.store.port import Blobs
from commissure.testing.expect import expect, expect_equal, expect_error

__all__ = ["BlobsContract"]

_NAME, _OTHER = "ab" * 32, "cd" * 32


class BlobsContract:
    """What every Blobs must do. Run by pytest, with a fixture ``blobs`` that gives an empty place."""

    def test_what_is_kept_is_read_back(self, blobs: Blobs) -> None:
        data = bytes(range(256)) * 20_000
        _put(blobs, _NAME, data[:100], data[100:])
        with blobs.open(_NAME) as stream:
            expect_equal(stream.read(), data, what="bytes come back as they were written")

    def test_ranges_are_read_from_anywhere(self, blobs: Blobs) -> None:
        data = bytes(range(256)) * 40_000
        _put(blobs, _NAME, data)
        with blobs.open(_NAME) as stream:
            for start, count in ((9_000_000, 1000), (5, 10), (len(data) - 3, 100)):
                stream.seek(start)
                expect_equal(stream.read(count), data[start : start + count], what="a range is a slice")

    def test_a_draft_is_not_seen(self, blobs: Blobs) -> None:
        draft = blobs.draft()
        draft.write(b"half")
        expect_error(NotFound, lambda: blobs.open(_NAME), what="a draft is invisible")
        draft.drop()
        expect_error(NotFound, lambda: blobs.open(_NAME), what="a dropped draft is gone")

    def test_a_name_is_written_once(self, blobs: Blobs) -> None:
        expect(_put(blobs, _NAME, b"first"), "keep says that it stored")
        expect(not _put(blobs, _NAME, b"second"), "keep says that the name was taken")
        with blobs.open(_NAME) as stream:
            expect_equal(stream.read(), b"first", what="the first bytes stand")

    def test_what_is_deleted_is_gone(self, blobs: Blobs) -> None:
        _put(blobs, _NAME, b"x")
        _put(blobs, _OTHER, b"y")
        blobs.delete(_NAME)
        blobs.delete(_NAME)
        expect_error(NotFound, lambda: blobs.open(_NAME), what="deleted bytes are gone")
        with blobs.open(_OTHER) as stream:
            expect_equal(stream.read(), b"y", what="other bytes stay")

    def test_empty_bytes_are_bytes(self, blobs: Blobs) -> None:
        _put(blobs, _NAME)
        with blobs.open(_NAME) as stream:
            expect_equal(stream.read(), b"", what="empty bytes come back")


def _put(blobs: Blobs, name: str, *blocks: bytes) -> bool:
    draft = blobs.draft()
    for block in blocks:
        draft.write(block)
    kept = draft.keep(name)
    draft.drop()
    return kept
