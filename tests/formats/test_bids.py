"""BIDS trees: one Source, all of it, and theirs before ours."""

from pathlib import Path

from commissure.formats.bids import reader
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.nifti import reader as nifti
from commissure.model import Tree
from commissure.testing.images import write_bids


def test_the_tree_claims_all_of_its_files(tmp_path: Path) -> None:
    write_bids(tmp_path / "study")
    found = detect(Listing.of(tmp_path), [("nifti", nifti), ("bids", reader)])
    assert [source.format for source in found.sources] == ["bids"]
    assert found.findings == ()


def test_derivatives_stay_behind_and_are_named(tmp_path: Path) -> None:
    write_bids(tmp_path)
    (tmp_path / "derivatives" / "x").mkdir(parents=True)
    (tmp_path / "derivatives" / "x" / "dataset_description.json").write_text(
        '{"BIDSVersion": "1.8.0", "Name": "d"}'
    )
    listing = Listing.of(tmp_path)
    (source,) = reader.find(listing)
    (tree,) = reader.read(source, listing, scratch=tmp_path)
    assert isinstance(tree, Tree)
    assert not [name for name in tree.files if name.startswith("derivatives")]
    assert "1 files" in tree.about.findings[0].message


def test_identifying_columns_are_told(tmp_path: Path) -> None:
    write_bids(tmp_path)
    (tmp_path / "participants.tsv").write_text("participant_id\tDOB\nsub-01\t1962-03-04\nsub-02\tn/a\n")
    listing = Listing.of(tmp_path)
    (tree,) = reader.read(next(iter(reader.find(listing))), listing, scratch=tmp_path)
    assert [(i.category, i.value) for i in tree.about.identifiers] == [("birth_date", "1962-03-04")]


def test_a_description_alone_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text('{"BIDSVersion": "1.8.0", "Name": "d"}')
    assert list(reader.find(Listing.of(tmp_path))) == []
