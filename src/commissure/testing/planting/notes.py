"""Notes as people write them, one for each kind of identifier, and science that must survive beside them."""

import numpy as np

from commissure.testing.planting.people import Person

__all__ = ["CODES", "SCIENCE_TEXTS", "note_of"]

#: kind to ways of writing it; {v} is the value
_NOTES = {
    "patient name": ("{v} rubs eyes", "{v} ready"),
    "other name": ("{v} waits outside", "brought by {v}", "{v} phoned"),
    "lone surname": (
        "{v} sneezed",
        "cap by {v}",
        "{v} drowsy again",
        "waiting for {v}",
        "{v} on duty",
        "paused, {v} thirsty",
    ),
    "initials": ("started by {v}", "checked {v}", "tech {v}"),
    "birth date": ("born {v}", "DOB {v}"),
    "study date": ("repeat of {v}", "visit {v}"),
    "age over 89": ("aged {v}", "age {v}, frail"),
    "record number": ("{v}", "see {v}"),
    "other id": ("case no {v}", "patient ID {v}"),
    "accession number": ("accession {v}", "order {v}"),
    "device serial": ("amp {v} swapped", "serial {v}"),
    "operator": ("{v} enters", "run by {v}"),
    "physician": ("{v} informed", "seen by {v}"),
    "institution": ("from {v}", "sent by {v}"),
    "department": ("{v}", "see {v}"),
    "address": ("lives at {v}", "{v}"),
    "phone": ("call {v}", "tel {v}"),
    "e-mail": ("write to {v}", "{v}"),
    "web, host, network": ("saved on {v}", "copied to {v}"),
    "user path": ("saved {v}", "{v}"),
    "uid": ("refers to {v}",),
    "comment": ("{v}",),
    "national id": ("SSN {v}", "{v}"),
}
#: codes of events, which are science
CODES = (
    "go",
    "stop",
    "S  1",
    "S 255",
    "Stimulus/left",
    "Face",
    "House",
    "eyes closed",
    "Target",
    "Standard",
    "T0",
    "response",
)
#: texts that hold words like names, all of which must stay
SCIENCE_TEXTS = (
    "Stimulation of Broca's area and the Heschl gyrus",
    "Brodmann area 44, Talairach space",
    "Wechsler Memory Scale, Rey figure",
    "Stroop and Flanker blocks, Likert scale",
    "Parkinson's disease, Hoehn and Yahr stage 2",
    "Butterworth high-pass, Hamming window, Morlet wavelets",
    "Purkinje cells and Golgi cells of lobule V",
    "Montreal Cognitive Assessment",
    "Yeo 17 networks, Schaefer 400 parcels",
    "Utah array in Rolandic cortex",
    "Wada test, left carotid",
    "Press the left button when the Target appears",
)


def note_of(person: Person, kind: str, *, rng: np.random.Generator) -> str:
    """A note that tells one identifier of a person."""
    return str(rng.choice(_NOTES[kind])).format(v=person.values[kind])
