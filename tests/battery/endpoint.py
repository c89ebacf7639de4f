"""Every wrong assertion and every wrong form at the token endpoint: refused, with no token kept and no call made.

`python -m tests.battery.endpoint`: the lists of tests/contract/test_token_endpoint.py, asked in one process.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from adapter.parts import Knowledge
from adapter.web import create_app, tokens
from adapter.web.limits import Failures
from tests.battery.figures import remark, tell
from tests.battery.grounds import load_warm, open_grounds
from tests.battery.outbound import Outbound
from tests.contract.test_token_endpoint import FORMS, TOO_LARGE, WRONG, tokens_kept
from tests.contract.token_clients import ask_for_token, register

PUBLIC_URL = "https://registry.invalid"


def refused(client: Any) -> tuple[Counter[str], list[str]]:
    """What each wrong one was answered, and those that were answered otherwise than they should be."""
    answers: Counter[str] = Counter()
    wrong = []
    for name, make in WRONG.items():
        answer = ask_for_token(client, client_assertion=make())
        expected = (400, "invalid_request") if name in TOO_LARGE else (401, "invalid_client")
        answers[f"{answer.status_code} {answer.json['error']}"] += 1
        wrong += [name] if (answer.status_code, answer.json["error"]) != expected else []
    for name, (form, error) in FORMS.items():
        answer = ask_for_token(client, **form)
        answers[f"{answer.status_code} {answer.json['error']}"] += 1
        wrong += [name] if (answer.status_code, answer.json["error"]) != (400, error) else []
    return answers, wrong


def battery(knowledge: Knowledge, *, short: bool = False) -> bool:
    tokens._failures = Failures(10_000, window_seconds=60)
    outbound = Outbound()
    with open_grounds("sqlite") as (grounds,), grounds.empty().parts(knowledge) as parts, outbound.watching():
        register(parts)
        app = create_app(parts, ask_who=True, public_url=PUBLIC_URL)
        client = app.test_client()
        answers, wrong = refused(client)
        kept = len(tokens_kept(parts))
        right = ask_for_token(client).status_code
        calls = list(outbound.calls)
        sentinel = outbound.is_awake()
        app.extensions["background"].shutdown()
    for name in wrong:
        remark(f"{name}: answered otherwise")
    return tell(
        "token endpoint",
        holds=not wrong and not kept and not calls and sentinel and right == 200,
        assertions=len(WRONG),
        forms=len(FORMS),
        answers=dict(answers),
        answered_otherwise=len(wrong),
        tokens_given=kept,
        outbound_calls=len(calls),
        sentinel_awake=sentinel,
        right_one=right,
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(not battery(load_warm()))


if __name__ == "__main__":
    main()
