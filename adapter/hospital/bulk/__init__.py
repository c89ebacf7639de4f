"""Ask a server for everything at once: kick an export off, wait for it, read its files line by line.

    request ──► kick-off ──► poll ──► manifest (its pages) ──► files, line by line

Nothing is kept here; `adapter.bulk` keeps, proves and goes on after an interruption.

Takes from: errors, resource, hospital.session.  Gives to: hospital.source, bulk.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html, https://hl7.org/fhir/uv/bulkdata/export.html (3.0.0)
"""
