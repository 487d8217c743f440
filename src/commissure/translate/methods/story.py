"""The account of a sample as a section tells it: who was recruited, who came besides, who was lost, who remained.

Sentences are read in order. The first that counts people opens the account, with one group for each number it
coordinates. A later number is then the whole again, a part of a group, what is left of one, or a group of its own;
the excluded are taken off. Nothing is decided here: each account proposes a total, with how it came about.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from commissure.translate.methods.mentions import Mention
from commissure.translate.methods.patterns import spaced
from commissure.translate.methods.sections import Sentence

__all__ = ["Account", "propose_stories", "tell"]

_LABEL_ENDS = spaced(
    r"[,;:.()\[\]]|\b(?:who|whom|which|were|was|had|took|particip\w+|complet\w+|underw\w+|recruit\w+|in|from|at|for)\b",
    ignore_case=False,
)
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "healthy right handed participant subject volunteer individual people person adult human normal of the these and a an "
        "young with native control patient female male women men woman man data dataset set age matched neurotypical our new "
        "additional all naive student speaker remaining included final other further",
    )
)
_BESIDES = spaced(  # perhaps a group of its own
    r"\b(?:also|further|control group|comparison (?:group|subjects|sample)|"
    r"group (?:consisted|comprised|included|was composed)|matched)\b"
)
_OTHERS = spaced(  # others than those told of before
    r"\b(?:additional(?:ly)?|another|in addition|as (?:a |the )?(?:\w+ )?(?:controls?|comparison)|"
    r"second (?:group|sample|cohort|experiment|study|dataset)|new (?:group|sample|cohort)|"
    r"independent (?:sample|group|cohort)|replicat\w+|experiment (?:2|two|II)\b|study (?:2|two|II)\b)"
)
_ADDED = spaced(r"^\W*(?:in addition|additionally|further(?:more)?|also)\b|\b(?:additional|another)\s+$")
_AND = spaced(r"(?:(?!were|was|recruited|enrolled|participated|came)[^.;])*\band\s+")
_AT_FIRST = spaced(r"\b(?:originally|initially|initial sample)\b")
_NOT_OF_THEM = spaced(r"\s*\b(?:additional|further|other|another)\s+(?:\w+\s+)?(?:$|(?=\w))")
_MOST = 8  # numbers of a sentence that are read as its groups
_ALL = spaced(r"\ball\s+$")
_REST = spaced(r"\bthe (?:remaining|other)\s+$")


@dataclass(slots=True)
class Track:
    """One group of the account and the mentions it rests on."""

    n: int
    words: frozenset[str]
    group: str
    rests: list[Mention]
    kept: bool = False


@dataclass(slots=True)
class Account:
    """What a stretch of text comes to.

    ``opened`` is the total before anyone was lost, ``confirmed`` how often the total is said again, ``kept`` whether the
    text says that so many remained, ``gone`` whether anyone was lost since, ``aside`` the parts told of on the way.
    """

    tracks: list[Track] = field(default_factory=list)
    lost: list[Mention] = field(default_factory=list)
    opened: int = 0
    opened_by: list[Mention] = field(default_factory=list)
    confirmed: int = 0
    kept: bool = False
    minus: int = 0
    gone: bool = False
    aside: list[Mention] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The sum of the groups, less those lost of no group in particular."""
        return sum(t.n for t in self.tracks) - self.minus

    @property
    def rests(self) -> list[Mention]:
        """The mentions the total rests on."""
        return [m for t in self.tracks for m in t.rests] + self.lost


def tell(mentions: Sequence[Mention], sentences: Sequence[Sentence]) -> Account:
    """The account that these mentions, in the order of the text, come to; empty if none opens one."""
    account = Account()
    by_sentence: dict[int, list[Mention]] = defaultdict(list)
    for m in mentions:
        by_sentence[m.sentence].append(m)
    for index in sorted(by_sentence):
        said, sentence = by_sentence[index], sentences[index]
        kept = _main([m for m in said if not m.excluded or m.kept])[:_MOST]
        if (
            (account.tracks or "initial sample" in sentence.text)
            and _AT_FIRST.search(sentence.text)
            and not any(m.kept for m in kept)
        ):
            continue  # a second look at those before the exclusions
        fresh = not account.tracks
        if kept:
            _count(account, kept, sentence)
        if account.tracks and not (fresh and all(m.kept for m in kept)):
            _lose(account, [m for m in said if m.excluded and not m.kept], sentence)
    return account


