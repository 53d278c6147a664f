"""What log-ins share: session keys, token identities, calls that are tried again, and answers."""

from __future__ import annotations

import base64
import json
import pickle
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from ocicat import errors
from ocicat.auth import federation
from ocicat.auth.federation import Address, SessionKey, TokenIdentity
from ocicat.auth.tokens import SecurityToken
from ocicat.signing.keys import PrivateKey, fingerprint
from ocicat.signing.verify import verify
from ocicat.vocabulary.flow import Flow, Join, Request, Response
from ocicat.vocabulary.retry import RetryPolicy
from support.flows import Stopped
from support.principals import Driven, drive, jwt, key

SERVICE = Address("https", "auth.example", "")


def test_a_session_key_is_made_outside_the_turn_of_the_flow() -> None:
    """The flow hands out a latch, and another thread does the computing."""
    flow = federation.new_session_key()
    effect = next(flow)
    assert isinstance(effect, Join)
    assert any(thread.name == "ocicat-background" for thread in threading.enumerate()) or (
        effect.latch.done()
    )
    flow.close()

    driven = drive(federation.new_session_key(), _nobody)
    made = driven.result
    public = serialization.load_der_public_key(base64.b64decode(made.public, validate=True))
    assert isinstance(public, rsa.RSAPublicKey)
    assert (public.key_size, public.public_numbers().e) == (2048, 65537)
    assert fingerprint(public) == made.private.fingerprint
    assert drive(federation.new_session_key(), _nobody).result.public != made.public


def test_the_public_half_is_pem_without_its_frame() -> None:
    public_pem = (
        key("any")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    body = "".join(public_pem.decode().splitlines()[1:-1])
    assert SessionKey.of(PrivateKey(key("any"))).public == body


def test_a_token_identity_signs_with_the_token_as_its_key_id() -> None:
    token = jwt(sub="me")
    identity = TokenIdentity(token, PrivateKey(key("any")))
    assert identity.renewable
    for method, body in (("GET", b""), ("POST", b'{"a":1}')):
        request = Request(method, "https", "h.example", "/p?q=1", {"host": "h.example"}, body)
        identity.authorize(request, 1795262400.0)
        keys = {f"ST${token}": key("any").public_key()}
        verified = verify(method, "/p?q=1", request.headers, body, keys=keys.get, now=1795262400.0)
        assert verified.key_id.token == token
    assert not TokenIdentity(token, PrivateKey(key("any")), renewable=False).renewable


def test_a_token_identity_shows_neither_its_token_nor_its_key() -> None:
    token = jwt(sub="me")
    identity = TokenIdentity(token, PrivateKey(key("any")))
    assert token not in repr(identity)
    assert not hasattr(identity, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(identity)
    assert token not in repr(federation.lease(SecurityToken.read(token), _session_key(), 0.0))


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://auth.example", ("https", "auth.example", "")),
        (" http://127.0.0.1:80/ ", ("http", "127.0.0.1:80", "")),
        ("http://[fd00::1]:81/opc/v2/", ("http", "[fd00::1]:81", "/opc/v2")),
        ("https://h/a/b?c=d", ("https", "h", "/a/b?c=d")),
    ],
)
def test_urls_are_taken_apart(url: str, parts: tuple[str, str, str]) -> None:
    found = federation.address(url, "x")
    assert (found.scheme, found.host, found.path) == parts


@pytest.mark.parametrize(
    "url",
    ["", "auth.example", "ftp://h", "https://", "https://u:secret@h", "https://h/a b"]
    + ["https://h/#f", "https://h:99999", "https://[::1", "https://h/\u20ac", "https://h\nx"],
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(errors.InvalidSetting) as caught:
        federation.address(url, "OCI_X_ENDPOINT")
    assert caught.value.setting == "OCI_X_ENDPOINT"
    assert "secret" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_an_invalid_setting(text: str) -> None:
    try:
        found = federation.address(text, "x")
    except errors.InvalidSetting:
        return
    assert found.scheme in ("http", "https")
    assert found.host


# --- calls ----------------------------------------------------------------------------------------


def _nobody(_: Request) -> Any:
    raise AssertionError("nothing is to be asked")


def _session_key() -> SessionKey:
    return SessionKey.of(PrivateKey(key("any")))


def _call(*answers: Any, ambient: Stopped | None = None, **options: Any) -> Driven:
    """A call that is answered with these, the last of them for ever."""
    clock = ambient or Stopped()
    made = 0

    def make() -> Request:
        nonlocal made
        made += 1
        return federation.json_request("GET", SERVICE, clock, path=f"/{made}")

    waiting = list(answers)

    def answer(_: Request) -> Any:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def flow() -> Flow[Response]:
        return (yield from federation.call(make, clock, service="The service", **options))

    return drive(flow(), answer, clock)


def _status(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): v for name, v in headers.items()}, body)


