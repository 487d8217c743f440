"""EyeLink: a generated .asc in the words of edf2asc."""

from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.testing.neurophysiology_files import read_folder, write_all

HEAD = """** CONVERTED FROM D:\\Users\\jane\\eye\\jdoe.edf using edfapi 4.2.1 Linux
** DATE: Tue Mar 15 02:14:17 2022
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** VERSION: EYELINK II 1
** SOURCE: EYELINK CL
** EYELINK II CL v6.12 Feb  1 2018 (EyeLink Portable Duo)
** CAMERA: EyeLink USBCAM Version 1.01
** SERIAL NUMBER: CLU-DAB50
**

MSG\t100000 DISPLAY_COORDS 0 0 1919 1079
START\t100000 \tLEFT\tSAMPLES\tEVENTS
PRESCALER\t1
VPRESCALER\t1
PUPIL\tAREA
EVENTS\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
SAMPLES\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
"""


def _asc(samples: int) -> str:
    rows = [
        f"{100000 + i}\t  {900 + i * 0.1:.1f}\t  {500 - i * 0.1:.1f}\t {1000 + i}.0\t..."
        for i in range(samples)
    ]
    rows.insert(300, "SFIX L   100250")
    rows.insert(500, "EFIX L   100250\t100440\t191\t  930.0\t  470.0\t   1300")
    return HEAD + "\n".join(rows) + "\nEND\t101000 \tSAMPLES\tEVENTS\tRES\t 30.00\t 30.00\n"


def test_generated_gaze_and_fixations_come_back(tmp_path: Path) -> None:
    (tmp_path / "a.asc").write_text(_asc(1_000))
    (gaze,) = read_folder(tmp_path, "eyelink", scratch=tmp_path)
    assert gaze.rate_hz == 1000.0
    column = gaze.columns.index("xpos_left")
    assert np.allclose(gaze.samples[:5, column], 900 + 0.1 * np.arange(5))
    fixation = next(a for a in gaze.annotations if "fixation" in a.label.lower())
    assert fixation.onset_s == pytest.approx(0.25, abs=0.002)
    hidden = {i.value for i in gaze.about.identifiers}
    assert {"jane", "jdoe", "CLU-DAB50"} <= hidden
    done = write_all([gaze], tmp_path / "out")
    assert not done.errors
    assert b"jdoe" not in done.nwb[0].read_bytes()


def test_a_head_without_samples_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.asc").write_text(HEAD)
    with pytest.raises(Unreadable, match="EyeLink"):
        read_folder(tmp_path, "eyelink", scratch=tmp_path)
