"""Where Evidence comes from: a release of a hub, a folder, a saved landing page, an archive's record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

from commissure.certify.describe import texts as words_in
from commissure.certify.described import Described
from commissure.certify.environment import ENVIRONMENT, check_environment
from commissure.certify.evidence import DataFacts, Evidence, from_schema_org, is_persistent, items
from commissure.certify.jsonld import described_jsonld
from commissure.certify.tree import HUMAN, consent_kind, facts_of_tree
from commissure.errors import BadInput
from commissure.model import Finding, Release, Severity

__all__ = ["of_folder", "of_page", "of_release"]

_FORMATS = {".edf": "edf", ".bdf": "bdf", ".vhdr": "brainvision", ".nii": "nifti", ".gz": "gzip", ".nwb": "nwb", ".fif": "fif",
            ".snirf": "snirf", ".set": "set", ".tsv": "tsv", ".json": "json", ".tif": "tiff", ".tiff": "tiff"}  # fmt: skip


#: parameters of an Activity that tell in which environment it ran
_CONTAINED = frozenset({"container", "lock"})


def of_release(one: Described, texts: Mapping[str, str], *, negotiated: bool = True) -> Evidence:
    """The Evidence of a hub's release, as its page shows it.

    Parameters
    ----------
    one : Described
        The release, its page and its identifiers.
    texts : mapping of str to str
        Text of small files by path, as far as they may be read.
    negotiated : bool
        Whether the hub that serves it answers content negotiation, typed links and SPARQL (ours does).
    """
    release, record = one.release, one.record
    offers = {"json_in_html", "meta_tag"} | (
        {"content_negotiation", "typed_link", "sparql"} if negotiated else set()
    )
    seen = from_schema_org(described_jsonld(one), kind="release", offers=offers)
    species = words_in(record, "species")
    human = HUMAN in species or not species
    told = facts_of_tree([asset.path for asset in release.assets], texts, human=human)
    validators = record.get("validators")
    errors = (
        [int(count.get("errors", 0)) for count in validators.values()]
        if isinstance(validators, Mapping)
        else []
    )
    stated = str(record.get("consent", "") or "")
    activities = release.activities
    raw = any(name.startswith("raw:") for each in activities for name in each.used)
    facts = replace(
        told,
        valid=not sum(errors) if errors else None,
        raw=told.raw or raw,
        code=told.code or any(tool.version for each in activities for tool in each.software),
        environment=told.environment or _rebuildable(release, texts.get(ENVIRONMENT, "")),
        quality=_quality(release.findings),
        consent=consent_kind(stated) if human or stated else None,
        deidentified=isinstance(record.get("identifiers_removed"), Mapping) or None,
    )
    return replace(
        seen,
        registered=bool(one.doi),
        retrievable=bool(one.url),
        data_retrievable=bool(one.url and release.assets),
        standards=(*seen.standards, *release.standard.split("+")),
        data=facts,
    )


def _rebuildable(release: Release, text: str) -> bool:
    """Whether the release carries the environment that made it, complete, or an Activity names a container."""
    software = [tool for each in release.activities for tool in each.software]
    if text and software and not check_environment(_parsed(text), software):
        return True
    return any(_CONTAINED & set(each.parameters) for each in release.activities)


def _quality(findings: Sequence[Finding]) -> bool:
    return not any(one.severity is Severity.ERROR for one in findings)


def of_folder(
    files: Mapping[str, int],
    texts: Mapping[str, str],
    *,
    valid: bool | None = None,
    quality: bool | None = None,
) -> Evidence:
    """The Evidence of a local folder.

    Parameters
    ----------
    files : mapping of str to int
        POSIX paths below the folder, and sizes in bytes.
    texts : mapping of str to str
        The text of the small ones, by path.
    valid, quality : bool or None
        What the field's validators, and quality control, say; None if they did not run.
    """
    described = _parsed(texts.get("dataset_description.json", ""))
    document = _parsed(texts.get("dataset.jsonld", "")) or _crate_root(
        _parsed(texts.get("ro-crate-metadata.json", ""))
    )
    offers = {"file"} if document else set()
    seen = from_schema_org(document, kind="folder", offers=offers) if document else Evidence(kind="folder")
    doi = str(described.get("DatasetDOI", "") or "")
    formats = sorted(
        {_FORMATS[PurePosixPath(path).suffix] for path in files if PurePosixPath(path).suffix in _FORMATS}
    )
    readme = next((text for path, text in texts.items() if PurePosixPath(path).name.startswith("README")), "")
    animals = any(path.endswith(".nwb") for path in files) and not described
    links = [str(one) for one in items(described.get("ReferencesAndLinks"))]
    return replace(
        seen,
        identifiers=tuple(dict.fromkeys(([doi] if doi else []) + list(seen.identifiers))),
        title=seen.title or str(described.get("Name", "") or ""),
        summary=seen.summary or readme.strip()[:2000],
        creators=seen.creators or tuple(str(one) for one in items(described.get("Authors"))),
        keywords=seen.keywords or tuple(str(one) for one in items(described.get("Keywords"))),
        object_type=seen.object_type or ("Dataset" if described else ""),
        licence=seen.licence or str(described.get("License", "") or ""),
        related=(*seen.related, *(("ReferencesAndLinks", link) for link in links)),
        formats=tuple(dict.fromkeys((*seen.formats, *formats))),
        described_files=seen.described_files,
        provenance=seen.provenance or (("creator",) if described.get("Authors") else ()),
        standards=(*seen.standards, *(["bids"] if described.get("BIDSVersion") else []), *(["nwb"] if "nwb" in formats else [])),
        retrievable=False,
        data_retrievable=False,
        data=replace(facts_of_tree(files, texts, human=not animals), valid=valid, quality=quality),
    )  # fmt: skip


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _crate_root(crate: Mapping[str, Any]) -> dict[str, Any]:
    graph = [one for one in items(crate.get("@graph")) if isinstance(one, Mapping)]
    by_id = {str(one.get("@id")): one for one in graph}
    root = dict(by_id.get("./", {}))
    for key in ("author", "creator", "publisher", "hasPart"):
        if root.get(key):
            root[key] = [
                by_id.get(str(one.get("@id")), one) if isinstance(one, Mapping) else one
                for one in items(root[key])
            ]
    return root


class _Page(HTMLParser):
    """Collects what a landing page says to machines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.meta: dict[str, list[str]] = {}
        self.links: list[dict[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note scripts of JSON-LD, meta tags and links."""
        told = {name: value or "" for name, value in attrs}
        if tag == "script" and told.get("type", "").lower().startswith("application/ld+json"):
            self._inside = True
            self.scripts.append("")
        elif tag == "meta" and (name := told.get("name") or told.get("property")):
            self.meta.setdefault(name.lower(), []).append(told.get("content", ""))
        elif tag == "link":
            self.links.append(told)

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        """Take a script's text."""
        if self._inside:
            self.scripts[-1] += data


def of_page(html: str) -> Evidence:
    """The Evidence of a saved landing page: its JSON-LD, Dublin Core and citation tags, and typed links.

    Parameters
    ----------
    html : str
        The page as it was saved. Whether its identifier resolves cannot be asked; that the page is here says that it
        was retrieved.

    Raises
    ------
    BadInput
        If there is no HTML in it.
    """
    if "<" not in html:
        raise BadInput("A landing page is HTML; got a text without any tag.")
    page = _Page()
    page.feed(html)
    page.close()
    document = next((one for text in page.scripts for one in _datasets(text)), {})
    links = [link for link in page.links if _is_data_link(link)]
    offers = {
        name
        for name, there in (("json_in_html", document), ("meta_tag", _core(page.meta)), ("typed_link", links))
        if there
    }
    seen = _over(from_schema_org(document, kind="page", offers=offers), page)
    persistent = [name for name in seen.identifiers if is_persistent(name)]
    return replace(
        seen,
        registered=bool(persistent),
        retrievable=bool(seen.title),
        data_retrievable=bool(seen.data_urls) or None,
        data=DataFacts(),
    )


def _datasets(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    each = [
        one
        for top in items(found)
        for one in (items(top.get("@graph")) if isinstance(top, dict) and "@graph" in top else [top])
    ]
    return [
        one
        for one in each
        if isinstance(one, dict) and any("Dataset" in str(kind) for kind in items(one.get("@type")))
    ]


def _is_data_link(link: Mapping[str, str]) -> bool:
    relations = link.get("rel", "").lower().split()
    rdf = any(word in link.get("type", "") for word in ("ld+json", "rdf", "turtle", "xml"))
    return "describedby" in relations or (
        "alternate" in relations
        and rdf
        and "rss" not in link.get("type", "")
        and "atom" not in link.get("type", "")
    )


def _core(meta: Mapping[str, list[str]]) -> bool:
    return any(name.startswith(("dc.", "dcterms.", "citation_")) for name in meta)


def _over(seen: Evidence, page: _Page) -> Evidence:
    """What the tags add where the JSON-LD is silent."""

    def tag(*names: str) -> tuple[str, ...]:
        return next((tuple(v for v in page.meta[name] if v) for name in names if name in page.meta), ())

    def first(*names: str) -> str:
        return next(iter(tag(*names)), "")

    cited = tuple(
        link.get("href", "") for link in page.links if link.get("rel", "").lower() in {"cite-as", "canonical"}
    )
    stated = tuple(
        dict.fromkeys(n for n in (*seen.identifiers, *tag("citation_doi", "dc.identifier"), *cited) if n)
    )
    data = tuple(link.get("href", "") for link in page.links if link.get("rel", "").lower() == "item")
    return replace(
        seen,
        identifiers=tuple(sorted(stated, key=lambda name: not is_persistent(name))),
        title=seen.title or first("citation_title", "dc.title", "og:title"),
        summary=seen.summary or first("dc.description", "description", "og:description"),
        creators=seen.creators or tag("citation_author", "dc.creator"),
        publisher=seen.publisher or first("citation_publisher", "dc.publisher"),
        published=seen.published or first("citation_publication_date", "dc.date", "citation_date"),
        keywords=seen.keywords or tag("keywords", "citation_keywords", "dc.subject"),
        object_type=seen.object_type or first("dc.type"),
        licence=seen.licence or first("dc.rights", "dcterms.license") or next(
            (link.get("href", "") for link in page.links if "license" in link.get("rel", "").lower().split()), ""),
        data_urls=seen.data_urls or data,
        provenance=seen.provenance or (("creator",) if tag("citation_author", "dc.creator") else ()),
        standards=seen.standards if seen.title else tuple(name for name in ("dublin core",) if _core(page.meta)),
    )  # fmt: skip
