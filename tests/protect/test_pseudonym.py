"""Pseudonyms are stable in a hub and worthless outside; dates move together."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissure.errors import BadInput
from commissure.protect.text.dates import find_dates, shift, shift_text, spellings, top_age
from commissure.protect.text.pseudonym import Pseudonyms

HERE, THERE = Pseudonyms(b"h" * 32), Pseudonyms(b"t" * 32)
IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
DAYS = st.dates(date(1950, 1, 1), date(2049, 12, 31))


@given(IDS)
def test_one_person_has_one_label_here_and_another_elsewhere(raw: str) -> None:
    label = HERE.label(raw)
    assert (
        label == HERE.label(f"  {raw.upper().lower()} ") or raw.upper().lower().casefold() != raw.casefold()
    )
    assert label.isalnum()
    assert label.islower() or label.isdigit()
    assert len(label) == 8
    assert label != THERE.label(raw)


def test_ten_thousand_ids_give_ten_thousand_labels_and_offsets_in_range() -> None:
    assert len({HERE.label(f"S{number}") for number in range(10_000)}) == 10_000
    offsets = {HERE.offset_days(f"S{number}") for number in range(10_000)}
    assert all(364 < offset <= 3640 and offset % 7 == 0 for offset in offsets)
    assert len(offsets) > 460


def test_a_short_secret_is_refused_and_no_secret_is_shown() -> None:
    with pytest.raises(BadInput, match="at least 16 bytes; got 5"):
        Pseudonyms(b"short")
    assert "hhh" not in repr(HERE)


@given(IDS, DAYS, DAYS)
def test_intervals_and_weekdays_survive(raw: str, first: date, second: date) -> None:
    offset = HERE.offset_days(raw)
    moved = [shift(day, offset_days=offset) for day in (first, second)]
    assert moved[1] - moved[0] == second - first
    assert moved[0].weekday() == first.weekday()
    assert moved[0] < first


@given(DAYS, st.integers(1, 520))
def test_every_spelling_is_found_and_shifts_to_the_same_day(day: date, weeks: int) -> None:
    for text in spellings(day):
        (span,) = find_dates(f"on {text} at ten")
        # 05/04 may be the fifth of April or the fourth of May; both are a date and both move
        if span.day == day and day.year >= 1985:  # two digits of a year turn at 1969
            moved = shift_text(f"on {text} at ten", offset_days=7 * weeks)[3:-7]
            assert datetime.strptime(moved, span.style).date() == day - timedelta(days=7 * weeks)
        assert text not in shift_text(f"on {text} at ten", offset_days=7 * weeks)


def test_the_clock_stays_when_the_day_moves() -> None:
    assert shift(datetime(2014, 4, 29, 22, 19, 44), offset_days=7) == datetime(2014, 4, 22, 22, 19, 44)
    assert shift_text("20140429221944", offset_days=7) == "20140422221944"
    assert shift_text("2014-04-29T22:19:44+02:00", offset_days=7) == "2014-04-22T22:19:44+02:00"


@pytest.mark.parametrize(
    "text", ["0.20140429", "12345678", "1.2.840.10008.1", "2014-13-45", "trial 12", "29.04.14.2"]
)
def test_numbers_are_not_dates(text: str) -> None:
    assert find_dates(text) == ()


def test_ages_are_topped() -> None:
    assert [top_age(years) for years in (3.5, 88.9, 89, 104)] == [3.5, 88.9, 90.0, 90.0]