ZONES = {
    "abstract": ("abstract",),
    "people": ("people",),
    "methods": ("people", "methods"),
    "later": ("people", "methods", "results"),
}
FALLBACK = (("people",), ("methods",), ("", "front"), ("results",))


def propose_stories(
    mentions: Sequence[Mention], sentences: Sequence[Sentence], *, at: Callable[[int], Any]
) -> None:
    """The accounts of the abstract, of the participants' sections, and with what the methods and results add."""
    known = [m for m in mentions if not m.earlier]
    told = {zone: tell([m for m in known if m.role in roles], sentences) for zone, roles in ZONES.items()}
    mains = (tell([m for m in known if m.role in roles], sentences) for roles in FALLBACK)
    told["main"] = next((a for a in mains if a.tracks), Account())
    for zone, account in told.items():
        if not account.tracks or account.total < 3:
            continue
        at(account.total).mark(f"story_{zone}", *account.rests)
        if account.kept:
            at(account.total).mark(f"story_{zone}_kept")
        if account.confirmed:
            at(account.total).mark(f"story_{zone}_confirmed")
        if len(account.tracks) > 1:
            at(account.total).mark(f"story_{zone}_groups")
        if account.opened != account.total:
            at(account.opened).mark(f"story_{zone}_opened", *account.opened_by)
        elif not account.gone:
            at(account.total).mark(f"story_{zone}_plain")
    first, main = told["abstract"], told["main"]
    if first.tracks and main.tracks and first.total == main.total:
        at(main.total).mark("stories_agree")
    elif first.tracks and main.tracks and first.total == main.opened:
        at(main.opened).mark("abstract_says_opened")  # the abstract counts those who came
        at(main.total).mark("main_says_left_kept" if main.kept else "main_says_left")
    _sum_sections(known, sentences, at)


def _sum_sections(known: Sequence[Mention], sentences: Sequence[Sentence], at: Callable[[int], Any]) -> None:
    """The accounts of several participants' sections, one an experiment, added up."""
    runs: list[list[Mention]] = []
    last: tuple[str, str] | None = None
    for m in sorted(known, key=lambda m: m.sentence):
        if m.role != "people":
            last = None if m.role == "methods" else last
            continue
        if last is None or m.heading != last[1]:
            runs.append([])
        last = (m.role, m.heading)
        runs[-1].append(m)
    accounts = [a for a in (tell(run, sentences) for run in runs) if a.tracks and a.total > 3]
    if 2 <= len(accounts) <= 4:
        at(sum(a.total for a in accounts)).mark("stories_summed", *(m for a in accounts for m in a.rests))


def _main(said: Sequence[Mention]) -> list[Mention]:
    """The numbers a sentence coordinates: outside brackets, else within; of a whole and its parts, the parts."""
    people = [m for m in said if m.value > 2 and m.noun != "some"]
    outside = [m for m in people if not m.inside]
    sexes = {m.sex for m in people if m.sex}
    plain = [m for m in outside if not m.sex or len(sexes) == 1]
    if plain:
        return plain
    return outside or [m for m in people if not m.sex or m.noun == "n"]


def _split(main: Sequence[Mention]) -> tuple[Mention | None, list[Mention]]:
    """The whole of which the others are the parts, if one is, and the parts (or all)."""
    for whole in main:
        rest = [m for m in main if m is not whole]
        for width in range(len(rest), 1, -1):
            for first in range(len(rest) - width + 1):
                run = rest[first : first + width]
                if sum(m.value for m in run) == whole.value:
                    return whole, run
    return None, list(main)


def _words(m: Mention, sentence: Sentence) -> frozenset[str]:
    after = sentence.text[m.end - sentence.start :][:80]
    cut = _LABEL_ENDS.search(after)
    found = re.findall(
        r"[a-z]+(?:-[a-z]+)?", after[: cut.start() if cut else 80].lower().replace("\u2010", "-")
    )
    stems = {w.rstrip("s") for w in found if len(w) > 1}
    return frozenset(w for w in stems if w not in _PLAIN)


def _between(sentence: Sentence, one: Mention, other: Mention) -> str:
    return sentence.text[one.end - sentence.start : other.start - sentence.start]


def _track(m: Mention, sentence: Sentence) -> Track:
    return Track(m.value, _words(m, sentence), m.group, [m], m.kept)


