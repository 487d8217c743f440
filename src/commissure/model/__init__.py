"""The nouns: frozen dataclasses on the standard library and NumPy, without I/O."""

from commissure.model.about import About, Device, Fact, Identifier, Origin
from commissure.model.activity import Activity, Software
from commissure.model.annotation import Annotation
from commissure.model.behavior import Gaze, Pose, Video
from commissure.model.consent import Consent, Grant
from commissure.model.dataset import Asset, Dataset, Release
from commissure.model.descriptor import Descriptor
from commissure.model.finding import Finding, Severity, worst
from commissure.model.image import Image
from commissure.model.job import Job, JobState, Study
from commissure.model.optical import Cells, Movie
from commissure.model.people import Person, Session, Site, Subject
from commissure.model.progress import Progress, Silent
from commissure.model.recording import Channel, Recording, Signal
from commissure.model.source import Source
from commissure.model.sweeps import Sweep, Sweeps
from commissure.model.term import Term
from commissure.model.tree import Tree
from commissure.model.units import Units

__all__ = [
    "About",
    "Activity",
    "Annotation",
    "Asset",
    "Cells",
    "Channel",
    "Consent",
    "Dataset",
    "Descriptor",
    "Device",
    "Fact",
    "Finding",
    "Gaze",
    "Grant",
    "Identifier",
    "Image",
    "Job",
    "JobState",
    "Movie",
    "Origin",
    "Person",
    "Pose",
    "Progress",
    "Recording",
    "Release",
    "Session",
    "Severity",
    "Signal",
    "Silent",
    "Site",
    "Software",
    "Source",
    "Study",
    "Subject",
    "Sweep",
    "Sweeps",
    "Term",
    "Tree",
    "Units",
    "Video",
    "worst",
]
