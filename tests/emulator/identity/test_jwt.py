"""Tokens as text."""

from __future__ import annotations

import base64
import json

import pytest
from oci.auth.security_token_container import SecurityTokenContainer

from ocicat.emulator.identity.jwt import JwtIssuer, jwk
from ocicat.emulator.identity.keys import shared_key


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_is_read_back_by_its_issuer_and_by_the_oci_sdk() -> None:
    issuer = JwtIssuer("somebody")
    token = issuer.issue({"sub": "Grüße", "exp": 5})

    assert issuer.read(token) == {"sub": "Grüße", "exp": 5, "iss": "somebody"}
    claims = SecurityTokenContainer(None, token).get_jwt()
    assert claims == {"sub": "Grüße", "exp": 5, "iss": "somebody"}


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("", "three parts"),
        ("a.b", "three parts"),
        ("a.b.c", "base64url of JSON"),
        ("ü.ü.ü", "base64url of JSON"),
        (f"{encoded([])}.{encoded({})}.AAAA", "not JSON objects"),
        (f"{encoded({'alg': 'none'})}.{encoded({})}.", "algorithm is not RS256"),
        (f"{encoded({'alg': 'HS256'})}.{encoded({})}.AAAA", "algorithm is not RS256"),
        (f"{encoded({'alg': 'RS256'})}.{encoded({})}.AAAA", "did not sign it"),
    ],
)
def test_what_is_no_token_is_refused(token: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        JwtIssuer("somebody").read(token)


def test_a_changed_token_is_refused() -> None:
    issuer = JwtIssuer("somebody")
    header, _, signature = issuer.issue({"sub": "me"}).split(".")
    forged = f"{header}.{encoded({'sub': 'you', 'iss': 'somebody'})}.{signature}"

    with pytest.raises(ValueError, match="did not sign it"):
        issuer.read(forged)
    with pytest.raises(ValueError, match="did not sign it"):
        JwtIssuer("another").read(issuer.issue({}))


def test_a_key_is_bound_as_a_jwk() -> None:
    key = shared_key("session").public_key()
    numbers = json.loads(jwk(key))

    assert numbers["kty"] == "RSA"
    assert numbers["e"] == "AQAB"
    decoded = base64.urlsafe_b64decode(numbers["n"] + "==")
    assert int.from_bytes(decoded, "big") == key.public_numbers().n
