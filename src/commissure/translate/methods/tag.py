"""A tag: one fact read from a text, with the place that says so."""

from dataclasses import dataclass

__all__ = ["Tag"]


@dataclass(frozen=True, slots=True)
class Tag:
    """One fact.

    Parameters
    ----------
    field : str
        What it is about: ``"n"``, ``"age_mean"``, ``"repetition_time_s"``, ``"species"`` …
    value : str, int or float
        The value, in the unit the field's name ends in.
    start, end : int
        The characters of the text that say so.
    text : str
        Those characters.
    curie : str
        The term, if it is one.
    confidence : float
        From 0 to 1.
    """

    field: str
    value: str | int | float
    start: int
    end: int
    text: str
    curie: str = ""
    confidence: float = 1.0

    def to_dict(self) -> dict[str, object]:
        """The tag as plain values, for JSON."""
        told: dict[str, object] = {
            "field": self.field, "value": self.value, "start": self.start, "end": self.end, "text": self.text,
            "confidence": round(self.confidence, 3),
        }  # fmt: skip
        return told | ({"id": self.curie} if self.curie else {})