def _count(account: Account, main: Sequence[Mention], sentence: Sentence) -> None:
    whole, parts = _split(main)
    before = sentence.text[: main[0].start - sentence.start]
    rest = _REST.search(before) and account.total == account.opened and not account.gone
    kept = [m for m in main if m.kept and not rest]
    apart = kept and not _AND.fullmatch(_between(sentence, main[0], kept[0]))
    if whole is None and apart and len(kept) < len(main) and not account.tracks:
        opened = [m for m in main if not m.kept]
        if kept[0].start > opened[-1].start and sum(m.value for m in kept) < sum(m.value for m in opened):
            _open(account, opened[:4], sentence)
            _keep(account, kept, sentence)
            return
    value = whole.value if whole else sum(m.value for m in parts)
    if not account.tracks and max(m.value for m in main) < 4:
        return
    if not account.tracks:
        _open(account, parts[:4], sentence)
        account.confirmed += whole is not None
        account.kept = all(m.kept for m in main) and "final" in sentence.text
    elif len(main) == 1 and _ADDED.search(before):
        _besides(account, main[0], sentence)
    elif value == account.total:
        account.confirmed += 1
        account.kept = account.kept or any(m.kept for m in main)
    elif whole and {m.group for m in parts} == {"patients", "healthy"}:
        _open(account, parts, sentence)
    elif any(t.n == value for t in account.tracks):
        return  # a group's parts, or the group again
    elif kept and 2 * value > account.total > value:
        if account.kept and not account.gone and "final" not in sentence.text:
            return  # those of one analysis
        _keep(account, [whole] if whole else parts, sentence)
    elif value > account.total and _ALL.search(before):
        _open(account, parts, sentence)
    elif len(main) == 1:
        _besides(account, main[0], sentence)
    elif whole and whole.total and value > account.total and not account.kept:
        _open(account, parts, sentence)


def _open(account: Account, parts: Sequence[Mention], sentence: Sentence) -> None:
    account.tracks = [_track(m, sentence) for m in parts]
    account.opened, account.opened_by = account.total, list(parts)
    account.lost, account.minus = [], 0


def _same(track: Track, other: Track) -> bool:
    if track.group and other.group and track.group != other.group:
        return False
    return bool(track.words & other.words) or (bool(track.group) and track.group == other.group)


def _keep(account: Account, kept: Sequence[Mention], sentence: Sentence) -> None:
    """What remains: of the groups it names, or of all."""
    new = [_track(m, sentence) for m in kept]
    pairs = [(next((t for t in account.tracks if _same(t, n) and n.n < t.n), None), n) for n in new]
    if len(account.tracks) > len(new) and all(t for t, _ in pairs):
        for old, left in pairs:
            if old is not None:
                old.n, old.kept, old.rests = left.n, True, left.rests
    else:
        account.tracks, account.minus, account.lost = new, 0, []
    account.kept, account.gone = True, False


def _besides(account: Account, m: Mention, sentence: Sentence) -> None:
    """One number after the account was opened: a group of its own, if the words say so; else a part, let be."""
    rest = next((a for a in account.aside[-9:] if a.value + m.value in (account.total, account.opened)), None)
    if rest is not None and len(account.tracks) == 1:
        account.confirmed += 1  # the complement of a part told before
        return
    account.aside.append(m)
    new = _track(m, sentence)
    at = m.start - sentence.start
    near = sentence.text[max(0, at - 80) : at + 120]
    opposite = bool(new.group) and all(t.group and t.group != new.group for t in account.tracks)
    alike = any(_same(t, new) for t in account.tracks)
    if opposite or _OTHERS.search(near) or (_BESIDES.search(near) and not alike):
        account.tracks.append(new)
        account.opened += m.value
        account.opened_by.append(m)
    elif m.total and m.value > account.total and not account.kept:
        _open(account, [m], sentence)


def _lose(account: Account, lost: Sequence[Mention], sentence: Sentence) -> None:
    outside = [m for m in lost if not m.inside] or list(lost)
    account.gone = account.gone or bool(lost)
    if account.kept or not outside:
        return
    if len(outside) > 2 and outside[0].value == sum(m.value for m in outside[1:]):
        outside = outside[:1]
    first = outside[0]
    for m in outside:
        before, after = sentence.text[: m.start - sentence.start], sentence.text[m.end - sentence.start :]
        by_reason = (m.value == 1 and m.noun == "they") or ":" in _between(sentence, first, m)
        if m is not first and by_reason:
            continue  # how those lost divide
        if m.value >= account.total or _NOT_OF_THEM.search(before) or _NOT_OF_THEM.match(after):
            continue
        mine = [t for t in account.tracks if _same(t, _track(m, sentence)) and t.n > m.value]
        if len(mine) == 1:
            mine[0].n -= m.value
            mine[0].rests.append(m)
        else:
            account.minus += m.value
            account.lost.append(m)
