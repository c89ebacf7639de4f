Profile: CrmoPatient
Parent: Patient
Id: crmo-patient
Title: "CRMO Patient"
Description: "The child of a case. What the registry sends carries its pseudonym and no identity; what it receives may carry any identity a hospital needs, of which nothing is kept. Works beside FR Core Patient and Patient-INS."
* insert InFrench([[Patient OCMR]], [[L'enfant d'un cas. Ce que le registre envoie porte son pseudonyme et aucune identité ; ce qu'il reçoit peut porter toute identité utile à l'hôpital, dont rien n'est conservé. Compatible avec FR Core Patient et Patient-INS.]])
* obeys crmo-pat-1 and crmo-pat-2
* extension contains Opposition named opposition 0..1 and InclusionDate named inclusionDate 0..1
* insert Reads(extension[opposition], [[Opposition to reuse of the data]], [[Opposition à la réutilisation des données]])
* insert Reads(extension[inclusionDate], [[Date of entry into the registry]], [[Date d'entrée dans le registre]])
* insert BySystem(identifier)
* identifier contains case 0..1
* insert Reads(identifier[case], [[Registry pseudonym of the case]], [[Pseudonyme du cas dans le registre]])
* identifier[case].system 1..1
* identifier[case].system = $case-identifier (exactly)
* identifier[case].value 1..1
* identifier[case].type = $sct#422549004
* gender 1..1
* insert Reads(gender, [[Administrative gender: a case cannot be made without it]], [[Sexe administratif : sans lui, pas de cas]])
* insert Reads(birthDate, [[Date of birth, as precise as it is known]], [[Date de naissance, avec la précision connue]])
* insert Reads(deceased[x], [[Alive, dead, or the date of death]], [[Vivant, décédé, ou date du décès]])
* insert Reads(managingOrganization, [[Centre that follows the child, by its identifier]], [[Centre qui suit l'enfant, par son identifiant]])

Invariant: crmo-pat-1
Description: "A Patient written by the registry carries no name, address, telecom, photo, contact or narrative, and only identifiers of the registry"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies (name.empty() and telecom.empty() and address.empty() and photo.empty() and contact.empty() and text.empty() and identifier.all(system.startsWith('https://crmo-registry.example/fhir/')))"
* insert Refuses([[Un Patient écrit par le registre ne porte ni nom, ni adresse, ni contact, ni photo, ni texte, et seulement des identifiants du registre]])

Invariant: crmo-pat-2
Description: "A Patient written by the registry carries the pseudonym of its case"
Severity: #error
Expression: "meta.where(source = 'https://crmo-registry.example/fhir').exists() implies identifier.where(system = 'https://crmo-registry.example/fhir/identifier/case').exists()"
* insert Refuses([[Un Patient écrit par le registre porte le pseudonyme de son cas]])
