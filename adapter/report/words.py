"""What reports say, in English and French.

Takes from: nothing.  Gives to: the other files of this room.
"""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "title": {"en": "CRMO registry: the cohort", "fr": "Registre OCMR : la cohorte"},
    "lead": {
        "en": "{n} children with chronic recurrent multifocal osteomyelitis, described as in “{title}” and set beside "
        "it ({citation}).",
        "fr": "{n} enfants atteints d'ostéomyélite chronique multifocale récidivante, décrits comme dans « {title} » "
        "et mis en regard ({citation}).",
    },
    "flow": {"en": "Who is in", "fr": "Qui est inclus"},
    "flow_title": {"en": "From screening to inclusion", "fr": "De l'examen des dossiers à l'inclusion"},
    "flow_summary": {
        "en": "Of {screened} records screened, {ineligible} were excluded, {undetermined} remain undetermined and "
        "{included} are included.",
        "fr": "Sur {screened} dossiers examinés, {ineligible} ont été exclus, {undetermined} restent indéterminés et "
        "{included} sont inclus.",
    },
    "screened": {"en": "Records screened", "fr": "Dossiers examinés"},
    "unreadable": {
        "en": "In quarantine, unread, not counted",
        "fr": "En quarantaine, non lus, non comptés",
    },
    "excluded": {"en": "Excluded, by the first criterion", "fr": "Exclus, selon le premier critère"},
    "waiting": {
        "en": "Undetermined, by any open criterion",
        "fr": "Indéterminés, par critère ouvert",
    },
    "eligible": {"en": "eligible", "fr": "éligible"},
    "undetermined": {"en": "undetermined", "fr": "indéterminé"},
    "ineligible": {"en": "not eligible", "fr": "non éligible"},
    "judged": {
        "en": "Judged otherwise by a person, while the counts follow the rule:",
        "fr": "Jugés autrement par une personne, les nombres suivant la règle :",
    },
    "met": {"en": "met", "fr": "rempli"},
    "not_met": {"en": "not met", "fr": "non rempli"},
    "open": {"en": "open", "fr": "ouvert"},
    "colon": {"en": ": ", "fr": "\u00a0: "},
    "to": {"en": "to", "fr": "à"},
    "included": {"en": "Included", "fr": "Inclus"},
    "criterion": {"en": "criterion", "fr": "critère"},
    "box": {"en": "box", "fr": "case"},
    "table": {"en": "The cohort beside the published one", "fr": "La cohorte en regard de celle publiée"},
    "caption": {
        "en": "Table 1. Computed from {n} cases; published: {citation}.",
        "fr": "Tableau 1. Calculé sur {n} cas ; publié : {citation}.",
    },
    "row": {"en": "Characteristic", "fr": "Caractéristique"},
    "computed": {"en": "n/N (%) or mean ± SD", "fr": "n/N (%) ou moyenne ± ET"},
    "assessed": {"en": "Assessed", "fr": "Évalués"},
    "spread": {"en": "Median [quartiles] (range)", "fr": "Médiane [quartiles] (étendue)"},
    "interval": {"en": "95% CI", "fr": "IC à 95\u202f%"},
    "published": {"en": "Published", "fr": "Publié"},
    "mark": {"en": "Same", "fr": "Égal"},
    "legend": {
        "en": "= as published; ≠ not as published; ! cannot be right as printed, see below. N: whom the question is "
        "asked of; assessed: for whom the record answers; the confidence interval is of the share of the assessed "
        "(Wilson) or of the mean (Student).",
        "fr": "= comme publié ; ≠ différent ; ! impossible tel qu'imprimé, voir plus bas. N : à qui la question est "
        "posée ; évalués : pour qui le dossier répond ; l'intervalle de confiance est celui de la part des évalués "
        "(Wilson) ou de la moyenne (Student).",
    },
    "by": {"en": "By {name}", "fr": "Selon : {name}"},
    "group_": {"en": "not known", "fr": "non connu"},
    "group_unknown": {"en": "not known", "fr": "non connu"},
    "group_female": {"en": "girls", "fr": "filles"},
    "group_male": {"en": "boys", "fr": "garçons"},
    "group_other": {"en": "other", "fr": "autre"},
    "group_unifocal": {"en": "unifocal", "fr": "unifocaux"},
    "group_multifocal": {"en": "multifocal", "fr": "multifocaux"},
    "figures": {"en": "Figures", "fr": "Figures"},
    "figure": {"en": "Figure {n}. {title}.", "fr": "Figure {n}. {title}."},
    "data": {"en": "Data of the figure as a table", "fr": "Données de la figure en tableau"},
    "inconsistencies": {"en": "What cannot be right as printed", "fr": "Ce qui ne peut être exact tel qu'imprimé"},
    "inconsistent": {
        "en": "The source's own figures do not all agree with each other. Each case, with the reason and the reading "
        "chosen here:",
        "fr": "Les chiffres de la source ne s'accordent pas tous entre eux. Chaque cas, avec sa raison et la lecture "
        "retenue ici :",
    },
    "none": {"en": "None found.", "fr": "Aucun trouvé."},
    "notes": {"en": "Notes on the rows", "fr": "Notes sur les lignes"},
    "not_usable": {"en": "Recorded, and not usable", "fr": "Enregistré, et inutilisable"},
    "what": {"en": "What", "fr": "Quoi"},
    "n": {"en": "n", "fr": "n"},
    "N": {"en": "N", "fr": "N"},
    "provenance": {"en": "Where the numbers come from", "fr": "D'où viennent les chiffres"},
    "made_at": {"en": "Made on {day} at {hour} UTC.", "fr": "Établi le {day} à {hour} UTC."},
    "source": {
        "en": "Criteria and rows of {title}: {citation}.",
        "fr": "Critères et lignes de {title} : {citation}.",
    },
    "version_criteria": {"en": "Criteria, version", "fr": "Critères, version"},
    "version_statistics": {"en": "Statistics, version", "fr": "Statistiques, version"},
    "version_derived": {"en": "Derived variables, version", "fr": "Variables dérivées, version"},
    "version_mappings": {"en": "Mappings, fingerprint", "fr": "Règles de correspondance, empreinte"},
    "version_adapter": {"en": "crmo-fhir-adapter", "fr": "crmo-fhir-adapter"},
    "methods": {
        "en": "What a record does not say is never counted as a no, and nothing is imputed; SD is the sample standard "
        "deviation, quartiles are linear (R type 7).",
        "fr": "Ce qu'un dossier ne dit pas n'est jamais compté comme un non, et rien n'est imputé ; l'écart type est "
        "celui de l'échantillon, les quartiles sont linéaires (type 7 de R).",
    },
    "contents": {"en": "Contents", "fr": "Sommaire"},
    "mean": {"en": "mean", "fr": "moyenne"},
    "median": {"en": "median", "fr": "médiane"},
    "unit_a": {"en": "years", "fr": "ans"},
    "unit_mo": {"en": "months", "fr": "mois"},
}
