"""Search every type and follow the pages with fhirpy; the token is asked for with jwcrypto. Writes what came.

python run_fhirpy.py BASE CLIENT KEYS OUT
"""

import asyncio
import json
import sys

from fhirpy import AsyncFHIRClient
from own_token import ask_token

TYPES = ("Patient", "Condition", "Procedure", "ImagingStudy", "MedicationStatement", "Observation")


async def main(base: str, client_id: str, keys: str, out: str) -> None:
    token = ask_token(base, client_id, keys, "system/*.rs")
    client = AsyncFHIRClient(base, authorization=f"Bearer {token}")
    came = {}
    for type_ in TYPES:
        # A page size that does not divide what there is, so that the last page is not full.
        found = [resource async for resource in client.resources(type_).limit(13)]
        came[type_] = [resource.id for resource in found]
        counted = await client.resources(type_).count()
        if counted != len(found):
            raise SystemExit(f"{type_}: {counted} were promised, {len(found)} came")
    one = came["Patient"][0]
    read = await client.reference("Patient", one).to_resource()
    if read.id != one:
        raise SystemExit("another Patient was read than was asked for")
    theirs = await client.resources("Observation").search(subject=f"Patient/{one}").limit(7).fetch_all()
    if not theirs or any(each["subject"]["reference"] != f"Patient/{one}" for each in theirs):
        raise SystemExit("Observations of another Patient came, or none")
    with_patient = await client.resources("Condition").search(patient=one).include("Condition", "subject").fetch_raw()
    if sum(entry.resource.resource_type == "Patient" for entry in with_patient.entry) != 1:
        raise SystemExit("the Patient did not come along")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(came, file)


asyncio.run(main(*sys.argv[1:]))
