"""A dataset's own files lose what names one subject, and nothing else."""

import json

import pytest

from commissure.govern.redact import without_subject

TABLE = b"participant_id\tage\nsub-1\t30\nsub-10\t41\n"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("participants.tsv", TABLE, b"participant_id\tage\nsub-10\t41\n"),
        ("README", b"Two people.\nsub-1 slept.\n", b"Two people.\n"),
        ("a.tsv", b"x\ty\n1\t2\n", b"x\ty\n1\t2\n"),
        ("film.mp4", b"\x00\xff sub-10 \x00", b"\x00\xff sub-10 \x00"),
        ("film.mp4", b"\x00\xff sub-1 \x00", None),
        ("broken.json", b'{"sub-1": ', None),
    ],
)
def test_files_without_a_subject(path: str, before: bytes, after: bytes | None) -> None:
    assert without_subject(before, path=path, label="1") == after


def test_json_loses_members_items_and_nested_ones() -> None:
    before = {
        "keep": [
            "sub-2/x",
            "sub-1/x",
            {"@id": "sub-1/y", "n": 1},
            {"@id": "sub-2/y", "parts": [{"@id": "./sub-1/z"}]},
        ],
        "sub-1": {"age": 30},
        "about": "bids::sub-1",
        "sub-11": 5,
    }
    after = without_subject(json.dumps(before).encode(), path="a.json", label="1")
    assert after is not None
    assert json.loads(after) == {"keep": ["sub-2/x", {"@id": "sub-2/y", "parts": []}], "sub-11": 5}
