Profile: CrmoLesion
Parent: Observation
Id: crmo-lesion
Title: "CRMO Lesion"
Description: "One bone lesion: found by examination, or seen on imaging. A lesion has a site; one seen on imaging tells by which modality."
* insert InFrench([[Lésion OCMR]], [[Une lésion osseuse : trouvée à l'examen, ou vue à l'imagerie. Une lésion a un site ; vue à l'imagerie, elle dit par quelle modalité.]])
* obeys crmo-les-1 and crmo-les-2
* insert Says(status, [[Final, amended or corrected: others are not taken]], [[Définitif, modifié ou corrigé : le reste n'est pas retenu]])
* status MS
* insert Reads(category, [[Examination or imaging]], [[Examen clinique ou imagerie]])
* insert Reads(code, [[Clinical lesion or lesion on imaging]], [[Lésion clinique ou à l'imagerie]])
* code from CrmoLesionCode (required)
* subject 1..1
* subject only Reference(Patient)
* insert Reads(subject, [[The child]], [[L'enfant]])
* insert Reads(effective[x], [[When it was found]], [[Quand elle a été trouvée]])
* value[x] only boolean or CodeableConcept
* insert Reads(value[x], [[Whether the site is affected]], [[Si le site est atteint]])
* bodySite 1..1
* insert Reads(bodySite, [[Bone, its side and its segment]], [[Os, côté et segment]])
* insert Site(bodySite)
* insert Reads(method, [[DICOM modality by which the lesion was seen]], [[Modalité DICOM par laquelle la lésion a été vue]])
* method from table-modality (extensible)
* insert Reads(derivedFrom, [[Study in which the lesion was seen]], [[Examen dans lequel la lésion a été vue]])
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* component contains active 0..1
* insert Reads(component[active], [[Whether the lesion is active]], [[Si la lésion est active]])
* component[active].code = $observation#lesion-active
* component[active].value[x] 1..1
* component[active].value[x] only boolean

Invariant: crmo-les-1
Description: "A lesion on imaging tells by which modality it was seen, itself or by its study"
Severity: #error
Expression: "code.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-observation' and code = 'imaging-lesion').exists() implies (method.exists() or derivedFrom.exists())"
* insert Refuses([[Une lésion à l'imagerie dit par quelle modalité elle a été vue, elle-même ou par son examen]])

Invariant: crmo-les-2
Description: "A lesion written by the registry is final and its site is coded"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies (status = 'final' and bodySite.coding.where(system = 'http://snomed.info/sct' or system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-site').exists())"
* insert Refuses([[Une lésion écrite par le registre est définitive et son site est codé]])

ValueSet: CrmoLesionCode
Id: crmo-lesion-code
Title: "Kinds of lesion"
Description: "Found by examination or seen on imaging."
* insert InFrench([[Types de lésion]], [[Trouvée à l'examen ou vue à l'imagerie.]])
* ^experimental = false
* $observation#clinical-lesion
* $observation#imaging-lesion
