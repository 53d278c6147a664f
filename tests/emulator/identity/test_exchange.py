"""The exchange of an identity provider's tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from oci.auth.signers import SecurityTokenSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import shared_key
from support.emulator_client import Answer, ask, chat_body
from support.principals_at_emulator import session_key

Form = dict[str, str]


def exchange(
    emulator: Emulator,
    change: Callable[[Form], object] = lambda _: None,
    *,
    secret: str | None = None,
    content_type: str = "application/x-www-form-urlencoded",
) -> Answer:
    identity = emulator.identity
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:oci:token-type:oci-upst",
        "subject_token": identity.subject_token("deployer"),
        "subject_token_type": "jwt",
        "public_key": session_key(),
    }
    change(form)
    client = f"{identity.client_id}:{secret or identity.client_secret}"
    headers = {
        "content-type": content_type,
        "authorization": f"Basic {base64.b64encode(client.encode()).decode()}",
    }
    return ask(emulator, "POST", "/oauth2/v1/token", urlencode(form).encode(), headers, sign=False)


def test_a_token_is_exchanged(emulator: Emulator) -> None:
    answer = exchange(emulator)
    by = SecurityTokenSigner(answer.json["token"], shared_key("session"))

    assert ask(emulator, "POST", "/20231130/actions/chat", chat_body(emulator), by=by).status == 200
    assert emulator.ledger.last.principal == "deployer"


def test_the_client_must_be_known(emulator: Emulator) -> None:
    answer = exchange(emulator, secret="wrong")

    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")
    nobody = ask(emulator, "POST", "/oauth2/v1/token", b"", sign=False)
    assert nobody.json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda f: f.update(grant_type="password"), "unsupported_grant_type"),
        (lambda f: f.update(requested_token_type="x"), "invalid_request"),
        (lambda f: f.update(subject_token_type="saml"), "invalid_request"),
        (lambda f: f.pop("public_key"), "invalid_request"),
        (lambda f: f.update(public_key="AAAA"), "invalid_request"),
        (lambda f: f.update(more="x"), "invalid_request"),
        (lambda f: f.update(subject_token="x.y.z"), "invalid_grant"),
    ],
)
def test_a_form_that_is_wrong_is_a_400(
    emulator: Emulator, change: Callable[[Form], object], error: str
) -> None:
    answer = exchange(emulator, change)
    assert (answer.status, answer.json["error"]) == (400, error)


def test_an_expired_subject_token_is_refused(emulator: Emulator) -> None:
    old = emulator.identity.subject_token(lifetime=-1)
    answer = exchange(emulator, lambda form: form.update(subject_token=old))

    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert "expired" in answer.json["error_description"]


def test_json_is_no_form(emulator: Emulator) -> None:
    assert exchange(emulator, content_type="application/json").status == 400
