Profile: CrmoBiopsy
Parent: Procedure
Id: crmo-biopsy
Title: "CRMO Biopsy"
Description: "A bone biopsy that was done. Its histology and microbiology are Observations that are part of it."
* insert InFrench([[Biopsie OCMR]], [[Une biopsie osseuse réalisée. Son histologie et sa microbiologie sont des Observations qui en font partie.]])
* obeys crmo-bio-1 and crmo-bio-2
* insert Says(status, [[Completed: nothing else is a biopsy that was done]], [[Terminée : rien d'autre n'est une biopsie réalisée]])
* status MS
* subject only Reference(Patient)
* insert Reads(subject, [[The child]], [[L'enfant]])
* code 1..1
* code from table-biopsy (extensible)
* insert Reads(code, [[Biopsy of bone; a general code for a biopsy counts when its site is a bone]], [[Biopsie osseuse ; un code général de biopsie compte si son site est un os]])
* insert Reads(performed[x], [[Date of the biopsy]], [[Date de la biopsie]])
* insert Reads(bodySite, [[Bone that was sampled]], [[Os prélevé]])
* insert Site(bodySite)

Invariant: crmo-bio-1
Description: "A biopsy says by a coding what was done"
Severity: #error
Expression: "code.empty() or code.coding.where(system.exists() and code.exists()).exists()"
* insert Refuses([[Une biopsie dit par un code ce qui a été fait]])

Invariant: crmo-bio-2
Description: "A biopsy written by the registry is completed and is coded as a biopsy of bone"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies (status = 'completed' and code.coding.where(system = 'http://snomed.info/sct' and code = '13861005').exists())"
* insert Refuses([[Une biopsie écrite par le registre est terminée et codée comme biopsie osseuse]])
