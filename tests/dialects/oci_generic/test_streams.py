"""What golden cases of GENERIC's streams cannot say: states, tiers, calls by turns."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_generic
from ocicat.dialects.dialect import Origin
from ocicat.errors import InternalServerError, StreamBroken

ORIGIN = Origin("m", "A/B/C", 1795262401)
TEXT = {"type": "TEXT", "text": "x"}
CARD = {"type": "CARD", "card": {"title": "t"}}


def test_content_that_is_no_text_is_carried_in_streams_too() -> None:
    decoder = oci_generic.stream_decoder(ORIGIN, with_usage=False)
    (chunk,) = decoder.feed({"index": 0, "message": {"content": [TEXT, CARD]}})
    assert chunk["choices"][0]["delta"] == {
        "role": "assistant",
        "content": "x",
        "oci_content": [CARD],
    }
    (event,) = oci_generic.stream_encoder().feed(chunk)
    assert event["message"]["content"] == [TEXT, CARD]


def test_a_stream_says_which_tier_serves_it_and_says_it_again() -> None:
    decoder = oci_generic.stream_decoder(ORIGIN, with_usage=False)
    (chunk,) = decoder.feed({"index": 0, "message": {"content": [TEXT]}, "serviceTier": "DEFAULT"})
    assert chunk["service_tier"] == "default"
    (event,) = oci_generic.stream_encoder().feed(chunk)
    assert event["serviceTier"] == "DEFAULT"


def test_a_broken_stream_has_the_reported_error_as_its_cause() -> None:
    decoder = oci_generic.stream_decoder(ORIGIN, with_usage=False)
    with pytest.raises(StreamBroken) as caught:
        decoder.feed({"code": "500", "message": "overloaded"})
    assert isinstance(caught.value.__cause__, InternalServerError)


def test_a_stream_is_not_finished_while_one_answer_is_open() -> None:
    decoder = oci_generic.stream_decoder(ORIGIN, with_usage=True)
    for index in (0, 1):
        decoder.feed({"index": index, "message": {"content": [TEXT]}})
    states = []
    events: list[dict[str, Any]] = [
        {"index": 1, "finishReason": "stop"},
        {"index": 0, "finishReason": "stop"},
        {"usage": {}},
        {"usage": {"totalTokens": 1}},
    ]
    for event in events:
        decoder.feed(event)
        states.append((decoder.finished, decoder.complete))
    assert states == [(False, False), (True, False), (True, False), (True, True)]


def test_pieces_of_several_calls_in_one_chunk_come_back_to_their_calls() -> None:
    def piece(index: int, arguments: str, **opening: Any) -> dict[str, Any]:
        function = {"arguments": arguments, **({"name": "f"} if opening else {})}
        return {"index": index, "function": function, **opening}

    encoder = oci_generic.stream_encoder()
    decoder = oci_generic.stream_decoder(ORIGIN, with_usage=False)
    arguments = {0: "", 1: ""}
    for pieces in (
        [piece(0, "{", id="a", type="function")],
        [piece(1, "[", id="b", type="function")],
        [piece(1, "1"), piece(0, '"x"')],
        [piece(0, ":2"), piece(1, ",3")],
        [piece(0, "}")],
        [piece(1, "]")],
    ):
        (event,) = encoder.feed({"choices": [{"index": 0, "delta": {"tool_calls": pieces}}]})
        (chunk,) = decoder.feed(event)
        for made in chunk["choices"][0]["delta"]["tool_calls"]:
            arguments[made["index"]] += made["function"]["arguments"]
    assert arguments == {0: '{"x":2}', 1: "[1,3]"}
