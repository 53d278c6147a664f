"""The story of a call, fed by hand: no sockets, no waiting, every turn it can take."""

from __future__ import annotations

import msgspec
import pytest

from ocicat.call.exchange import exchange, exchange_stream
from ocicat.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    ConflictError,
    InternalServerError,
    MalformedReply,
    RateLimitError,
    StreamBroken,
    UnsupportedFeature,
)
from ocicat.vocabulary.flow import Response
from ocicat.vocabulary.retry import RetryPolicy
from support.flows import (
    STREAM,
    Names,
    Stopped,
    call,
    chunk_event,
    feed,
    json_response,
    sse_bytes,
)

REPLY = {
    "id": "r",
    "object": "chat.completion",
    "created": 1,
    "model": "xai.grok-4.3",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    ],
}
BUSY = json_response({"code": "429", "message": "slow down"}, 429)


def test_a_call_is_one_signed_request() -> None:
    fed = feed(exchange(call()), [json_response(REPLY)])
    [request] = fed.requests
    assert request.url == (
        "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/openai/v1/chat/completions"
    )
    assert request.headers["authorization"] == "me at 1795262400.0"
    assert request.headers["opc-compartment-id"] == "ocid1.compartment.oc1..test"
    assert "zstd" not in request.headers["accept-encoding"]
    assert msgspec.json.decode(request.body)["model"] == "xai.grok-4.3"
    assert fed.result["choices"][0]["message"]["content"] == "hello"
    assert fed.result["opc_request_id"] == "A/B/C"


def test_a_refused_request_is_refused_before_anything_is_sent() -> None:
    fed = feed(exchange(call(safety_mode="strict")), [])
    assert isinstance(fed.error, UnsupportedFeature)
    assert fed.error.parameter == "safety_mode"
    assert fed.requests == []


def test_a_failure_in_passing_is_tried_again_with_everything_new_but_the_retry_token() -> None:
    ambient = Stopped()
    fed = feed(
        exchange(call(ambient=ambient)),
        [BUSY, json_response({}, 503), json_response(REPLY)],
        ambient,
    )
    assert fed.result["choices"][0]["message"]["content"] == "hello"
    first, second, third = fed.requests
    assert first.headers["opc-retry-token"] == third.headers["opc-retry-token"]
    assert len({r.headers["opc-request-id"] for r in fed.requests}) == 3
    assert len({r.headers["authorization"] for r in fed.requests}) == 3
    assert second.body == first.body
    assert fed.pauses == [0.25, 0.5]


def test_retry_after_is_honoured() -> None:
    busy = json_response({"code": "429", "message": "slow down"}, 429, retry_after="7")
    fed = feed(exchange(call()), [busy, json_response(REPLY)])
    assert fed.pauses == [7.25]


def test_a_retry_after_beyond_the_budget_is_not_waited_for() -> None:
    busy = json_response({"code": "429", "message": "slow down"}, 429, retry_after="3600")
    fed = feed(exchange(call()), [busy])
    assert isinstance(fed.error, RateLimitError)
    assert fed.error.retry_after == 3600
    assert fed.pauses == []


def test_giving_up_says_how_often_and_how_long_it_was_tried() -> None:
    fed = feed(exchange(call()), [BUSY] * 4)
    assert isinstance(fed.error, RateLimitError)
    assert len(fed.requests) == 4
    assert fed.error.attempts == 4
    assert fed.error.waited == sum(fed.pauses)


def test_the_budget_ends_retrying_even_where_attempts_are_left() -> None:
    ambient = Stopped()
    policy = RetryPolicy(max_retries=100, budget=10)
    fed = feed(exchange(call(ambient=ambient, retry=policy)), [BUSY] * 100, ambient)
    assert sum(fed.pauses) <= 10
    assert len(fed.requests) < 20


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 501, 302])
def test_what_repeating_cannot_help_is_not_repeated(status: int) -> None:
    fed = feed(exchange(call()), [json_response({"code": "x", "message": "no"}, status)])
    assert fed.error is not None
    assert len(fed.requests) == 1


@pytest.mark.parametrize("code", ["IncorrectState", "LockConflict"])
def test_a_conflict_in_passing_is_tried_again(code: str) -> None:
    conflict = json_response({"code": code, "message": "busy"}, 409)
    fed = feed(exchange(call()), [conflict, json_response(REPLY)])
    assert fed.error is None
    assert len(fed.requests) == 2


def test_a_conflict_is_named_when_it_stays() -> None:
    conflict = json_response({"code": "IncorrectState", "message": "busy"}, 409)
    fed = feed(exchange(call(retry=RetryPolicy(max_retries=0))), [conflict])
    assert isinstance(fed.error, ConflictError)


