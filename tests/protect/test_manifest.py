"""Every real recording at hand: what its manifest lists of persons is gone from the noun that would be written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Identifier, Tree
from commissure.protect.deidentify import deidentify
from commissure.protect.scan import scan_tree
from commissure.protect.text.known import is_generic
from commissure.protect.text.needles import Needles
from commissure.protect.text.pseudonym import Pseudonyms

MANIFEST = Path(__file__).parents[3] / "shared" / "data" / "manifest.json"
CATEGORY = {
    "his_id": "id", "last_name": "name", "first_name": "name", "meas_date": "date", "hostnames": "host", "experimenter": "operator",
    "date": "date", "path": "path", "PatientName": "name", "PatientID": "id", "PatientBirthDate": "birth_date", "InstitutionName": "institution",
    "InstitutionAddress": "address", "StudyDate": "date", "DeviceSerialNumber": "serial", "StationName": "host",
}  # fmt: skip
SCIENCE = ("Manufacturer", "ManufacturerModelName")


def listed() -> list[Any]:
    items = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
    return [pytest.param(item, id=item["id"]) for item in items if _identifiers(item["content"])]


def _identifiers(content: dict[str, Any]) -> tuple[Identifier, ...]:
    pairs = [
        (CATEGORY[key], str(value).strip("{}'"))
        for key, value in content.get("ids", {}).items()
        if key in CATEGORY
    ]
    pairs += [
        ("operator", name)
        for name in str(content.get("experimenter", "")).strip("()").replace("'", "").split(", ")
        if len(name) > 4
    ]
    return tuple(Identifier(*pair) for pair in pairs if pair[1] and not is_generic(pair[1]))


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("item", listed())
def test_what_the_manifest_lists_is_gone(
    item: dict[str, Any], shared: Path, hub: Pseudonyms, said: Callable[[object], str], tmp_path: Path
) -> None:
    known = _identifiers(item["content"])
    listing = Listing.of(shared / "data" / item["id"])
    read = 0
    for number, source in enumerate(detect(listing, READERS.items()).sources):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        for noun in (
            READERS.get(source.format).read(source, listing, scratch=scratch) if source.complete else ()
        ):
            clean, removed = deidentify(noun, pseudonyms=hub, scratch=tmp_path / "clean")
            assert Needles(known).search(said(clean).replace(str(tmp_path), "").encode()) <= (
                {"path"} if isinstance(clean, Tree) else set()
            )
            assert removed
            if isinstance(clean, Tree):
                assert scan_tree(clean.root, known) == ((), ())
            if item["content"].get("ids", {}).get("Manufacturer"):
                assert clean.about.device.manufacturer or clean.about.sidecar.get("Manufacturer")
            read += 1
    assert read
