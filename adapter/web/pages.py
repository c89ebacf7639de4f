"""Pages for people. For now one: what came, what became of it, what waits for a person.

Takes from: store, answers.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, render_template

from adapter import __version__
from adapter.store import cases, findings, inbox, jobs
from adapter.web.answers import language, parts

routes = Blueprint("pages", __name__)

WORDS = {
    "en": {
        "title": "CRMO registry",
        "lead": "What hospitals sent, and what became of it.",
        "cases": "Cases",
        "eligible": "eligible",
        "undetermined": "undetermined",
        "ineligible": "not eligible",
        "inbox": "Inbox",
        "received": "being judged",
        "stored": "stored",
        "duplicate": "sent again",
        "quarantined": "in quarantine",
        "superseded": "replaced by a newer one",
        "erased": "erased",
        "pulls": "Latest pulls",
        "no_pulls": "No hospital was pulled yet.",
        "waiting": "waiting",
        "running": "running",
        "complete": "complete",
        "partial": "incomplete",
        "failed": "failed",
        "paused": "paused",
        "cancelled": "cancelled",
        "rules": "Most frequent findings",
        "no_rules": "Nothing was found fault with.",
        "unread": "Most frequent data that nobody reads",
        "no_unread": "Everything that was sent is read.",
        "source": "Source",
        "place": "Element",
        "rule": "Rule",
        "severity": "Severity",
        "error": "error",
        "fatal": "fatal",
        "warning": "warning",
        "information": "information",
        "count": "Number",
        "state": "State",
        "asked": "Asked for (UTC)",
        "cohort": "Cohort description (JSON)",
        "metadata": "What is served (FHIR)",
        "other": "Français",
    },
    "fr": {
        "title": "Registre OCMR",
        "lead": "Ce que les hôpitaux ont envoyé, et ce qu'il en est advenu.",
        "cases": "Cas",
        "eligible": "éligibles",
        "undetermined": "indéterminés",
        "ineligible": "non éligibles",
        "inbox": "Réception",
        "received": "en cours d'examen",
        "stored": "conservés",
        "duplicate": "envoyés à nouveau",
        "quarantined": "en quarantaine",
        "superseded": "remplacés par plus récent",
        "erased": "effacés",
        "pulls": "Derniers relevés",
        "no_pulls": "Aucun hôpital n'a encore été interrogé.",
        "waiting": "en attente",
        "running": "en cours",
        "complete": "complet",
        "partial": "incomplet",
        "failed": "échoué",
        "paused": "en pause",
        "cancelled": "annulé",
        "rules": "Constats les plus fréquents",
        "no_rules": "Rien à signaler.",
        "unread": "Données les plus fréquentes que personne ne lit",
        "no_unread": "Tout ce qui est envoyé est lu.",
        "source": "Source",
        "place": "Élément",
        "rule": "Règle",
        "severity": "Gravité",
        "error": "erreur",
        "fatal": "fatale",
        "warning": "avertissement",
        "information": "information",
        "count": "Nombre",
        "state": "État",
        "asked": "Demandé le (UTC)",
        "cohort": "Description de la cohorte (JSON)",
        "metadata": "Ce qui est servi (FHIR)",
        "other": "English",
    },
}
_SHOWN = 10


@routes.get("/")
def overview() -> str:
    """Numbers and places only: nothing on this page is about one child."""
    tongue = language()
    with parts().store.reading() as connection:
        return render_template(
            "overview.html",
            words=WORDS[tongue],
            tongue=tongue,
            other="en" if tongue == "fr" else "fr",
            version=__version__,
            statuses=cases.count_statuses(connection),
            states=inbox.count_states(connection),
            pulls=jobs.recent(connection, 5),
            rules=findings.count_rules(connection)[:_SHOWN],
            unread=findings.count_unread(connection)[:_SHOWN],
        )