def test_a_broken_connection_is_tried_again() -> None:
    fed = feed(exchange(call()), [APITimeoutError("slow"), json_response(REPLY)])
    assert fed.error is None
    assert len(fed.pauses) == 1


def test_a_stale_connection_costs_no_attempt_and_no_pause_but_only_once() -> None:
    stale = APIConnectionError("gone", stale=True)
    once = RetryPolicy(max_retries=0)
    fed = feed(exchange(call(retry=once)), [stale, json_response(REPLY)])
    assert fed.error is None
    assert fed.pauses == []
    fed = feed(exchange(call(retry=once)), [stale, APIConnectionError("gone", stale=True)])
    assert isinstance(fed.error, APIConnectionError)
    assert len(fed.requests) == 2


def test_a_401_renews_the_identity_once_where_that_can_help() -> None:
    refused = json_response({"code": "NotAuthenticated", "message": "no"}, 401)
    names = Names("old", "new", renewable=True)
    fed = feed(exchange(call(identities=names)), [refused, json_response(REPLY)])
    assert [r.headers["authorization"][:3] for r in fed.requests] == ["old", "new"]
    names = Names("old", "new", renewable=True)
    fed = feed(exchange(call(identities=names)), [refused, refused])
    assert isinstance(fed.error, AuthenticationError)
    assert len(fed.requests) == 2


def test_a_401_is_final_where_nothing_can_be_renewed() -> None:
    refused = json_response({"code": "NotAuthenticated", "message": "no"}, 401)
    fed = feed(exchange(call()), [refused])
    assert isinstance(fed.error, AuthenticationError)
    assert len(fed.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b"",
        b"[]",
        b'"text"',
        b"{}",
        b'{"choices": null}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("model", ["xai.grok-4.3", "cohere.command-a-03-2025"])
def test_an_answer_that_is_no_reply_gives_a_typed_error(body: bytes, model: str) -> None:
    response = json_response({})
    response.body = body
    fed = feed(exchange(call(model)), [response])
    assert isinstance(fed.error, MalformedReply)
    assert fed.error.opc_request_id == "A/B/C"


def test_an_error_that_comes_with_status_200_is_raised() -> None:
    body = {"error": {"message": "boom", "code": "500"}}
    fed = feed(exchange(call()), [json_response(body)])
    assert isinstance(fed.error, InternalServerError)


# --- streams ------------------------------------------------------------------------------------


def test_a_stream_gives_its_chunks_and_reads_to_the_end() -> None:
    """The body is read to its end, so that its connection can be used again."""
    events = sse_bytes(chunk_event("hel"), chunk_event("lo"), chunk_event(finish="stop"), "[DONE]")
    fed = feed(exchange_stream(call(stream=True)), [STREAM, events, b""])
    assert fed.text == "hello"
    assert fed.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert all(chunk["opc_request_id"] == "A/B/C" for chunk in fed.chunks)
    assert fed.error is None
    assert fed.reads == [None, 0.25]


def test_a_stream_is_never_tried_again_once_it_has_begun() -> None:
    cut = APIConnectionError("gone")
    fed = feed(exchange_stream(call(stream=True)), [STREAM, sse_bytes(chunk_event("hel")), cut])
    assert isinstance(fed.error, StreamBroken)
    assert fed.error.partial == "hel"
    assert fed.error.__cause__ is cut
    assert len(fed.requests) == 1


def test_a_request_for_a_stream_is_tried_again_before_it_has_begun() -> None:
    events = sse_bytes(chunk_event("x", finish="stop"), "[DONE]")
    fed = feed(exchange_stream(call(stream=True)), [BUSY, STREAM, events, b""])
    assert fed.text == "x"
    assert len(fed.requests) == 2


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"", id="the end"),
        pytest.param(sse_bytes("[DONE]"), id="done"),
        pytest.param(b'data: {"choices": [{"ind', id="half an event"),
        pytest.param(b"data: nonsense\n\n", id="nonsense"),
        pytest.param(sse_bytes({"error": {"message": "boom"}}), id="an error object"),
        pytest.param(sse_bytes({"code": "500", "message": "boom"}), id="an error code"),
    ],
)
def test_a_stream_without_an_ending_is_broken_and_keeps_what_arrived(rest: bytes) -> None:
    fed = feed(
        exchange_stream(call(stream=True)), [STREAM, sse_bytes(chunk_event("hel")), rest, b"", b""]
    )
    assert isinstance(fed.error, StreamBroken)
    assert fed.error.partial == "hel"
    assert fed.error.opc_request_id == "A/B/C"


def test_an_error_event_is_the_cause_with_its_own_class() -> None:
    busy = sse_bytes({"code": "429", "message": "slow down"})
    fed = feed(exchange_stream(call(stream=True)), [STREAM, busy])
    assert isinstance(fed.error, StreamBroken)
    assert isinstance(fed.error.__cause__, RateLimitError)


