"""Token exchange: a foreign token becomes OCI's, for a key made for it."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocicat.auth.token_exchange import GitHubActions, TokenExchangeResolver
from ocicat.emulator import Emulator
from ocicat.errors import (
    AuthenticationError,
    BadRequestError,
    InvalidSetting,
    MalformedReply,
    MissingSetting,
    OcicatError,
)
from ocicat.transport import aio, sync
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Request, Response
from support.flows import Stopped
from support.principals import Cloud, call_models, drive, jwt

DOMAIN = "https://idcs-1234.identity.oraclecloud.com:443"
SUBJECT = jwt(sub="repo:me/mine", iss="https://idp.example")
SECRET = "client-secret/+="
EXCHANGE = "/oauth2/v1/token"
GITHUB = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.example/token?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
}


class Domain(Cloud):
    """An identity domain, GitHub's token service, and an API to call with what they give."""

    subjects: list[str]

    def _answer(self, request: Request) -> Any:
        path = request.target.partition("?")[0]
        if path not in (EXCHANGE, "/token"):
            return super()._answer(request)
        self.requests.append(request)
        self.subjects = getattr(self, "subjects", [])
        if self.wrong.get(path):
            return self.wrong[path].pop(0)
        if path == "/token":
            assert request.headers["authorization"] == "Bearer request-token"
            return respond({"count": 1, "value": SUBJECT})
        login = base64.b64encode(f"client:{SECRET}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {login}"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        form = parse_qs(request.body.decode(), strict_parsing=True)
        assert all(len(values) == 1 for values in form.values())
        self.subjects.append(form.pop("subject_token")[0])
        [public_key] = form.pop("public_key")
        assert form == {
            "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
            "requested_token_type": ["urn:oci:token-type:oci-upst"],
            "subject_token_type": ["jwt"],
        }
        return respond({"token": self.issue(public_key)})


def respond(body: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())


def resolver_for(subject: Any = SUBJECT, **options: Any) -> TokenExchangeResolver:
    chosen = {"domain_url": DOMAIN, "client_id": "client", "client_secret": SECRET, **options}
    return TokenExchangeResolver(subject_token=subject, **chosen)


@pytest.fixture
def clock() -> Stopped:
    return Stopped()


@pytest.fixture
def domain(clock: Stopped) -> Domain:
    return Domain(clock.now)


def test_a_subject_token_becomes_an_identity(domain: Domain, clock: Stopped) -> None:
    resolver = resolver_for()
    driven = drive(call_models(resolver, "h", clock), domain.answer, clock)
    assert driven.result.status == 200
    exchange, _ = driven.requests
    assert exchange.url == DOMAIN + EXCHANGE
    assert domain.subjects == [SUBJECT]
    assert driven.joins == 1, "the key is made in the background"


def test_a_bare_domain_id_is_a_domain(domain: Domain, clock: Stopped) -> None:
    resolver = resolver_for(domain_url="idcs-1234")
    [request] = drive(resolver.resolve(clock), domain.answer, clock).requests
    assert request.url == "https://idcs-1234.identity.oraclecloud.com" + EXCHANGE


@pytest.mark.parametrize("url", ["", "ftp://x", "https://u:p@x", "https://x y", "no.scheme"])
def test_a_domain_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        resolver_for(domain_url=url)
    assert caught.value.setting == "domain_url"


def test_every_renewal_has_a_new_key_and_a_new_subject_token(
    domain: Domain, clock: Stopped
) -> None:
    tokens = iter([jwt(n=1), jwt(n=2)])
    threads: set[str] = set()

    def subject() -> str:
        threads.add(threading.current_thread().name)
        return next(tokens)

    resolver = resolver_for(subject)
    first = drive(resolver.resolve(clock), domain.answer, clock).result
    assert drive(resolver.resolve(clock), domain.answer, clock).result is first
    clock.time += 1199
    second = drive(resolver.resolve(clock), domain.answer, clock).result
    assert second is not first
    assert domain.subjects == [jwt(n=1), jwt(n=2)]
    keys = {base64.b64encode(str(key.public_numbers()).encode()) for key in domain.keys.values()}
    assert len(keys) == 3, "the instance's, and one for each exchange"
    assert threading.main_thread().name not in threads


def test_a_file_is_read_each_time(domain: Domain, clock: Stopped, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(jwt(n=1) + "\n")
    resolver = resolver_for(path)
    drive(resolver.resolve(clock), domain.answer, clock)
    path.write_text(jwt(n=2))
    clock.time += 1199
    drive(resolver.resolve(clock), domain.answer, clock)
    assert domain.subjects == [jwt(n=1), jwt(n=2)]


@pytest.mark.parametrize("subject", ["", " ", "two words", 'a"b', lambda: "", lambda: None])
def test_a_subject_that_is_no_token_is_refused_before_anything_is_sent(
    subject: Any, domain: Domain, clock: Stopped
) -> None:
    driven = drive(resolver_for(subject).resolve(clock), domain.answer, clock)
    assert isinstance(driven.error, InvalidSetting)
    assert driven.error.setting == "subject_token"
    assert driven.requests == []


def test_a_file_that_is_not_there_is_said(domain: Domain, clock: Stopped, tmp_path: Path) -> None:
    driven = drive(resolver_for(tmp_path / "none").resolve(clock), domain.answer, clock)
    assert isinstance(driven.error, InvalidSetting)
    assert "none cannot be read" in driven.error.message


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, "invalid_client", AuthenticationError), (400, "invalid_grant", BadRequestError)],
)
def test_a_refusal_is_typed_and_says_what_to_check(
    status: int, code: str, kind: type[OcicatError], domain: Domain, clock: Stopped
) -> None:
    told = {"error": code, "error_description": f"I do not trust {SUBJECT}."}
    domain.wrong[EXCHANGE] = [respond(told, status)]
    error: Any = drive(resolver_for().resolve(clock), domain.answer, clock).error
    assert type(error) is kind
    assert error.code == code
    assert "I do not trust" in error.message
    assert "trust" in error.hint
    for secret in (SUBJECT, SECRET):
        assert secret not in f"{error!s} {error!r} {error.body}"


