"""Text burned into pixels: its boxes are blanked, nothing else; without a reader the file stays back."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from commissure.model import About, Severity, Subject
from commissure.protect.files import ocr
from commissure.protect.files.burned_in import clean_pixels, may_be_burned_in
from commissure.protect.files.ocr import find_rows
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.burned_in import capture, drawn

pytest.importorskip("pydicom")
NEEDS_TESSERACT = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Debian's tesseract-ocr is not installed"
)


def cleaner(hub: Pseudonyms) -> Cleaner:
    return Cleaner.of(About("anat", Subject("S1")), pseudonyms=hub, policy=Policy())


@pytest.mark.parametrize("seed", range(6))
def test_every_line_is_found_and_a_picture_without_text_is_left_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain, written, ink = drawn(["Quilter^Zephyrine", "MRN-7741932", "04.03.1962"], rng=rng)
    assert find_rows(plain) == ()
    covered = np.zeros(plain.shape, dtype=bool)
    for box in find_rows(written):
        grown = box.grown()
        covered[grown.top : grown.bottom, grown.left : grown.right] = True
    assert covered[ink].mean() > 0.99
    assert covered.mean() < 0.15


@NEEDS_TESSERACT
def test_only_the_boxes_are_blanked(hub: Pseudonyms, tmp_path: Path) -> None:
    planted = capture(["Quilter^Zephyrine", "MRN-7741932"], rng=np.random.default_rng(3))
    dataset, before = planted.dataset, planted.dataset.pixel_array.copy()
    worker = cleaner(hub)
    findings = clean_pixels(dataset, cleaner=worker, where="x")
    after = dataset.pixel_array
    assert [finding.severity for finding in findings] == [Severity.INFO]
    assert worker.removed["burned_in"] >= 2
    assert (after[planted.ink] == before.min()).mean() > 0.99
    assert (after != before).mean() < 0.1
    assert clean_pixels(dataset, cleaner=cleaner(hub)) == ()  # it declares now that nothing is burned in


def test_without_a_reader_it_stays_back(hub: Pseudonyms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    dataset = capture(["Quilter^Zephyrine"], rng=np.random.default_rng(0)).dataset
    before = dataset.PixelData
    (finding,) = clean_pixels(dataset, cleaner=cleaner(hub), where="x")
    assert (finding.check, finding.severity) == ("protect.burned_in", Severity.ERROR)
    assert "tesseract" in finding.message
    assert dataset.PixelData == before


def test_what_may_carry_text() -> None:
    import pydicom

    def said(**fields: object) -> str:
        dataset = pydicom.Dataset()
        for key, value in fields.items():
            setattr(dataset, key, value)
        return may_be_burned_in(dataset)

    mr = "1.2.840.10008.5.1.4.1.1.4"
    assert said(SOPClassUID=mr, Modality="MR") == ""
    assert "declares" in said(SOPClassUID=mr, Modality="MR", BurnedInAnnotation="YES")
    assert said(SOPClassUID=mr, ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]) == "a screen save"
    assert said(SOPClassUID="1.2.840.10008.5.1.4.1.1.7") == "a secondary capture"
    assert said(SOPClassUID="1.2.840.10008.5.1.4.1.1.7", BurnedInAnnotation="NO") == ""
    assert "ultrasound" in said(SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", BurnedInAnnotation="NO")
