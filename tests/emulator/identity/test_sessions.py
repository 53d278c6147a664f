"""Sessions of users: beginning, refreshing, narrowing."""

from __future__ import annotations

import pytest
from oci.auth.signers import SecurityTokenSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import public_pem, shared_key
from support.emulator_client import Answer, ask, chat_body, signer
from support.principals_at_emulator import instance, session_key, token_signer

GENERATE = "/v1/token/upst/actions/GenerateUpst"
REFRESH = "/v1/authentication/refresh"
SCOPED = "/v1/oauth2/scoped"
CHAT = "/20231130/actions/chat"


def refresh(emulator: Emulator, by: SecurityTokenSigner, token: str | None = None) -> Answer:
    own = by.api_key.removeprefix("ST$")
    return ask(emulator, "POST", REFRESH, {"currentToken": own if token is None else token}, by=by)


def with_token(text: str) -> SecurityTokenSigner:
    return SecurityTokenSigner(text, shared_key("session"))


@pytest.mark.parametrize("key", [session_key(), public_pem(shared_key("session").public_key())])
def test_an_api_key_begins_a_session(emulator: Emulator, key: str | bytes) -> None:
    """As ``oci session authenticate --no-browser`` does."""
    text = key if isinstance(key, str) else key.decode()
    answer = ask(emulator, "POST", GENERATE, {"publicKey": text, "sessionExpirationInMinutes": 5})
    assert answer.status == 200
    session = with_token(answer.json["token"])

    assert ask(emulator, "POST", CHAT, chat_body(emulator), by=session).status == 200
    assert emulator.ledger.last.principal == emulator.identity.user_id
    emulator.clock_offset = 250
    assert refresh(emulator, session).status == 200
    (issued, _) = emulator.identity.tokens.issued()
    assert issued.expires - issued.begun == pytest.approx(300, abs=1)


@pytest.mark.parametrize("minutes", [4, 61, "many", None, 5.5])
def test_a_session_lasts_from_5_to_60_minutes(emulator: Emulator, minutes: object) -> None:
    body = {"publicKey": session_key(), "sessionExpirationInMinutes": minutes}
    assert ask(emulator, "POST", GENERATE, body).status == 400


def test_a_session_begins_no_other(emulator: Emulator) -> None:
    by = token_signer(emulator, emulator.identity.user())
    answer = ask(emulator, "POST", GENERATE, {"publicKey": session_key()}, by=by)

    assert answer.status == 401
    assert "begins with a user's API key" in answer.reason


def test_a_refreshed_token_keeps_the_key_and_the_old_one_stays_good(emulator: Emulator) -> None:
    old = token_signer(emulator, emulator.identity.user())
    new = with_token(refresh(emulator, old).json["token"])

    for by in (old, new):
        assert ask(emulator, "POST", CHAT, chat_body(emulator), by=by).status == 200


def test_an_expired_token_cannot_be_refreshed(emulator: Emulator) -> None:
    by = token_signer(emulator, emulator.identity.user(), lifetime=10)
    answer = refresh(emulator, by)
    assert answer.status == 200

    emulator.clock_offset = 20
    answer = refresh(emulator, by)
    assert answer.status == 401
    assert "expired" in answer.reason


def test_a_session_cannot_be_refreshed_for_ever(emulator: Emulator) -> None:
    """Neither beyond the limit of the session, nor by refreshing what was refreshed."""
    emulator.identity.session_limit = 250
    emulator.identity.token_lifetime = 200
    first = token_signer(emulator, emulator.identity.user())
    emulator.clock_offset = 150
    second = with_token(refresh(emulator, first).json["token"])
    latest = emulator.identity.tokens.issued()[-1]
    assert latest.expires - latest.begun <= 250

    emulator.identity.session_limit = 100
    answer = refresh(emulator, second)
    assert answer.status == 401
    assert "has to authenticate again" in answer.reason


def test_only_the_token_that_signs_can_be_refreshed(emulator: Emulator) -> None:
    user = emulator.identity.user()
    other = token_signer(emulator, user).api_key.removeprefix("ST$")
    answer = refresh(emulator, token_signer(emulator, user), other)
    assert answer.status == 401
    assert "not the token that the request is signed with" in answer.reason

    by_key = ask(emulator, "POST", REFRESH, {"currentToken": other}, by=signer(emulator))
    assert by_key.status == 401
    for_instance = refresh(emulator, token_signer(emulator, instance(emulator)))
    assert for_instance.status == 401
    assert "instance cannot be refreshed" in for_instance.reason


def test_a_scoped_token_needs_a_compartment_that_exists(emulator: Emulator) -> None:
    body = {
        "scope": "x",
        "public_key": session_key(),
        "target_compartment": emulator.compartment_id,
    }
    answer = ask(emulator, "POST", SCOPED, body)
    assert answer.status == 200
    by = with_token(answer.json["token"])
    assert ask(emulator, "POST", CHAT, chat_body(emulator), by=by).status == 200

    elsewhere = {**body, "target_compartment": "ocid1.compartment.oc1..none"}
    assert ask(emulator, "POST", SCOPED, elsewhere).status == 404


@pytest.mark.parametrize("path", [GENERATE, REFRESH, SCOPED])
def test_the_auth_service_wants_signatures(emulator: Emulator, path: str) -> None:
    assert ask(emulator, "POST", path, {}, sign=False).status == 401
