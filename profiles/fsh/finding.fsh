Profile: CrmoFinding
Parent: Observation
Id: crmo-finding
Title: "CRMO Finding"
Description: "Everything the registry observes besides lesions: signs answered by yes or no, laboratory values, results of studies and biopsies, answers to treatments, scores, and the state at the last visit."
* insert InFrench([[Constat OCMR]], [[Tout ce que le registre observe hors lésions : signes répondus par oui ou non, valeurs biologiques, résultats d'examens et de biopsies, réponses aux traitements, scores, et état à la dernière visite.]])
* obeys crmo-fin-1 and crmo-fin-2 and crmo-fin-3 and crmo-fin-4
* insert Says(status, [[Final, amended or corrected; a preliminary sign is unknown]], [[Définitif, modifié ou corrigé ; un signe préliminaire est inconnu]])
* status MS
* insert Reads(category, [[Examination, laboratory, imaging, therapy or survey]], [[Examen clinique, laboratoire, imagerie, traitement ou questionnaire]])
* insert Reads(code, [[What was observed]], [[Ce qui a été observé]])
* code from CrmoFindingCode (extensible)
* subject 1..1
* subject only Reference(Patient)
* insert Reads(subject, [[The child]], [[L'enfant]])
* insert Reads(effective[x], [[When it was observed]], [[Quand cela a été observé]])
* insert Reads(value[x], [[The answer, the measure or the code of the result]], [[La réponse, la mesure ou le code du résultat]])
* insert Reads(dataAbsentReason, [[Why there is no answer: asked and unknown is an answer]], [[Pourquoi il n'y a pas de réponse : demandé et inconnu en est une]])
* insert Reads(partOf, [[The biopsy or treatment it is a result of]], [[La biopsie ou le traitement dont c'est le résultat]])
* insert Reads(derivedFrom, [[The study it is a result of]], [[L'examen dont c'est le résultat]])

Invariant: crmo-fin-1
Description: "A finding has an answer, a reason why there is none, or parts; the state at the last visit has at least its date"
Severity: #error
Expression: "value.exists() or dataAbsentReason.exists() or component.exists() or hasMember.exists() or status = 'preliminary' or status = 'registered' or status = 'cancelled' or status = 'entered-in-error' or (effective.exists() and code.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-observation' and code = 'outcome-status').exists())"
* insert Refuses([[Un constat a une réponse, une raison de son absence ou des parties ; l'état à la dernière visite a au moins sa date]])

Invariant: crmo-fin-2
Description: "A laboratory value comes in a unit the registry can convert: mg/L, mg/dL or ug/mL for CRP, mm/h for ESR, Cel for the temperature"
Severity: #error
Expression: "value.ofType(Quantity).empty() or ((code.coding.where(system = 'http://loinc.org' and (code = '1988-5' or code = '30522-7')).exists() implies value.ofType(Quantity).where(code = 'mg/L' or code = 'mg/dL' or code = 'ug/mL' or (code.empty() and (unit = 'mg/L' or unit = 'mg/dL' or unit = 'ug/mL'))).exists()) and (code.coding.where(system = 'http://loinc.org' and (code = '30341-2' or code = '4537-7')).exists() implies value.ofType(Quantity).where(code = 'mm/h' or code = 'mm/hr' or (code.empty() and (unit = 'mm/h' or unit = 'mm/hr'))).exists()) and (code.coding.where(system = 'http://loinc.org' and code = '8310-5').exists() implies value.ofType(Quantity).where(code = 'Cel' or (code.empty() and unit = 'Cel')).exists()))"
* insert Refuses([[Une valeur biologique vient dans une unité que le registre sait convertir : mg/L, mg/dL ou ug/mL pour la CRP, mm/h pour la VS, Cel pour la température]])

Invariant: crmo-fin-3
Description: "A result written by the registry is a code of the list that belongs to what was observed"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies value.ofType(CodeableConcept).all((%resource.code.coding.where(code = 'outcome-status').exists() implies coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-outcome').exists()) and (%resource.code.coding.where(code = 'biopsy-histology').exists() implies coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-histology').exists()) and (%resource.code.coding.where(code = 'biopsy-microbiology').exists() implies coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-microbiology').exists()) and (%resource.code.coding.where(code = 'treatment-response').exists() implies coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-response').exists()) and (%resource.code.coding.where(code = 'imaging-result' or code = 'hla-b27').exists() implies coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-result').exists()))"
* insert Refuses([[Un résultat écrit par le registre est un code de la liste qui va avec ce qui a été observé]])

Invariant: crmo-fin-4
Description: "A result of a biopsy, a treatment or a study written by the registry points at it"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies ((code.coding.where(code = 'biopsy-histology' or code = 'biopsy-microbiology' or code = 'treatment-response').exists() implies partOf.exists()) and (code.coding.where(code = 'imaging-result').exists() implies derivedFrom.exists()))"
* insert Refuses([[Le résultat d'une biopsie, d'un traitement ou d'un examen écrit par le registre y renvoie]])

ValueSet: CrmoFindingCode
Id: crmo-finding-code
Title: "What the registry observes besides lesions"
Description: "Signs, laboratory tests, scores and results of studies, biopsies and treatments. Finer ICD-10 codes count as the coarser ones listed here."
* insert InFrench([[Ce que le registre observe hors lésions]], [[Signes, analyses, scores et résultats d'examens, de biopsies et de traitements. Les codes CIM-10 plus fins valent ceux de cette liste.]])
* ^experimental = false
* include codes from valueset table-finding
* include codes from valueset table-lab-test
* include codes from valueset table-assessment
* $observation#biopsy-histology
* $observation#biopsy-microbiology
* $observation#imaging-result
* $observation#outcome-status
* $observation#treatment-response
