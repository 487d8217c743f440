"""Read a record of any archive into what the index keeps: folded text, facets, numbers, what is shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from commissure.discover.concepts import Concepts
from commissure.discover.facets import Facet, Numbers, derive, numbers_of, texts_of
from commissure.discover.words import cut, fold_text

__all__ = ["Reading", "licence_of", "read_record"]

_TAGS = ("tasks", "keywords", "modality", "species", "diagnosis")
_SHOWN = (
    "modality", "species", "tasks", "diagnosis", "keywords", "n_subjects", "age_min", "age_max", "ages", "licence",
    "access", "date", "doi", "url", "version", "digest", "dataset", "domain", "study_design", "n_bytes",
)  # fmt: skip
_SHOWN_TEXT, _EMBEDDED_TEXT = 600, 900
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """A record read.

    Attributes
    ----------
    source, source_id, title : str
        Where it comes from, its id there, its title.
    folded : mapping of str to str
        Folded text by weight: ``title``, ``tags``, ``body``, ``names``.
    facets : tuple of Facet
        What it is about.
    numbers : Numbers
        Participants, ages, year.
    licence, authors : str
        As text.
    document : mapping
        What is shown, and under ``embed`` the text that stands for its meaning.
    words : frozenset of str
        The folded words it holds.
    """

    source: str
    source_id: str
    title: str
    folded: Mapping[str, str]
    facets: tuple[Facet, ...]
    numbers: Numbers
    licence: str
    authors: str
    document: Mapping[str, object]
    words: frozenset[str]


def read_record(record: Mapping[str, object], *, concepts: Concepts, source: str = "") -> Reading:
    """Read one record, however poor.

    Parameters
    ----------
    record : mapping
        An archive's record: ``id, source, title, description, modality, tasks, species, keywords …``; any may be
        missing, null or of another type.
    concepts : Concepts
        What can be found in it.
    source : str
        Where it comes from, if the record does not say.

    Returns
    -------
    Reading
    """
    texts = dict(texts_of(record))
    fields = {name: cut(text) for name, text in texts.items()}
    facets = derive(record, concepts=concepts, fields=fields)
    ident = str(record.get("id") or "")
    title = " ".join(texts.get("title", "").split()) or ident
    prose = [word for name, words in fields.items() if name not in (*_TAGS, "title") for word in words.folded]
    labels = " ; ".join(concepts.get(f.concept).label for f in facets if f.confidence >= _SURE)
    folded = {
        "title": fold_text(title),
        "tags": " ".join(word for name in _TAGS if name in fields for word in fields[name].folded),
        "body": " ".join(prose),
        "names": fold_text(labels),
    }
    about = texts.get("description") or texts.get("ai_summary") or ""
    document: dict[str, object] = {
        name: record[name] for name in _SHOWN if record.get(name) not in (None, "", [])
    }
    document["description"] = plain_text(about)[:_SHOWN_TEXT]
    document["embed"] = f"{title}. {texts.get('tasks', '')[:200]}. {plain_text(about)}"[:_EMBEDDED_TEXT]
    authors = record.get("authors")
    names = "; ".join(str(a) for a in authors) if isinstance(authors, list | tuple) else str(authors or "")
    return Reading(
        str(record.get("source") or source or "unknown"), ident, title, folded, facets, numbers_of(record),
        licence_of(record.get("licence") or record.get("license")), names[:4_000], document,
        frozenset(" ".join((folded["title"], folded["tags"], folded["body"])).split()),
    )  # fmt: skip


def plain_text(text: str) -> str:
    """A text without markup and rulers, its whitespace made single."""
    bare = re.sub(r"<[^<>]{1,200}>|&[a-z]{2,8};|[=_*#~-]{3,}|[*#`>]+", " ", text)
    return " ".join(bare.split())


def licence_of(value: object) -> str:
    """The common name of a licence: ``CC0``, ``CC-BY-4.0`` …; as it was given where it has none.

    Examples
    --------
    >>> licence_of("Creative Commons Attribution-NonCommercial 4.0"), licence_of("cc0-1.0"), licence_of(None)
    ('CC-BY-NC-4.0', 'CC0', '')
    """
    text = str(value or "").strip()
    plain = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
    if re.match(r"(cc0|cc-0|pddl|public-domain|other-pd)", plain) and "-by-" not in plain:
        return "CC0"
    parts = [
        code for code, pattern in (("BY", r"\bby\b|attribution"), ("NC", r"\bnc\b|noncommercial|non-commercial"),
                                   ("ND", r"\bnd\b|noderiv"), ("SA", r"\bsa\b|sharealike|share-alike"))
        if re.search(pattern, plain)
    ]  # fmt: skip
    if parts and ("cc" in plain.split("-") or "creative-commons" in plain):
        version = re.search(r"(\d\.\d)", plain)
        return "-".join(["CC", *parts, *([version.group(1)] if version else [])])
    return text[:120]
