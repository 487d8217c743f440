"""The account of a sample: what a section of participants comes to, told in many ways."""

import time

import pytest

from commissure.translate.methods.people import count_people, mentions_of
from commissure.translate.methods.sections import from_text
from commissure.translate.methods.story import Account, tell


def account_of(text: str) -> Account:
    sentences, mentions = mentions_of(from_text(f"# Methods\n\n## Participants\n\n{text}\n"))
    return tell([m for m in mentions if m.role == "people" and not m.earlier], sentences)


@pytest.mark.parametrize(
    ("text", "opened", "total"),
    [
        ("Twenty-four adults took part. Two of them were excluded because of head motion.", 24, 22),
        ("We recruited 20 patients with depression and 20 controls. One patient and one control were excluded.", 40, 38),
        ("Forty-five participants (15 with autism, 15 with dyslexia, and 15 controls) were scanned.", 45, 45),
        ("Of the 23 participants who were scanned, four were excluded, leaving 19 participants.", 19, 19),
        ("Of the 51 participants enrolled, 47 (25 women) completed both sessions and were included.", 51, 47),
        ("Fourteen volunteers took part. In Experiment 2, a new group of 16 volunteers participated.", 30, 30),
        ("The study group consisted of 22 patients. The control group consisted of 21 healthy people.", 43, 43),
        ("A total of 66 women took part. Thirty-one had anorexia. Thirty-five matched controls were recruited.", 66, 66),
        ("Twenty-four adults were scanned. One additional subject was excluded.", 24, 24),
        ("Twenty people were scanned. One was left-handed. Six participants were smokers.", 20, 20),
        ("Sixty boys took part. Originally 34 boys with ADHD were scanned, but 4 boys were excluded.", 60, 60),
        ("In a pilot, 12 adults were tested. Thirty adults were recruited, of whom 2 withdrew.", 30, 28),
        ("Nineteen right-handed (12 women) and fifteen left-handed (10 women) participated.", 34, 34),
        ("Sixteen males and 17 females participated.", 33, 33),
        ("The   control   group   consisted   of   15   adults. The other group consisted of 14 patients.", 29, 29),
        ("The sample was drawn from a larger cohort of 300 adults. Eighteen adults were included.", 18, 18),
    ],
)  # fmt: skip
def test_what_a_section_comes_to(text: str, opened: int, total: int) -> None:
    account = account_of(text)
    assert (account.opened, account.total) == (opened, total)


@pytest.mark.parametrize(
    "text",
    [
        "A 2 × 5 within-subject design was used. After week 6 patients rested for 30 s, during which participants waited.",
        "The matrix was 200 × 200 for each subject. There were 12 individual trials. Scanning was done at 3 T.",
        "Power analysis showed that 40 participants were needed. A previous study of memory tested 90 adults.",
    ],
)
def test_numbers_that_count_nobody_open_no_account(text: str) -> None:
    assert account_of(text).total == 0


def test_what_abstract_and_participants_agree_on_is_surer() -> None:
    people = "# Methods\n\n## Participants\n\nTwenty-two patients with stroke and 20 controls took part.\n"
    alone = count_people(from_text(people))[0]
    both = count_people(
        from_text(f"# Abstract\n\nWe scanned 22 patients with stroke and 20 controls.\n\n{people}")
    )[0]
    assert alone.value == both.value == 42
    assert both.probability > alone.probability


def test_thousands_of_numbers_in_one_sentence_take_linear_time() -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        count_people(from_text("12 patients " * times))
        return time.process_time() - started

    seconds(50)
    assert seconds(4000) < 12 * max(seconds(1000), 0.05)
