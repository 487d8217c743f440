"""Before a DICOM series is converted: text burned into its images is blanked, or the series is kept back."""

from pathlib import Path

from commissure.formats.detect import safe_name
from commissure.formats.listing import Listing
from commissure.model import Severity, Source
from commissure.protect.files.burned_series import clean_series
from commissure.workflows.sharing.work import Work

__all__ = ["safe_to_read"]


def safe_to_read(work: Work, source: Source, *, scratch: Path) -> tuple[Source, Listing] | None:
    """The Source to read, and where: clean copies in ``scratch`` for a series that needed any; None if it is kept back.

    What was found and removed is added to ``work``. Sources of other formats are given back as they are.
    """
    listing = work.listing or Listing.of(work.folder)
    if source.format != "dicom":
        return source, listing
    paths = {listing.absolute(path): path for path in source.files if not path.endswith(".tsv")}
    safe = clean_series(tuple(paths), folder=scratch / "clean", where=safe_name(source.primary))
    work.findings.extend(safe.findings)
    if any(finding.severity is Severity.ERROR for finding in safe.findings):
        return None
    if not safe.copies:
        return source, listing
    work.removed["burned_in"] += safe.blanked
    return source, _mirror(source, listing, safe.copies, folder=scratch / "safe")


def _mirror(source: Source, listing: Listing, copies: dict[Path, Path], *, folder: Path) -> Listing:
    """A folder in which the files of a Source lie under their own names: clean copies, and links to the others."""
    for path in source.files:
        link = folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        original = listing.absolute(path)
        if original in copies:
            copies[original].replace(link)
        else:
            link.symlink_to(original.resolve())
    return Listing(folder, tuple(listing.by_path[path] for path in source.files))
