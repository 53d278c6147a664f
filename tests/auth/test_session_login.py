"""Beginning a session: its key in all its forms, its token, and its files."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.auth.config_editor import own_values
from ocicat.auth.session import SessionResolver
from ocicat.auth.session_login import NewSession, authorize_url, generate_token
from ocicat.auth.tokens import SecurityToken
from ocicat.auth.user import UserKeyResolver
from ocicat.errors import AuthenticationError, InvalidSetting, MalformedReply
from ocicat.signing.keys import fingerprint
from support.flows import Stopped
from support.principals import TENANCY, call_models, drive, jwt, key, pem
from support.sessions import GENERATE, USER, SessionService

AUTH = "https://auth.us-chicago-1.oraclecloud.com"


def new() -> NewSession:
    return NewSession(key("new session"))


def numbers_in(jwk: str) -> rsa.RSAPublicNumbers:
    described = json.loads(base64.urlsafe_b64decode(jwk))
    assert (described["kty"], described["kid"]) == ("RSA", "Ignored")

    def number(text: str) -> int:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")

    return rsa.RSAPublicNumbers(number(described["e"]), number(described["n"]))


def test_a_new_session_has_a_key_of_2048_bits_that_is_not_shown() -> None:
    session = NewSession.make()
    assert session.key.key_size == 2048
    assert repr(session) == "NewSession()"


def test_the_log_in_page_is_told_the_key_and_where_to_lead_back() -> None:
    session = new()
    url = urlsplit(
        authorize_url(
            "https://login.us-chicago-1.oraclecloud.com",
            session,
            nonce="n",
            redirect_uri="http://localhost:8181",
        )
    )
    assert url.netloc == "login.us-chicago-1.oraclecloud.com"
    assert url.path == "/v1/oauth2/authorize"
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert numbers_in(query.pop("public_key")) == session.key.public_key().public_numbers()
    assert query == {
        "action": "login",
        "client_id": "iaas_console",
        "response_type": "token id_token",
        "nonce": "n",
        "scope": "openid",
        "redirect_uri": "http://localhost:8181",
    }


@pytest.mark.parametrize(
    ("jwk", "is_for_us"),
    [
        (None, True),
        ("ours", True),
        ("ours as text", True),
        ({"n": "AQAB"}, False),
        ("{", False),
        ([], False),
    ],
)
def test_a_token_for_another_key_is_noticed(jwk: Any, is_for_us: bool) -> None:
    session = new()
    ours = json.loads(base64.urlsafe_b64decode(session.jwk))
    claim = {"ours": ours, "ours as text": json.dumps(ours)}.get(
        jwk if isinstance(jwk, str) else ""
    )
    token = SecurityToken.read(jwt(jwk=jwk if claim is None else claim))
    assert session.is_for_us(token) is is_for_us


def test_files_and_profile_are_those_of_the_cli(tmp_path: Path) -> None:
    session, config = new(), tmp_path / ".oci" / "config"
    token = SecurityToken.read(jwt(tenant=TENANCY, sub=USER, exp=2e9))
    session.save(config, "WORK", token, "us-chicago-1")
    directory = tmp_path / ".oci" / "sessions" / "WORK"
    assert sorted(path.name for path in directory.iterdir()) == [
        "oci_api_key.pem",
        "oci_api_key_public.pem",
        "token",
    ]
    for path in (*directory.iterdir(), config):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert (directory / "token").read_text() == token.text
    assert (directory / "oci_api_key.pem").read_text().endswith("-----\nOCI_API_KEY\n")
    public = serialization.load_pem_public_key((directory / "oci_api_key_public.pem").read_bytes())
    assert public == session.key.public_key()
    assert own_values(config, "WORK") == {
        "fingerprint": fingerprint(session.key.public_key()),
        "key_file": str(directory / "oci_api_key.pem"),
        "tenancy": TENANCY,
        "region": "us-chicago-1",
        "security_token_file": str(directory / "token"),
    }


def test_a_token_without_a_tenancy_and_a_damaged_config_file_leave_everything_alone(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config"
    with pytest.raises(MalformedReply):
        new().save(config, "WORK", SecurityToken.read(jwt(sub=USER)), "us-chicago-1")
    config.write_text("words")
    with pytest.raises(InvalidSetting):
        new().save(config, "WORK", SecurityToken.read(jwt(tenant=TENANCY)), "us-chicago-1")
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_an_api_key_gets_a_session_that_works(tmp_path: Path) -> None:
    clock = Stopped()
    service = SessionService(clock.now)
    user_key = key("user")
    marks = fingerprint(user_key.public_key())
    service.keys[f"{TENANCY}/{USER}/{marks}"] = user_key.public_key()
    user = UserKeyResolver(tenancy=TENANCY, user=USER, fingerprint=marks, key=pem(user_key))
    session = new()
    driven = drive(generate_token(AUTH, session, user, clock, minutes=15), service.answer, clock)
    [request] = driven.requests
    assert request.url == AUTH + GENERATE
    assert service.bodies[GENERATE] == {
        "publicKey": session.public_pem,
        "sessionExpirationInMinutes": 15,
    }
    session.save(tmp_path / "config", "WORK", driven.result, "us-chicago-1")
    values = own_values(tmp_path / "config", "WORK") or {}
    resolver = SessionResolver(
        token_file=values["security_token_file"], key_file=values["key_file"], auth_url=AUTH
    )
    called = drive(call_models(resolver, "h", clock), service.answer, clock)
    assert called.result.status == 200


def test_an_api_key_that_is_refused_is_a_typed_error() -> None:
    clock = Stopped()
    service = SessionService(clock.now)
    user = UserKeyResolver(tenancy=TENANCY, user=USER, fingerprint="", key=pem(key("another user")))
    driven = drive(generate_token(AUTH, new(), user, clock), service.answer, clock)
    assert isinstance(driven.error, AuthenticationError)
    assert "API key" in driven.error.hint
