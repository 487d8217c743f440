"""What de-identification removes and what it keeps."""

from dataclasses import dataclass

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of a lab or a hub.

    Parameters
    ----------
    keep_labels : bool
        Keep subject and session labels, for data that has de-identified BIDS labels already. A label that holds
        a name, a date or a contact is replaced all the same.
    shift_dates : bool
        Shift dates by the subject's secret offset; False removes them.
    keep_annotations : bool
        Keep events and marks (their free text is cleaned); False drops them all.
    keep_staff : bool
        Keep operators and institutions of animal data, for labs that want to be named; persons' data never do.
    longest_text : int
        Free text over this many characters is a comment and goes, in fields that nobody has declared safe.
    top_age_years : int
        Ages from here on are reported as this plus one (89 gives 90: "90 or over").

    Examples
    --------
    >>> Policy().shift_dates
    True
    """

    keep_labels: bool = False
    shift_dates: bool = True
    keep_annotations: bool = True
    keep_staff: bool = False
    longest_text: int = 60
    top_age_years: int = 89
