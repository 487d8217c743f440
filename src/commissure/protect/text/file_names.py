"""Names of files and folders: each part without what identifies; what a folder is called is looked for in files' names too."""

import re
from pathlib import PurePosixPath

from commissure.model import Identifier
from commissure.protect.text.cleaner import Cleaner

__all__ = ["LABEL", "SUFFIX", "clean_part", "names_of_folders"]

#: a subject's or session's label in a BIDS name
LABEL = re.compile(r"(?<![A-Za-z0-9])(sub|ses)-((?:[^\W_]|\+)+)")
#: a file's extension, the compression's with it
SUFFIX = re.compile(
    r"(?:\.nosatflags_wl[12]|\.tar\.(?:gz|bz2|xz)|\.nii\.gz|\.tsv\.gz|\.fif\.gz|\.ome\.tiff?|\.[A-Za-z][A-Za-z0-9]{0,9})$",
    re.I,
)


def clean_part(part: str, cleaner: Cleaner) -> str:
    """One part of a path with tokens for what identifies; ``sub-`` and ``ses-`` labels and the extension stay.

    Pieces between underscores are read one by one, and side by side as words: *Croft_Adele* is a surname and a given name.
    """
    suffix = SUFFIX.search(part)
    stem = part[: suffix.start()] if suffix else part
    pieces = stem.split("_")
    named = _named(pieces, cleaner)
    clean = [
        piece if LABEL.fullmatch(piece) else _token(piece, cleaner) if at in named else _piece(piece, cleaner)
        for at, piece in enumerate(pieces)
    ]
    joined = "_".join(clean)
    whole = [] if any(LABEL.fullmatch(piece) for piece in pieces) else cleaner.spans(joined)
    return (_token(joined, cleaner) if whole else joined) + part[len(stem) :]


def names_of_folders(files: tuple[str, ...], cleaner: Cleaner) -> tuple[Identifier, ...]:
    """Names that folders bear: a file in *Quilter/* may be called *quilter_run1*."""
    folders = dict.fromkeys(part for path in files for part in PurePosixPath(path).parts[:-1])
    spoken = [re.sub(r"[_-]+", " ", LABEL.sub("", folder)) for folder in folders]
    return tuple(
        Identifier("name", text[span.start : span.end])
        for text in spoken
        for span in cleaner.spans(text)
        if span.category == "name"
    )


def _named(pieces: list[str], cleaner: Cleaner) -> set[int]:
    """Which pieces are names when they are read as words of one text."""
    names = [span for span in cleaner.spans(" ".join(pieces)) if span.category == "name"]
    found, start = set(), 0
    for at, piece in enumerate(pieces):
        if piece and any(span.start < start + len(piece) and start < span.end for span in names):
            found.add(at)
        start += len(piece) + 1
    return found


def _piece(piece: str, cleaner: Cleaner) -> str:
    if not cleaner.spans(piece):
        return piece
    entity, dash, _ = piece.partition("-")
    token = _token(piece, cleaner)
    named = dash and entity.isalpha() and entity.islower() and len(entity) < 12
    return f"{entity}-{token}" if named else token


def _token(text: str, cleaner: Cleaner) -> str:
    spans = cleaner.spans(text)
    cleaner.count(spans[0].category if spans else "name")
    return cleaner.pseudonyms.token("file", text)
