Profile: CrmoMedicationStatement
Parent: MedicationStatement
Id: crmo-medication-statement
Title: "CRMO Medication Statement"
Description: "A drug treatment the child received. The registry writes its class; from hospitals the class follows from the ATC code, else from the name of the drug."
* insert InFrench([[Traitement OCMR]], [[Un traitement médicamenteux reçu par l'enfant. Le registre écrit sa classe ; pour un hôpital, elle découle du code ATC, sinon du nom du médicament.]])
* obeys crmo-med-1
* extension contains TreatmentLine named treatmentLine 0..1
* insert Reads(extension[treatmentLine], [[Line of treatment]], [[Ligne de traitement]])
* insert Reads(status, [[Active, completed, stopped or on hold: others are no treatment received]], [[En cours, terminé, arrêté ou suspendu : le reste n'est pas un traitement reçu]])
* insert Reads(medication[x], [[The drug: registry class, ATC code or name]], [[Le médicament : classe du registre, code ATC ou nom]])
* insert BySystem(medicationCodeableConcept.coding)
* medicationCodeableConcept.coding contains class 0..1
* insert Says(medicationCodeableConcept.coding[class], [[Treatment class of the registry]], [[Classe thérapeutique du registre]])
* medicationCodeableConcept.coding[class].system 1..1
* medicationCodeableConcept.coding[class].system = $treatment-class (exactly)
* medicationCodeableConcept.coding[class].code 1..1
* medicationCodeableConcept.coding[class] from crmo-treatment-class (required)
* subject only Reference(Patient)
* insert Reads(subject, [[The child]], [[L'enfant]])
* insert Reads(effective[x], [[From when to when; a single date is the start]], [[De quand à quand ; une date seule est le début]])

Invariant: crmo-med-1
Description: "A treatment written by the registry has exactly one treatment class"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies medication.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-treatment-class').count() = 1"
* insert Refuses([[Un traitement écrit par le registre a exactement une classe thérapeutique]])
