"""Error bodies of every shape that OCI has, read into typed errors that say what to do next."""
# ruff: noqa: E501  (the bodies are as OCI sends them)

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat import errors
from ocicat.dialects import faults
from ocicat.dialects.dialect import Origin

VENDOR = {
    "error": {
        "message": "Unsupported value: 'temperature'",
        "type": "invalid_request_error",
        "param": "temperature",
        "code": "unsupported_value",
    }
}


def decode(status: int, body: object, **headers: str) -> errors.APIStatusError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {"opc-request-id": "A/B/C"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return faults.decode(status, names, raw, compartment_id="ocid1.compartment.oc1..mine")


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "says"),
    [
        (400, {"code": "400", "message": "Please pass in correct format of request."}, "BadRequestError", "400", "correct format"),
        (400, {"code": "InvalidParameter", "message": "bad"}, "BadRequestError", "InvalidParameter", "bad"),
        (400, {"code": "400", "message": json.dumps(VENDOR)}, "BadRequestError", "unsupported_value", "at fault is `temperature`"),
        (400, VENDOR, "BadRequestError", "unsupported_value", "at fault is `temperature`"),
        (400, {"code": "400", "message": "Inappropriate content detected!!!"}, "ContentFiltered", "400", "change the prompt"),
        (400, {"code": "400", "message": "Inappropriate output content detected in output blocklist"}, "ContentFiltered", "400", "filter"),
        (400, {"code": "400", "message": "This model's maximum context length is 128000 tokens"}, "ContextLengthExceeded", "400", "Shorten"),
        (400, {"code": "400", "message": "too many tokens: 9 > 8"}, "ContextLengthExceeded", "400", "Shorten"),
        (401, {"code": "NotAuthenticated", "message": "Failed to verify the HTTP(S) Signature"}, "AuthenticationError", "NotAuthenticated", "does not match"),
        (401, {"code": "NotAuthenticated", "message": "Date 'x' is not within allowed clock skew. Current 'y'"}, "AuthenticationError", "NotAuthenticated", "clock is wrong"),
        (401, {"code": "NotAuthenticated", "message": "The required information to complete authentication was not provided or was incorrect."}, "AuthenticationError", "NotAuthenticated", "belong together"),
        (403, {"code": "NotAllowed", "message": "no"}, "PermissionDeniedError", "NotAllowed", "may not"),
        (404, {"code": "NotAuthorizedOrNotFound", "message": "Authorization failed or requested resource not found."}, "NotAuthorizedOrNotFound", "NotAuthorizedOrNotFound", "Allow group <your-group> to use generative-ai-family in compartment id ocid1.compartment.oc1..mine"),
        (404, {"code": "404", "message": "Authorization failed or requested resource not found."}, "NotAuthorizedOrNotFound", "404", "Allow group"),
        (404, {"code": "404", "message": "Entity with key foo.bar not found"}, "ModelNotFound", "404", "ocicat models"),
        (404, {"code": "NotFound", "message": "nope"}, "NotFoundError", "NotFound", "nope"),
        (409, {"code": "IncorrectState", "message": "busy"}, "ConflictError", "IncorrectState", "busy"),
        (413, {"code": "RequestEntityTooLarge", "message": "big"}, "APIStatusError", "RequestEntityTooLarge", "big"),
        (429, {"code": "429", "message": "slow"}, "RateLimitError", "429", "slow down"),
        (429, {"code": "TooManyRequests", "message": "slow"}, "RateLimitError", "TooManyRequests", "slow"),
        (500, {"code": "500", "message": "boom"}, "InternalServerError", "500", "boom"),
        (502, b"<html><head><title>502</title></head><body>Bad <b>Gateway</b></body></html>", "InternalServerError", "", "502 Bad Gateway"),
        (503, b"", "InternalServerError", "", "no explanation"),
        (500, b"\xff\xfe", "InternalServerError", "", "500"),
        (400, [1], "BadRequestError", "", "[1]"),
        (400, {"error": "plain"}, "BadRequestError", "", "plain"),
        (400, {"code": 400, "message": {"deep": "x"}}, "BadRequestError", "400", "deep"),
        (302, b"", "APIStatusError", "", "302"),
    ],
)  # fmt: skip
def test_an_error_body_becomes_this_error(
    status: int, body: object, kind: str, code: str, says: str
) -> None:
    error = decode(status, body)
    assert type(error) is getattr(errors, kind)
    assert (error.status, error.status_code, error.code) == (status, status, code)
    assert error.opc_request_id == "A/B/C"
    assert says in str(error)
    assert "A/B/C" in str(error)


def test_who_may_not_use_a_deployment_is_told_of_no_policy_for_another_service() -> None:
    body = b'{"code": "NotAuthorizedOrNotFound", "message": "Authorization failed."}'
    error = faults.decode(404, {}, body, compartment_id="ocid1.c", at_deployment=True)
    assert "model deployment" in error.hint
    assert "generative-ai-family" not in error.hint


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("rate_limit_exceeded", "RateLimitError", 429),
        ("invalid_prompt", "BadRequestError", 400),
        ("server_error", "InternalServerError", 500),
        ("503", "InternalServerError", 503),
    ],
)
def test_what_is_reported_within_an_answer_is_the_error_that_it_would_have_been(
    code: str, kind: str, status: int
) -> None:
    origin = Origin("m", "A/B/C", 1)
    error = faults.unusable_reply({"error": {"code": code, "message": "x"}}, origin, expected="y")
    assert (type(error).__name__, getattr(error, "status", None)) == (kind, status)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-1", None), ("nan", None), ("inf", None), ("Fri, 1 Jan", None)],
)
def test_retry_after_is_read_where_it_makes_sense(value: str, seconds: float | None) -> None:
    assert decode(429, {"code": "429", "message": "x"}, retry_after=value).retry_after == seconds


@given(st.integers(300, 599), st.binary(max_size=200))
def test_arbitrary_bytes_are_a_typed_error_of_their_status(status: int, body: bytes) -> None:
    error = decode(status, body)
    assert error.status == status
    assert str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "message", "error", "param", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.integers(300, 599), JSON)
def test_arbitrary_json_is_a_typed_error_of_its_status(status: int, body: object) -> None:
    assert decode(status, body).status == status


def test_errors_survive_pickling() -> None:
    """They have to reach the parent where work is spread over processes."""
    error = decode(429, {"code": "429", "message": "slow"}, retry_after="7")
    error.attempts = 3
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is errors.RateLimitError
    assert (str(again), again.retry_after, again.attempts) == (str(error), 7, 3)
