"""Recordings as BIDS: EEG and iEEG to BrainVision, MEG to FIF, NIRS to SNIRF, motion to TSV, with their side files.

What is written is what the noun says, and nothing that its file of origin said beyond it.

References
----------
Pernet et al. 2019, doi:10.1038/s41597-019-0104-8 (EEG); Holdgraf et al. 2019, doi:10.1038/s41597-019-0105-7 (iEEG);
Niso et al. 2018, doi:10.1038/sdata.2018.110 (MEG); Luke et al. 2025, doi:10.1038/s41597-024-04136-9 (NIRS); Jeung et
al. 2024, doi:10.1038/s41597-024-03559-8 (motion).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from commissure.errors import BadInput
from commissure.model import Finding, Recording, Severity, Software
from commissure.standardize.bids_channels import write_channels
from commissure.standardize.bids_electrodes import write_places
from commissure.standardize.bids_events import write_events
from commissure.standardize.bids_names import bids_label, bids_path
from commissure.standardize.bids_sidecar import write_sidecar
from commissure.standardize.port import Written
from commissure.standardize.signal_brainvision import write_brainvision
from commissure.standardize.signal_fif import write_fif
from commissure.standardize.signal_motion import write_motion
from commissure.standardize.signal_snirf import write_snirf

__all__ = ["SignalWriter", "writer"]

_WRITERS: Mapping[str, Callable[[Recording, Path], tuple[str, ...]]] = {
    "eeg": write_brainvision,
    "ieeg": write_brainvision,
    "meg": write_fif,
    "nirs": write_snirf,
    "motion": write_motion,
}
_LIBRARIES = {"meg": ("mne",), "nirs": ("h5py",)}
#: what is opened first
_PRIMARY = (".vhdr", "_meg.fif", ".snirf", "_motion.tsv")
_UNNAMED = "unnamed"


class SignalWriter:
    """Writes one Recording into a BIDS tree."""

    def write(self, noun: Any, *, root: Path) -> Written:
        """Write the samples and the side files of ``noun`` below ``root``.

        Parameters
        ----------
        noun : Recording
            Its ``about`` gives the names; a missing task becomes ``task-unnamed``, with a Finding.
        root : Path
            The top of the tree.

        Raises
        ------
        BadInput
            If its datatype is none of EEG, iEEG, MEG, NIRS and motion, or a label is no BIDS label.
        """
        if not isinstance(noun, Recording):
            raise BadInput(f"The BIDS signal writer takes a Recording; got a {type(noun).__name__}.")
        if noun.about.datatype not in _WRITERS:
            allowed = ", ".join(_WRITERS)
            raise BadInput(f"BIDS signals are of datatype {allowed}; got {noun.about.datatype!r}.")
        recording, findings = _named(noun)
        folder = (root / bids_path(recording.about, extension=".json")).parent
        folder.mkdir(parents=True, exist_ok=True)
        files = [
            *_WRITERS[recording.about.datatype](recording, root),
            write_channels(recording, root),
            *write_events(recording, root),
            *write_places(recording, root),
            write_sidecar(recording, root),
        ]
        libraries = tuple(
            Software(name, version(name)) for name in _LIBRARIES.get(recording.about.datatype, ())
        )
        software = (Software("commissure", version("commissure")), *libraries)
        where = bids_path(recording.about, extension="")
        passed_on = (replace(one, where=one.where or where) for one in noun.about.findings)
        ordered = tuple(sorted(files, key=lambda path: (not path.endswith(_PRIMARY), path)))
        return Written(ordered, (*findings, *passed_on, *_losses(recording)), software)


def _named(noun: Recording) -> tuple[Recording, list[Finding]]:
    """The recording with a task, and with the entities that its datatype demands."""
    about, findings = noun.about, []
    entities = dict(about.entities)
    entities["task"] = bids_label(entities.get("task", "")) or _UNNAMED
    if entities["task"] == _UNNAMED:
        message = "Nothing names the task of this recording; it is written as 'task-unnamed'."
        remedy = "Give it by --task, or in commissure.yaml (task: rest)."
        findings.append(
            Finding("bids.task", Severity.WARNING, message, bids_path(replace(about, entities=entities), extension=""), remedy)
        )  # fmt: skip
    if about.datatype == "motion":
        entities.setdefault("tracksys", bids_label(about.device.model) or "unnamed")
    return replace(noun, about=replace(about, entities=entities)), findings


def _losses(recording: Recording) -> list[Finding]:
    """What the standard cannot carry."""
    where = bids_path(recording.about, extension="")
    found = []
    if recording.gaps:
        seconds = sum(length for _, length in recording.gaps)
        message = f"The device's clock jumps {len(recording.gaps)} times ({seconds:g} s in all); each jump is a 'gap' in events.tsv."
        remedy = "Take care where an analysis needs continuous time."
        found.append(Finding("bids.gaps", Severity.WARNING, message, where, remedy))
    names = [channel.name for channel in recording.channels]
    if len(set(names)) < len(names):
        message = "Two channels bear one name; the later ones get a number."
        found.append(
            Finding("bids.channel_names", Severity.WARNING, message, where, "Name each channel once.")
        )
    return found


#: the plugin
writer = SignalWriter()
