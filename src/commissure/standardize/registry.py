"""The table of writers: which noun of which datatype is written by what."""

from commissure.errors import NotFound
from commissure.model import About, Cells, Gaze, Image, Movie, Pose, Recording, Sweeps, Tree, Units, Video
from commissure.plugins import Registry
from commissure.standardize.port import Writer

__all__ = ["BIDS_DATATYPES", "WRITERS", "standard_of", "writer_for"]

#: datatypes that are written as BIDS; all others as NWB
BIDS_DATATYPES = frozenset(
    {"eeg", "ieeg", "meg", "nirs", "motion", "anat", "func", "dwi", "fmap", "perf", "pet", "beh"}
)

#: every writer, by name; third parties add theirs by the entry point group ``commissure.writer``
WRITERS: Registry[Writer] = Registry(
    "writer",
    {
        "bids-signal": "commissure.standardize.bids_signal:writer",
        "bids-image": "commissure.standardize.bids_image:writer",
        "nwb": "commissure.standardize.nwb:writer",
        "tree": "commissure.standardize.tree:writer",
    },
)

Noun = Recording | Image | Units | Tree | Sweeps | Movie | Cells | Pose | Gaze | Video


def standard_of(about: About) -> str:
    """``"bids"`` or ``"nwb"``, by the datatype."""
    return "bids" if about.datatype in BIDS_DATATYPES else "nwb"


def writer_for(noun: Noun) -> Writer:
    """The writer for ``noun``; :class:`NotFound` if there is none for its datatype."""
    if isinstance(noun, Tree):
        return WRITERS.get("tree")
    if isinstance(noun, Image):
        return WRITERS.get("bids-image")
    if standard_of(noun.about) == "nwb":
        return WRITERS.get("nwb")
    if isinstance(noun, Recording):
        return WRITERS.get("bids-signal")
    raise NotFound(f"No writer takes a {type(noun).__name__} of datatype {noun.about.datatype!r}.")