def test_a_cohere_model_that_reports_a_failure_is_an_error_whole_and_streamed() -> None:
    cohere = "cohere.command-a-03-2025"
    failed = {"apiFormat": "COHERE", "text": "", "finishReason": "ERROR", "errorMessage": "boom"}
    fed = feed(exchange(call(cohere)), [json_response({"chatResponse": failed})])
    assert isinstance(fed.error, InternalServerError)
    assert "boom" in str(fed.error)
    events = sse_bytes({"apiFormat": "COHERE", "text": "hel"}, failed)
    fed = feed(exchange_stream(call(cohere, stream=True)), [STREAM, events])
    assert isinstance(fed.error, StreamBroken)
    assert fed.error.partial == "hel"
    assert isinstance(fed.error.__cause__, InternalServerError)
    assert "boom" in str(fed.error)


def test_a_stream_may_end_without_done_or_usage() -> None:
    options = {"include_usage": True}
    events = sse_bytes(chunk_event("x", finish="stop"))
    fed = feed(exchange_stream(call(stream=True, stream_options=options)), [STREAM, events, b""])
    assert fed.error is None
    assert fed.text == "x"


def test_a_connection_left_open_after_the_ending_is_not_waited_for() -> None:
    events = sse_bytes(chunk_event("x", finish="stop"))
    waited = APITimeoutError("still open")
    fed = feed(exchange_stream(call(stream=True)), [STREAM, events, waited])
    assert fed.error is None
    assert fed.reads == [None, 0.25]


def test_usage_that_was_asked_for_is_waited_for() -> None:
    usage = {"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "total_tokens": 2}}
    fed = feed(
        exchange_stream(call(stream=True, stream_options={"include_usage": True})),
        [STREAM, sse_bytes(chunk_event("x", finish="stop")), sse_bytes(usage, "[DONE]"), b""],
    )
    assert fed.reads == [None, None, 0.25]
    assert fed.chunks[-1]["usage"]["total_tokens"] == 2
    assert fed.chunks[-1]["choices"] == []


@pytest.mark.parametrize("body", [{"hello": "there"}, {**REPLY, "choices": []}])
def test_an_answer_that_is_neither_stream_nor_reply_gives_a_typed_error(body: object) -> None:
    fed = feed(exchange_stream(call(stream=True)), [json_response(body)])
    assert isinstance(fed.error, MalformedReply)
    fed = feed(exchange(call()), [json_response(body)])
    assert isinstance(fed.error, MalformedReply)


@pytest.mark.parametrize("event", ["null", "[]", "1", '{"choices": [1]}', '{"choices": 5}'])
@pytest.mark.parametrize("transport", ["openai", "native"])
def test_an_event_of_another_shape_gives_a_typed_error(event: str, transport: str) -> None:
    flow = exchange_stream(call(stream=True, transport=transport))
    fed = feed(flow, [STREAM, sse_bytes(event), b""])
    assert isinstance(fed.error, (MalformedReply, StreamBroken))


# --- a wrong clock ------------------------------------------------------------------------------


def skewed(date: str) -> Response:
    message = "Date 'x' is not within allowed clock skew. Current 'y'"
    return json_response({"code": "NotAuthenticated", "message": message}, 401, date=date)


def test_a_wrong_clock_is_corrected_once_and_stays_corrected() -> None:
    made = call()
    with pytest.warns(RuntimeWarning, match="3600 s behind"):
        fed = feed(exchange(made), [skewed("Sat, 21 Nov 2026 13:00:00 GMT"), json_response(REPLY)])
    assert [r.headers["authorization"] for r in fed.requests] == [
        "me at 1795262400.0",
        "me at 1795266000.0",
    ]
    again = call()
    again.skew = made.skew
    fed = feed(exchange(again), [json_response(REPLY)])
    assert fed.requests[0].headers["authorization"] == "me at 1795266000.0"


@pytest.mark.parametrize(
    "date", ["Sat, 21 Nov 2026 12:04:00 GMT", "yesterday", "", "Xxx, 99 Foo 2026 99:99:99 GMT"]
)
def test_a_clock_that_is_right_or_unknown_is_left_alone(date: str) -> None:
    fed = feed(exchange(call()), [skewed(date)])
    assert isinstance(fed.error, AuthenticationError)
    assert len(fed.requests) == 1
    assert "clock" in fed.error.hint


def test_a_clock_that_stays_refused_is_an_error() -> None:
    with pytest.warns(RuntimeWarning):
        fed = feed(exchange(call()), [skewed("Sat, 21 Nov 2026 13:00:00 GMT")] * 2)
    assert isinstance(fed.error, AuthenticationError)
    assert len(fed.requests) == 2