def test_a_busy_domain_is_asked_again(domain: Domain, clock: Stopped) -> None:
    domain.wrong[EXCHANGE] = [respond({}, 503), respond({}, 429)]
    driven = drive(resolver_for().resolve(clock), domain.answer, clock)
    assert driven.error is None
    assert len(driven.pauses) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": ""}', b'{"token": "a b"}'])
def test_an_answer_without_a_token_is_malformed(
    body: bytes, domain: Domain, clock: Stopped
) -> None:
    domain.wrong[EXCHANGE] = [Response(200, {}, body)]
    error = drive(resolver_for().resolve(clock), domain.answer, clock).error
    assert isinstance(error, MalformedReply)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=st.text())
def test_any_subject_text_is_sent_whole_or_refused(
    domain: Domain, clock: Stopped, subject: str
) -> None:
    domain.wrong[EXCHANGE] = [respond({}, 400)]
    driven = drive(resolver_for(subject).resolve(clock), domain.answer, clock)
    assert isinstance(driven.error, (InvalidSetting, BadRequestError))
    if driven.requests:
        form = parse_qs(driven.requests[0].body.decode())
        assert form["subject_token"] == [subject.strip()]


def test_no_secret_is_shown(domain: Domain, clock: Stopped) -> None:
    resolver = resolver_for()
    identity = drive(resolver.resolve(clock), domain.answer, clock).result
    for secret in (SUBJECT, SECRET, *(name[3:] for name in domain.keys if name[:3] == "ST$")):
        assert secret not in repr(resolver)
        assert secret not in repr(identity)


# --- GitHub Actions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "target"),
    [
        (None, "/token?api-version=2.0"),
        ("https://a.b/c&d", "/token?api-version=2.0&audience=https%3A%2F%2Fa.b%2Fc%26d"),
    ],
)
def test_a_job_of_github_actions_asks_for_its_token(
    audience: str | None, target: str, domain: Domain, clock: Stopped
) -> None:
    resolver = resolver_for(GitHubActions(audience, environment=GITHUB))
    driven = drive(resolver.resolve(clock), domain.answer, clock)
    assert driven.error is None
    asked, _ = driven.requests
    assert (asked.method, asked.host, asked.target) == ("GET", "pipelines.example", target)
    assert domain.subjects == [SUBJECT]


@pytest.mark.parametrize("missing", list(GITHUB))
def test_elsewhere_the_missing_variable_is_named(missing: str, clock: Stopped) -> None:
    environment = {name: value for name, value in GITHUB.items() if name != missing}
    driven = drive(GitHubActions(environment=environment).token(clock), Domain(clock.now).answer)
    assert isinstance(driven.error, MissingSetting)
    assert driven.error.setting == missing
    assert "id-token: write" in driven.error.hint


def test_a_refusal_of_github_is_typed(domain: Domain, clock: Stopped) -> None:
    domain.wrong["/token"] = [respond({"message": "Resource not accessible"}, 403)]
    driven = drive(GitHubActions(environment=GITHUB).token(clock), domain.answer, clock)
    assert "GitHub" in str(driven.error)
    assert "request-token" not in str(driven.error)


# --- over sockets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [sync.run, lambda flow: asyncio.run(aio.run(flow))])
def test_the_emulators_identity_domain_exchanges_tokens(run: Callable[[Any], Any]) -> None:
    with Emulator() as emulator:
        plane = emulator.identity
        resolver = TokenExchangeResolver(
            domain_url=plane.domain_url,
            client_id=plane.client_id,
            client_secret=plane.client_secret,
            subject_token=plane.subject_token,
        )
        host = emulator.url.removeprefix("http://")

        def call() -> int:
            flow = call_models(resolver, f"{host}", SYSTEM)
            return int(run(flow).status)

        accepted = call()
        assert accepted != 401
        plane.revoke_all()
        assert call() == accepted, "a 401 leads to another exchange"
    sync.close_idle()


@pytest.mark.parametrize("run", [sync.run, lambda flow: asyncio.run(aio.run(flow))])
def test_the_emulator_refuses_a_wrong_client(run: Callable[[Any], Any]) -> None:
    with Emulator() as emulator:
        plane = emulator.identity
        resolver = TokenExchangeResolver(
            domain_url=plane.domain_url,
            client_id=plane.client_id,
            client_secret="wrong",
            subject_token=plane.subject_token,
        )
        with pytest.raises(AuthenticationError) as caught:
            run(resolver.resolve(SYSTEM))
        assert caught.value.code == "invalid_client"
    sync.close_idle()
