"""What PS3.15 Annex E's basic profile does to each attribute, by keyword, as this software applies it.

The actions are facts of the standard (DICOM PS3.15, table E.1-1, basic profile with the options "retain longitudinal
temporal information with modified dates", "retain patient characteristics", "retain device identity" for maker and
model only, and "clean descriptors"): ``X`` remove, ``Z`` empty, ``D`` replace by a stand-in, ``U`` remap the UID,
``S`` shift the date, ``C`` clean the text, ``F`` clean free text, ``K`` keep. What is in no table follows its value representation.
"""

__all__ = ["ACTION_OF", "CATEGORY_OF", "VR_ACTION", "VR_CATEGORY"]

_REMOVED = """
AcquisitionComments AcquisitionContextSequence ActualHumanPerformersSequence AdditionalPatientHistory AdmissionID
AdmittingDate AdmittingDiagnosesCodeSequence AdmittingDiagnosesDescription AdmittingTime AffectedSOPInstanceUID
Allergies AuthorObserverSequence BranchOfService CassetteID CommentsOnThePerformedProcedureStep
ConfidentialityConstraintOnPatientDataDescription ConsultingPhysicianName ContributingEquipmentSequence
ContributionDescription CountryOfResidence CurrentPatientLocation CurveDate CurveTime
CustodialOrganizationSequence DataSetTrailingPadding DetectorID DeviceSerialNumber DigitalSignaturesSequence
DigitalSignatureUID DischargeDiagnosisDescription DistributionAddress DistributionName EthnicGroup
FrameComments GantryID GeneratorID HumanPerformerName HumanPerformerOrganization IconImageSequence
IdentifyingComments ImageComments ImagePresentationComments ImagingServiceRequestComments Impressions
InstitutionAddress InstitutionCodeSequence InstitutionName InstitutionalDepartmentName
InstitutionalDepartmentTypeCodeSequence InsurancePlanIdentification IntendedRecipientsOfResultsIdentificationSequence
InterpretationApproverSequence InterpretationAuthor InterpretationDiagnosisDescription
InterpretationIDIssuer InterpretationRecorder InterpretationText InterpretationTranscriber IssueDateOfImagingServiceRequest
IssuerOfAdmissionID IssuerOfPatientID IssuerOfServiceEpisodeID LastMenstrualDate MAC MedicalAlerts
MedicalRecordLocator MilitaryRank ModifiedAttributesSequence ModifiedImageDescription ModifyingDeviceID
ModifyingDeviceManufacturer NameOfPhysiciansReadingStudy NamesOfIntendedRecipientsOfResults Occupation
OperatorIdentificationSequence OperatorsName OrderCallbackPhoneNumber OrderEnteredBy OrderEntererLocation
OriginalAttributesSequence OtherPatientIDs OtherPatientIDsSequence OtherPatientNames
ParticipantSequence PatientAddress PatientBirthDateInAlternativeCalendar PatientBirthName PatientBirthTime PatientComments
PatientInstitutionResidence PatientInsurancePlanCodeSequence PatientMotherBirthName PatientPrimaryLanguageCodeSequence
PatientReligiousPreference PatientState PatientTelephoneNumbers PatientTelecomInformation PatientTransportArrangements
PerformedLocation PerformedProcedureStepID PerformedStationAETitle PerformedStationGeographicLocationCodeSequence
PerformedStationName PerformedStationNameCodeSequence PerformingPhysicianIdentificationSequence PerformingPhysicianName
PersonAddress PersonIdentificationCodeSequence PersonTelephoneNumbers PersonTelecomInformation
PhysicianApprovingInterpretation PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence
PhysiciansReadingStudyIdentificationSequence PlateID PreMedication PresentationDisplayCollectionUID ReasonForStudy
ReasonForTheImagingServiceRequest ReasonForTheRequestedProcedure ReferencedDigitalSignatureSequence
ReferencedPatientAliasSequence ReferencedPatientPhotoSequence ReferencedPatientSequence ReferringPhysicianAddress
ReferringPhysicianIdentificationSequence ReferringPhysicianTelephoneNumbers RegionOfResidence RequestAttributesSequence
RequestedContrastAgent RequestedProcedureComments RequestedProcedureID RequestedProcedureLocation RequestingPhysician
RequestingService ResponsibleOrganization ResponsiblePerson ResultsComments ResultsDistributionListSequence ResultsID
ResultsIDIssuer ScheduledHumanPerformersSequence ScheduledPatientInstitutionResidence
ScheduledPerformingPhysicianIdentificationSequence ScheduledPerformingPhysicianName
ScheduledProcedureStepLocation ScheduledStationAETitle ScheduledStationGeographicLocationCodeSequence
ScheduledStationName ScheduledStationNameCodeSequence ScheduledStudyLocation ScheduledStudyLocationAETitle
ServiceEpisodeDescription ServiceEpisodeID SmokingStatus SourceImageSequence SpecialNeeds StationName StudyComments
StudyIDIssuer TextComments TextString TopicAuthor TopicKeywords TopicSubject TopicTitle UnformattedTextValue
VerifyingOrganization VisitComments StationAETitle RetrieveAETitle
SourceApplicationEntityTitle PrivateInformation PrivateInformationCreatorUID FillerOrderNumberImagingServiceRequest
PlacerOrderNumberImagingServiceRequest GraphicAnnotationSequence PatientBirthDate DeviceUID
ClinicalTrialSubjectID ClinicalTrialSubjectReadingID ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialCoordinatingCenterName
ClinicalTrialProtocolEthicsCommitteeName ClinicalTrialProtocolEthicsCommitteeApprovalNumber
"""
_EMPTIED = """
AccessionNumber ContentCreatorName FillerOrderNumberImagingServiceRequest PatientID PatientName
PlacerOrderNumberImagingServiceRequest ReferringPhysicianName StudyID VerifyingObserverName
VerifyingObserverIdentificationCodeSequence PersonName
"""
_CLEANED = """
ProtocolName SeriesDescription StudyDescription PerformedProcedureStepDescription RequestedProcedureDescription
ScheduledProcedureStepDescription DerivationDescription AcquisitionProtocolDescription AcquisitionDeviceProcessingDescription
ContrastBolusAgent
"""
#: free text that nobody has declared safe: cleaned if short, gone if long
_FREE = """
TextValue SelectorUTValue DocumentTitle ContentDescription
"""
_KEPT = """
Manufacturer ManufacturerModelName SoftwareVersions SequenceName PulseSequenceName ScanningSequence SequenceVariant
ScanOptions MRAcquisitionType AngioFlag ImageType Modality BodyPartExamined PatientPosition PatientSex PatientSize
PatientWeight ReceiveCoilName TransmitCoilName InPlanePhaseEncodingDirection ImagedNucleus EchoPulseSequence
ResonantNucleus TimezoneOffsetFromUTC SpecificCharacterSet PhotometricInterpretation
PresentationIntentType FrameType VolumetricProperties VolumeBasedCalculationTechnique PixelPresentation
ComplexImageComponent AcquisitionContrast ContentQualification MultipleSpinEcho MultiPlanarExcitation
SteadyStatePulseSequence EchoPlanarPulseSequence SaturationRecovery SpectrallySelectedSuppression
SpectrallySelectedExcitation SpatialPresaturation FlowCompensation MagnetizationTransfer CoverageOfKSpace
GeometryOfKSpaceTraversal RectilinearPhaseEncodeReordering SegmentedKSpaceTraversal PartialFourier
PartialFourierDirection ParallelAcquisition ParallelAcquisitionTechnique ReceiveCoilType ReceiveCoilManufacturerName
TransmitCoilType TransmitCoilManufacturerName QuadratureReceiveCoil DiffusionDirectionality DiffusionAnisotropyType
CardiacSynchronizationTechnique RespiratoryMotionCompensationTechnique BulkMotionCompensationTechnique OversamplingPhase
InversionRecovery T2Preparation BloodSignalNulling Tagging TimeOfFlightContrast Spoiling KSpaceFiltering
ApplicableSafetyStandardAgency GradientOutputType SpecificAbsorptionRateDefinition OperatingModeType OperatingMode
BurnedInAnnotation LossyImageCompression RescaleType WindowCenterWidthExplanation ConversionType FrameLaterality
Laterality ImageLaterality AnatomicRegionSequence FieldOfViewShape FilterMaterial FilterType ConvolutionKernel
ExposureModulationType RotationDirection DecayCorrection CorrectedImage CountsSource RandomsCorrectionMethod
AttenuationCorrectionMethod ReconstructionMethod SeriesType Units Radiopharmaceutical CodeValue CodeMeaning
CodingSchemeDesignator CodingSchemeVersion LongCodeValue MappingResource ContextIdentifier DimensionDescriptionLabel
StackID ChannelLabel VariableFlipAngleFlag ChemicalShiftReference
SOPClassUID MediaStorageSOPClassUID TransferSyntaxUID ReferencedSOPClassUID ImplementationClassUID
CodingSchemeUID ContextUID MappingResourceUID DimensionIndexPrivateCreator PatientIdentityRemoved
DeidentificationMethod LongitudinalTemporalInformationModified UniversalEntityIDType
"""

