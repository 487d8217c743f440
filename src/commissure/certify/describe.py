"""Describes a release in words: who to cite, and a citation file. Only what was measured or said; nobody's identity.

>>> cite_as({"title": "Finger tapping", "authors": ["Ada Lovelace", "Luigi Galvani"], "version": "0.2.0"})
'Lovelace A, Galvani L. Finger tapping. Version 0.2.0. Dataset.'
"""

import json
from collections.abc import Mapping, Sequence

from commissure.model import Dataset, Release

__all__ = ["citation_cff", "cite_as", "record_of", "split_name", "texts", "words"]


def words(value: object) -> tuple[str, ...]:
    """A metadata value as texts: a list as it is, one text alone, nothing for what is empty.

    >>> words(["eeg", ""]), words("eeg"), words(None)
    (('eeg',), ('eeg',), ())
    """
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(str(item) for item in value if item not in ("", None))
    return (str(value),)


def texts(metadata: Mapping[str, object], *keys: str) -> tuple[str, ...]:
    """The texts under the first of ``keys`` that holds any."""
    return next((found for key in keys if (found := words(metadata.get(key)))), ())


def record_of(dataset: Dataset | None, release: Release) -> dict[str, object]:
    """The release's metadata with its id, version and date, as the functions here take it.

    Parameters
    ----------
    dataset : Dataset or None
        Gives the title where the release's metadata has none.
    release : Release
        What is described.
    """
    record = dict(release.metadata)
    record["title"] = record.get("title") or (dataset.title if dataset else release.dataset)
    record |= {"identifier": release.id, "version": release.version, "standard": release.standard}
    if release.created:
        record["released"] = release.created[:10]
    return record


def cite_as(metadata: Mapping[str, object], *, url: str = "") -> str:
    """One line by which the release is cited: authors, year, title, version, where it is.

    Parameters
    ----------
    metadata : mapping
        ``title``, ``authors``, ``version``, ``released`` (a date), ``doi``, ``identifier``; what is missing is left
        out.
    url : str
        The release's page; the DOI goes before it.
    """
    parts = []
    if authors := texts(metadata, "authors"):
        parts.append(", ".join(_short(name) for name in authors))
    year = str(metadata.get("released", ""))[:4]
    title = str(metadata.get("title", "") or "Untitled")
    head = f"{parts[0]} ({year})" if parts and year else parts[0] if parts else ""
    version = f"Version {metadata['version']}" if metadata.get("version") else ""
    where = (
        f"https://doi.org/{metadata['doi']}"
        if metadata.get("doi")
        else url or str(metadata.get("identifier", ""))
    )
    return ". ".join(part.rstrip(".") for part in (head, title, version, "Dataset", where) if part) + (
        "" if where.startswith("http") else "."
    )


def _short(name: str) -> str:
    """``"Ada Lovelace"`` and ``"Lovelace, Ada"`` as ``"Lovelace A"``."""
    family, given = split_name(name)
    return f"{family} {''.join(part[0].upper() for part in given.replace('-', ' ').split())}".strip()


def split_name(name: str) -> tuple[str, str]:
    """Family and given names of an author.

    >>> split_name("Ada Lovelace"), split_name("Lovelace, Ada"), split_name("CRCNS")
    (('Lovelace', 'Ada'), ('Lovelace', 'Ada'), ('CRCNS', ''))
    """
    if "," in name:
        family, _, given = name.partition(",")
        return family.strip(), given.strip()
    given, _, family = name.strip().rpartition(" ")
    return family, given


def citation_cff(metadata: Mapping[str, object], *, url: str = "") -> str:
    """The text of a ``CITATION.cff`` (Citation File Format 1.2.0); the same metadata give the same text.

    Parameters
    ----------
    metadata : mapping
        As for :func:`cite_as`, and ``licence`` (an SPDX id), ``keywords``, ``description``.
    url : str
        The release's page.

    References
    ----------
    Druskat et al. 2021, doi:10.5281/zenodo.5171937.
    """
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these data, please cite them as below.",
        "type: dataset",
    ]
    lines.append(f"title: {_quoted(metadata.get('title', '') or 'Untitled')}")
    for key, name in (
        ("version", "version"),
        ("released", "date-released"),
        ("licence", "license"),
        ("doi", "doi"),
    ):
        if value := metadata.get(key):
            lines.append(f"{name}: {_quoted(value)}")
    if description := metadata.get("description"):
        lines.append(f"abstract: {_quoted(description)}")
    if url:
        lines.append(f"url: {_quoted(url)}")
    lines.append("authors:")
    for author in texts(metadata, "authors") or ("The authors of the dataset",):
        family, given = split_name(author)
        if given and author != "The authors of the dataset":
            lines += [f"  - family-names: {_quoted(family)}", f"    given-names: {_quoted(given)}"]
        else:
            lines.append(f"  - name: {_quoted(author)}")
    if keywords := texts(metadata, "keywords"):
        lines += ["keywords:", *(f"  - {_quoted(word)}" for word in keywords)]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)
