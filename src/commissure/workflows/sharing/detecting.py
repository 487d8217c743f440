"""Stage ``detect``: what is in the folder, and whether it was shared before."""

import hashlib
import hmac
import json
from dataclasses import replace

from commissure.errors import Ambiguous
from commissure.formats.detect import Detection, detect, safe_name
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Finding, Severity, Source
from commissure.workflows.sharing.options import ShareOptions
from commissure.workflows.sharing.work import Work

__all__ = ["find_sources"]

_BLOCK = 1 << 20


def find_sources(work: Work) -> None:
    """Fill ``work.listing``, ``detection``, ``hashes`` and ``raw_digest``; unknown files become Findings."""
    listing = Listing.of(work.folder)
    work.listing = _without_ignored(listing, work.options)
    readers = [(name, reader) for name, reader in READERS.items()]
    work.detection = _obey_rules(detect(work.listing, readers), work)
    work.findings.extend(work.detection.findings)
    if not work.detection.sources:
        message = f"Nothing that can be shared was found among {len(work.listing.files)} files."
        remedy = (
            "Give the folder that holds the recordings; `commissure standardize formats` lists what is read."
        )
        work.findings.append(Finding("detect.nothing", Severity.ERROR, message, remedy=remedy))
    for source in list(work.detection.sources):
        _hash_files(work, source)
    work.raw_digest = _raw_digest(work)


def _without_ignored(listing: Listing, options: ShareOptions) -> Listing:
    kept = tuple(e for e in listing.files if not any(rule.ignore for rule in options.rules_for(e.path)))
    return replace(listing, files=kept)


def _obey_rules(detection: Detection, work: Work) -> Detection:
    """Let ``format:`` of a rule settle what two readers claim."""
    forced = {rule.match: rule.format for rule in work.options.files if rule.format}
    if not forced or work.listing is None:
        return detection
    sources = list(detection.sources)
    taken = {path for source in sources for path in source.files}
    for name in sorted(set(forced.values())):
        for source in READERS.get(name).find(work.listing):
            if work.options.rules_for(source.primary) and not taken.intersection(source.files):
                sources.append(source)
                taken.update(source.files)
    named = {safe_name(source.primary) for source in sources}
    findings = tuple(
        f for f in detection.findings if not (f.check == "detect.ambiguous" and f.where in named)
    )
    return replace(detection, sources=tuple(sources), findings=findings)


def _hash_files(work: Work, source: Source) -> None:
    if work.listing is None:
        return
    for path in source.files:
        digest = hashlib.sha256()
        try:
            with work.listing.absolute(path).open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    work.progress.advance(len(block))
        except OSError as error:
            message = f"A file could not be read to its end ({type(error).__name__})."
            remedy = "Check the disk and the permissions, then share again."
            work.findings.append(Finding("detect.read", Severity.ERROR, message, safe_name(path), remedy))
            continue
        work.hashes[path] = digest.hexdigest()


def _raw_digest(work: Work) -> str:
    """A keyed hash over names, contents and options: the same folder gives the same, and only in this hub."""
    if work.detection is None:
        raise Ambiguous("Sources must be found before they are hashed; got none.")
    options = replace(work.options, dry_run=False, dataset="", public=False)
    rows = sorted((path, digest) for path, digest in work.hashes.items())
    message = json.dumps([rows, repr(options)]).encode()
    return hmac.new(work.hub.secret("raw"), message, hashlib.sha256).hexdigest()