#: keyword to action; the later tables do not override the earlier
ACTION_OF: dict[str, str] = {
    keyword: action
    for action, words in (("K", _KEPT), ("F", _FREE), ("C", _CLEANED), ("Z", _EMPTIED), ("X", _REMOVED))
    for keyword in words.split()
}
#: what a value representation is done to where no table names the attribute: the safe side
VR_ACTION: dict[str, str] = {
    "PN": "Z", "DA": "S", "DT": "S", "TM": "K", "UI": "U", "LO": "C", "LT": "X", "ST": "X", "UT": "X", "SH": "C", "UC": "C",
    "AE": "X", "UR": "X", "AS": "A", "CS": "C", "UN": "X",
}  # fmt: skip
#: what a removal is counted as, where the keyword does not say more
VR_CATEGORY: dict[str, str] = {
    "PN": "name", "DA": "date", "DT": "date", "UI": "uid", "LT": "comment", "ST": "comment", "UT": "comment",
    "LO": "comment", "SH": "comment", "UC": "comment", "AE": "host", "UR": "path", "AS": "age", "CS": "comment",
    "UN": "comment", "OB": "comment", "SQ": "comment",
}  # fmt: skip
#: a word in the keyword, and the category that goes with it; the first that fits counts
CATEGORY_OF: tuple[tuple[str, str], ...] = (
    ("BirthDate", "birth_date"), ("Address", "address"), ("Telephone", "contact"), ("Telecom", "contact"),
    ("PhoneNumber", "contact"), ("Institution", "institution"), ("Organization", "institution"),
    ("Department", "institution"), ("Physician", "operator"), ("Operator", "operator"), ("Performer", "operator"),
    ("Observer", "operator"), ("CreatorName", "operator"), ("Station", "host"), ("AETitle", "host"), ("HostName", "host"),
    ("Serial", "serial"), ("DeviceUID", "serial"), ("DetectorID", "serial"), ("GantryID", "serial"), ("PlateID", "serial"),
    ("CassetteID", "serial"), ("GeneratorID", "serial"), ("PatientName", "name"), ("PatientBirthName", "name"),
    ("MotherBirthName", "name"), ("OtherPatientNames", "name"), ("PersonName", "name"), ("PatientID", "id"),
    ("AccessionNumber", "id"), ("StudyID", "id"), ("AdmissionID", "id"), ("OrderNumber", "id"), ("ProcedureID", "id"),
    ("SubjectID", "id"), ("SubjectReadingID", "id"), ("TrialSite", "institution"), ("CoordinatingCenter", "institution"), ("Committee", "institution"),
    ("RecordLocator", "id"), ("UID", "uid"), ("Date", "date"),
)  # fmt: skip
