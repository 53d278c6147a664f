"""The page on which a user logs in: what it wants to be asked, and where it leads."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from oci.auth.security_token_container import SecurityTokenContainer
from oci.auth.signers import SecurityTokenSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.jwt import jwk
from ocicat.emulator.identity.keys import shared_key
from support.emulator_client import Answer, ask, chat_body

PAGE = "/v1/oauth2/authorize"
CHAT = "/20231130/actions/chat"


def query(**changes: str | None) -> str:
    """What the OCI CLI asks, with changes; ``None`` takes a parameter out."""
    key = jwk(shared_key("session").public_key()).encode()
    asked = {
        "action": "login",
        "client_id": "iaas_console",
        "response_type": "token id_token",
        "nonce": "5b0c8a4e",
        "scope": "openid",
        "public_key": base64.urlsafe_b64encode(key).decode(),
        "redirect_uri": "http://localhost:8181",
        **changes,
    }
    return urlencode({name: value for name, value in asked.items() if value is not None})


def answer_form(emulator: Emulator, form: bytes, asked: str | None = None) -> Answer:
    """Press a button of the page."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    target = f"{PAGE}/answer?{query() if asked is None else asked}"
    return ask(emulator, "POST", target, form, headers, sign=False)


def led_to(answer: Answer) -> dict[str, str]:
    """What stands in the fragment of the address to which the browser is sent."""
    assert answer.status == 303
    location = urlsplit(answer.headers["location"])
    assert (location.scheme, location.netloc, location.path) == ("http", "localhost:8181", "")
    assert not location.query
    return {name: values[0] for name, values in parse_qs(location.fragment).items()}


def test_the_page_says_who_signs_in_and_what_for(emulator: Emulator) -> None:
    answer = ask(emulator, "GET", f"{PAGE}?{query(tenant='acme', provider='x')}", sign=False)

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert emulator.identity.user_id in page
    assert "http://localhost:8181" in page
    assert "tenant=acme&amp;provider=x" in page
    assert emulator.identity.tokens.issued() == []


def test_nothing_of_the_query_becomes_html(emulator: Emulator) -> None:
    target = f"{PAGE}?{query()}&tenant=\"><script>'"
    assert "<script>" not in ask(emulator, "GET", target, sign=False).body.decode()


def test_signing_in_leads_back_with_a_token_that_signs(emulator: Emulator) -> None:
    told = led_to(answer_form(emulator, b"answer=sign-in"))

    assert set(told) == {"security_token", "id_token"}
    by = SecurityTokenSigner(told["security_token"], shared_key("session"))
    assert ask(emulator, "POST", CHAT, chat_body(emulator), by=by).status == 200
    assert emulator.ledger.last.principal == emulator.identity.user_id
    identity = SecurityTokenContainer(None, told["id_token"]).get_jwt()
    assert (identity["nonce"], identity["aud"]) == ("5b0c8a4e", "iaas_console")


def test_the_identity_token_signs_nothing(emulator: Emulator) -> None:
    told = led_to(answer_form(emulator, b"answer=sign-in"))
    by = SecurityTokenSigner(told["id_token"], shared_key("session"))
    assert ask(emulator, "POST", CHAT, chat_body(emulator), by=by).status == 401


def test_refusing_leads_back_without_a_token(emulator: Emulator) -> None:
    told = led_to(answer_form(emulator, b"answer=refuse"))

    assert told == {"error": "access_denied", "error_description": "The user has refused."}
    assert emulator.identity.tokens.issued() == []


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("", "no action"),
        (query(nonce=None), "no nonce"),
        (query(nonce=""), "no nonce"),
        (query(public_key=None), "no public_key"),
        (query(action="logout"), "action is 'logout'"),
        (query(client_id="me"), "client_id is 'me'"),
        (query(response_type="code"), "response_type is 'code'"),
        (query(scope="profile"), "scope is 'profile'"),
        (query(redirect_uri="http://evil.example"), "redirect_uri is 'http://evil.example'"),
        (query(redirect_uri="http://localhost:8181/x"), "redirect_uri is"),
        (query(public_key="AAAA"), "public_key: it is not base64url of JSON"),
        (query(state="x"), "state is no parameter"),
        (query() + "&nonce=again", "there twice"),
    ],
)
def test_other_questions_are_refused(emulator: Emulator, asked: str, problem: str) -> None:
    for answer in (
        ask(emulator, "GET", f"{PAGE}?{asked}", sign=False),
        answer_form(emulator, b"answer=sign-in", asked),
    ):
        assert answer.status == 400
        assert problem in answer.reason
    assert emulator.identity.tokens.issued() == []


def test_other_answers_are_refused(emulator: Emulator) -> None:
    assert answer_form(emulator, b"answer=perhaps").status == 400
