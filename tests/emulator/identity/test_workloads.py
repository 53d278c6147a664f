"""The log-in of Kubernetes workloads, over plain HTTP; tests/interop has it over TLS."""

from __future__ import annotations

import base64
import json

from oci.auth.signers import SecurityTokenSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import shared_key
from support.emulator_client import Answer, ask, chat_body
from support.principals_at_emulator import session_key


def log_in(emulator: Emulator, token: str, body: object = None) -> Answer:
    return ask(
        emulator,
        "POST",
        "/resourcePrincipalSessionTokens",
        {"podKey": session_key()} if body is None else body,
        {"authorization": f"Bearer {token}", "content-type": "application/json"},
        sign=False,
    )


def test_a_service_account_gets_a_token_in_base64(emulator: Emulator) -> None:
    answer = log_in(emulator, emulator.identity.service_account_token("shop", "checkout"))
    token = json.loads(base64.b64decode(answer.body, validate=True))["token"]
    assert token.startswith("ST$")

    by = SecurityTokenSigner(token.removeprefix("ST$"), shared_key("session"))
    assert ask(emulator, "POST", "/20231130/actions/chat", chat_body(emulator), by=by).status == 200
    assert emulator.ledger.last.principal == "shop/checkout"


def test_other_tokens_are_refused(emulator: Emulator) -> None:
    identity = emulator.identity
    for token, problem in (
        (identity.subject_token(), "did not sign it"),
        (identity.service_account_token(lifetime=-1), "expired"),
        ("", "not a JWT"),
    ):
        answer = log_in(emulator, token)
        assert answer.status == 401
        assert problem in answer.reason
    assert log_in(emulator, identity.service_account_token(), {"podKey": "x"}).status == 400
    assert log_in(emulator, identity.service_account_token(), {}).status == 400
    bare = ask(emulator, "POST", "/resourcePrincipalSessionTokens", {}, sign=False)
    assert bare.status == 401
