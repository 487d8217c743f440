"""Trees that are BIDS or NWB already: every file is copied clean, its name and its folders with it."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from commissure.errors import BadInput
from commissure.model import Tree
from commissure.protect.cleaner import Cleaner
from commissure.protect.dates import shift_text
from commissure.protect.edf import rewrite_edf
from commissure.protect.fif import rewrite_fif
from commissure.protect.film import rewrite_film
from commissure.protect.nifti import rewrite_nifti
from commissure.protect.nwb import rewrite_nwb
from commissure.protect.snirf import rewrite_snirf
from commissure.protect.tables import clean_json, clean_table

__all__ = ["rewrite_tree"]

_LABEL = re.compile(r"(?<![A-Za-z0-9])(sub|ses)-([0-9A-Za-z+]+)")
_FILMS = {".mp4", ".mov", ".m4v", ".avi", ".3gp"}
_TEXTS = {".md", ".txt", ".rst", "", ".yml", ".yaml", ".bidsignore", ".bval", ".bvec", ".html", ".xml"}
_BRAINVISION_DATE = re.compile(r"(?<=[,=])((?:19|20)\d{6})(?=\d{12}\b)")
_NO_BRAINVISION_DATE = "19000101"


def rewrite_tree(tree: Tree, *, cleaner: Cleaner, scratch: Path | None) -> Tree:
    """The same tree below a new root, clean; ``about`` is left to the caller.

    Subjects of a BIDS tree each have their own pseudonym and offset, by their ``sub-`` label.

    Raises
    ------
    BadInput
        If ``scratch`` is None.
    Unreadable
        If a file is damaged.
    """
    if scratch is None:
        raise BadInput("An existing BIDS or NWB tree is cleaned in a copy; give a scratch folder.")
    work = _Work(
        tree, cleaner, scratch / cleaner.pseudonyms.token("tree", "\x1f".join(tree.files), length=16)
    )
    files = tuple(work.file(path) for path in tree.files)
    return replace(tree, root=work.root, files=tuple(path for path in files if path))


@dataclass
class _Work:
    tree: Tree
    cleaner: Cleaner
    root: Path
    subjects: dict[str, Cleaner] = field(default_factory=dict)

    def file(self, path: str) -> str:
        """Clean one file; its new path below the root."""
        source = self.tree.root / path
        owner = self.of(path)
        name = self.rename(path)
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        suffix = (
            source.name[source.name.lower().find(".nii") :].lower()
            if ".nii" in source.name.lower()
            else source.suffix.lower()
        )
        self._copy(source, target, suffix, owner)
        return name

    def of(self, path: str) -> Cleaner:
        """The Cleaner of the subject whose file this is; the tree's own for what belongs to all."""
        match = re.search(r"(?:^|/)sub-([0-9A-Za-z+]+)", path)
        if match is None or self.tree.standard == "nwb":
            return self.cleaner
        return self.subject(match.group(1))

    def subject(self, label: str) -> Cleaner:
        """The Cleaner of one subject; all share one count."""
        label = label.removeprefix("sub-")
        if label not in self.subjects:
            self.subjects[label] = replace(self.cleaner, subject=label)
        return self.subjects[label]

    def relabel(self, text: str) -> str:
        """``text`` with every ``sub-`` and ``ses-`` label as it will be."""
        return _LABEL.sub(self._label, text)

    def _label(self, match: re.Match[str]) -> str:
        kind, old = match.groups()
        quiet = replace(
            self.subject(old) if kind == "sub" else self.cleaner, removed=type(self.cleaner.removed)()
        )
        new = quiet.subject_label() if kind == "sub" else quiet.label(old, kind="session")
        return f"{kind}-{new}"

    def rename(self, path: str) -> str:
        """A path whose every part is safe: labels replaced, dates shifted, identifiers turned to tokens."""
        return "/".join(self._part(part) for part in PurePosixPath(path).parts)

    def _part(self, part: str) -> str:
        relabelled = self.relabel(part)
        stem, dot, suffix = relabelled.partition(".")
        pieces = stem.split("_")
        clean = [piece if _LABEL.fullmatch(piece) else self._piece(piece) for piece in pieces]
        return "_".join(clean) + dot + suffix

    def _piece(self, piece: str) -> str:
        if not self.cleaner.spans(piece):
            return piece
        self.cleaner.count(self.cleaner.spans(piece)[0].category)
        entity, dash, _ = piece.partition("-")
        token = self.cleaner.pseudonyms.token("file", piece)
        return (
            f"{entity}-{token}"
            if dash and entity.isalpha() and entity.islower() and len(entity) < 12
            else token
        )

    def _copy(self, source: Path, target: Path, suffix: str, owner: Cleaner) -> None:
        label = replace(owner, removed=type(owner.removed)()).subject_label()
        if suffix in {".nii", ".nii.gz"}:
            rewrite_nifti(source, target, cleaner=owner)
        elif suffix == ".nwb":
            rewrite_nwb(source, target, cleaner=owner, label=label)
        elif suffix == ".snirf":
            rewrite_snirf(source, target, cleaner=owner, label=label)
        elif suffix in {".edf", ".bdf"}:
            rewrite_edf(source, target, cleaner=owner, label=label)
        elif suffix == ".fif":
            rewrite_fif(source, target, cleaner=owner)
        elif suffix in _FILMS:
            made = rewrite_film(source, cleaner=owner, scratch=self.root)
            shutil.copyfile(source, target) if made == source else made.replace(target)
        elif suffix in {".tsv", ".json", ".vhdr", ".vmrk"} | _TEXTS:
            self._text(source, target, suffix, owner)
        else:
            shutil.copyfile(source, target)

    def _text(self, source: Path, target: Path, suffix: str, owner: Cleaner) -> None:
        raw = source.read_bytes()
        text = raw.decode("utf-8", "surrogateescape")
        if suffix == ".tsv":
            per_row = self.subject if source.name == "participants.tsv" else None
            clean = clean_table(text, cleaner=owner, relabel=self.relabel, per_row=per_row)
        elif suffix == ".json":
            clean = clean_json(text, name=source.name, cleaner=owner, relabel=self.relabel)
        elif suffix in {".vhdr", ".vmrk"}:
            clean = brainvision_text(text, cleaner=owner, relabel=self.relabel)
        else:
            clean = self.relabel(owner.known_only(text))
        target.write_bytes(clean.encode("utf-8", "surrogateescape"))


