"""Tokens as text."""

from __future__ import annotations

import base64
import json

import pytest
from oci.auth.security_token_container import SecurityTokenContainer

from ocicat.emulator.identity.jwt import JwtIssuer, jwk, read_jwk
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


def test_a_key_in_a_json_web_key_is_read_back() -> None:
    key = shared_key("session").public_key()
    numbers = {**json.loads(jwk(key)), "kid": "Ignored", "key_ops": ["verify"]}
    padded = base64.urlsafe_b64encode(json.dumps(numbers).encode()).decode()

    assert read_jwk(encoded(numbers)) == read_jwk(padded) == key


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "base64url of JSON"),
        ("ü", "base64url of JSON"),
        ("a+/b", "base64url of JSON"),
        (encoded([]), "of an RSA key"),
        (encoded({"kty": "EC"}), "of an RSA key"),
        (encoded({"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB"}), "private"),
        (encoded({"kty": "RSA", "e": "AQAB"}), "its n and e"),
        (encoded({"kty": "RSA", "n": 5, "e": "AQAB"}), "its n and e"),
        (encoded({"kty": "RSA", "n": "", "e": ""}), "its n and e"),
        (encoded({"kty": "RSA", "n": "_____w", "e": "AQAB"}), "32 bits"),
    ],
)
def test_what_is_no_key_of_a_session_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_jwk(text)
