RuleSet: Naming(name, title, url, french)
* name = "{name}"
* status = #active
* kind = #identifier
* date = "2026-11-23"
* publisher = "CRMO registry"
* description = "{title}"
* description.extension[0].url = $translation
* description.extension[0].extension[0].url = "lang"
* description.extension[0].extension[0].valueCode = #fr
* description.extension[0].extension[1].url = "content"
* description.extension[0].extension[1].valueString = "{french}"
* uniqueId[0].type = #uri
* uniqueId[0].value = "{url}"
* uniqueId[0].preferred = true

Instance: crmo-case
InstanceOf: NamingSystem
Usage: #definition
* insert Naming([[CrmoCase]], [[Pseudonym of a case in the registry]], [[https://crmo-registry.example/fhir/identifier/case]], [[Pseudonyme d'un cas dans le registre]])

Instance: crmo-centre
InstanceOf: NamingSystem
Usage: #definition
* insert Naming([[CrmoCentre]], [[Centre that follows a child]], [[https://crmo-registry.example/fhir/identifier/centre]], [[Centre qui suit un enfant]])

Instance: crmo-study
InstanceOf: NamingSystem
Usage: #definition
* insert Naming([[CrmoStudy]], [[Name of an imaging study within its case]], [[https://crmo-registry.example/fhir/identifier/study]], [[Nom d'un examen d'imagerie dans son cas]])
