"""What a call does for backends that lack something, fed by hand; and what it reports of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ocicat.call.exchange import exchange, exchange_stream
from ocicat.call.learning import Learned
from ocicat.errors import BadRequestError, ModelNotFound, StreamBroken
from ocicat.vocabulary.flow import Response
from support.assembly import assembled
from support.flows import STREAM, call, chunk_event, feed, json_response, sse_bytes

COHERE = "cohere.command-a-03-2025"
REPLY = {
    "id": "r",
    "object": "chat.completion",
    "created": 1,
    "model": "xai.grok-4.3",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def refusal(message: str, parameter: str = "") -> Response:
    body: dict[str, Any] = {"error": {"message": message, "type": "invalid_request_error"}}
    if parameter:
        body["error"] |= {"param": parameter, "code": "unsupported_value"}
    return json_response(body, 400)


def cohere_reply(text: str) -> dict[str, Any]:
    return {
        "modelId": COHERE,
        "chatResponse": {
            "apiFormat": "COHERE",
            "text": text,
            "finishReason": "COMPLETE",
            "usage": {
                "promptTokens": 5,
                "completionTokens": 2,
                "totalTokens": 7,
                "promptTokensDetails": {"cachedTokens": 1},
            },
        },
    }


def noted(reply: Any) -> list[str]:
    return [note["parameter"] for note in reply.get("oci_notes", [])]


# --- what a model refuses is learned ------------------------------------------------------------

NESTED = '{"error": {"message": "no", "param": "temperature", "code": "unsupported_value"}}'


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(refusal("Only the default is supported.", "temperature"), id="an object"),
        pytest.param(json_response({"code": "400", "message": NESTED}, 400), id="JSON in a text"),
        pytest.param(
            json_response(
                {"code": "400", "message": "Unsupported parameter: 'temperature' is not supported"},
                400,
            ),
            id="plain text",
        ),
    ],
)
def test_a_refused_parameter_is_left_out_once_and_for_all_and_reported(refused: Response) -> None:
    learned = Learned()
    fed = feed(exchange(call(temperature=0.5, learned=learned)), [refused, json_response(REPLY)])
    first, second = (msgspec.json.decode(request.body) for request in fed.requests)
    assert first["temperature"] == 0.5
    assert "temperature" not in second
    assert noted(fed.result) == ["temperature"]
    fed = feed(exchange(call(temperature=0.5, learned=learned)), [json_response(REPLY)])
    assert len(fed.requests) == 1
    assert noted(fed.result) == ["temperature"]
    fed = feed(exchange(call(learned=learned)), [json_response(REPLY)])
    assert noted(fed.result) == []


def test_what_one_model_refuses_another_is_still_told() -> None:
    learned = Learned()
    refused = refusal("no", "temperature")
    feed(exchange(call(temperature=0.5, learned=learned)), [refused, json_response(REPLY)])
    fed = feed(
        exchange(call("xai.grok-4.6", temperature=0.5, learned=learned)), [json_response(REPLY)]
    )
    assert msgspec.json.decode(fed.requests[0].body)["temperature"] == 0.5


def test_a_parameter_that_the_answer_depends_on_is_not_left_out() -> None:
    """Nor is it remembered: it may have been refused for the company that it was in."""
    learned = Learned()
    for _ in range(2):
        fed = feed(exchange(call(stop="x", learned=learned)), [refusal("no", "stop")])
        assert isinstance(fed.error, BadRequestError)
        assert len(fed.requests) == 1
    fed = feed(
        exchange(call(stop="x", learned=learned, drop_params=True)),
        [refusal("no", "stop"), json_response(REPLY)],
    )
    assert noted(fed.result) == ["stop"]


def test_a_refused_value_says_nothing_of_others_until_there_are_several() -> None:
    learned = Learned()

    def sent(value: float, *answers: Response) -> list[object]:
        flow = exchange(call(temperature=value, learned=learned))
        fed = feed(flow, [*answers, json_response(REPLY)])
        return [msgspec.json.decode(r.body).get("temperature") for r in fed.requests]

    no = refusal("Unsupported value: 'temperature' does not support that.", "temperature")
    assert sent(0.1, no) == [0.1, None]
    assert sent(0.1) == [None]
    assert sent(1) == [1]
    assert sent(0.2, no) == [0.2, None]
    assert sent(0.3, no) == [0.3, None]
    assert sent(0.4) == [None]


def test_drop_params_leaves_out_what_is_refused() -> None:
    answers = [refusal("no", "stop"), json_response(REPLY)]
    fed = feed(exchange(call(stop="x", drop_params=True)), answers)
    assert noted(fed.result) == ["stop"]


@pytest.mark.parametrize(
    ("refused", "taken"),
    [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")],
)
def test_a_limit_of_length_goes_under_the_name_that_the_model_takes(
    refused: str, taken: str
) -> None:
    learned = Learned()
    model = "openai.gpt-5" if refused == "max_completion_tokens" else "xai.grok-4.3"
    words = f"Unsupported parameter: '{refused}' is not supported. Use '{taken}' instead."
    fed = feed(
        exchange(call(model, max_tokens=9, learned=learned)),
        [refusal(words, refused), json_response(REPLY)],
    )
    first, second = (msgspec.json.decode(request.body) for request in fed.requests)
    assert (first[refused], second[taken]) == (9, 9)
    assert refused not in second
    assert noted(fed.result) == []


def test_a_refusal_that_stays_is_an_error_and_not_a_loop() -> None:
    fed = feed(exchange(call(temperature=0.5)), [refusal("no", "temperature")] * 3)
    assert isinstance(fed.error, BadRequestError)
    assert len(fed.requests) == 2


def test_a_refusal_that_names_nothing_that_was_said_is_an_error() -> None:
    for message in ("bad", "Unsupported parameter: 'foo'", "'temperature' must be a number"):
        fed = feed(exchange(call(temperature=0.5)), [refusal(message)])
        assert isinstance(fed.error, BadRequestError)
        assert len(fed.requests) == 1


# --- several answers ----------------------------------------------------------------------------


def test_several_answers_are_asked_for_apart_where_the_model_gives_one() -> None:
    answers = [json_response(cohere_reply(text)) for text in "abc"]
    fed = feed(exchange(call(COHERE, n=3, seed=7)), answers)
    assert [choice["message"]["content"] for choice in fed.result["choices"]] == ["a", "b", "c"]
    assert [choice["index"] for choice in fed.result["choices"]] == [0, 1, 2]
    assert fed.result["usage"] == {
        "prompt_tokens": 15,
        "completion_tokens": 6,
        "total_tokens": 21,
        "prompt_tokens_details": {"cached_tokens": 3},
    }
    assert noted(fed.result) == ["n"]
    bodies = [msgspec.json.decode(request.body)["chatRequest"] for request in fed.requests]
    assert [body["seed"] for body in bodies] == [7, 8, 9]


def test_several_streams_become_one() -> None:
    def events(text: str) -> bytes:
        ending = {
            "apiFormat": "COHERE",
            "text": text,
            "finishReason": "COMPLETE",
            "usage": {"promptTokens": 5, "completionTokens": 2, "totalTokens": 7},
        }
        return sse_bytes({"apiFormat": "COHERE", "text": text}, ending)

    fed = feed(
        exchange_stream(call(COHERE, n=2, stream=True, stream_options={"include_usage": True})),
        [STREAM, events("a"), b"", STREAM, events("b"), b""],
    )
    whole = assembled(fed.chunks)
    assert [choice["message"]["content"] for choice in whole["choices"]] == ["a", "b"]
    assert whole["usage"]["total_tokens"] == 14
    assert noted(fed.chunks[0]) == ["n"]
    assert sum(bool(chunk.get("usage")) for chunk in fed.chunks) == 1


def test_what_is_noted_of_any_of_several_answers_is_told_once() -> None:
    calling = cohere_reply("")
    calling["chatResponse"]["toolCalls"] = [{"name": "add", "parameters": {}}]
    asked = call(COHERE, n=3, user="me", tools=TOOLS, tool_choice="required")
    answers = [json_response(each) for each in (calling, cohere_reply("a"), cohere_reply("b"))]
    fed = feed(exchange(asked), answers)
    assert sorted(noted(fed.result)) == ["n", "tool_choice", "tool_choice", "user"]
    assert MISSING in str(fed.result["oci_notes"])


def test_several_streams_have_one_id_and_tell_their_notes_once() -> None:
    events = sse_bytes(
        {"apiFormat": "COHERE", "text": "a"}, {"apiFormat": "COHERE", "finishReason": "COMPLETE"}
    )
    streams = [
        Response(200, {**STREAM.headers, "opc-request-id": f"A/B/{letter}"}, streaming=True)
        for letter in "CD"
    ]
    fed = feed(
        exchange_stream(call(COHERE, n=2, stream=True, user="me")),
        [streams[0], events, b"", streams[1], events, b""],
    )
    assert {chunk["id"] for chunk in fed.chunks} == {"chatcmpl-C"}
    assert {chunk["opc_request_id"] for chunk in fed.chunks} == {"A/B/C", "A/B/D"}
    assert noted(assembled(fed.chunks)) == ["user", "n"]


def test_a_stream_among_several_that_breaks_is_an_error_with_its_own_text() -> None:
    whole = sse_bytes(
        {"apiFormat": "COHERE", "text": "a"}, {"apiFormat": "COHERE", "finishReason": "COMPLETE"}
    )
    broken = sse_bytes({"apiFormat": "COHERE", "text": "x"})
    answers = [STREAM, whole, b"", STREAM, broken, b""]
    fed = feed(exchange_stream(call(COHERE, n=2, stream=True)), answers)
    assert isinstance(fed.error, StreamBroken)
    assert fed.error.partial == "x"


# --- streams that do not come -------------------------------------------------------------------


def test_an_endpoint_that_does_not_stream_answers_in_one_piece_and_is_remembered() -> None:
    learned = Learned()
    refused = json_response(
        {"code": "400", "message": "The parameter 'isStream' is not supported"}, 400
    )
    generic = {
        "chatResponse": {
            "apiFormat": "GENERIC",
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "ASSISTANT",
                        "content": [{"type": "TEXT", "text": "hello"}],
                    },
                    "finishReason": "stop",
                }
            ],
            "usage": {"promptTokens": 1, "completionTokens": 1, "totalTokens": 2},
        }
    }
    options: dict[str, Any] = {
        "transport": "native",
        "stream": True,
        "stream_options": {"include_usage": True},
        "learned": learned,
    }
    fed = feed(exchange_stream(call(**options)), [refused, json_response(generic)])
    whole = assembled(fed.chunks)
    assert whole["choices"][0]["message"]["content"] == "hello"
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert whole["usage"]["total_tokens"] == 2
    assert noted(fed.chunks[0]) == ["stream"]
    assert "isStream" not in msgspec.json.decode(fed.requests[1].body)["chatRequest"]
    fed = feed(exchange_stream(call(**options)), [json_response(generic)])
    assert fed.text == "hello"


def test_a_whole_reply_to_a_request_for_a_stream_is_a_stream_of_one_piece() -> None:
    fed = feed(exchange_stream(call(stream=True)), [json_response(REPLY)])
    assert fed.text == "hello"
    assert noted(fed.chunks[0]) == ["stream"]


# --- what OCI tells beside the answer -----------------------------------------------------------


def test_a_warning_that_the_model_will_go_is_passed_on() -> None:
    info = "retires 2027-01-01"
    fed = feed(exchange(call()), [json_response(REPLY, model_deprecation_info=info)])
    assert fed.result["model_deprecation_info"] == info
    stream = Response(200, {**STREAM.headers, "model-deprecation-info": info}, streaming=True)
    events = sse_bytes(chunk_event("x", finish="stop"), chunk_event())
    fed = feed(exchange_stream(call(stream=True)), [stream, events, b""])
    assert fed.chunks[0]["model_deprecation_info"] == info
    assert all("model_deprecation_info" not in chunk for chunk in fed.chunks[1:])


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("cohere.command-r-plus-08-2024", "Use cohere.command-a-03-2025"),
        ("xai.grok-43", "Did you mean xai.grok-4.3"),
        ("meta.llama-4-scout-17b-16e-instruct", "served in us-chicago-1"),
    ],
)
def test_a_model_that_is_not_there_is_answered_with_what_is(model: str, words: str) -> None:
    absent = json_response({"code": "404", "message": f"Entity with key {model} not found"}, 404)
    fed = feed(exchange(call(model)), [absent])
    assert isinstance(fed.error, ModelNotFound)
    assert words in str(fed.error)


# --- tool calls in the text ---------------------------------------------------------------------

MISSING = "answered without the call"
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
MARKUP = 'Let me. <tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>'


@pytest.mark.parametrize("wanted", [True, False])
def test_tool_calls_in_the_text_are_read_where_that_is_wanted(wanted: bool) -> None:
    written = {**REPLY["choices"][0], "message": {"role": "assistant", "content": MARKUP}}  # type: ignore[dict-item]
    reply = json_response({**REPLY, "choices": [written]})
    fed = feed(exchange(call(tools=TOOLS, inline_tool_calls=wanted)), [reply])
    choice = fed.result["choices"][0]
    assert bool(choice["message"].get("tool_calls")) == wanted
    assert choice["finish_reason"] == ("tool_calls" if wanted else "stop")
    events = sse_bytes(*[chunk_event(letter) for letter in MARKUP], chunk_event(finish="stop"))
    streamed = call(tools=TOOLS, inline_tool_calls=wanted, stream=True)
    fed = feed(exchange_stream(streamed), [STREAM, events, b""])
    message = assembled(fed.chunks)["choices"][0]["message"]
    assert bool(message.get("tool_calls")) == wanted


def test_values_in_the_text_are_of_the_types_that_the_offered_tool_says() -> None:
    text = "<tool_call>add<arg_key>code</arg_key><arg_value>12345</arg_value></tool_call>"
    schema = {"type": "object", "properties": {"code": {"type": "string"}}}
    tools = [{"type": "function", "function": {"name": "add", "parameters": schema}}]
    events = sse_bytes(chunk_event(text), chunk_event(finish="stop"))
    streamed = call(tools=tools, inline_tool_calls=True, stream=True)
    fed = feed(exchange_stream(streamed), [STREAM, events, b""])
    [made] = assembled(fed.chunks)["choices"][0]["message"]["tool_calls"]
    assert made["function"]["arguments"] == '{"code":"12345"}'


# --- calls that come together -------------------------------------------------------------------


def test_calls_that_come_in_one_event_are_told_one_by_one_as_openai_does() -> None:
    calls = [{"name": "add", "parameters": {"a": number}} for number in range(3)]
    ending = {
        "apiFormat": "COHERE",
        "text": "",
        "toolCalls": calls,
        "finishReason": "COMPLETE",
    }
    fed = feed(
        exchange_stream(call(COHERE, tools=TOOLS, stream=True)), [STREAM, sse_bytes(ending), b""]
    )
    told = [chunk["choices"][0]["delta"].get("tool_calls") or [] for chunk in fed.chunks]
    assert [len(each) for each in told if each] == [1, 1, 1]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in fed.chunks]
    assert [reason for reason in reasons if reason] == ["tool_calls"]
    assert reasons[-1] == "tool_calls"
    assert len(assembled(fed.chunks)["choices"][0]["message"]["tool_calls"]) == 3


@pytest.mark.parametrize(("choice", "told"), [("required", True), ("auto", False), ("none", False)])
def test_a_call_that_was_required_and_not_made_is_reported(choice: str, told: bool) -> None:
    asked = call(COHERE, tools=TOOLS, tool_choice=choice)
    fed = feed(exchange(asked), [json_response(cohere_reply("no"))])
    assert (MISSING in str(fed.result)) == told


@pytest.mark.parametrize(("choice", "told"), [("required", True), ("auto", False), ("none", False)])
def test_the_end_of_a_stream_reports_it_too(choice: str, told: bool) -> None:
    asked = call(COHERE, tools=TOOLS, tool_choice=choice, stream=True)
    events = sse_bytes(
        {"apiFormat": "COHERE", "text": "no"}, {"apiFormat": "COHERE", "finishReason": "COMPLETE"}
    )
    fed = feed(exchange_stream(asked), [STREAM, events, b""])
    assert fed.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert [MISSING in str(chunk) for chunk in fed.chunks[-2:]] == [False, told]


def test_a_stream_with_the_call_that_was_required_reports_nothing() -> None:
    asked = call(COHERE, tools=TOOLS, tool_choice="required", stream=True)
    ending = {
        "apiFormat": "COHERE",
        "text": "",
        "toolCalls": [{"name": "add", "parameters": {}}],
        "finishReason": "COMPLETE",
    }
    fed = feed(exchange_stream(asked), [STREAM, sse_bytes(ending), b""])
    assert MISSING not in str(fed.chunks)


def test_an_answer_that_came_whole_reports_it_in_its_stream() -> None:
    asked = call(COHERE, tools=TOOLS, tool_choice="required", stream=True)
    fed = feed(exchange_stream(asked), [json_response(cohere_reply("no"))])
    assert MISSING in str(assembled(fed.chunks)["oci_notes"])
