"""Trees that are BIDS or NWB already: every file is copied clean, its name and its folders with it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from commissure.errors import BadInput, CommissureError
from commissure.model import Finding, Identifier, Severity, Tree
from commissure.protect.files.dicom_file import is_dicom
from commissure.protect.files.gather import identifiers_in
from commissure.protect.files.gifti import deface_gifti, gifti_text, outside_files, with_data_inside
from commissure.protect.files.kinds import TEXTS, Job, rewrite, suffix_of
from commissure.protect.files.lab_headers import clean_lab_header, is_lab_header
from commissure.protect.files.notebooks import clean_notebook
from commissure.protect.files.nwb import is_named_after_itself
from commissure.protect.files.scripts import SCRIPTS, clean_script
from commissure.protect.files.tables import clean_json, clean_table
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.credits import Credits, credits_of
from commissure.protect.text.dates import shift_text
from commissure.protect.text.file_names import LABEL, clean_part, names_of_folders
from commissure.protect.text.lone_names import NOTES_LIMIT, SCIENCE_LIMIT, find_lone_names
from commissure.protect.text.names import Span, non_overlapping, recognize
from commissure.protect.text.web import is_of_a_person

__all__ = ["rewrite_tree"]

_WIDE = (b"\xff\xfe", b"\xfe\xff")
_BRAINVISION_DATE = re.compile(r"(?<=[,=])((?:19|20)\d{6})(?=\d{12}\b)")
_NO_BRAINVISION_DATE = "19000101"
#: what a README may say: its words are for the public, its authors are credited
_PUBLIC_TEXTS = re.compile(r"(README|CHANGES|CITATION|LICENSE|AUTHORS|CONTRIBUTORS)(\..*)?", re.I)
_STAYS_IN_PUBLIC = frozenset({"institution", "uid"})
_SUBJECT = re.compile(r"(?:subject|participant|proband|patient)(?:[ _]?(?:name|id|code))?", re.I)
_WORD_OF_A_NAME = re.compile(r"[^\W\d_]{4,}(?:[ ._-][^\W\d_]{2,})*")
#: a DICOM UID leads to a study in a hospital's archive; other unique numbers are a dataset's
_OF_A_SCAN = re.compile(r"[0-2](?:\.\d+){6,}")
#: a date beside such a word is somebody's; others are those of versions and papers
_OF_SOMEBODY = re.compile(
    r"\b(?:born|birth\w*|dob|b\.|geb\w*|né|née|nacimiento|nato|nata|recorded|acquired|scanned|collected|visit\w*|session|tested|seen|admitted|discharged|"
    r"nasc\w+|född|fødd|født|urodz\w+|narozen\w*|seizures?|scan date|scanned|(?:MRI|MEG|EEG|CT|PET) on|called|moved|signed|discharged|diagnosed|hospitali[sz]ed|operated|implanted|surgery|follow-?up|appointment|measured|enrolled|died|death|withdrew|came)\b",
    re.I,
)


def rewrite_tree(tree: Tree, *, cleaner: Cleaner, scratch: Path | None) -> Tree:
    """The same tree below a new root, clean; ``about`` gains what was found, and is not cleaned itself.

    Subjects of a BIDS tree each have their own pseudonym and offset, by their ``sub-`` label. All headers are read first;
    whom one names is looked for in every other file. Files that cannot be made safe are left out, with a Finding.

    Raises
    ------
    BadInput
        If ``scratch`` is None.
    """
    if scratch is None:
        raise BadInput("An existing BIDS or NWB tree is cleaned in a copy; give a scratch folder.")
    credited = credits_of(tree.root)
    told = dict.fromkeys(found for path in tree.files for found in identifiers_in(tree.root / path))
    named = tuple(
        found
        for found in told
        if not (found.category in {"operator", "contact"} and credited.holds(found.value))
    )
    cleaner = replace(cleaner, known=cleaner.known.extended(named))
    cleaner = replace(cleaner, known=cleaner.known.extended(names_of_folders(tree.files, cleaner)))
    root = scratch / cleaner.pseudonyms.token("tree", "\x1f".join(tree.files), length=16)
    surfaces = (tree.root / path for path in tree.files if path.endswith(".gii"))
    inside = frozenset(outside.resolve() for path in surfaces for outside in outside_files(path))
    work = _Work(tree, cleaner, root, credited, inside)
    files = tuple(work.file(path) for path in tree.files)
    about = replace(
        tree.about,
        identifiers=(*tree.about.identifiers, *named),
        findings=(*tree.about.findings, *work.findings),
    )
    return replace(tree, root=work.root, files=tuple(path for path in files if path), about=about)


@dataclass
class _Work:
    tree: Tree
    cleaner: Cleaner
    root: Path
    credited: Credits
    #: numbers of GIFTI files, which go into those
    inside: frozenset[Path] = frozenset()
    subjects: dict[str, Cleaner] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def file(self, path: str) -> str:
        """Clean one file; its new path below the root, or empty if it is left out."""
        source = self.tree.root / path
        owner = self.of(path)
        name = self.rename(path)
        if source.resolve() in self.inside:
            message = "Its numbers stand in the GIFTI file that named it now."
            self.findings.append(Finding("protect.taken_in", Severity.INFO, message, name))
            return ""
        head = _head(source)
        if is_dicom(head):
            # names of DICOM files are UIDs, counters or the patient's name
            folder = name.rpartition("/")[0]
            name = f"{folder}/{self.cleaner.pseudonyms.token('dicom', path, length=12)}.dcm".lstrip("/")
        elif name.endswith(".nwb") and is_named_after_itself(source, PurePosixPath(name).stem):
            folder = name.rpartition("/")[0]
            self.cleaner.count("id")
            name = f"{folder}/{self.cleaner.pseudonyms.token('file', path, length=12)}.nwb".lstrip("/")
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        suffix = suffix_of(source.name)
        try:
            if suffix in TEXTS and (b"\x00" not in head or head.startswith(_WIDE)):
                self._text(source, target, suffix, owner)
                if suffix == ".gii":
                    self._surface(source, target, name, owner)
            else:
                label = replace(owner, removed=type(owner.removed)()).subject_label()
                self.findings += rewrite(Job(source, target, owner, label, name, self.rename))
        except Exception as error:  # noqa: BLE001 - one broken file must not end the cleaning of the rest
            target.unlink(missing_ok=True)
            known = isinstance(error, CommissureError)
            why = str(error) if known else f"The file cannot be cleaned ({type(error).__name__})."
            remedy = "Mend the file, or leave it out of the folder."
            self.findings.append(
                Finding("protect.failed", Severity.ERROR, f"{why} It was kept back.", name, remedy)
            )
        return name if target.exists() else ""

    def of(self, path: str) -> Cleaner:
        """The Cleaner of the subject whose file this is; the tree's own for what belongs to all."""
        match = re.search(r"(?:^|/)sub-((?:[^\W_]|\+)+)", path)
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
        return LABEL.sub(self._label, text)

    def _label(self, match: re.Match[str]) -> str:
        kind, old = match.groups()
        quiet = replace(
            self.subject(old) if kind == "sub" else self.cleaner, removed=type(self.cleaner.removed)()
        )
        new = quiet.subject_label() if kind == "sub" else quiet.label(old, kind="session")
        return f"{kind}-{new}"

    def rename(self, path: str) -> str:
        """A path whose every part is safe: labels replaced, dates shifted, identifiers turned to tokens."""
        return "/".join(clean_part(self.relabel(part), self.cleaner) for part in PurePosixPath(path).parts)

    def _surface(self, source: Path, target: Path, name: str, owner: Cleaner) -> None:
        found = deface_gifti(target, name=source.name, where=name, cleaner=owner)
        if found:
            target.unlink()
        self.findings += found

    def _text(self, source: Path, target: Path, suffix: str, owner: Cleaner) -> None:
        raw = source.read_bytes()
        wide = raw.startswith(_WIDE)  # E-Prime and Excel save texts so
        text = raw.decode("utf-16" if wide else "utf-8", "surrogateescape" if not wide else "strict")
        if is_lab_header(text):
            clean = clean_lab_header(text, cleaner=owner)
        elif suffix in {".tsv", ".csv"}:
            per_row = self.subject if source.name == "participants.tsv" else None
            mark = "\t" if suffix == ".tsv" else ","
            clean = clean_table(text, cleaner=owner, relabel=self.relabel, per_row=per_row, mark=mark)
        elif suffix == ".json":
            clean = clean_json(text, name=source.name, cleaner=owner, relabel=self.relabel)
        elif suffix in {".vhdr", ".vmrk"}:
            clean = brainvision_text(text, cleaner=owner, relabel=self.rename)
        elif suffix == ".gii":
            clean = gifti_text(with_data_inside(source), cleaner=owner)
        elif suffix == ".ipynb":
            clean = clean_notebook(text, cleaner=owner)
        elif suffix in SCRIPTS:
            clean = self.relabel(clean_script(text, suffix=suffix, cleaner=owner))
        elif _PUBLIC_TEXTS.fullmatch(source.name):
            clean = self.relabel(_public_text(text, cleaner=owner, credited=self.credited))
        else:
            owner = replace(owner, known=owner.known.extended(_subjects_of_log(text)))
            clean = self.relabel(
                "".join(owner.text(line, limit=NOTES_LIMIT) for line in text.splitlines(keepends=True))
            )
        target.write_bytes(clean.encode("utf-16") if wide else clean.encode("utf-8", "surrogateescape"))


