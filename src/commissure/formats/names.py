"""Facts from file and folder names: BIDS-like entities, subjects and sessions as labs write them, dates.

A name speaks more softly than a header, but it is often all there is. Explicit BIDS entities (``sub-07``) are
taken as written; lab habits (``S07``, ``subject 7``, ``visit2``) are recognized only as whole words of the name.

>>> said = facts_of("raw/sub-pt1_ses-02_task-monitor_run-01_clip2.lay")
>>> said.subject, said.session, dict(said.entities)
('pt1', '02', {'task': 'monitor', 'run': '01'})
>>> facts_of("Patient 12/visit-3/2021-04-23_eyesclosed.edf").date
datetime.date(2021, 4, 23)
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from commissure.model import Fact, Identifier, Origin

__all__ = ["NameFacts", "facts_of", "label_of"]

#: short keys of BIDS entities, other than ``sub`` and ``ses``
_ENTITIES = frozenset(
    {
        "acq", "ce", "chunk", "dir", "echo", "flip", "hemi", "inv", "mod", "mt", "part", "proc", "rec", "recording",
        "run", "sample", "space", "split", "stain", "task", "tracksys", "trc", "voi", "nuc",
    }
)  # fmt: skip
_DATATYPES = {
    "eeg": "eeg", "ieeg": "ieeg", "ecog": "ieeg", "seeg": "ieeg", "sieeg": "ieeg", "intracranial": "ieeg",
    "meg": "meg", "nirs": "nirs", "fnirs": "nirs", "motion": "motion", "mocap": "motion", "bold": "func",
    "t1w": "anat", "t2w": "anat", "dwi": "dwi", "asl": "perf",
}  # fmt: skip
_TASKS = {
    "rest": "rest", "resting": "rest", "restingstate": "rest", "eyesopen": "eyesopen", "eyesclosed": "eyesclosed",
    "oddball": "oddball", "nback": "nback", "stroop": "stroop", "flanker": "flanker", "sleep": "sleep",
    "emptyroom": "noise",
}  # fmt: skip
_ENTITY = re.compile(r"(?<![A-Za-z0-9])([a-z]+)-([A-Za-z0-9]+)")
_SUBJECT_WORD = re.compile(
    r"(?<![A-Za-z0-9])(?:subject|subj|sub|participant|patient|pat|pt|vp|rat|mouse|animal|monkey)[\s_-]?(\d{1,6}[A-Za-z]?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SUBJECT_LETTER = re.compile(r"(?<![A-Za-z0-9])([SPM]\d{2,4})(?![A-Za-z0-9])")
_SESSION_WORD = re.compile(
    r"(?<![A-Za-z0-9])(?:session|sess|ses|visit|day)[\s_-]?(\d{1,4})(?![A-Za-z0-9])", re.I
)
_RUN_WORD = re.compile(r"(?<![A-Za-z0-9])(?:run|block)[\s_-]?(\d{1,3})(?![A-Za-z0-9])", re.IGNORECASE)
_DATES = (
    (re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d\d)[-_.](\d\d)[-_.]((?:19|20)\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(r"(?<!\d)(\d\d)(\d\d)(\d\d)_\d{6}(?!\d)"), (1, 2, 3)),
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_NAME_PAIR = re.compile(r"(?<![^\W_])([A-Z][a-z'’é-ÿ]{2,})(?:_|, ?| )([A-Z][a-zé-ÿ]{2,})(?![^\W_])")
_STOP = {
    "eeg", "meg", "data", "raw", "test", "session", "subject", "patient", "visit", "block", "recording", "file",
    "resting", "rest", "eyes", "open", "closed", "task", "stimulus", "export", "brain", "vision", "sample",
    "study", "lab", "run", "day", "left", "right", "pre", "post", "baseline", "final", "copy", "new", "old",
    "oddball", "sleep", "mouse", "rat", "control", "group", "clip", "short", "long", "node", "record",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What the path of a file says.

    Parameters
    ----------
    subject, session : str
        Labels of letters and digits; empty where the path says nothing.
    explicit : bool
        Whether the subject was written as the BIDS entity ``sub-…``.
    entities : mapping of str to str
        Other BIDS entities by their short key.
    datatype : str
        The BIDS datatype that a word of the path names; empty if none does.
    date : datetime.date or None
        A day written in the path.
    facts : tuple of Fact
        All of it with its origin.
    identifiers : tuple of Identifier
        Subject ids, dates, mail addresses and names of persons that the path holds.
    """

    subject: str = ""
    session: str = ""
    explicit: bool = False
    entities: Mapping[str, str] = field(default_factory=dict)
    datatype: str = ""
    date: datetime.date | None = None
    facts: tuple[Fact, ...] = ()
    identifiers: tuple[Identifier, ...] = ()


def facts_of(path: str) -> NameFacts:
    """What ``path``, a POSIX path below the raw folder, says by its names.

    Parameters
    ----------
    path : str
        The nearer to the file, the stronger: the file's own name wins over its folders'.

    Returns
    -------
    NameFacts
        Empty fields where nothing is said.
    """
    pairs = dict(_ENTITY.findall(path))
    explicit = "sub" in pairs
    subject = pairs.get("sub") or _last(_SUBJECT_WORD, path) or _last(_SUBJECT_LETTER, path)
    session = pairs.get("ses") or _last(_SESSION_WORD, path)
    entities = {key: value for key, value in pairs.items() if key in _ENTITIES}
    words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", path)]
    if "run" not in entities and (run := _last(_RUN_WORD, path)):
        entities["run"] = run
    task = next((_TASKS[word] for word in reversed(words) if word in _TASKS), "")
    if task and "task" not in entities:
        entities["task"] = task
    datatype = next((_DATATYPES[word] for word in reversed(words) if word in _DATATYPES), "")
    day, written = _date(path)
    said = {"subject": subject, "session": session, **entities, "datatype": datatype, "date": day}
    facts = tuple(Fact(key, value, Origin.NAME) for key, value in said.items() if value)
    return NameFacts(
        subject, session, explicit, entities, datatype, day, facts, _identifiers(path, subject, written)
    )


def label_of(text: str) -> str:
    """``text`` as a BIDS label: letters and digits only.

    >>> label_of("eyes-open 2")
    'eyesopen2'
    """
    return "".join(char for char in text if char.isascii() and char.isalnum())


def _last(pattern: re.Pattern[str], path: str) -> str:
    found = pattern.findall(path)
    return found[-1] if found else ""


def _date(path: str) -> tuple[datetime.date | None, str]:
    for pattern, order in _DATES:
        for match in reversed(list(pattern.finditer(path))):
            year, month, day = (int(match.group(index)) for index in order)
            try:
                return datetime.date(year + 2000 if year < 100 else year, month, day), match.group()
            except ValueError:
                continue
    return None, ""


def _identifiers(path: str, subject: str, written: str) -> tuple[Identifier, ...]:
    found = [Identifier("id", subject)] if subject else []
    found += [Identifier("date", written)] if written else []
    found += [Identifier("contact", mail) for mail in _MAIL.findall(path)]
    for first, second in _NAME_PAIR.findall(path):
        if first.lower() not in _STOP and second.lower() not in _STOP:
            found += [Identifier("name", first), Identifier("name", second)]
    stem = PurePosixPath(path).name.split(".")[0]
    if len(stem) >= 8 and re.search(r"\d", stem):
        found.append(Identifier("path", stem))
    return tuple(dict.fromkeys(found))
