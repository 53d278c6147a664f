"""Who is let in: tokens, delegation, API keys, policies."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask, chat_body, openai_body, openai_headers, signer
from support.principals_at_emulator import instance, token_signer

CHAT = "/20231130/actions/chat"
OPENAI = "/openai/v1/chat/completions"


def chat(emulator: Emulator, by: Any = None, **more: Any) -> Answer:
    return ask(emulator, "POST", CHAT, chat_body(emulator), by=by, **more)


class Delegating:
    """A signer that adds a delegation token and signs it, or leaves it unsigned."""

    def __init__(self, by: Any, token: str, *, signed: bool = True) -> None:
        self.by, self.token, self.signed = by, token, signed

    def do_request_sign(self, request: Any) -> None:
        if not self.signed:
            self.by.do_request_sign(request)
        request.headers["opc-obo-token"] = self.token
        if self.signed:
            names = ["date", "(request-target)", "host", "opc-obo-token"]
            body = ["content-length", "content-type", "x-content-sha256"]
            self.by.create_signers(self.by.api_key, self.by.private_key, names, body)
            self.by.do_request_sign(request)


def test_a_users_own_key_names_the_user(emulator: Emulator) -> None:
    assert chat(emulator).status == 200
    assert emulator.ledger.last.principal == emulator.home.user_id
    assert emulator.ledger.last.on_behalf_of is None


def test_a_token_is_good_until_it_expires_or_is_revoked(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator), lifetime=100)
    assert chat(emulator, by).status == 200

    emulator.clock_offset = 101
    answer = chat(emulator, by)
    assert (answer.status, answer.json["code"]) == (401, "NotAuthenticated")
    assert "expired" in answer.reason
    emulator.clock_offset = 0
    emulator.identity.revoke(by.api_key)
    assert "revoked" in chat(emulator, by).reason


def test_no_refusal_holds_the_token(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    emulator.identity.revoke_all()
    token = by.api_key.removeprefix("ST$")
    answer = chat(emulator, by)

    assert token not in answer.reason
    assert token not in repr(emulator.ledger.last)
    assert token not in str(emulator.ledger.last.headers)


def test_a_delegation_token_acts_for_its_user(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    token = emulator.identity.delegation_token("ocid1.user.oc1..other")

    assert chat(emulator, Delegating(by, token)).status == 200
    assert emulator.ledger.last.principal == emulator.identity.instance_id
    assert emulator.ledger.last.on_behalf_of == "ocid1.user.oc1..other"


def test_a_delegation_token_must_be_signed(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    token = emulator.identity.delegation_token()
    answer = chat(emulator, Delegating(by, token, signed=False))

    assert answer.status == 401
    assert "opc-obo-token is not signed" in answer.reason


@pytest.mark.parametrize("lifetime", [-1, None])
def test_a_delegation_token_must_be_good(emulator: Emulator, lifetime: float | None) -> None:
    by = token_signer(emulator, instance(emulator))
    token = emulator.identity.delegation_token(lifetime=lifetime)
    emulator.identity.revoke(token if lifetime is None else "another")
    answer = chat(emulator, Delegating(by, token))

    assert answer.status == 401
    assert answer.reason.startswith("opc-obo-token: the token")
    assert not emulator.ledger.last.verified


def test_a_session_token_is_no_delegation_token(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    answer = chat(emulator, Delegating(by, by.api_key.removeprefix("ST$")))
    assert answer.status == 401
    assert "not a delegation token" in answer.reason


def test_who_is_denied_gets_the_404_of_what_does_not_exist(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    emulator.identity.deny(emulator.identity.instance_id)
    target = f"/20231130/models?compartmentId={emulator.compartment_id}"
    for answer in (
        chat(emulator, by),
        ask(emulator, "GET", target, by=by),
        ask(emulator, "POST", OPENAI, openai_body(), openai_headers(emulator), by=by),
    ):
        assert answer.status == 404
        assert answer.json["message"] == "Authorization failed or requested resource not found."
        assert "no policy lets the instance" in answer.reason
    assert chat(emulator).status == 200

    emulator.identity.allow(emulator.identity.instance_id)
    assert chat(emulator, by).status == 200


def test_a_denied_user_is_not_helped_by_an_instance(emulator: Emulator) -> None:
    emulator.identity.deny(emulator.identity.user_id)
    by = token_signer(emulator, instance(emulator))

    assert chat(emulator).status == 404
    assert chat(emulator, Delegating(by, emulator.identity.delegation_token())).status == 404
    assert chat(emulator, token_signer(emulator, instance(emulator))).status == 200


def test_an_api_key_is_a_bearer_token_of_openais_surface_only(emulator: Emulator) -> None:
    key = emulator.identity.add_api_key()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    assert ask(emulator, "POST", OPENAI, openai_body(), headers, sign=False).status == 200
    assert emulator.ledger.last.verified
    assert key not in str(emulator.ledger.last.headers)
    native = ask(emulator, "POST", CHAT, chat_body(emulator), headers, sign=False)
    assert native.status == 401

    emulator.identity.revoke(key)
    answer = ask(emulator, "POST", OPENAI, openai_body(), headers, sign=False)
    assert answer.status == 401
    assert key not in answer.reason


def test_a_key_registered_by_hand_still_works(emulator: Emulator) -> None:
    assert chat(emulator, signer(emulator)).status == 200