def _subjects_of_log(text: str) -> tuple[Identifier, ...]:
    """Whom the column *Subject* of a log (Presentation, E-Prime) names by a word rather than by a code."""
    lines = [line.split("\t") for line in text.splitlines() if "\t" in line]
    for number, cells in enumerate(lines):
        at = next((place for place, cell in enumerate(cells) if _SUBJECT.fullmatch(cell.strip())), None)
        if at is not None and len(cells) > 2:
            told = {row[at].strip() for row in lines[number + 1 :] if len(row) > at}
            return tuple(Identifier("name", one) for one in sorted(told) if _WORD_OF_A_NAME.fullmatch(one))
    return ()


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)


def _public_text(text: str, *, cleaner: Cleaner, credited: Credits) -> str:
    """A README: whoever is credited stays, with mail and all; others, and what headers named, go."""
    known = cleaner.named(text)
    lone = [Span(word.start, word.end, "name") for word in find_lone_names(text, limit=SCIENCE_LIMIT)]
    shaped = [
        span
        for span in (*recognize(text), *lone)
        if (span.category not in _STAYS_IN_PUBLIC or _OF_A_SCAN.fullmatch(text[span.start : span.end]))
        and not credited.holds(text[span.start : span.end])
        and not (span.category == "host" and _is_site(text[span.start : span.end]))
        and (span.category != "date" or _is_of_somebody(text, span, lone))
    ]
    parts: list[str] = []
    last = 0
    for span in non_overlapping([*known, *shaped]):
        cleaner.count(span.category)
        parts += [text[last : span.start], f"[{span.category}]"]
        last = span.end
    return "".join([*parts, text[last:]])


