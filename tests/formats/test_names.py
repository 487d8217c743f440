"""Facts from names: entities, lab habits, dates; nothing where nothing is said."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissure.formats.names import facts_of, label_of


@pytest.mark.parametrize(
    ("path", "subject", "session"),
    [
        ("raw/sub-pt1_ses-02_task-monitor_run-01_clip2.lay", "pt1", "02"),
        ("Patient 12/visit-3/eyesclosed.edf", "12", "3"),
        ("subj_007/session2/rest.vhdr", "007", "2"),
        ("S07/eeg.edf", "S07", ""),
        ("lab/mouse-14/day 5/rec.rhd", "14", "5"),
        ("CTF/somMDYO-18av.ds/x.meg4", "", ""),
        ("results/summary2021.edf", "", ""),
        ("sample_data/test_data/test.edf", "", ""),
    ],
)
def test_subject_and_session(path: str, subject: str, session: str) -> None:
    said = facts_of(path)
    assert (said.subject, said.session) == (subject, session)


def test_an_explicit_entity_wins_over_a_habit() -> None:
    said = facts_of("S07/sub-anna_task-nback_acq-ecog_ieeg.edf")
    assert (said.subject, said.explicit, dict(said.entities)) == (
        "anna",
        True,
        {"task": "nback", "acq": "ecog"},
    )
    assert said.datatype == "ieeg"


@pytest.mark.parametrize(
    "text", ["2021-04-23_005.snirf", "x_20210423.edf", "23.04.2021/x.edf", "rec_210423_101112.rhd"]
)
def test_dates_in_every_spelling(text: str) -> None:
    said = facts_of(text)
    assert said.date == datetime.date(2021, 4, 23)
    assert "date" in {one.category for one in said.identifiers}


def test_names_of_persons_are_identifiers_and_words_of_the_trade_are_not() -> None:
    assert {one.value for one in facts_of("Müller_Hans/eeg.edf").identifiers} == {"Müller", "Hans"}
    assert facts_of("Eyes_Open/Resting_State.edf").identifiers == ()


@given(st.text(max_size=60))
def test_any_path_is_read_without_an_error(path: str) -> None:
    said = facts_of(path)
    assert said.subject == "" or said.subject in path
    assert label_of(path).isalnum() or label_of(path) == ""
