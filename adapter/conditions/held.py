"""Whether a condition holds, looked up where the case is stored, in the transaction that writes it.

Takes from: errors, store, conditions.asked.  Gives to: recording.
"""

from __future__ import annotations

from adapter.conditions.asked import Condition, issue_of
from adapter.errors import InvalidContentError, Json
from adapter.store import Connection, cases


def ensure_condition(connection: Connection, condition: Condition, case: Json, version: int) -> None:
    """In the transaction that has just made a version of a case, holding its row.

    Errors:  InvalidContentError (412): then the version must not stand
    """
    if condition.case_id != case["case_id"] and cases.exists(connection, condition.case_id):
        english = "The condition names one case, and the Patient's own identifiers another: nothing was changed."
        french = "La condition désigne un cas et les identifiants du Patient un autre : rien n'a été modifié."
        raise _failed("multiple-matches", english, french)
    if condition.create_only and version > 1:
        before = cases.read(connection, case["case_id"], version - 1).case
        if before.get("patient") != case.get("patient"):
            english = "The case exists and says otherwise about the Patient: PUT Patient?identifier=… would change it."
            french = "Le cas existe et décrit autrement le Patient : PUT Patient?identifier=… le modifierait."
            raise _failed("conflict", english, french)


def _failed(kind: str, english: str, french: str) -> InvalidContentError:
    return InvalidContentError([issue_of(kind, "Bundle", english, french)], 412)
