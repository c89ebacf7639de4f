"""Which published R4 invariants are not evaluated as they stand, and why.

Takes from: nothing.  Gives to: validation.constraints.
Source: https://hl7.org/fhir/R4/
"""

# What the structure checks, the reference check, the narrative check or the Bundle check already decide.
ELSEWHERE = frozenset(
    [
        "ele-1",
        "ref-1",
        "txt-1",
        "txt-2",
        "sqty-1",
        "bdl-1",
        "bdl-2",
        "bdl-3",
        "bdl-4",
        "bdl-5",
        "bdl-7",
        "bdl-8",
        "bdl-9",
        "bdl-10",
        "bdl-11",
        "bdl-12",
        "dom-2",
        "dom-3",
        "dom-4",
        "dom-5",
    ]
)

# Errata: the published expression cannot be met, or misses what its text says.
REWRITTEN = {
    "ras-2": "probability.empty() or ((probability is Quantity).not() and (probability is Range).not() and "
    "probability <= 100) or (probability is Range and (probability.low.empty() or probability.low.value <= 100) and "
    "(probability.high.empty() or probability.high.value <= 100))",
    "tim-9": "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
    "app-3": "(start.exists() and end.exists()) or (status in ('proposed' | 'cancelled' | 'waitlist' | 'noshow'))",
    "app-4": "cancelationReason.exists() implies status in ('cancelled' | 'noshow' | 'no-show')",
    "sdf-19": "true",
}
