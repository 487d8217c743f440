"""BIDS file names: from what is known about a recording to its path, and the safe spelling of labels.

The order of the entities is that of the BIDS schema 1.11 (``rules.entities``); a test holds this table to it.

>>> from commissure.model import About, Subject
>>> about = About("func", Subject("01"), entities={"run": "1", "task": "rest"}, suffix="bold")
>>> bids_path(about, extension=".nii.gz")
'sub-01/func/sub-01_task-rest_run-1_bold.nii.gz'
"""

import re
import unicodedata
from collections.abc import Mapping

from commissure.errors import BadInput
from commissure.model import About

__all__ = ["ENTITY_ORDER", "bids_folder", "bids_label", "bids_path", "bids_stem"]

#: the short keys of the entities, in the order of a file name
ENTITY_ORDER: tuple[str, ...] = (
    "sub", "tpl", "ses", "cohort", "sample", "task", "tracksys", "acq", "nuc", "voi", "ce", "trc", "stain", "rec",
    "dir", "run", "mod", "echo", "flip", "inv", "mt", "part", "proc", "hemi", "space", "split", "recording", "chunk",
    "atlas", "seg", "scale", "res", "den", "label", "desc",
)  # fmt: skip

_LABEL = re.compile(r"[0-9a-zA-Z]+")
_NUMBERED = frozenset({"run", "echo", "flip", "inv", "split", "chunk"})


def bids_label(text: str) -> str:
    """``text`` as a BIDS label: letters and digits only, accents folded, words run together in camel case.

    Parameters
    ----------
    text : str
        Anything a lab calls a subject, a task or a run.

    Returns
    -------
    str
        Letters and digits; empty if nothing of the text can be kept.

    Examples
    --------
    >>> bids_label("finger tapping (left)"), bids_label("Übung_2"), bids_label("S01")
    ('fingerTappingLeft', 'Ubung2', 'S01')
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[0-9a-zA-Z]+", folded)
    return "".join([words[0], *(word[:1].upper() + word[1:] for word in words[1:])]) if words else ""


def bids_stem(about: About, *, entities: Mapping[str, str] | None = None) -> str:
    """The file name without suffix and extension: ``sub-01_ses-a_task-rest``.

    Parameters
    ----------
    about : About
        Subject, session and entities, all as BIDS labels.
    entities : mapping or None
        Instead of ``about.entities``, where a side file bears fewer or more of them.

    Raises
    ------
    BadInput
        If an entity is unknown, or a label holds more than letters and digits.
    """
    values = dict(about.entities if entities is None else entities)
    values["sub"] = about.subject.label
    if about.session.label:
        values["ses"] = about.session.label
    unknown = sorted(set(values) - set(ENTITY_ORDER))
    if unknown:
        raise BadInput(f"BIDS has no entity {unknown[0]!r}; there are: {', '.join(ENTITY_ORDER)}.")
    parts = []
    for key in ENTITY_ORDER:
        if key not in values:
            continue
        _check_label(key, values[key])
        parts.append(f"{key}-{values[key]}")
    return "_".join(parts)


def bids_folder(about: About) -> str:
    """The folder of a recording's files: ``sub-01/ses-a/eeg``."""
    _check_label("sub", about.subject.label)
    session = (f"ses-{about.session.label}",) if about.session.label else ()
    return "/".join((f"sub-{about.subject.label}", *session, about.datatype))


def bids_path(
    about: About, *, extension: str, suffix: str = "", entities: Mapping[str, str] | None = None
) -> str:
    """The POSIX path of one of a recording's files below the top of the BIDS tree.

    Parameters
    ----------
    about : About
        Subject, session, entities, datatype and suffix.
    extension : str
        With its dot: ``".nii.gz"``, ``".json"``.
    suffix : str
        Another than ``about.suffix`` (which, where empty, is the datatype): ``"events"``, ``"channels"``.
    entities : mapping or None
        Instead of ``about.entities``.

    Raises
    ------
    BadInput
        If an entity is unknown, or a label holds more than letters and digits.
    """
    name = f"{bids_stem(about, entities=entities)}_{suffix or about.suffix or about.datatype}{extension}"
    return f"{bids_folder(about)}/{name}"


def _check_label(key: str, label: str) -> None:
    if key in {"sub", "ses"} and not _LABEL.fullmatch(label):
        raise BadInput(f"The label of the entity {key!r} must be letters and digits; got other characters.")
    if not _LABEL.fullmatch(label):
        raise BadInput(f"The label of the entity {key!r} must be letters and digits; got {label!r}.")
    if key in _NUMBERED and not label.isdigit():
        raise BadInput(f"The entity {key!r} must be a number; got {label!r}.")
