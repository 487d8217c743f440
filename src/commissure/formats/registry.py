"""The table of formats: one line a reader."""

from commissure.formats.port import Reader
from commissure.plugins import Registry

__all__ = ["READERS"]

#: signals that become BIDS: EEG, iEEG, MEG, NIRS, motion
_SIGNALS: dict[str, str] = {
    "edf": "commissure.formats.edf:reader",
}

#: images that become BIDS
_IMAGES: dict[str, str] = {
    "dicom": "commissure.formats.dicom:reader",
}

#: what becomes NWB: extracellular and intracellular recordings, optical imaging, behaviour
_NEUROPHYSIOLOGY: dict[str, str] = {
    "spikeglx": "commissure.formats.spikeglx:reader",
}

#: every reader, by name; third parties add theirs by the entry point group ``commissure.reader``
READERS: Registry[Reader] = Registry("reader", _SIGNALS | _IMAGES | _NEUROPHYSIOLOGY)
