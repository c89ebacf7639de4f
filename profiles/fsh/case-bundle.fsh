Profile: CrmoCaseBundle
Parent: Bundle
Id: crmo-case-bundle
Title: "CRMO Case Bundle"
Description: "One case: one child, at least one Condition, and whatever else is known of the bones, their images, biopsies and treatments. Resources of other kinds may be there and are left alone."
* insert InFrench([[Bundle d'un cas OCMR]], [[Un cas : un enfant, au moins une Condition, et tout ce que l'on sait des os, de leurs images, des biopsies et des traitements. D'autres ressources peuvent s'y trouver et sont laissées de côté.]])
* obeys crmo-bun-1 and crmo-bun-2
* insert Reads(type, [[Transaction, batch, collection or searchset]], [[Transaction, lot, collection ou résultat de recherche]])
* entry ..500
* entry ^slicing.discriminator.type = #type
* entry ^slicing.discriminator.path = "resource"
* entry ^slicing.rules = #open
* entry contains patient 1..1 and condition 1..500
* insert Reads(entry[patient], [[The child]], [[L'enfant]])
* entry[patient].resource 1..1
* entry[patient].resource only CrmoPatient
* insert Reads(entry[condition], [[The disease of the case, associated and other diseases, lasting damage]], [[La maladie du cas, les maladies associées et autres, les séquelles]])
* entry[condition].resource 1..1
* entry[condition].resource only CrmoCondition

Invariant: crmo-bun-1
Description: "A case comes as a transaction, a batch, a collection or the answer to a search"
Severity: #error
Expression: "type = 'transaction' or type = 'batch' or type = 'collection' or type = 'searchset'"
* insert Refuses([[Un cas vient en transaction, en lot, en collection ou en réponse à une recherche]])

Invariant: crmo-bun-2
Description: "What the registry sends in one Bundle is about one child"
Severity: #error
Expression: "entry.resource.where(meta.source = 'https://crmo-registry.example/fhir').subject.reference.distinct().count() <= 1"
* insert Refuses([[Ce que le registre envoie dans un Bundle concerne un seul enfant]])