GOOD = _status(200, b"{}")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_or_broken_service_is_asked_again_with_a_new_request(status: int) -> None:
    driven = _call(_status(status), _status(status), GOOD)
    assert driven.result is GOOD
    assert [request.target for request in driven.requests] == ["/1", "/2", "/3"]
    assert driven.pauses == [0.25, 0.5]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (302, errors.APIStatusError),
        (418, errors.APIStatusError),
        (501, errors.InternalServerError),
    ],
)
def test_a_refusal_is_final_and_of_its_kind(status: int, kind: type[errors.APIStatusError]) -> None:
    body = json.dumps({"code": "Why", "message": "Because."}).encode()
    driven = _call(_status(status, body, opc_request_id="A/B"), hint="Do this.")
    error = driven.error
    assert type(error) is kind
    assert len(driven.requests) == 1
    assert (error.status, error.code, error.opc_request_id) == (status, "Why", "A/B")
    assert "The service answered: Because. Do this." in str(error)
    assert error.attempts == 1


def test_trying_again_has_an_end() -> None:
    driven = _call(_status(503))
    assert isinstance(driven.error, errors.InternalServerError)
    assert (len(driven.requests), driven.error.attempts) == (4, 4)
    assert driven.error.waited == pytest.approx(sum(driven.pauses))
    assert sum(driven.pauses) < 10


def test_statuses_that_pass_where_one_asks_are_tried_again() -> None:
    assert _call(_status(404), GOOD, retry=RetryPolicy(transient=frozenset({404}))).result is GOOD


def test_a_service_that_names_its_time_is_given_it_unless_it_asks_for_too_much() -> None:
    assert _call(_status(429, retry_after="3"), GOOD).pauses == [3.25]
    assert _call(_status(429, retry_after="soon"), GOOD).pauses == [0.25]
    driven = _call(_status(429, retry_after="3600"), GOOD)
    assert isinstance(driven.error, errors.RateLimitError)
    assert driven.error.retry_after == 3600.0
    assert driven.pauses == []


def test_a_connection_that_failed_is_tried_again_where_that_may_help() -> None:
    refused = errors.APIConnectionError("refused")
    assert _call(refused, GOOD).result is GOOD
    assert _call(refused, GOOD, reconnect=False).error is refused
    timeout = errors.APITimeoutError("too late")
    assert _call(timeout, retry=RetryPolicy(max_retries=2)).error is timeout
    assert timeout.attempts == 3


def test_a_stale_connection_costs_nothing() -> None:
    stale = errors.APIConnectionError("gone", stale=True)
    driven = _call(stale, GOOD, reconnect=False)
    assert driven.result is GOOD
    assert driven.pauses == []
    assert _call(stale, stale, GOOD, reconnect=False).error is stale


def test_a_401_from_a_machine_with_a_wrong_clock_says_so() -> None:
    driven = _call(_status(401, date="Sat, 21 Nov 2026 11:00:00 GMT"), hint="Or the policy.")
    assert driven.error is not None
    assert "clock is 3600 s ahead of OCI's; set it right. Or the policy." in driven.error.hint
    right = _call(_status(401, date="Sat, 21 Nov 2026 12:01:00 GMT"))
    assert right.error is not None
    assert right.error.hint == ""


def test_what_a_service_repeats_of_our_secrets_does_not_get_into_errors() -> None:
    token = jwt(sub="me", more="x" * 40)
    body = base64.b64encode(b"k" * 200).decode()
    pem = "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----"
    said = {"code": token, "message": f"bad token {token}, certificate {body}: {pem}"}
    error = _call(_status(400, json.dumps(said).encode())).error
    assert isinstance(error, errors.BadRequestError)
    for told in (str(error), repr(error), repr(error.body), error.code):
        assert token.split(".")[1] not in told
        assert body not in told
        assert "MII" not in told
    assert "bad token …" in error.message


@given(
    status=st.integers(100, 599).filter(lambda status: not 200 <= status < 300),
    body=st.binary()
    | st.recursive(st.none() | st.text(), st.lists).map(
        lambda value: json.dumps({"code": value, "message": value}).encode()
    ),
    headers=st.dictionaries(
        st.sampled_from(["date", "retry-after", "opc-request-id"]), st.text(max_size=40)
    ),
)
def test_any_refusal_becomes_one_status_error(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    driven = _call(Response(status, headers, body), retry=RetryPolicy(max_retries=1))
    assert isinstance(driven.error, errors.APIStatusError)
    assert driven.error.status == status
    assert str(driven.error)


# --- answers --------------------------------------------------------------------------------------


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["token", "x"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_answer_is_a_token_or_malformed(body: bytes) -> None:
    try:
        token = federation.issued(federation.json_object(body, "The service"), "The service")
    except errors.MalformedReply as problem:
        assert "The service" in str(problem)
        return
    assert federation.fits_header(token.text)


@pytest.mark.parametrize("token", ['a"b', "a b", "a\r\nx: y", "a\\b", "", "ST$", "\u20ac", "a\x00"])
def test_a_token_that_could_change_the_header_is_refused(token: str) -> None:
    with pytest.raises(errors.MalformedReply) as caught:
        federation.issued({"token": token}, "The service")
    assert "x: y" not in str(caught.value)


def test_a_token_is_known_with_and_without_its_mark() -> None:
    token = jwt(exp=20, iat=10)
    for text in (token, f"ST${token}", f" {token}\n"):
        assert federation.issued({"token": text}, "The service").text == token


def test_a_lease_lasts_as_long_as_the_token_says_by_its_own_clock() -> None:
    token = SecurityToken.read(jwt(exp=1120, iat=1000))
    assert federation.lease(token, _session_key(), 99999.0).lifetime == 120.0
