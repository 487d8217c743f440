"""Which sidecar fields BIDS demands of an MR image, so that what lacks them is not called valid.

After the rules of the BIDS schema 1.11 (``rules.sidecars``: func, fmap, asl, dwi).
"""

from collections.abc import Mapping

from commissure.model import About

__all__ = ["missing_fields"]

_REQUIRED: dict[str, tuple[str, ...]] = {
    "bold": ("TaskName", "RepetitionTime"),
    "phasediff": ("EchoTime1", "EchoTime2"),
    "phase1": ("EchoTime",),
    "phase2": ("EchoTime",),
    "fieldmap": ("Units",),
    "epi": ("PhaseEncodingDirection", "TotalReadoutTime|EffectiveEchoSpacing"),
    "m0scan": ("RepetitionTimePreparation", "EchoTime", "IntendedFor"),
    "asl": (
        "MagneticFieldStrength", "MRAcquisitionType", "EchoTime", "RepetitionTimePreparation",
        "ArterialSpinLabelingType", "PostLabelingDelay", "BackgroundSuppression", "M0Type", "TotalAcquiredPairs",
    ),
}  # fmt: skip


def missing_fields(
    about: About, *, sidecar: Mapping[str, object], extra: Mapping[str, str]
) -> tuple[str, ...]:
    """The names of what BIDS demands and nobody has said.

    Parameters
    ----------
    about : About
        Datatype and suffix.
    sidecar : mapping
        The fields as they would be written.
    extra : mapping of str to str
        Side files by extension.

    Examples
    --------
    >>> from commissure.model import Subject
    >>> missing_fields(About("fmap", Subject("01"), suffix="phasediff"), sidecar={"EchoTime1": 0.01}, extra={})
    ('EchoTime2',)
    """
    needed = list(_REQUIRED.get(about.suffix, ()))
    if about.suffix == "bold" and "VolumeTiming" in sidecar:
        needed.remove("RepetitionTime")
    if about.datatype == "perf" and sidecar.get("MRAcquisitionType") == "2D":
        needed.append("SliceTiming")
    if about.suffix == "asl":
        kind = sidecar.get("ArterialSpinLabelingType")
        needed += {
            "PASL": ["BolusCutOffFlag"],
            "CASL": ["LabelingDuration"],
            "PCASL": ["LabelingDuration"],
        }.get(str(kind), [])
    missing = [one for one in needed if not any(name in sidecar for name in one.split("|"))]
    if about.suffix == "asl" and "aslcontext.tsv" not in extra:
        missing.append("aslcontext.tsv")
    if about.suffix == "dwi":
        missing += [name for name in ("bval", "bvec") if name not in extra]
    return tuple(one.replace("|", " or ") for one in missing)
