"""Where on the head a channel lies, by its name (10-20 system and its finer kin) or by its position: one of 11 regions.

Regions stand for sites that montages do not share: 8, 19, 64 or 256 electrodes come down to the same few places.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEIGHBOURS", "REGIONS", "region_of_name", "region_of_position", "site_of"]

#: left, middle and right of the frontal, central and posterior head, and the temples
REGIONS = ("frontal left", "frontal middle", "frontal right", "central left", "central middle", "central right",
           "temporal left", "temporal right", "posterior left", "posterior middle", "posterior right")  # fmt: skip
#: what lies beside a region, for one that a montage lacks
NEIGHBOURS: dict[int, tuple[int, ...]] = {
    0: (1, 3, 6), 1: (0, 2, 4), 2: (1, 5, 7), 3: (0, 4, 6, 8), 4: (1, 3, 5, 9), 5: (2, 4, 7, 10),
    6: (0, 3, 8), 7: (2, 5, 10), 8: (3, 6, 9), 9: (4, 8, 10), 10: (5, 7, 9),
}  # fmt: skip
_ROWS = {"FP": 0, "AF": 0, "F": 0, "FC": 1, "FCC": 1, "C": 1, "CCP": 1, "CP": 1, "FT": 2, "FTT": 2, "T": 2, "TTP": 2,
         "TP": 2, "P": 3, "CPP": 1, "PO": 3, "PPO": 3, "POO": 3, "O": 3, "I": 3, "AFF": 0, "AFP": 0, "FFC": 0}  # fmt: skip
_OLD = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
_SITE = re.compile(r"(?<![A-Z0-9])(?P<row>FP|AFF|AFP|AF|FFC|FCC|FC|FTT|FT|F|CCP|CPP|CP|C|TTP|TP|T|PPO|POO|PO|P|O|I)"
                   r"(?P<column>Z|10|[1-9])(?![A-Z0-9])")  # fmt: skip
_MIDDLE = 0.25


def site_of(name: str) -> str:
    """The 10-20 site in a channel's name, in capitals; empty if there is none, or two (a bipolar lead).

    >>> site_of("EEG Fp1-Ref"), site_of("T3"), site_of("MEG 0113"), site_of("F3-C3")
    ('FP1', 'T7', '', '')
    """
    found = [f"{each['row']}{each['column']}" for each in _SITE.finditer(name.upper().replace("_", " "))]
    if len(found) != 1:
        return ""
    return _OLD.get(found[0], found[0])


def region_of_name(name: str) -> int | None:
    """The number of the region in which a channel of that name lies; None if the name tells no site.

    >>> REGIONS[region_of_name("PO8")], region_of_name("chan12")
    ('posterior right', None)
    """
    site = site_of(name)
    if not site:
        return None
    letters = site.rstrip("Z0123456789")
    row, column = _ROWS[letters], site[len(letters) :]
    if column == "Z":
        return {0: 1, 1: 4, 2: 4, 3: 9}[row]
    left = int(column) % 2 == 1
    return {0: (0, 2), 1: (3, 5), 2: (6, 7), 3: (8, 10)}[row][0 if left else 1]


def region_of_position(positions_mm: NDArray[np.float64]) -> Sequence[int]:
    """The regions of sensors all over the head, by their places: x to the right, y to the front.

    Parameters
    ----------
    positions_mm : array, shape (sensor, 3)
        Of one head; only their layout counts, not its size.

    Examples
    --------
    >>> region_of_position(np.array([[-80.0, 0, 0], [0, 70, 60], [0, -90, 20], [80, 0, 0], [0, 0, 120]]))
    [6, 1, 9, 7, 4]
    """
    low, high = positions_mm.min(axis=0), positions_mm.max(axis=0)
    x, y = (2 * (positions_mm - low) / np.maximum(high - low, 1e-9) - 1)[:, :2].T
    found = []
    for across, along in zip(x, y, strict=True):
        side = 1 if abs(across) < _MIDDLE else 0 if across < 0 else 2
        if abs(across) > 0.7 and abs(along) < 0.5:
            found.append(6 if across < 0 else 7)
        elif along > 1 / 3:
            found.append(side)
        elif along < -1 / 3:
            found.append(8 + side)
        else:
            found.append(3 + side)
    return found
