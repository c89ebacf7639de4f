"""Search every type and follow the pages with fhirclient, whose models check what they are given. Writes what came.

python run_fhirclient.py BASE CLIENT KEYS OUT
"""

import importlib
import json
import sys

from fhirclient.client import FHIRClient
from own_token import ask_token

# Not MedicationStatement: where a treatment's status is not known, R4 lets `_status` say so by an extension alone, and
# the models of 4.4.0 take that for a missing status.
TYPES = ("Patient", "Condition", "Procedure", "ImagingStudy", "Observation", "Provenance")


def main(base: str, client_id: str, keys: str, out: str) -> None:
    smart = FHIRClient(settings={"app_id": client_id, "api_base": base})
    smart.prepare()
    smart.server.session.headers["Authorization"] = f"Bearer {ask_token(base, client_id, keys, 'system/*.rs')}"
    came = {}
    for type_ in TYPES:
        model = getattr(importlib.import_module(f"fhirclient.models.{type_.lower()}"), type_)
        pages = model.where({"_count": "13"}).perform_resources_iter(smart.server)
        came[type_] = [resource.id for resource in pages if resource.resource_type == type_]
    with open(out, "w", encoding="utf-8") as file:
        json.dump(came, file)


main(*sys.argv[1:])
