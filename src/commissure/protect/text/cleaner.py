"""One subject's de-identification: what is known, the offset, the policy, and a count of what went.

Everything that cleans (headers, side files, names, notes) goes through one :class:`Cleaner`, so that the same
value is treated alike wherever it stands.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from commissure.model import About
from commissure.protect.text.dates import find_dates, shift, shift_text
from commissure.protect.text.first_names import FIRST_NAMES
from commissure.protect.text.known import Known
from commissure.protect.text.lone_names import NOTES_LIMIT, SCIENCE_LIMIT, find_lone_names
from commissure.protect.text.names import Span, non_overlapping, recognize
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

__all__ = ["Cleaner", "free_key"]

_LONGEST_LABEL = 32
_WORDS_OF_A_NOTE = 5
_SEEN_IN_A_CODE = 3


@dataclass(frozen=True)
class Cleaner:
    """Cleans values of one subject.

    Parameters
    ----------
    known : Known
        The subject's known identifiers.
    pseudonyms : Pseudonyms
        The hub's keyed hash.
    subject : str
        The raw id, from which the offset and the tokens come.
    policy : Policy
        What may stay.
    is_person : bool
        False for an animal; ``policy.keep_staff`` then applies.
    removed : Counter
        Grows by category with every removal.
    others : Known or None
        What headers of other recordings of the folder told.
    fixed : bool
        Texts stand in places of fixed size: what is put in is never longer than what it stands for.
    """

    known: Known
    pseudonyms: Pseudonyms
    subject: str
    policy: Policy = Policy()
    is_person: bool = True
    removed: Counter[str] = field(default_factory=Counter)
    others: Known | None = None
    fixed: bool = False

    @classmethod
    def of(
        cls, about: About, *, pseudonyms: Pseudonyms, policy: Policy, others: Known | None = None
    ) -> "Cleaner":
        """The Cleaner for what a reader knows about one noun."""
        kept = (
            frozenset({about.subject.label, about.session.label} - {""})
            if policy.keep_labels
            else frozenset()
        )
        return cls(
            Known(about.identifiers, kept=kept),
            pseudonyms,
            about.subject.label,
            policy,
            about.subject.is_person,
            others=others,
        )

    @property
    def offset_days(self) -> int | None:
        """By how many days dates go back; None if they are removed instead."""
        return self.pseudonyms.offset_days(self.subject) if self.policy.shift_dates else None

    @property
    def keeps_staff(self) -> bool:
        """Whether operators and institutions may stay."""
        return self.policy.keep_staff and not self.is_person

    def count(self, category: str) -> None:
        """Note that one value of ``category`` went."""
        self.removed[category] += 1

    def named(self, text: str) -> list[Span]:
        """Where values stand that a header told, of this recording or of another of the folder."""
        others = self.others.spans(text) if self.others is not None else ()
        return [*self.known.spans(text), *others]

    def shaped(self, text: str) -> tuple[Span, ...]:
        """What identifies in ``text`` by its shape, and known values; for codes and labels."""
        return non_overlapping([*self.named(text), *recognize(text)])

    def spans(self, text: str, *, limit: float = SCIENCE_LIMIT) -> tuple[Span, ...]:
        """What identifies in ``text``: known values, what has a shape, and words that are names by the learned model."""
        lone = find_lone_names(text, limit=limit)
        names = [Span(word.start, word.end, "name") for word in lone]
        return non_overlapping([*self.named(text), *recognize(text), *names])

    def text(self, value: str, *, limit: float = SCIENCE_LIMIT) -> str:
        """``value`` with dates shifted and every other identifier replaced by its category in brackets."""
        return self.replaced(value, self.spans(value, limit=limit))

    def note(self, value: str) -> str:
        """A text that may be a note or a code: several words are read as a note, one as a code."""
        several = len(re.findall(r"[^\W\d_]{2,}", value)) > 1
        return self.text(value, limit=NOTES_LIMIT if several else SCIENCE_LIMIT)

    def known_only(self, value: str) -> str:
        """``value`` without known identifiers; for fields whose text is science, such as a strain."""
        spans = [span for span in non_overlapping(self.named(value)) if not self._stays(span)]
        return self._replaced(value, spans, lambda span, _: f"[{span.category}]")

    def code(self, value: str) -> str:
        """A short technical text (a transducer, a filter) without what identifies by its shape or is known."""
        return self.replaced(value, self.shaped(value))

    def tag(self, value: str) -> str:
        """A name in code (a column, a group), its underscores read as spaces: a series may bear the subject's name."""
        return self._replaced(value, self.spans(value.replace("_", " ")), lambda span, _: span.category)

    def key(self, value: str) -> str:
        """The name of a field; one of several words (a table by person) is read as a note."""
        return self.note(value) if " " in value.strip() else self.known_only(value)

    def free(self, value: str) -> str:
        """Free text that nobody has declared safe: cleaned if short, gone if long."""
        if len(value) > self.policy.longest_text:
            self.count("comment")
            return ""
        return self.text(value, limit=NOTES_LIMIT)

    def value(self, value: object) -> object:
        """A JSON-like value with every text in it cleaned; numbers stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            clean: dict[object, object] = {}
            for key, item in value.items():
                clean[free_key(self.key(key), clean) if isinstance(key, str) else key] = self.value(item)
            return clean
        if isinstance(value, list | tuple):
            return type(value)(self.value(item) for item in value)
        return self.day(value) if isinstance(value, date) else value

    def day(self, value: date) -> Any:
        """A date or datetime, shifted; None if dates are removed."""
        self.count("date")
        return None if self.offset_days is None else shift(value, offset_days=self.offset_days)

    def delta(self) -> timedelta | None:
        """The offset as a timedelta; None if dates are removed."""
        return None if self.offset_days is None else timedelta(days=self.offset_days)

    def label(self, value: str, *, kind: str = "label") -> str:
        """A BIDS label (letters and digits): as it is, or a token where it identifies somebody."""
        if not value:
            return ""
        found = find_dates(value)
        if found and self.offset_days is not None:
            self.count("date")
            return shift(found[0].day, offset_days=self.offset_days).strftime("%Y%m%d")
        spans = self.shaped(value)
        if spans:
            self.count(spans[0].category)
            return self.pseudonyms.token(kind, f"{self.subject}\x1f{value}", length=8)
        return re.sub(r"[^0-9A-Za-z]", "", value)[:_LONGEST_LABEL]

    def subject_label(self) -> str:
        """What stands for the subject: the pseudonym, or the label itself where the policy keeps it."""
        raw = self.subject
        plain = re.fullmatch(r"[0-9A-Za-z]+", raw) and raw.casefold() not in FIRST_NAMES
        if self.policy.keep_labels and plain and not self.spans(raw):
            return raw
        self.count("id")
        return self.pseudonyms.label(raw)

    def descriptions(self, texts: list[str]) -> list[str]:
        """Event descriptions: codes stay, what identifies or is a rare note becomes ``comment``."""
        clean = {text: self._description(text, times) for text, times in Counter(texts).items()}
        return [clean[text] for text in texts]

    def _description(self, text: str, times: int) -> str:
        words = re.findall(r"[^\W\d_]{2,}", text)
        note = times < _SEEN_IN_A_CODE and (
            len(words) >= _WORDS_OF_A_NOTE or len(text) > self.policy.longest_text
        )
        # a word alone is a code; several, written once or twice, are a note
        spoken = times < _SEEN_IN_A_CODE and len(words) > 1
        spans = self.spans(text, limit=NOTES_LIMIT if spoken else SCIENCE_LIMIT)
        if not note and not spans:
            return text
        self.count("comment")
        for span in spans:
            self.count(span.category)
        bad = re.match(r"(?:bad|edge)[_ ]", text, re.I)
        return f"{bad.group()}comment" if bad else "comment"

    def _stays(self, span: Span) -> bool:
        if span.category == "age":
            return not self.is_person
        return self.keeps_staff and span.category in {"operator", "institution", "address"}

    def replaced(self, value: str, spans: Iterable[Span]) -> str:
        """``value`` with dates among ``spans`` shifted, and its category in brackets for every other."""
        return self._replaced(value, [span for span in spans if not self._stays(span)], self._stand_in)

    def _replaced(self, value: str, spans: Iterable[Span], stand_in: Callable[[Span, str], str]) -> str:
        """``value`` with something else for each of ``spans``, which are in order; each is counted."""
        parts: list[str] = []
        last = 0
        for span in spans:
            self.count(span.category)
            parts += [value[last : span.start], stand_in(span, value[span.start : span.end])]
            last = span.end
        return "".join([*parts, value[last:]])

    def _stand_in(self, span: Span, original: str) -> str:
        stand_in = f"[{span.category}]"
        if span.category == "date" and self.offset_days is not None and find_dates(original):
            shifted = shift_text(original, offset_days=self.offset_days)
            stand_in = stand_in if self.fixed and len(shifted) > len(original) else shifted
        return stand_in[: len(original)] if self.fixed else stand_in

    def shifted_start(self, start: datetime | None) -> datetime | None:
        """When a recording began, shifted; None stays None."""
        moved: datetime | None = None if start is None else self.day(start)
        return moved


def free_key(key: str, taken: Mapping[Any, object]) -> str:
    """``key``, with a number where another field became the same: two persons' tables both stay."""
    number = 2
    new = key
    while new in taken:
        new, number = f"{key} {number}", number + 1
    return new
