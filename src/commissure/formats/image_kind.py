"""Which kind of MR image a series is: its BIDS datatype, suffix and entities, and what tells so.

What a name says outright (``func-bold_task-rest``, ``T1w``) beats what the sequence says, and that beats what the
shape says. Nothing is guessed beyond that: a kind that cannot be told stays empty.

>>> kind = kind_of(Evidence(names=("func-bold_task-fa_run-1",), shape=(64, 64, 33, 8)))
>>> kind.datatype, kind.suffix, dict(kind.entities)
('func', 'bold', {'task': 'fa', 'run': '1'})
>>> kind_of(Evidence(names=("t1_mprage_sag",), shape=(176, 256, 256))).suffix
'T1w'
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from commissure.model import Origin

__all__ = ["Evidence", "Kind", "kind_of"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about an image before its kind is told.

    Parameters
    ----------
    names : tuple of str
        Protocol, series description, file name: the most telling first.
    shape : tuple of int
        Voxels along x, y, z, and volumes if there are several.
    sidecar : mapping
        dcm2niix's fields (``ImageType``, ``ScanningSequence``, ``EchoTime`` in seconds …); empty if unknown.
    repetition_s : float or None
        Seconds from volume to volume.
    b_values : tuple of float
        Diffusion weightings in s/mm², one a volume; empty if there are none.
    direction : str
        The phase encoding as a BIDS label (``"AP"``); empty if unknown.
    """

    names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    sidecar: Mapping[str, object] = field(default_factory=dict)
    repetition_s: float | None = None
    b_values: tuple[float, ...] = ()
    direction: str = ""

    @property
    def volumes(self) -> int:
        """How many volumes."""
        return self.shape[3] if len(self.shape) > 3 else 1

    @property
    def text(self) -> str:
        """All names in lower case, their words parted by blanks."""
        joined = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name) for name in self.names)
        return f" {' '.join(re.findall(r'[a-z0-9*]+', joined.lower()))} "

    def number(self, key: str) -> float | None:
        """A sidecar field as a number; None if it is not one."""
        value = self.sidecar.get(key)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def words(self, key: str) -> frozenset[str]:
        """A sidecar field as a set of words in upper case."""
        value = self.sidecar.get(key, "")
        parts = value if isinstance(value, list) else [value]
        return frozenset(word for part in parts for word in re.findall(r"[A-Z0-9]+", str(part).upper()))


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of an image.

    Parameters
    ----------
    datatype, suffix : str
        As BIDS has them; both empty if the image has no place in BIDS, and ``reason`` says why.
    entities : mapping of str to str
        Short key to label.
    reason : str
        What told so; safe to print.
    origin : Origin
        From names, from the header or from the content.
    """

    datatype: str = ""
    suffix: str = ""
    entities: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    origin: Origin = Origin.HEADER


_ENTITY = re.compile(r"(?<![A-Za-z0-9])(task|acq|dir|run|echo|rec|ce|inv|part|mt|flip)-([A-Za-z0-9]+)")
_PLACED = {
    "bold": "func", "sbref": "func", "cbv": "func", "t1w": "anat", "t2w": "anat", "flair": "anat", "pdw": "anat",
    "t2starw": "anat", "unit1": "anat", "angio": "anat", "inplanet1": "anat", "inplanet2": "anat", "dwi": "dwi",
    "epi": "fmap", "phasediff": "fmap", "magnitude1": "fmap", "magnitude2": "fmap", "phase1": "fmap",
    "phase2": "fmap", "magnitude": "fmap", "asl": "perf", "m0scan": "perf",
}  # fmt: skip
_SPELLING = {
    name.lower(): name
    for name in ("T1w", "T2w", "FLAIR", "PDw", "T2starw", "UNIT1", "inplaneT1", "inplaneT2")
}
_DERIVED = frozenset({
    "ADC", "FA", "TRACEW", "TRACE", "TENSOR", "COLFA", "MPR", "MIP", "MINIP", "MOCO", "TMAP", "RCBV", "RCBF", "MTT",
    "TTP", "PROJECTION", "REFORMATTED",
})  # fmt: skip
_LOCALIZER = re.compile(
    r" (localizer|localiser|loc|scout|aascout|aahead|survey|3plane|pilot|topogram|plan scan|3 plane|smartbrain|calibration|ref scan|asset) "
)
_FIELD_MAP = re.compile(r" (field ?map\w*|field mapping|fieldmapping|fmap|b0 ?map|gre field) ")
_PEPOLAR = re.compile(
    r" (spin ?echo ?field ?map\w*|se epi|sefm|topup|distortion\w*|pepolar|blip|rpe|pe (ap|pa|lr|rl|is|si)|fmap epi|epi fmap|(ap|pa|lr|rl) epi|epi (ap|pa|lr|rl))"
)
_PERFUSION = re.compile(r" (p?casl|pasl|asl|asl\w+|perfusion|m0|m0scan|tgse)(?= )")
_DIFFUSION = re.compile(r" (dwi|dti|dki|diff|diffusion|hardi|noddi|dsi|ep2d diff|\w*dti\w*|mbdiff) ")
_FUNCTION = re.compile(r" (bold|fmri\w*|func|functional|ep2d bold|rest|resting|restingstate|task|epi) ")
_T1 = re.compile(
    r" (t1w?|mprage|mp rage|memprage|mpr|bravo|ir ?fspgr|fspgr|spgr|mdeft|tfl|tfe|t1\w*|\w*mprage\w*) "
)
_T2_STAR = re.compile(r" (t2starw?|t2 star|t2\*w?|swi|swan|medic|gre t2|hemo) ")
_T2 = re.compile(r" (t2w?|t2 spc|space|cube|t2\w*|tse t2) ")
_LONGEST_FIELD_MAP = 10
_FEWEST_BOLD = 2


def kind_of(evidence: Evidence) -> Kind:
    """Tell the kind of an image.

    Parameters
    ----------
    evidence : Evidence
        What is known.

    Returns
    -------
    Kind
        With empty ``datatype`` where BIDS has no place for it, or where it cannot be told.

    References
    ----------
    Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44; Li et al. 2016 (dcm2niix),
    doi:10.1016/j.jneumeth.2016.03.001.
    """
    said = dict(_ENTITY.findall(" ".join(evidence.names)))
    for rule in (
        _unplaced,
        _placed,
        _field_map,
        _diffusion,
        _perfusion,
        _phase_encoding_pair,
        _functional,
        _anatomical,
    ):
        kind = rule(evidence)
        if kind is not None:
            return _with_entities(kind, evidence, said)
    return Kind(reason="neither its names nor its header nor its shape tell what it shows")


def _unplaced(evidence: Evidence) -> Kind | None:
    if _LOCALIZER.search(evidence.text) or "LOCALIZER" in evidence.words("ImageType"):
        return Kind(reason="it is a localizer, for which BIDS has no place")
    image_type = evidence.words("ImageType")
    if "DERIVED" in image_type and image_type & _DERIVED:
        return Kind(reason="the scanner derived it from other images, and BIDS keeps raw ones")
    return None


def _placed(evidence: Evidence) -> Kind | None:
    """A BIDS suffix as a word of a name, or ReproIn's ``datatype-suffix``."""
    for name in evidence.names:
        words = [word.lower() for word in re.findall(r"[A-Za-z0-9]+", name)]
        entities = {value.lower() for _, value in _ENTITY.findall(name)}
        for word in reversed([word for word in words if word not in entities]):
            suffix = _SPELLING.get(word, word)
            if word in _PLACED and word not in {"epi", "phase1", "phase2", "magnitude"}:
                datatype = "dwi" if word == "sbref" and _DIFFUSION.search(evidence.text) else _PLACED[word]
                return _checked(
                    Kind(datatype, suffix, reason="a BIDS suffix in its name", origin=Origin.NAME), evidence
                )
        if re.search(r"(^|[^a-z])fmap([^a-z].*)?epi([^a-z]|$)", name.lower()):
            return Kind("fmap", "epi", reason="a BIDS suffix in its name", origin=Origin.NAME)
    return None


