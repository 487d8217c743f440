"""Facets and words of a release: what the catalogue counts and finds it by."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from commissure.model import Release

__all__ = ["facets_of", "fold", "words_of"]

#: facet key -> the keys of ``Release.metadata`` it is read from
_FROM = {
    "modality": ("modalities", "modality"),
    "species": ("species",),
    "licence": ("licence", "license"),
    "task": ("tasks", "task"),
    "keyword": ("keywords",),
    "device": ("devices", "device"),
}
_LONGEST = 200
_MOST_WORDS = 4000


def facets_of(release: Release) -> tuple[tuple[str, str], ...]:
    """The (key, value) pairs a release is counted under, sorted, each once.

    They come from the metadata's ``modalities``, ``species``, ``licence``, ``tasks``, ``keywords`` and ``devices``,
    from the standard, and from ``metadata["facets"]``, a mapping of further keys to values.

    >>> facets_of(Release("ds-1", "0.1.0", "", (), "bids", metadata={"modalities": ["eeg"]}))
    (('modality', 'eeg'), ('standard', 'bids'))
    """
    found = {("standard", standard) for standard in release.standard.split("+") if standard}
    for key, names in _FROM.items():
        found |= {(key, value) for name in names for value in _strings(release.metadata.get(name))}
    further = release.metadata.get("facets")
    if isinstance(further, Mapping):
        found |= {(str(key), value) for key, values in further.items() for value in _strings(values)}
    return tuple(sorted((key, value[:_LONGEST]) for key, value in found if value))


def words_of(release: Release, *, title: str) -> str:
    """The folded words of a release's title, id and metadata, in order, each once."""
    texts = [title, release.dataset, release.standard, *_strings(dict(release.metadata))]
    words = dict.fromkeys(word for text in texts for word in fold(text))
    return " ".join(list(words)[:_MOST_WORDS])


def fold(text: str) -> list[str]:
    """Words of ``text`` without case and accents.

    >>> fold("Émotion & EEG-32")
    ['emotion', 'eeg', '32']
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)).replace("_", " "))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            yield from _strings(item)
