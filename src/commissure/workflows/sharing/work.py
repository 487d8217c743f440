"""The work in hand: what the stages of one ``share`` pass on."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from commissure.formats.detect import Detection
from commissure.formats.listing import Listing
from commissure.formats.port import Noun
from commissure.hub import Hub
from commissure.model import Activity, Finding, Identifier, Progress, Release, Source
from commissure.standardize.port import Written
from commissure.workflows.describe_signals import Described
from commissure.workflows.sharing.options import ShareOptions
from commissure.workflows.sharing.staging import Staging

__all__ = ["Item", "Work"]


@dataclass
class Item:
    """One noun on its way from the raw folder into the release."""

    source: Source
    noun: Noun
    standard: str
    written: Written | None = None
    quarantined: bool = False


@dataclass
class Work:
    """All that one ``share`` knows so far; each stage reads some of it and adds to it."""

    hub: Hub
    folder: Path
    options: ShareOptions
    staging: Staging
    now: datetime
    progress: Progress
    dataset: str = ""
    raw_digest: str = ""
    hashes: dict[str, str] = field(default_factory=dict)
    listing: Listing | None = None
    detection: Detection | None = None
    items: list[Item] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    identifiers: set[Identifier] = field(default_factory=set)
    removed: Counter[str] = field(default_factory=Counter)
    validators: dict[str, dict[str, int]] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    release: Release | None = None
    unchanged: bool = False
    described: tuple[Described, ...] = ()

    @property
    def standing(self) -> list[Item]:
        """The items that are still to be released."""
        return [item for item in self.items if not item.quarantined]

    @property
    def standards(self) -> tuple[str, ...]:
        """The standards of what is to be released, sorted."""
        return tuple(sorted({item.standard for item in self.standing}))

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[None]:
        """Time a stage and show it."""
        self.progress.stage(name, total)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun
