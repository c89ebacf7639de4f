// Canonicals are written out in invariants: FHIRPath knows no alias.
Alias: $sct = http://snomed.info/sct
Alias: $loinc = http://loinc.org
Alias: $translation = http://hl7.org/fhir/StructureDefinition/translation
Alias: $data-absent-reason = http://hl7.org/fhir/StructureDefinition/data-absent-reason
Alias: $asserted-date = http://hl7.org/fhir/StructureDefinition/condition-assertedDate
Alias: $case-identifier = https://crmo-registry.example/fhir/identifier/case
Alias: $centre-identifier = https://crmo-registry.example/fhir/identifier/centre
Alias: $study-identifier = https://crmo-registry.example/fhir/identifier/study
Alias: $role = https://crmo-registry.example/fhir/CodeSystem/crmo-role
Alias: $explanation = https://crmo-registry.example/fhir/CodeSystem/crmo-other-diagnosis
Alias: $observation = https://crmo-registry.example/fhir/CodeSystem/crmo-observation
Alias: $treatment-class = https://crmo-registry.example/fhir/CodeSystem/crmo-treatment-class

// The title and description of a profile or extension in French.
RuleSet: InFrench(title, description)
* ^language = #en
* ^title.extension[0].url = $translation
* ^title.extension[0].extension[0].url = "lang"
* ^title.extension[0].extension[0].valueCode = #fr
* ^title.extension[0].extension[1].url = "content"
* ^title.extension[0].extension[1].valueString = "{title}"
* ^description.extension[0].url = $translation
* ^description.extension[0].extension[0].url = "lang"
* ^description.extension[0].extension[0].valueCode = #fr
* ^description.extension[0].extension[1].url = "content"
* ^description.extension[0].extension[1].valueString = "{description}"

// What an element is to the registry, in both languages.
RuleSet: Says(path, english, french)
* {path} ^short = "{english}"
* {path} ^short.extension[0].url = $translation
* {path} ^short.extension[0].extension[0].url = "lang"
* {path} ^short.extension[0].extension[0].valueCode = #fr
* {path} ^short.extension[0].extension[1].url = "content"
* {path} ^short.extension[0].extension[1].valueString = "{french}"

// An element the registry reads: give it when you know it.
RuleSet: Reads(path, english, french)
* {path} MS
* insert Says({path}, [[{english}]], [[{french}]])

// The message of an invariant in French.
RuleSet: Refuses(french)
* human.extension[0].url = $translation
* human.extension[0].extension[0].url = "lang"
* human.extension[0].extension[0].valueCode = #fr
* human.extension[0].extension[1].url = "content"
* human.extension[0].extension[1].valueString = "{french}"

// Codings are told apart by their system; those of other systems are welcome.
RuleSet: BySystem(path)
* {path} ^slicing.discriminator.type = #value
* {path} ^slicing.discriminator.path = "system"
* {path} ^slicing.rules = #open

// The site of a lesion: a bone, its side and its segment.
RuleSet: Site(path)
* {path} from table-bone (extensible)
* {path}.extension contains Laterality named laterality 0..1 MS and BoneSegment named boneSegment 0..1 MS