def _checked(kind: Kind, evidence: Evidence) -> Kind | None:
    """A name may be wrong: BIDS wants four dimensions of bold, three of T1w, and gradients of dwi."""
    if kind.suffix == "bold" and evidence.volumes < _FEWEST_BOLD:
        return replace(kind, suffix="sbref", reason="a functional name, but one volume only")
    if kind.suffix == "dwi" and not evidence.b_values:
        return None
    if kind.suffix == "T1w" and evidence.volumes > 1:
        return None
    return kind


def _is_phase(evidence: Evidence) -> bool:
    words = evidence.words("ImageType")
    return bool(words & {"P", "PHASE"}) and not words & {"M", "MAGNITUDE"}


def _field_map(evidence: Evidence) -> Kind | None:
    sequence = str(evidence.sidecar.get("SequenceName", "")).lower()
    if not (_FIELD_MAP.search(evidence.text) or "fm2d" in sequence) or "EP" in evidence.words(
        "ScanningSequence"
    ):
        return None
    echo = int(evidence.number("EchoNumber") or 1)
    if _is_phase(evidence):
        both = evidence.number("EchoTime1") is not None and evidence.number("EchoTime2") is not None
        return Kind(
            "fmap", "phasediff" if both else f"phase{echo}", reason="a gradient-echo field map, phase"
        )
    if evidence.volumes > 1:
        return None
    return Kind("fmap", f"magnitude{min(echo, 2)}", reason="a gradient-echo field map, magnitude")


def _diffusion(evidence: Evidence) -> Kind | None:
    if evidence.b_values and max(evidence.b_values) > 0:
        return Kind("dwi", "dwi", reason="diffusion weightings in its header")
    if _DIFFUSION.search(evidence.text) and evidence.volumes <= _LONGEST_FIELD_MAP and evidence.direction:
        return Kind(
            "fmap", "epi", reason="a diffusion series without weighting: the reference for its distortion"
        )
    return None


