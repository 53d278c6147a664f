"""Streams and faults as they are on the wire, seen by a bare socket."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from typing import Any

import pytest

from ocicat.emulator import Emulator, StreamStyle
from support.emulator_client import (
    LLAMA,
    Answer,
    ask,
    chat_body,
    cohere_body,
    connected,
    event_payloads,
    openai_body,
    openai_headers,
    request_bytes,
    text_of,
)

CHAT = "/20231130/actions/chat"
COMPLETIONS = "/openai/v1/chat/completions"
PLAIN = StreamStyle(split=False, pad=False)


def ask_chat(emulator: Emulator, **chat: Any) -> Answer:
    return ask(emulator, "POST", CHAT, chat_body(emulator, **chat))


def stream_of(emulator: Emulator, **chat: Any) -> list[Any]:
    answer = ask_chat(emulator, isStream=True, **chat)
    assert answer.status == 200
    return event_payloads(answer.body)


def received_until_closed(emulator: Emulator, body: Any) -> bytes:
    """All that the emulator sends before it closes the connection."""
    with connected(emulator) as connection:
        connection.sendall(request_bytes(emulator, body))
        return connection.makefile("rb").read()


def chunks(response: bytes) -> list[bytes]:
    """The chunks of a response with a chunked body, which may lack its end."""
    body = response.partition(b"\r\n\r\n")[2]
    found = []
    while body:
        size, _, body = body.partition(b"\r\n")
        found.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return found


# The formats of streams


def test_a_generic_stream_has_deltas_an_ending_and_done(emulator: Emulator) -> None:
    emulator.when().answer("Yes, it is.")
    emulator.streams = PLAIN
    answer = ask_chat(emulator, isStream=True)

    assert answer.headers["content-type"] == "text/event-stream"
    assert re.fullmatch(r"[0-9A-F]{32}(/[0-9A-F]{32}){2}", answer.headers["opc-request-id"])

    def delta(text: str) -> dict[str, Any]:
        content = [{"type": "TEXT", "text": text}]
        return {"index": 0, "message": {"role": "ASSISTANT", "content": content}}

    assert event_payloads(answer.body) == [
        delta("Yes"),
        delta(", "),
        delta("it "),
        delta("is"),
        delta("."),
        {"index": 0, "message": {"role": "ASSISTANT"}, "finishReason": "stop"},
        "[DONE]",
    ]


def test_usage_comes_only_when_asked_for(emulator: Emulator) -> None:
    emulator.when().answer("Yes.")
    with_usage = stream_of(emulator, streamOptions={"isIncludeUsage": True})
    without = stream_of(emulator, streamOptions={"isIncludeUsage": False})

    assert with_usage[-2:] == [
        {
            "usage": {
                "completionTokens": 2,
                "promptTokens": 4,
                "totalTokens": 6,
                "promptTokensDetails": {"cachedTokens": 0},
                "completionTokensDetails": {"reasoningTokens": 0},
            }
        },
        "[DONE]",
    ]
    assert not any("usage" in event for event in without)


def test_a_cohere_stream_repeats_its_text_at_the_end_and_has_no_done(emulator: Emulator) -> None:
    emulator.when().answer("Yes, it is.")
    emulator.streams = PLAIN
    body = cohere_body(emulator, isStream=True, streamOptions={"isIncludeUsage": True})
    payloads = event_payloads(ask(emulator, "POST", CHAT, body).body)

    assert [event.get("text") for event in payloads[:5]] == ["Yes", ", ", "it ", "is", "."]
    assert payloads[5]["text"] == "Yes, it is."
    assert payloads[5]["finishReason"] == "COMPLETE"
    assert payloads[-1]["usage"]["completionTokens"] == 5
    assert all(event["apiFormat"] == "COHERE" for event in payloads)


def test_an_openai_stream_has_chunks_and_done(emulator: Emulator) -> None:
    emulator.when().answer("Yes.")
    body = openai_body(stream=True, stream_options={"include_usage": True})
    answer = ask(emulator, "POST", COMPLETIONS, body, openai_headers(emulator))
    payloads = event_payloads(answer.body)

    assert answer.headers["content-type"] == "text/event-stream"
    assert payloads[-1] == "[DONE]"
    assert [event["object"] for event in payloads[:-1]] == ["chat.completion.chunk"] * 5
    deltas = [event["choices"][0]["delta"] for event in payloads[:4]]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "Yes"},
        {"content": "."},
        {},
    ]
    assert payloads[3]["choices"][0]["finish_reason"] == "stop"
    assert payloads[4]["choices"] == []
    assert payloads[4]["usage"]["total_tokens"] == 6
    assert not any("pad" in event for event in payloads[:-1])


@pytest.mark.parametrize("done", [True, False])
def test_done_can_be_sent_or_left_out_whatever_the_family(emulator: Emulator, done: bool) -> None:
    emulator.streams = StreamStyle(done=done)
    cohere = ask(emulator, "POST", CHAT, cohere_body(emulator, isStream=True))

    assert (stream_of(emulator)[-1] == "[DONE]") is done
    assert (event_payloads(cohere.body)[-1] == "[DONE]") is done


def test_events_carry_a_pad_of_varying_length(emulator: Emulator) -> None:
    events = stream_of(emulator, streamOptions={"isIncludeUsage": True})
    pads = [event["pad"] for event in events[:-2]]

    assert all(set(pad) == {"a"} for pad in pads)
    assert len({len(pad) for pad in pads}) > 3
    assert "pad" not in events[-2]


def test_events_may_be_separated_by_a_single_line_end(emulator: Emulator) -> None:
    emulator.streams = StreamStyle(single_newline=True)
    lines = ask_chat(emulator, isStream=True).body.decode().split("\n")

    assert lines.pop() == ""
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"


# Writes


def test_writes_end_in_the_middle_of_events_and_of_characters(emulator: Emulator) -> None:
    emulator.when().answer("Grüße ✓ aus Wien 日本語")
    request = request_bytes(emulator, chat_body(emulator, isStream=True))
    with connected(emulator) as connection:
        connection.sendall(request)
        reader = connection.makefile("rb")
        response = b""
        while not response.endswith(b"\r\n0\r\n\r\n"):
            response += reader.read1(65536)
    pieces = chunks(response)

    assert text_of(event_payloads(b"".join(pieces))) == "Grüße ✓ aus Wien 日本語"
    assert any(not piece.endswith(b"\n\n") for piece in pieces)
    assert any(piece and piece[0] & 0xC0 == 0x80 for piece in pieces)
    assert max(map(len, pieces)) <= 96


def test_the_same_seed_gives_the_same_pieces(emulator: Emulator, tmp_path: Any) -> None:
    def pieces(seed: int) -> list[list[bytes]]:
        style = StreamStyle(seed=seed)
        with Emulator(emulator.home, streams=style) as another:
            another.when().answer("Some words of an answer.").cut_after(100)
            body = chat_body(another, isStream=True)
            return [chunks(received_until_closed(another, body)) for _ in range(2)]

    first = pieces(1)
    assert pieces(1) == first
    assert pieces(2) != first
    assert first[0] != first[1]


def test_without_splitting_every_event_is_one_write(emulator: Emulator) -> None:
    emulator.streams = StreamStyle(split=False)
    emulator.when().cut_after(100)
    pieces = chunks(received_until_closed(emulator, chat_body(emulator, isStream=True)))

    assert all(piece.startswith(b"data: ") and piece.endswith(b"\n\n") for piece in pieces)


def test_a_stream_may_leave_the_connection_open_after_its_end(emulator: Emulator) -> None:
    emulator.streams = StreamStyle(keep_open=True, split=False)
    with connected(emulator) as connection:
        connection.sendall(request_bytes(emulator, chat_body(emulator, isStream=True)))
        received = b""
        while b"[DONE]" not in received:
            received += connection.recv(65536)
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            while connection.recv(65536) == b"\r\n":
                pass
    assert b"\r\n0\r\n\r\n" not in received


# Faults


def test_a_cut_ends_the_connection_in_the_middle_of_the_body(emulator: Emulator) -> None:
    emulator.when().answer("one two three four").cut_after(2)
    response = received_until_closed(emulator, chat_body(emulator, isStream=True))
    body = b"".join(chunks(response))

    assert text_of(event_payloads(body)) == "one two "
    assert not response.endswith(b"0\r\n\r\n")
    with pytest.raises(http.client.IncompleteRead):
        ask_chat(emulator, isStream=True)


def test_a_cut_in_the_middle_of_an_event_leaves_half_of_it(emulator: Emulator) -> None:
    emulator.when().answer("one two three four").cut_after(1, mid_event=True)
    body = b"".join(chunks(received_until_closed(emulator, chat_body(emulator, isStream=True))))
    first, half = body.split(b"\n\n")

    assert b'"one "' in first
    assert half.startswith(b"data: {")
    with pytest.raises(json.JSONDecodeError):
        json.loads(half.removeprefix(b"data: "))


def test_a_clean_cut_ends_the_body_as_if_all_were_well(emulator: Emulator) -> None:
    emulator.when().answer("one two three four").cut_after(2, clean=True)
    answer = ask_chat(emulator, isStream=True)

    assert answer.status == 200
    assert text_of(event_payloads(answer.body)) == "one two "
    assert "finishReason" not in answer.body.decode()


def test_a_cut_beyond_the_last_event_comes_before_done(emulator: Emulator) -> None:
    emulator.when().answer("one").cut_after(99, clean=True)
    assert stream_of(emulator)[-1]["finishReason"] == "stop"


def test_an_answer_that_is_no_stream_is_cut_in_half(emulator: Emulator) -> None:
    emulator.when().cut_after(1)
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask_chat(emulator)
    assert cut.value.expected is not None
    assert abs(len(cut.value.partial) - cut.value.expected) <= 1


def test_a_stalled_answer_comes_after_a_silence(emulator: Emulator) -> None:
    """The ledger has the request while its answer is still held back."""
    emulator.when().stall(0.3)
    with connected(emulator) as connection:
        connection.sendall(request_bytes(emulator, chat_body(emulator)))
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert len(emulator.ledger) == 1
        connection.settimeout(20)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("stream", [True, False])
def test_a_stall_in_the_middle_comes_after_what_was_sent(emulator: Emulator, stream: bool) -> None:
    emulator.when().answer("one two three").stall(600, after_events=1)
    with connected(emulator) as connection:
        connection.sendall(request_bytes(emulator, chat_body(emulator, isStream=stream)))
        received = b""
        while (b"\n\n" if stream else b'{"') not in received:
            received += connection.recv(65536)
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            while True:
                received += connection.recv(65536) or pytest.fail("the connection was closed")
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b'"two "' not in received


def test_an_error_event_ends_the_stream(emulator: Emulator) -> None:
    error = {"code": "500", "message": "overloaded"}
    emulator.when().answer("one two three").error_event(error, after_events=2)
    *payloads, last = stream_of(emulator)

    assert text_of(payloads) == "one two "
    assert last == error


def test_an_error_event_is_the_body_of_an_answer_that_is_no_stream(emulator: Emulator) -> None:
    emulator.when().error_event({"error": {"message": "no"}})
    answer = ask_chat(emulator)

    assert answer.status == 200
    assert answer.json == {"error": {"message": "no"}}


def test_a_reset_breaks_the_connection_off(emulator: Emulator) -> None:
    emulator.when().reset()
    with connected(emulator) as connection:
        connection.sendall(request_bytes(emulator, chat_body(emulator)))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert emulator.ledger.last.status is None
    assert "resets the connection" in (emulator.ledger.last.refusal or "")


def test_a_failure_may_say_when_to_come_back(emulator: Emulator) -> None:
    emulator.when().fail(429, retry_after=2).times(1)
    throttled = ask_chat(emulator)

    assert throttled.status == 429
    assert throttled.headers["content-type"] == "application/json"
    assert throttled.headers["retry-after"] == "2"
    assert throttled.json["code"] == "429"
    assert throttled.reason == emulator.ledger.last.refusal
    assert ask_chat(emulator).status == 200


def test_a_failure_without_more_has_no_retry_after(emulator: Emulator) -> None:
    emulator.when().fail(409, code="IncorrectState", message="Not now.")
    answer = ask_chat(emulator, isStream=True)

    assert answer.json == {"code": "IncorrectState", "message": "Not now."}
    assert "retry-after" not in answer.headers


def test_a_failure_may_be_the_page_of_a_load_balancer(emulator: Emulator) -> None:
    emulator.when().fail(502, html=True)
    answer = ask_chat(emulator)

    assert answer.status == 502
    assert answer.headers["content-type"] == "text/html"
    assert b"<h1>502 Bad Gateway</h1>" in answer.body
    assert "opc-request-id" in answer.headers


def test_a_raw_reply_is_given_byte_for_byte(emulator: Emulator) -> None:
    emulator.when().reply_raw(
        200, {"Content-Type": "text/event-stream; charset=utf-8", "X-Mine": "1"}, b"data: {}\r\r"
    )
    answer = ask_chat(emulator)

    assert answer.body == b"data: {}\r\r"
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-mine"] == "1"
    assert "opc-request-id" in answer.headers
    assert emulator.ledger.last.refusal is None


def test_a_raw_reply_may_promise_more_than_it_holds(emulator: Emulator) -> None:
    emulator.when().reply_raw(200, {"content-length": "100"}, "short")
    with pytest.raises(http.client.IncompleteRead):
        ask_chat(emulator)


def test_a_client_that_hangs_up_does_no_harm(emulator: Emulator, caplog: Any) -> None:
    emulator.when("slow").stall(600)
    with connected(emulator) as connection:
        connection.sendall(request_bytes(emulator, chat_body(emulator, text="slow")))
        while not emulator.ledger:
            time.sleep(0.005)
        connection.shutdown(socket.SHUT_RDWR)
    assert ask_chat(emulator).status == 200
    assert caplog.text == ""


def test_http_1_0_is_answered_without_chunks(emulator: Emulator) -> None:
    emulator.when().answer("Yes.")
    request = request_bytes(emulator, chat_body(emulator, isStream=True))
    with connected(emulator) as connection:
        connection.sendall(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        response = connection.makefile("rb").read()
    head, _, body = response.partition(b"\r\n\r\n")

    assert b"chunked" not in head.lower()
    assert text_of(event_payloads(body)) == "Yes."
    assert LLAMA.encode() not in body


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (None, '{"error":{"message":"Unsupported parameter: \'top_p\' is not supported with this'),
        ("nested", '{"error":{"message":"Unsupported parameter: \'top_p\' is not supported with'),
        ("text", "Unsupported parameter: 'topP' is not supported with this model."),
    ],
)
def test_a_parameter_is_refused_until_it_is_left_out(
    emulator: Emulator, shape: Any, message: str
) -> None:
    emulator.when().refuse_parameter("top_p", shape=shape).answer("Yes.")
    refused = ask_chat(emulator, topP=0.5, temperature=0)
    accepted = ask_chat(emulator, temperature=0)

    assert refused.status == 400
    assert refused.json["code"] == "400"
    assert refused.json["message"].startswith(message)
    assert emulator.ledger[0].refusal == "a rule of the emulator's script refuses top_p"
    assert accepted.json["chatResponse"]["choices"][0]["message"]["content"][0]["text"] == "Yes."


@pytest.mark.parametrize("shape", [None, "openai"])
def test_the_openai_surface_refuses_a_parameter_with_an_error_object(
    emulator: Emulator, shape: Any
) -> None:
    emulator.when().refuse_parameter("seed", shape=shape)
    refused = ask(emulator, "POST", COMPLETIONS, openai_body(seed=1), openai_headers(emulator))

    assert refused.status == 400
    assert refused.json["error"]["param"] == "seed"
    assert refused.json["error"]["code"] == "unsupported_parameter"


def test_a_refusal_in_words_has_the_names_of_the_wire(emulator: Emulator) -> None:
    emulator.when().refuse_parameter("max_tokens", shape="text")
    assert "'maxTokens'" in ask_chat(emulator, maxTokens=5).json["message"]


def test_several_parameters_can_be_refused_by_one_rule(emulator: Emulator) -> None:
    emulator.when().refuse_parameter("seed").refuse_parameter("stop")

    assert ask_chat(emulator, seed=1).status == ask_chat(emulator, stop=["x"]).status == 400
    assert ask_chat(emulator, topP=0.5).status == 200


def test_streams_can_be_refused(emulator: Emulator) -> None:
    emulator.when().refuse_streaming()
    native = ask_chat(emulator, isStream=True)
    openai = ask(emulator, "POST", COMPLETIONS, openai_body(stream=True), openai_headers(emulator))

    assert (native.status, native.json["code"]) == (400, "400")
    assert "'isStream'" in native.json["message"]
    assert (openai.status, openai.json["error"]["param"]) == (400, "stream")
    assert ask_chat(emulator).status == 200


@pytest.mark.parametrize("stream", [True, False])
def test_a_rule_says_in_a_header_that_the_model_will_go(emulator: Emulator, stream: bool) -> None:
    emulator.when("OCI").deprecate("retires on 2027-01-01")
    answer = ask_chat(emulator, isStream=stream)

    assert answer.headers["model-deprecation-info"] == "retires on 2027-01-01"


def test_a_deprecated_model_says_so_by_itself_and_others_do_not(emulator: Emulator) -> None:
    old = ask(emulator, "POST", CHAT, cohere_body(emulator, model="cohere.command-r-08-2024"))

    assert "cohere.command-a-03-2025" in old.headers["model-deprecation-info"]
    assert "model-deprecation-info" not in ask_chat(emulator).headers
