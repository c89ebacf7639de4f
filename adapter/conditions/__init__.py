"""What an entry of a pushed Bundle asks for, on which condition: read here, held to in `adapter.conditions.held`.

The registry knows a child by one identifier, under a pseudonym that is the primary key of its cases; so a condition
names that identifier and nothing else. Of the case's parts no identifier is kept: an update by one replaces them with
the whole case, which is right; a creation only if there is none could not be kept, and is refused.

Takes from: errors, store.  Gives to: judgement, recording.
"""

from adapter.conditions.asked import CaseId, Condition, check_requests, condition_of

__all__ = ["CaseId", "Condition", "check_requests", "condition_of"]