def _perfusion(evidence: Evidence) -> Kind | None:
    match = _PERFUSION.search(evidence.text)
    if not match and "ASL" not in evidence.words("ImageType"):
        return None
    if match and match.group(1) in {"m0", "m0scan"}:
        return Kind("perf", "m0scan", reason="an M0 scan by its name", origin=Origin.NAME)
    return Kind("perf", "asl", reason="arterial spin labelling by its name", origin=Origin.NAME)


def _phase_encoding_pair(evidence: Evidence) -> Kind | None:
    few = evidence.volumes <= _LONGEST_FIELD_MAP
    if few and evidence.direction and _PEPOLAR.search(evidence.text):
        return Kind("fmap", "epi", reason="a short echo-planar series named for its phase encoding")
    return None


def _functional(evidence: Evidence) -> Kind | None:
    planar = "EP" in evidence.words("ScanningSequence") or "EPI" in str(
        evidence.sidecar.get("PulseSequenceType", "")
    )
    marked = "FMRI" in evidence.words("ImageType")
    named = bool(_FUNCTION.search(evidence.text))
    if evidence.volumes >= _FEWEST_BOLD and (planar or marked or named):
        reason = (
            "a series of echo-planar volumes"
            if planar or marked
            else "a series of volumes with a functional name"
        )
        return Kind("func", "bold", reason=reason, origin=Origin.HEADER if planar or marked else Origin.NAME)
    if evidence.volumes == 1 and "sbref" in evidence.text:
        return Kind("func", "sbref", reason="a single-band reference by its name", origin=Origin.NAME)
    return None


def _anatomical(evidence: Evidence) -> Kind | None:
    if evidence.volumes > 1:
        return None
    text = evidence.text
    if " flair " in text or "darkfluid" in text or " dark fluid " in text:
        return Kind("anat", "FLAIR", reason="its name", origin=Origin.NAME)
    if " tof " in text or "angio" in text:
        return Kind("anat", "angio", reason="its name", origin=Origin.NAME)
    if _T2_STAR.search(text):
        return Kind("anat", "T2starw", reason="its name", origin=Origin.NAME)
    if _T1.search(text):
        return Kind("anat", "T1w", reason="its name", origin=Origin.NAME)
    if _T2.search(text):
        return Kind("anat", "T2w", reason="its name", origin=Origin.NAME)
    if re.search(r" (pd|pdw|proton) ", text):
        return Kind("anat", "PDw", reason="its name", origin=Origin.NAME)
    if " epi " in text and not evidence.sidecar:
        return Kind("anat", "T2starw", reason="a single echo-planar volume by its name", origin=Origin.NAME)
    return _anatomical_by_timing(evidence)


def _anatomical_by_timing(evidence: Evidence) -> Kind | None:
    """Weighting from the timing, for whole-head sequences that are not echo-planar."""
    echo_s, repeat_s = evidence.number("EchoTime"), evidence.number("RepetitionTime")
    inversion_s = evidence.number("InversionTime") or 0.0
    if echo_s is None or repeat_s is None or "EP" in evidence.words("ScanningSequence"):
        return None
    if echo_s >= 0.06:
        return Kind("anat", "FLAIR" if inversion_s > 1.5 else "T2w", reason="its echo and inversion times")
    volumetric = str(evidence.sidecar.get("MRAcquisitionType", "")) == "3D"
    if echo_s < 0.012 and (0.5 <= inversion_s <= 1.5 or (volumetric and repeat_s < 0.05)):
        return Kind("anat", "T1w", reason="its echo, repetition and inversion times")
    return None


_ALLOWED = {
    "func": frozenset({"task", "acq", "ce", "rec", "dir", "run", "echo", "part"}),
    "dwi": frozenset({"acq", "rec", "dir", "run", "part"}),
    "epi": frozenset({"acq", "ce", "rec", "dir", "run"}),
    "fmap": frozenset({"acq", "run"}),
    "perf": frozenset({"acq", "rec", "dir", "run"}),
    "anat": frozenset({"acq", "ce", "rec", "run", "echo", "part"}),
}


def _with_entities(kind: Kind, evidence: Evidence, said: Mapping[str, str]) -> Kind:
    if not kind.datatype:
        return kind
    allowed = _ALLOWED["epi" if kind.suffix == "epi" else kind.datatype]
    numbers = {key: value for key, value in said.items() if key not in {"run", "echo"} or value.isdigit()}
    entities = {key: value for key, value in numbers.items() if key in allowed}
    if kind.suffix in {"epi", "dwi"} and evidence.direction:
        entities["dir"] = evidence.direction
    if "part" in allowed and _is_phase(evidence) and kind.datatype != "fmap":
        entities["part"] = "phase"
    if (
        kind.datatype == "func"
        and "task" not in entities
        and re.search(r" (rest|resting|restingstate|rs) ", evidence.text)
    ):
        entities["task"] = "rest"
    return replace(kind, entities=entities)
