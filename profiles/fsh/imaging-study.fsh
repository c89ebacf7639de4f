Profile: CrmoImagingStudy
Parent: ImagingStudy
Id: crmo-imaging-study
Title: "CRMO Imaging Study"
Description: "An imaging study of the skeleton. What it showed is an Observation derived from it, each lesion seen is another."
* insert InFrench([[Examen d'imagerie OCMR]], [[Un examen d'imagerie du squelette. Ce qu'il a montré est une Observation qui en dérive, chaque lésion vue en est une autre.]])
* obeys crmo-img-1 and crmo-img-2
* extension contains WholeBody named wholeBody 0..1 and ImagingRegion named imagingRegion 0..1
* insert Reads(extension[wholeBody], [[Whether the whole body was covered]], [[Si le corps entier a été couvert]])
* insert Reads(extension[imagingRegion], [[Region that was looked at]], [[Région examinée]])
* insert BySystem(identifier)
* identifier contains study 0..1
* insert Reads(identifier[study], [[Name of the study within the case]], [[Nom de l'examen dans le cas]])
* identifier[study].system 1..1
* identifier[study].system = $study-identifier (exactly)
* identifier[study].value 1..1
* status MS
* subject only Reference(Patient)
* insert Reads(subject, [[The child]], [[L'enfant]])
* insert Reads(modality, [[DICOM modality of the study]], [[Modalité DICOM de l'examen]])
* insert Reads(started, [[Date of the study]], [[Date de l'examen]])
* insert Reads(procedureCode, [[Code of the study: tells whole-body studies]], [[Code de l'examen : signale le corps entier]])
* insert Reads(series.modality, [[DICOM modality of a series, when the study tells none]], [[Modalité DICOM d'une série, si l'examen n'en dit pas]])
* insert Reads(series.bodySite, [[Bone of a series, when no region is told]], [[Os d'une série, si aucune région n'est dite]])

Invariant: crmo-img-1
Description: "An imaging study tells its modality, itself or by its series"
Severity: #error
Expression: "modality.exists() or series.modality.exists()"
* insert Refuses([[Un examen d'imagerie dit sa modalité, lui-même ou par ses séries]])

Invariant: crmo-img-2
Description: "An imaging study written by the registry is available and has exactly one modality"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies (status = 'available' and modality.count() = 1)"
* insert Refuses([[Un examen d'imagerie écrit par le registre est disponible et a exactement une modalité]])
