"""Whether an image is what it is called: a CT under the name of a T1-weighted image is refused, with the numbers.

Defacing, brain masks and every later reader of the name would be wrong. A CT tells itself by its units: Hounsfield's scale
puts air at -1000, and a head is surrounded by it; no MR scanner writes that.
"""

import numpy as np
from numpy.typing import NDArray

from commissure.model import Finding, Severity

__all__ = ["check_contrast"]

_AIR, _LEAST_AIR, _BONE = -900, 0.05, 300
_MR = ("T1w", "T2w", "FLAIR", "PDw", "UNIT1", "MPRAGE", "T2starw", "bold", "dwi")


def check_contrast(volume: NDArray[np.generic], *, suffix: str) -> tuple[Finding, ...]:
    """An ERROR where voxels of an image with an MR suffix are Hounsfield units.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Displayed values of one volume.
    suffix : str
        What the image is called, a BIDS suffix.

    Examples
    --------
    >>> ct = np.full((10, 10, 10), -1000.0)
    >>> ct[3:7] = 1200.0
    >>> check_contrast(ct, suffix="T1w")[0].message
    'The image is called T1w, but 60 % of its voxels lie below -900 (least -1000, greatest 1200): these are Hounsfield units of a CT.'
    """
    values = np.asarray(volume, dtype=np.float64)
    if suffix not in _MR or not values.size:
        return ()
    air, least, greatest = float(np.mean(values < _AIR)), float(np.nanmin(values)), float(np.nanmax(values))
    if air < _LEAST_AIR or greatest < _BONE or not -4096 <= least <= _AIR:
        return ()
    message = (
        f"The image is called {suffix}, but {100 * air:.0f} % of its voxels lie below {_AIR} (least {least:.0f}, greatest "
        f"{greatest:.0f}): these are Hounsfield units of a CT."
    )
    remedy = "Leave the image out, or name its kind in commissure.yaml (files: suffix)."
    return (Finding("protect.contrast", Severity.ERROR, message, remedy=remedy),)
