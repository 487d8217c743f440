"""The fields of dcm2niix's and other labs' JSON that belong in a BIDS sidecar.

A list of what may stay, not of what must go: a field that nobody has thought of may hold a name.
"""

from collections.abc import Mapping

__all__ = ["SAFE_FIELDS", "phase_direction_label", "sidecar_of"]

#: fields of BIDS 1.11 for MRI that tell about the scan and never about the person, the place or the moment
SAFE_FIELDS = frozenset({
    "Manufacturer", "ManufacturersModelName", "SoftwareVersions", "MagneticFieldStrength", "ReceiveCoilName",
    "ReceiveCoilActiveElements", "NumberReceiveCoilActiveElements", "GradientSetType", "MRTransmitCoilSequence",
    "MatrixCoilMode", "CoilCombinationMethod", "NumberTransmitCoilActiveElements", "BodyPart", "PulseSequenceType",
    "ScanningSequence", "SequenceVariant", "ScanOptions", "SequenceName", "PulseSequenceDetails",
    "NonlinearGradientCorrection", "MRAcquisitionType", "MTState", "MTOffsetFrequency", "MTPulseBandwidth",
    "MTNumberOfPulses", "MTPulseShape", "MTPulseDuration", "NumberShots", "SpoilingState", "SpoilingType",
    "SpoilingRFPhaseIncrement", "SpoilingGradientMoment", "SpoilingGradientDuration", "WaterSuppression",
    "WaterSuppressionTechnique", "B0ShimmingTechnique", "B1ShimmingTechnique", "ParallelReductionFactorInPlane",
    "ParallelReductionFactorOutOfPlane", "ParallelAcquisitionTechnique", "PartialFourier", "PartialFourierDirection",
    "EffectiveEchoSpacing", "MixingTime", "PhaseEncodingDirection", "TotalReadoutTime", "EchoTime", "EchoTime1",
    "EchoTime2", "InversionTime", "DwellTime", "SliceTiming", "SliceEncodingDirection", "FlipAngle", "LookLocker",
    "MultibandAccelerationFactor", "NegativeContrast", "ContrastBolusIngredient", "RepetitionTime",
    "RepetitionTimeExcitation", "RepetitionTimePreparation", "VolumeTiming", "FrameAcquisitionDuration", "DelayTime",
    "NumberOfVolumesDiscardedByScanner", "NumberOfVolumesDiscardedByUser", "DelayAfterTrigger", "TaskName",
    "TaskDescription", "Instructions", "CogAtlasID", "CogPOID", "Units", "IntendedFor", "B0FieldIdentifier",
    "B0FieldSource", "MultipartID", "ArterialSpinLabelingType", "PostLabelingDelay", "BackgroundSuppression",
    "BackgroundSuppressionNumberPulses", "BackgroundSuppressionPulseTime", "M0Type", "M0Estimate",
    "TotalAcquiredPairs", "VascularCrushing", "VascularCrushingVENC", "AcquisitionVoxelSize", "LabelingOrientation",
    "LabelingDistance", "LabelingLocationDescription", "LabelingEfficiency", "LabelingDuration", "PCASLType",
    "CASLType", "PASLType", "LabelingPulseAverageGradient", "LabelingPulseMaximumGradient",
    "LabelingPulseAverageB1", "LabelingPulseDuration", "LabelingPulseFlipAngle", "LabelingPulseInterval",
    "LabelingSlabThickness", "BolusCutOffFlag", "BolusCutOffDelayTime", "BolusCutOffTechnique", "SkullStripped",
})  # fmt: skip
#: spoken by dcm2niix, not by BIDS, and of use to who analyses: numbers, words of the sequence, and its title (which is cleaned; that of the protocol is the site's own)
_EXTRA_FIELDS = frozenset({
    "SliceThickness", "SpacingBetweenSlices", "PixelBandwidth", "BandwidthPerPixelPhaseEncode", "BaseResolution",
    "PercentPhaseFOV", "PercentSampling", "EchoTrainLength", "AcquisitionMatrixPE", "ReconMatrixPE", "ImagingFrequency",
    "PhaseEncodingSteps", "PhaseEncodingAxis", "EstimatedEffectiveEchoSpacing", "EstimatedTotalReadoutTime",
    "PhaseEncodingPolarityGE", "ImageOrientationPatientDICOM", "InPlanePhaseEncodingDirectionDICOM",
    "PhilipsRescaleSlope", "PhilipsRescaleIntercept", "PhilipsScaleSlope", "WaterFatShift", "EchoNumber", "SAR",
    "ImageType", "SeriesDescription", "ConversionSoftware", "ConversionSoftwareVersion",
})  # fmt: skip
_LONGEST_TEXT = 200


def sidecar_of(fields: Mapping[str, object]) -> dict[str, object]:
    """Those of ``fields`` that may stand in a released sidecar, in their order.

    >>> sidecar_of({"EchoTime": 0.03, "InstitutionName": "General Hospital", "PulseSequenceDetails": "%CustomerSeq%\\\\x"})
    {'EchoTime': 0.03}
    """
    kept = {}
    for key, value in fields.items():
        if key not in SAFE_FIELDS | _EXTRA_FIELDS or value in ("", None) or not _is_short(value):
            continue
        if key == "PulseSequenceDetails" and not str(value).startswith("%SiemensSeq%"):
            continue
        kept[key] = value
    return kept


def _is_short(value: object) -> bool:
    return not isinstance(value, str) or len(value) <= _LONGEST_TEXT


def phase_direction_label(direction: object, axis_codes: tuple[str, str, str]) -> str:
    """BIDS' ``dir`` label of a ``PhaseEncodingDirection``, from where the image's axes point.

    Parameters
    ----------
    direction : str
        ``"i"``, ``"j"``, ``"k"``, with ``-`` where it runs against the axis.
    axis_codes : tuple of str
        Where each axis points: ``("L", "A", "S")``.

    Returns
    -------
    str
        For example ``"AP"``, from front to back; empty if it cannot be told.

    Examples
    --------
    >>> phase_direction_label("j-", ("L", "A", "S")), phase_direction_label("j", ("L", "A", "S"))
    ('AP', 'PA')
    """
    text = str(direction or "")
    if text[:1] not in {"i", "j", "k"}:
        return ""
    end = axis_codes["ijk".index(text[0])]
    other = {"L": "R", "R": "L", "A": "P", "P": "A", "S": "I", "I": "S"}.get(end, "")
    if not other:
        return ""
    return end + other if text.endswith("-") else other + end
