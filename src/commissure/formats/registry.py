"""The table of formats: one line a reader."""

from commissure.formats.port import Reader
from commissure.plugins import Registry

__all__ = ["READERS"]

#: signals that become BIDS: EEG, iEEG, MEG, NIRS, motion
_SIGNALS: dict[str, str] = {
    "edf": "commissure.formats.edf:reader",
    "brainvision": "commissure.formats.brainvision:reader",
    "eeglab": "commissure.formats.eeglab:reader",
    "neuroscan": "commissure.formats.neuroscan:reader",
    "fif": "commissure.formats.fif:reader",
    "ctf": "commissure.formats.ctf:reader",
    "persyst": "commissure.formats.persyst:reader",
    "snirf": "commissure.formats.snirf:reader",
    "kit": "commissure.formats.kit:reader",
    "egi": "commissure.formats.egi:reader",
    "nihon_kohden": "commissure.formats.nihon_kohden:reader",
    "curry": "commissure.formats.curry:reader",
    "ant": "commissure.formats.ant:reader",
    "neuralynx": "commissure.formats.neuralynx:reader",
    "xdf": "commissure.formats.xdf:reader",
    "gdf": "commissure.formats.gdf:reader",
    "micromed": "commissure.formats.micromed:reader",
    "nirx": "commissure.formats.nirx:reader",
    "hitachi": "commissure.formats.hitachi:reader",
    "boxy": "commissure.formats.boxy:reader",
    "bti": "commissure.formats.bti:reader",
    "artemis123": "commissure.formats.artemis123:reader",
}

#: images that become BIDS
_IMAGES: dict[str, str] = {
    "dicom": "commissure.formats.dicom:reader",
    "bids": "commissure.formats.bids:reader",
    "minc": "commissure.formats.minc:reader",
    "parrec": "commissure.formats.parrec:reader",
    "nifti": "commissure.formats.nifti:reader",
    "afni": "commissure.formats.volumes:afni",
    "analyze": "commissure.formats.volumes:analyze",
    "mgh": "commissure.formats.volumes:mgh",
}

#: what becomes NWB: extracellular and intracellular recordings, optical imaging, behaviour
_NEUROPHYSIOLOGY: dict[str, str] = {
    "intan": "commissure.formats.intan:reader",
    "openephys": "commissure.formats.openephys:reader",
    "spikeglx": "commissure.formats.spikeglx:reader",
    "blackrock": "commissure.formats.blackrock:reader",
    "plexon": "commissure.formats.plexon:reader",
    "axon": "commissure.formats.axon:reader",
    "maxwell": "commissure.formats.maxwell:reader",
    "threebrain": "commissure.formats.threebrain:reader",
    "binary": "commissure.formats.binary:reader",
    "phy": "commissure.formats.phy:reader",
    "tiff": "commissure.formats.tiff:reader",
    "suite2p": "commissure.formats.suite2p:reader",
    "deeplabcut": "commissure.formats.deeplabcut:reader",
    "video": "commissure.formats.video:reader",
    "eyelink": "commissure.formats.eyelink:reader",
    "nwb": "commissure.formats.nwb:reader",
}

#: every reader, by name; third parties add theirs by the entry point group ``commissure.reader``
READERS: Registry[Reader] = Registry("reader", _SIGNALS | _IMAGES | _NEUROPHYSIOLOGY)
