Extension: Opposition
Id: opposition
Title: "Opposition to reuse of the data"
Description: "Whether the family is opposed to the reuse of the child's data."
Context: Patient
* insert InFrench([[Opposition à la réutilisation des données]], [[Si la famille s'oppose à la réutilisation des données de l'enfant.]])
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from table-opposition (required)

Extension: InclusionDate
Id: inclusion-date
Title: "Inclusion date"
Description: "Date on which the child entered the registry."
Context: Patient
* insert InFrench([[Date d'inclusion]], [[Date à laquelle l'enfant est entré dans le registre.]])
* value[x] 1..1
* value[x] only date

Extension: Laterality
Id: laterality
Title: "Side of the body"
Description: "Side of a site: left, right, bilateral or midline. A data-absent-reason at the value tells that the side was asked for and is not known."
Context: Condition.bodySite, Procedure.bodySite, Observation.bodySite
* insert InFrench([[Côté du corps]], [[Côté d'un site : gauche, droit, bilatéral ou médian. Une raison d'absence à la place de la valeur dit que le côté a été demandé et n'est pas connu.]])
* value[x] 1..1
* value[x] only CodeableConcept
// Not required: no code at all is how an absent side is told.
* value[x] from table-side (extensible)

Extension: BoneSegment
Id: bone-segment
Title: "Segment of a bone"
Description: "Part of a long bone, or level of a vertebra."
Context: Condition.bodySite, Procedure.bodySite, Observation.bodySite
* insert InFrench([[Segment d'un os]], [[Partie d'un os long, ou niveau d'une vertèbre.]])
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from table-segment (required)

Extension: ComorbidityTiming
Id: comorbidity-timing
Title: "When an associated disease appeared"
Description: "Whether an associated disease appeared before, at or after the onset of the bone disease."
Context: Condition
* insert InFrench([[Moment d'apparition d'une maladie associée]], [[Si une maladie associée est apparue avant, pendant ou après le début de la maladie osseuse.]])
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from table-timing (required)

Extension: WholeBody
Id: whole-body
Title: "Whole-body study"
Description: "Whether an imaging study covered the whole body."
Context: ImagingStudy
* insert InFrench([[Examen du corps entier]], [[Si un examen d'imagerie a couvert le corps entier.]])
* value[x] 1..1
* value[x] only boolean

Extension: ImagingRegion
Id: imaging-region
Title: "Region of an imaging study"
Description: "Region that a study looked at, as a bone of the registry."
Context: ImagingStudy
* insert InFrench([[Région d'un examen d'imagerie]], [[Région examinée, désignée par un os du registre.]])
* value[x] 1..1
* value[x] only code
* value[x] from crmo-region (preferred)

Extension: TreatmentLine
Id: treatment-line
Title: "Line of treatment"
Description: "Rank of a treatment: 1 for the first line, 2 for the second, and so on."
Context: MedicationStatement
* insert InFrench([[Ligne de traitement]], [[Rang d'un traitement : 1 pour la première ligne, 2 pour la deuxième, et ainsi de suite.]])
* value[x] 1..1
* value[x] only positiveInt

Extension: Label
Id: label
Title: "Label the registry chose"
Description: "What the registry calls a code of another system. A display is the system's own word and is not read as the registry's."
Context: Coding
* insert InFrench([[Libellé choisi par le registre]], [[Le nom que le registre donne au code d'un autre système. Le display est le mot du système et n'est pas lu comme celui du registre.]])
* value[x] 1..1
* value[x] only string