def brainvision_text(text: str, *, cleaner: Cleaner, relabel: Callable[[str], str]) -> str:
    """A BrainVision header or marker file: file names follow, dates shift, notes and comments are cleaned."""
    lines = text.splitlines(keepends=True)
    clean: list[str] = []
    comment = False
    for line in lines:
        comment = line.strip().lower() == "[comment]" if line.startswith("[") else comment
        clean.append(_brainvision_line(line, comment, cleaner, relabel))
    return "".join(clean)


def _brainvision_line(line: str, comment: bool, cleaner: Cleaner, relabel: Callable[[str], str]) -> str:
    if line.startswith(("DataFile=", "MarkerFile=", "HeaderFile=")):
        return relabel(line)
    if _BRAINVISION_DATE.search(line):
        cleaner.count("date")
        offset = cleaner.offset_days
        return _BRAINVISION_DATE.sub(
            lambda match: (
                _NO_BRAINVISION_DATE if offset is None else shift_text(match.group(), offset_days=offset)
            ),
            line,
        )
    marker = re.match(r"(Mk\d+=Comment,)([^,\r\n]*)(.*)", line, re.S)
    if marker and cleaner.spans(marker.group(2)):
        cleaner.count("comment")
        return f"{marker.group(1)}comment{marker.group(3)}"
    return cleaner.text(line) if comment else cleaner.known_only(line)
