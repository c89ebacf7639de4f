"""CRMO registry FHIR adapter: hospital FHIR R4 in, registry cases kept, FHIR R4 out.

Rooms are stacked in floors; a file imports only from lower floors (tests/contract/test_layering.py).
"""
