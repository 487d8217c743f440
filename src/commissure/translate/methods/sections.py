"""A paper as sections with character offsets, from plain text, Markdown-like text or JATS XML.

Offsets refer to :attr:`Paper.text`; for plain text that is the file's own text.
"""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from commissure.errors import Unreadable

__all__ = ["Paper", "Section", "Sentence", "from_jats", "from_text", "sentences"]

_HEADING = re.compile(
    r"^(?:#{1,6}\s*(?P<mark>[^\n#]{1,140}?)\s*#*|(?P<num>\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+[A-Z][^\n.]{2,80}))\s*$",
    re.M,
)
_PLAIN_HEADING = re.compile(
    r"^(abstract|introduction|background|materials? and methods?|methods? and materials?|methods?|participants?|subjects|"
    r"patients|sample|results|discussion|conclusions?|references|acknowledge?ments?|procedures?|stimuli|"
    r"(?:f?mri |image |data )?acquisition|data analysis|statistical analysis)\s*:?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_ROLES = (
    ("references", r"^(references|bibliography|literature cited)"),
    ("people", r"participants?\b(?!-| level)|(?<![\w-])subjects?\b(?!-)|patients?\b|\bsamples?\b|volunteer|"
               r"(?:study|patient|subject|sample|clinical) populations?\b|^[\d. ]*populations?$|recruit|demographic|animals?$|animals\b|cohort"),
    ("abstract", r"^abstract|^summary$"),
    ("introduction", r"^(\d[\d.]*\s*)?(introduction|background)"),
    ("methods", r"method|material|procedure|acquisition|experimental|design|stimul|scanning|protocol|apparatus|data collection"),
    ("results", r"result|finding"),
    ("discussion", r"discussion|conclusion|limitation|interpretation"),
    ("title", r"^title$"),
    ("keywords", r"^keywords"),
)  # fmt: skip
_DESCRIBED = re.compile(
    r"[\d.\s]*(?:participants?|subjects?|patients?|sample|demographic|study|clinical|characteristics|population|baseline)\b",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|v\.s|approx|Fig|Figs|[Ee]xp|[Ee]xps|et al|Dr|St|No|Inc|Ltd|resp|ca|yrs?|min|max|std|S\.D|SD|M|F|N|n|p|P)|\b[A-Z])$"
)
_LONGEST = 3000  # characters of a sentence: what is longer is a table or no prose, and is cut
_END = re.compile(r"[.!?;]?[.!?](?=[\s\]\)]|$)|\n\s*\n|\n(?=#)")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the paper under one heading; ``role`` is what kind of section it is."""

    heading: str
    role: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its place in the paper and its section's role and heading."""

    text: str
    start: int
    role: str
    heading: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's text and its sections in order."""

    text: str
    sections: tuple[Section, ...]


def from_text(text: str) -> Paper:
    """The sections of a text by its headings: Markdown marks, numbered lines, or the usual words on a line alone.

    >>> paper = from_text("# Methods\\n## Participants\\nTwenty students took part.")
    >>> [(s.heading, s.role) for s in paper.sections]
    [('Methods', 'methods'), ('Participants', 'people')]
    """
    marked = [m for m in _HEADING.finditer(text) if m["mark"]]
    if marked:
        found = [(m.start(), m.end(), m["mark"].strip(), len(m[0]) - len(m[0].lstrip("#"))) for m in marked]
    else:
        found = [(m.start(), m.end(), m["num"].strip(), 2) for m in _HEADING.finditer(text)]
        found += [(m.start(), m.end(), m[1].strip(), 1) for m in _PLAIN_HEADING.finditer(text)]
        found.sort()
    sections = []
    if not found or found[0][0] > 0:
        sections.append(Section("", "front", 0, found[0][0] if found else len(text)))
    above, abstract_level = "", 0
    for index, (_, end, heading, level) in enumerate(found):
        role = _role(heading)
        if abstract_level and level > abstract_level:
            role = "abstract"  # a structured abstract's own Methods and Results
        elif role == "people" and above == "results" and not _DESCRIBED.match(heading):
            role = "results"  # one that only speaks of subjects
        else:
            above = "" if abstract_level and not role else above
            abstract_level = level if role == "abstract" else 0
        role = role or above
        if role in ("abstract", "introduction", "methods", "results", "discussion", "references"):
            above = role
        stop = found[index + 1][0] if index + 1 < len(found) else len(text)
        sections.append(Section(heading, role, end, stop))
    return Paper(text, tuple(sections))


def _role(heading: str) -> str:
    lowered = heading.lower()
    return next((role for role, pattern in _ROLES if re.search(pattern, lowered)), "")


def sentences(paper: Paper) -> list[Sentence]:
    """The sentences of a paper, references left out; abbreviations and decimals end none."""
    out: list[Sentence] = []
    for section in paper.sections:
        if section.role == "references":
            continue
        start = section.start
        for match in _END.finditer(paper.text, section.start, section.end):
            before = paper.text[max(start, match.start() - 8) : match.start()]
            if match[0].startswith(".") and _ABBREVIATED.search(before):
                continue
            _keep(out, paper.text, start, match.end(), section)
            start = match.end()
        _keep(out, paper.text, start, section.end, section)
    return out


def _keep(out: list[Sentence], text: str, start: int, end: int, section: Section) -> None:
    while start < end:
        stop = end if end - start <= _LONGEST else text.rfind(" ", start + 1, start + _LONGEST)
        stop = stop if stop > start else start + _LONGEST
        piece = text[start:stop]
        lead = len(piece) - len(piece.lstrip())
        if piece.strip():
            out.append(Sentence(piece.strip(), start + lead, section.role, section.heading))
        start = stop


def from_jats(data: bytes) -> Paper:
    """A JATS article (PubMed Central's XML) as text with Markdown headings; entities are not resolved.

    Raises
    ------
    Unreadable
        If it is no well-formed XML, or has a document type that defines entities.
    """
    if re.search(rb"<!ENTITY", data[:20_000]):
        raise Unreadable("This XML defines entities; give the article without a document type of its own.")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - entities are refused above
    except ElementTree.ParseError as error:
        raise Unreadable(f"This is no well-formed XML: {error}.") from error
    for node in root.iter():
        node.tag = node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""
    parts: list[str] = []
    title = root.find(".//article-title")
    if title is not None:
        parts.append(f"# Title\n\n{_flat(title)}\n")
    for abstract in root.iter("abstract"):
        parts.append("# Abstract\n")
        _sections(abstract, parts, depth=2)
    body = root.find(".//body")
    if body is not None:
        _sections(body, parts, depth=1)
    if not parts:
        raise Unreadable("This XML has no article-title, abstract or body; it is no JATS article.")
    return from_text("\n".join(parts))


def _sections(node: ElementTree.Element, parts: list[str], *, depth: int) -> None:
    for child in node:
        if child.tag == "title":
            parts.append(f"\n{'#' * min(6, depth)} {_flat(child)}\n")
        elif child.tag == "sec":
            _sections(child, parts, depth=depth + 1 if node.tag == "sec" else depth)
        elif child.tag in ("p", "list", "disp-quote", "table-wrap", "boxed-text"):
            parts.append(_flat(child) + "\n")


def _flat(node: ElementTree.Element) -> str:
    return " ".join("".join(node.itertext()).split())
