"""Annotations: what every marking returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Annotation"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A label on a stretch of time or a region of space.

    Parameters
    ----------
    label : str
        What is marked: ``"blink"``, ``"bad_channel"``, ``"motion"``, an event's trial type.
    onset_s, duration_s : float or None
        The stretch, in seconds from the recording's first sample; None where the mark is not in time.
    channels : tuple of str
        The channels it is about; empty for all.
    position_mm : tuple of float or None
        A point in space, millimetres in the space the recording declares.
    confidence : float
        From 0 to 1; 1 for what a person or a device set.
    by : str
        The detector or the file that said it.
    details : mapping
        Further values, by name.

    Examples
    --------
    >>> Annotation("blink", onset_s=0.4, duration_s=0.2, channels=("Fp1",)).end_s
    0.6000000000000001
    """

    label: str
    onset_s: float | None = None
    duration_s: float | None = None
    channels: tuple[str, ...] = ()
    position_mm: tuple[float, float, float] | None = None
    confidence: float = 1.0
    by: str = ""
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def end_s(self) -> float | None:
        """The end of the stretch, in seconds; None where the mark is not in time."""
        return None if self.onset_s is None else self.onset_s + (self.duration_s or 0.0)
