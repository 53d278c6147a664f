"""Resource principals."""

from __future__ import annotations

from typing import Any

import pytest
from oci.auth.signers import SecurityTokenSigner
from oci.auth.signers.key_pair_signer import KeyPairSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import public_pem, shared_key
from support.emulator_client import Answer, ask, chat_body, signer
from support.principals_at_emulator import instance, session_key, token_signer

VOUCH = "/20180711/resourcePrincipalToken"
EXCHANGE = "/v1/resourcePrincipalSessionToken"
FUNCTION = "ocid1.fnfunc.oc1.us-chicago-1.mine"
APPLICATION = "ocid1.fnapp.oc1.us-chicago-1.mine"


def exchange(emulator: Emulator, by: Any, tokens: dict[str, str], **more: str) -> Answer:
    body = {**tokens, "sessionPublicKey": session_key(), **more}
    return ask(emulator, "POST", EXCHANGE, body, by=by)


def key_pair_signer(emulator: Emulator, resource_id: str) -> Any:
    key = shared_key("resource")
    emulator.identity.add_resource(resource_id, public_pem(key.public_key()))
    return KeyPairSigner("2.1.1", resource_id, emulator.identity.tenancy_id, key)


def test_an_instance_speaks_for_what_runs_on_it(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    tokens = ask(emulator, "GET", f"{VOUCH}/{FUNCTION}", by=by).json
    answer = exchange(emulator, by, tokens)
    assert answer.status == 200

    resource = SecurityTokenSigner(answer.json["token"], shared_key("session"))
    chat = ask(emulator, "POST", "/20231130/actions/chat", chat_body(emulator), by=resource)
    assert chat.status == 200
    assert emulator.ledger.last.principal == FUNCTION


def test_a_resource_speaks_for_itself_and_its_parent_only(emulator: Emulator) -> None:
    by = key_pair_signer(emulator, FUNCTION)
    path = "/20180711/resourcePrincipalTokenV2"
    assert ask(emulator, "GET", f"{path}/{FUNCTION}", by=by).status == 200
    assert ask(emulator, "GET", f"{path}/{APPLICATION}", by=by).status == 404

    emulator.identity.add_parent(FUNCTION, APPLICATION)
    answer = ask(emulator, "GET", f"{path}/{FUNCTION}", by=by)
    assert answer.headers["opc-parent-rpt-url"] == f"{emulator.url}{VOUCH}/{APPLICATION}"
    above = ask(emulator, "GET", f"{path}/{APPLICATION}", by=by)
    assert above.status == 200
    assert "opc-parent-rpt-url" not in above.headers


def test_a_user_speaks_for_no_resource(emulator: Emulator) -> None:
    answer = ask(emulator, "GET", f"{VOUCH}/{FUNCTION}", by=signer(emulator))
    assert (answer.status, answer.json["code"]) == (404, "NotAuthorizedOrNotFound")


@pytest.mark.parametrize("version", ["V2", "V212"])
def test_paths_of_version_2_are_for_keys_of_resources(emulator: Emulator, version: str) -> None:
    by = token_signer(emulator, instance(emulator))
    answer = ask(emulator, "GET", f"{VOUCH}{version}/{FUNCTION}", by=by)
    assert answer.status == 401


def test_tokens_are_exchanged_for_who_got_them_while_they_are_good(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    tokens = ask(emulator, "GET", f"{VOUCH}/{FUNCTION}", by=by).json
    rpt, spst = tokens["resourcePrincipalToken"], tokens["servicePrincipalSessionToken"]

    swapped = {"resourcePrincipalToken": spst, "servicePrincipalSessionToken": rpt}
    assert exchange(emulator, by, swapped).status == 401
    assert exchange(emulator, by, tokens, resourcePrincipalToken="x").status == 401
    assert exchange(emulator, by, tokens, sessionPublicKey="x").status == 400
    other = exchange(emulator, key_pair_signer(emulator, FUNCTION), tokens)
    assert other.status == 401
    assert "not given to who sends it" in other.reason
    emulator.identity.revoke(rpt)
    assert exchange(emulator, by, tokens).status == 401


def test_tokens_that_vouch_sign_nothing(emulator: Emulator) -> None:
    by = token_signer(emulator, instance(emulator))
    tokens = ask(emulator, "GET", f"{VOUCH}/{FUNCTION}", by=by).json
    misused = SecurityTokenSigner(tokens["resourcePrincipalToken"], shared_key("session"))
    answer = ask(emulator, "POST", "/20231130/actions/chat", chat_body(emulator), by=misused)

    assert answer.status == 401
    assert "a resource token, not a session token" in answer.reason