def _is_site(text: str) -> bool:
    """A project's page, which a README may name."""
    return text.startswith(("http", "www")) and not is_of_a_person(text)


def _is_of_somebody(text: str, date: Span, names: list[Span]) -> bool:
    """Whether a date stands beside a word that makes it somebody's, or beside a name."""
    line = _line_around(text, date)
    start = text.rfind("\n", 0, date.start) + 1
    named = any(start <= name.start < start + len(line) for name in names)
    return named or _OF_SOMEBODY.search(line) is not None


def _line_around(text: str, span: Span) -> str:
    ending = text.find("\n", span.end)
    return text[text.rfind("\n", 0, span.start) + 1 : ending if ending >= 0 else len(text)]


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
        key, mark, name = line.partition("=")
        return key + mark + relabel(name.strip()) + name[len(name.rstrip()) :]
    if _BRAINVISION_DATE.search(line):
        cleaner.count("date")
        offset = cleaner.offset_days
        return _BRAINVISION_DATE.sub(
            lambda match: (
                _NO_BRAINVISION_DATE if offset is None else shift_text(match.group(), offset_days=offset)
            ),
            line,
        )
    marker = re.match(r"(Mk\d+=Comment,)(.*?)((?:, ?-?\d*){3,4}\s*)$", line, re.S)
    spoken = marker.group(2).replace("\\1", ",") if marker else ""  # how BrainVision writes a comma
    if marker and cleaner.note(spoken) != spoken:
        cleaner.count("comment")
        return f"{marker.group(1)}comment{marker.group(3)}"
    return cleaner.note(line) if comment else cleaner.known_only(line)
