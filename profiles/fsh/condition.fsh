Profile: CrmoCondition
Parent: Condition
Id: crmo-condition
Title: "CRMO Condition"
Description: "The disease of a case, an associated disease, lasting damage, or another explanation that was considered. What the registry sends says which by a category of its own; from hospitals the code tells it."
* insert InFrench([[Condition OCMR]], [[La maladie d'un cas, une maladie associée, une séquelle ou une autre explication évoquée. Le registre dit laquelle par une catégorie ; pour un hôpital, le code le dit.]])
* obeys crmo-con-1 and crmo-con-2 and crmo-con-3 and crmo-con-4
* subject only Reference(Patient)
* insert Reads(subject, [[The child]], [[L'enfant]])
* extension contains $asserted-date named assertedDate 0..1 and ComorbidityTiming named comorbidityTiming 0..1
* insert Reads(extension[assertedDate], [[When the diagnosis was made]], [[Quand le diagnostic a été posé]])
* insert Reads(extension[comorbidityTiming], [[When an associated disease appeared]], [[Moment d'apparition d'une maladie associée]])
* insert Reads(category, [[What the Condition is to the case]], [[Ce que la Condition est pour le cas]])
* insert BySystem(category.coding)
* category.coding contains role 0..1 and explanation 0..1
* insert Says(category.coding[role], [[Diagnosis, associated disease, lasting damage or other explanation]], [[Diagnostic, maladie associée, séquelle ou autre explication]])
* category.coding[role].system 1..1
* category.coding[role].system = $role (exactly)
* category.coding[role].code 1..1
* category.coding[role] from crmo-role (required)
* insert Says(category.coding[explanation], [[Kind of other explanation]], [[Type d'autre explication]])
* category.coding[explanation].system 1..1
* category.coding[explanation].system = $explanation (exactly)
* category.coding[explanation].code 1..1
* category.coding[explanation] from crmo-other-diagnosis (required)
* insert Reads(clinicalStatus, [[Course of the disease now]], [[Évolution actuelle de la maladie]])
* insert Reads(verificationStatus, [[How certain the diagnosis is]], [[Degré de certitude du diagnostic]])
* insert Reads(code, [[The disease: ORPHA, ICD-10 and SNOMED CT are written, more are read]], [[La maladie : ORPHA, CIM-10 et SNOMED CT sont écrits, d'autres sont lus]])
* code from CrmoConditionCode (preferred)
* insert Reads(bodySite, [[Bones that hurt or are damaged]], [[Os douloureux ou lésés]])
* insert Site(bodySite)
* insert Reads(onset[x], [[First symptom: a date, an age, a period, a range of ages or words]], [[Premier symptôme : une date, un âge, une période, un intervalle d'âges ou un texte]])
* onsetAge.code from units-age (required)
* insert Reads(recordedDate, [[Date of recording: stands in for the date of diagnosis and is marked so]], [[Date de saisie : remplace la date du diagnostic et le signale]])

Invariant: crmo-con-1
Description: "A Condition says what it is: by a code or, for another explanation, by its kind"
Severity: #error
Expression: "code.exists() or category.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-other-diagnosis').exists()"
* insert Refuses([[Une Condition dit ce qu'elle est : par un code ou, pour une autre explication, par son type]])

Invariant: crmo-con-2
Description: "A Condition written by the registry has exactly one role in the case"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies category.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-role').count() = 1"
* insert Refuses([[Une Condition écrite par le registre a exactement un rôle dans le cas]])

Invariant: crmo-con-3
Description: "A diagnosis written by the registry carries an ORPHA code, or says that it is another disease"
Severity: #error
Expression: "(meta.where(source = 'https://crmo-registry.example/fhir').exists() and category.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-role' and code = 'diagnosis').exists()) implies code.coding.where(system = 'https://www.orpha.net' or system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-diagnosis').exists()"
* insert Refuses([[Un diagnostic écrit par le registre porte un code ORPHA, ou dit qu'il s'agit d'une autre maladie]])

Invariant: crmo-con-4
Description: "The time at which a disease appeared relative to the bone disease is told of associated diseases only"
Severity: #error
Expression: "category.coding.where(system = 'https://crmo-registry.example/fhir/CodeSystem/crmo-role' and code != 'comorbidity').exists() implies extension.where(url = 'https://crmo-registry.example/fhir/StructureDefinition/comorbidity-timing').empty()"
* insert Refuses([[Le moment d'apparition par rapport à la maladie osseuse ne se dit que des maladies associées]])

ValueSet: CrmoConditionCode
Id: crmo-condition-code
Title: "Diseases the registry knows"
Description: "Codes of the diagnosis, of associated diseases, of lasting damage and of other explanations. Finer ICD-10 codes count as the coarser ones listed here."
* insert InFrench([[Maladies connues du registre]], [[Codes du diagnostic, des maladies associées, des séquelles et des autres explications. Les codes CIM-10 plus fins valent ceux de cette liste.]])
* ^experimental = false
* include codes from valueset table-diagnosis
* include codes from valueset table-comorbidity
* include codes from valueset table-sequela
* include codes from valueset table-other-diagnosis
