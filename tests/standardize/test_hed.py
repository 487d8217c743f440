"""HED tags: good ones pass, wrong ones are named, nothing is downloaded."""

import numpy as np
import pytest

from commissure.errors import NotFound
from commissure.model import About, Annotation, Channel, Recording, Subject
from commissure.standardize.hed import check_hed, has_hed


def _tagged(*tags: str) -> Recording:
    marks = tuple(Annotation("go", float(index), 0.1, details={"HED": tag}) for index, tag in enumerate(tags))
    return Recording(
        np.zeros((400, 1)), 100.0, (Channel("Cz", "EEG"),), About("eeg", Subject("01")), annotations=marks
    )


def test_good_tags_pass_and_wrong_ones_are_found() -> None:
    assert check_hed([_tagged("Sensory-event, Visual-presentation")]) == ()
    assert [finding.check for finding in check_hed([_tagged("Sensory-event", "Nonsense-tag-x")])] == [
        "hed.TAG_INVALID"
    ]


def test_no_tags_need_no_schema() -> None:
    assert not has_hed(_tagged())
    assert check_hed([_tagged()], version="0.0.0") == ()


def test_a_schema_that_is_not_installed_is_named() -> None:
    with pytest.raises(NotFound, match=r"8\.3\.0"):
        check_hed([_tagged("Sensory-event")], version="0.0.0")
