"""Sources: what a raw folder turns out to hold."""

from dataclasses import dataclass

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """The files that make one recording, image series or table, and the format that claims them.

    Parameters
    ----------
    format : str
        The reader's name in the registry (``"edf"``, ``"dicom"``, ``"spikeglx"``).
    files : tuple of str
        POSIX paths below the raw folder, the one to open first.
    standard : str
        Where it belongs: ``"bids"`` or ``"nwb"``.
    confidence : float
        1 where the content proves the format, lower where only the name speaks.
    note : str
        What a person should know (``"header only, no samples"``), safe to print.
    complete : bool
        False where a part is missing that reading needs (a header without its samples).
    """

    format: str
    files: tuple[str, ...]
    standard: str
    confidence: float = 1.0
    note: str = ""
    complete: bool = True

    @property
    def primary(self) -> str:
        """The file to open."""
        return self.files[0]
