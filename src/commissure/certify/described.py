"""A release with all that its descriptions need to know: where its page is, who publishes it, how it is identified."""

from dataclasses import dataclass, field

from commissure.certify.describe import record_of, texts
from commissure.certify.licences import licence_url
from commissure.model import Dataset, Release

__all__ = ["Described"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is described.

    Parameters
    ----------
    dataset : Dataset or None
        What it is a release of.
    release : Release
        The release.
    url : str
        The address of its page; empty where it has none.
    publisher : str
        Who makes it known: the hub's name.
    ark, doi : str
        Its persistent identifiers (``ark:99999/…``, ``10.x/…``); empty for none.
    versions : tuple of str
        All versions of the dataset, the newest first.
    """

    dataset: Dataset | None
    release: Release
    url: str = ""
    publisher: str = "commissure"
    ark: str = ""
    doi: str = ""
    versions: tuple[str, ...] = field(default=())

    @property
    def record(self) -> dict[str, object]:
        """The release's metadata with its id, version, date and DOI."""
        found = record_of(self.dataset, self.release)
        return found | ({"doi": self.doi} if self.doi else {})

    @property
    def title(self) -> str:
        """The title."""
        return str(self.record["title"])

    @property
    def description(self) -> str:
        """The description, or the title where there is none."""
        return str(self.record.get("description") or self.title)

    @property
    def authors(self) -> tuple[str, ...]:
        """Who is credited."""
        return texts(self.record, "authors")

    @property
    def keywords(self) -> tuple[str, ...]:
        """Keywords and tasks, each once, sorted."""
        record = self.record
        return tuple(sorted({*texts(record, "keywords"), *texts(record, "task", "tasks")}))

    @property
    def licence(self) -> str:
        """The licence's address, or what was said of it; empty for none."""
        return licence_url(str(self.record.get("licence", "")))

    @property
    def identity(self) -> str:
        """The best identifier there is: DOI, ARK, page, or the hub's own id; as an IRI."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return self.url or self.ark or f"urn:commissure:{self.release.id}"

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(asset.bytes for asset in self.release.assets)

    def file_url(self, path: str) -> str:
        """The address of one file; its path alone where the release has no page."""
        kept = set("/._-+~=,()")
        escaped = "".join(
            c if c in kept or (c.isascii() and c.isalnum()) else "".join(f"%{b:02X}" for b in c.encode())
            for c in path
        )
        return f"{self.url}/files/{escaped}" if self.url else escaped
