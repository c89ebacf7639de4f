"""What the battery has found, each as a test of its own: mended, and not to come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from adapter import bootstrap
from adapter.cli import main
from adapter.errors import RemoteTransientError, UsageError
from adapter.mapping.tables import Systems, Table
from adapter.parts import Knowledge, Parts
from adapter.store import audit
from adapter.web import create_app
from tests.sample_bundles import as_bytes, coded, make_bundle, make_condition, make_finding, make_patient


@pytest.fixture
def registry(tmp_path: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where commands work."""
    monkeypatch.setattr(bootstrap, "load_knowledge", lambda settings, rule_set="SA": knowledge)
    return ["--data", str(tmp_path / "data")]


def test_who_is_not_answered_because_the_access_cannot_be_written_down_is_told_when_to_try_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise RemoteTransientError("The database does not answer.")

    monkeypatch.setattr(audit, "append", fail)

    answer = client.get("/cases")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("command", "module", "step"),
    [
        (["export", "--to", "{folder}/export"], "adapter.exports", "ensure_empty"),
        (["backup", "{folder}/copy.zip"], "adapter.backup", "_write"),
    ],
)
def test_data_are_not_taken_out_before_it_is_written_down_who_takes_them(
    registry: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    module: str,
    step: str,
) -> None:
    def die(*_: object) -> None:
        raise UsageError("killed here")

    monkeypatch.setattr(f"{module}.{step}", die)

    CliRunner().invoke(main, [*registry, *(each.format(folder=tmp_path) for each in command)])

    told = CliRunner().invoke(main, [*registry, "audit", "--json"])
    assert f'"{command[0]}"' in told.output


def test_an_entry_with_an_underscore_resource_and_no_other_is_a_flaw_and_no_failure(
    client: FlaskClient,
) -> None:
    bundle = make_bundle(make_patient(), make_condition(), make_finding())
    bundle["entry"][2]["_resource"] = bundle["entry"][2].pop("resource")

    answer = client.post("/fhir", data=as_bytes(bundle), content_type="application/fhir+json")

    assert answer.status_code == 200


def test_what_postgresql_cannot_hold_is_a_question_that_is_refused(parts: Parts) -> None:
    """A NUL is kept by one database and not by the other; neither may fail."""
    app = create_app(parts)
    client = app.test_client()

    answers = [client.get("/cases/x%00y"), client.get("/cases/x/fhir"), client.get("/fhir/Patient?_id=x%00y")]
    answers.append(client.post("/login", data={"login": "x\0y", "password": "x"}))
    app.extensions["background"].shutdown()

    assert [each.status_code for each in answers if each.status_code >= 500] == []


def test_a_number_that_a_patient_has_elsewhere_does_not_stay_in_the_audit(client: FlaskClient) -> None:
    """Typed where a pseudonym stands, it would stay for ever: no line of the audit can be taken out."""
    made = client.post("/fhir", data=as_bytes(make_bundle()), content_type="application/fhir+json")
    mine = made.headers["Location"].rpartition("/")[2]

    for asked in ("1840512345678", mine):
        client.get(f"/cases/{asked}")

    told = [each["case_id"] for each in client.get("/audit").json["events"]]
    assert "1840512345678" not in told
    assert mine in told


def test_a_number_that_no_double_can_hold_is_refused_at_the_door(client: FlaskClient) -> None:
    crp = {
        "resourceType": "Observation",
        "id": "crp",
        "status": "final",
        "code": coded("http://loinc.org", "1988-5"),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2017-06-01",
        "valueQuantity": {"value": 10**400, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"},
    }

    answer = client.post(
        "/fhir", data=as_bytes(make_bundle(make_patient(), make_condition(), crp)), content_type="application/fhir+json"
    )

    assert answer.status_code == 400
    assert answer.json["issue"][0]["details"]["coding"][0]["code"] == "json-number"


@pytest.mark.parametrize(
    "narrative", ["<![CDATA[><b>x</b>]]>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>"]
)
def test_a_narrative_with_what_xml_has_besides_elements_is_a_flaw_and_no_failure(
    client: FlaskClient, narrative: str
) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}</div>'
    patient = make_patient(text={"status": "generated", "div": div})

    answer = client.post(
        "/fhir", data=as_bytes(make_bundle(patient, make_condition())), content_type="application/fhir+json"
    )

    assert answer.status_code == 200


def test_the_page_of_the_api_has_a_word_for_every_place_a_parameter_stands_in(client: FlaskClient) -> None:
    assert client.get("/ui/api").status_code == 200


class CountedCode(str):
    """A code that counts how often a part of it is looked at."""

    cuts = 0

    def __getitem__(self, where: Any) -> str:
        CountedCode.cuts += 1
        return str.__getitem__(self, where)


def test_of_a_code_as_long_as_a_book_no_more_is_looked_at_than_the_table_knows() -> None:
    systems = Systems(uris={}, names={}, forms={}, prefixed=frozenset())
    table = Table("x", cast(Any, None), "coding", systems, prefixes={"urn:x": {"M86": "osteomyelitis"}})

    assert table._find_near({"system": "urn:x", "code": CountedCode("M" * 70_000)}) is None
    assert CountedCode.cuts <= 2
    assert table._find_near({"system": "urn:x", "code": "M8634"}) == "osteomyelitis"
