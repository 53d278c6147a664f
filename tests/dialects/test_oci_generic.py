"""What the golden cases of GENERIC cannot say: shapes that the ``oci`` SDK itself cannot read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ocicat.dialects import oci_generic
from ocicat.dialects.dialect import Notes, Origin
from ocicat.emulator.schema.native import check_chat_details
from ocicat.errors import InternalServerError, MalformedReply, StreamBroken
from ocicat.routing.resolve import Place, resolve

ORIGIN = Origin("m", "A/B/C", 1795262401)
TEXT = {"type": "TEXT", "text": "x"}
CARD = {"type": "CARD", "card": {"title": "t"}}
IMAGE = {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def reply_to(message: Any, **response: Any) -> Any:
    choices = [{"index": 0, "message": message, "finishReason": "stop"}]
    chat = {"apiFormat": "GENERIC", "timeCreated": None, "choices": choices, **response}
    return oci_generic.decode_reply({"modelId": "m", "chatResponse": chat}, ORIGIN)


def message_of(message: Any) -> Any:
    return reply_to(message)["choices"][0]["message"]


def test_arguments_given_as_an_object_become_json_text() -> None:
    call = {"id": "c1", "type": "FUNCTION", "name": "f", "arguments": {"a": [1]}}
    (read,) = message_of({"toolCalls": [call]})["tool_calls"]
    assert read["function"]["arguments"] == '{"a":[1]}'


def test_null_calls_are_passed_over() -> None:
    assert message_of({"content": [TEXT], "toolCalls": [None]}) == {
        "role": "assistant",
        "content": "x",
    }


def test_content_as_a_plain_text_is_read() -> None:
    assert message_of({"content": "x"})["content"] == "x"


def test_content_that_is_no_text_is_carried_as_it_came_and_said_again() -> None:
    reply = reply_to({"content": [TEXT, CARD, TEXT, IMAGE]})
    message = reply["choices"][0]["message"]
    assert message["content"] == "xx"
    assert message["oci_content"] == [CARD, IMAGE]
    said = oci_generic.encode_reply(reply)["chatResponse"]["choices"][0]["message"]["content"]
    assert said == [{"type": "TEXT", "text": "xx"}, CARD, IMAGE]


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


def test_an_annotation_of_a_kind_that_is_not_known_is_carried_as_it_came() -> None:
    other = {"type": "file_path", "filePath": {"id": "1"}}
    message = message_of({"content": [TEXT], "annotations": [None, other]})
    assert message["annotations"] == [other]


def test_a_moment_in_seconds_is_read() -> None:
    assert reply_to({"content": [TEXT]}, timeCreated=1795262000)["created"] == 1795262000


@pytest.mark.parametrize("chat", [None, "no", {}, {"choices": "none"}, {"choices": ["none"]}])
def test_an_answer_without_choices_is_no_reply(chat: object) -> None:
    with pytest.raises(MalformedReply, match=r"chatResponse\.choices"):
        oci_generic.decode_reply({"modelId": "m", "chatResponse": chat}, ORIGIN)


def test_an_error_in_place_of_a_reply_is_that_error() -> None:
    with pytest.raises(InternalServerError, match="overloaded"):
        oci_generic.decode_reply({"code": "500", "message": "overloaded"}, ORIGIN)


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


def test_every_request_that_the_schema_takes_is_read() -> None:
    request = {
        "compartmentId": "c",
        "servingMode": {"servingType": "DEDICATED", "endpointId": "ocid1.generativeaiendpoint.x"},
        "chatRequest": {
            "apiFormat": "GENERIC",
            "messages": [
                {"role": "SYSTEM"},
                {"role": "USER", "content": [{"type": "TEXT"}, {"type": "IMAGE"}, IMAGE]},
                {
                    "role": "ASSISTANT",
                    "content": [{"type": "TEXT", "text": "."}],
                    "name": "bot",
                    "refusal": "no",
                    "reasoningContent": "hm",
                    "toolCalls": [{"id": "1", "type": "FUNCTION"}],
                    "annotations": [
                        {"type": "url_citation", "urlCitation": {"url": "u", "startIndex": 1}}
                    ],
                },
                {"role": "TOOL"},
                {
                    "role": "USER",
                    "content": [
                        {"type": "AUDIO", "audioUrl": {"url": "http://a.test/b", "detail": "AUTO"}}
                    ],
                },
            ],
            "responseFormat": {"type": "JSON_SCHEMA"},
            "prediction": {"type": "CONTENT"},
            "webSearchOptions": {"userLocation": {}},
            "tools": [{"type": "FUNCTION"}],
            "toolChoice": {"type": "FUNCTION"},
            "logProbs": 2,
            "isEcho": False,
            "streamOptions": {},
        },
    }
    read: Any = oci_generic.decode_request(check_chat_details(msgspec.json.encode(request)))
    assert read["model"] == "ocid1.generativeaiendpoint.x"
    system, user, assistant, tool, heard = read["messages"]
    assert system == {"role": "system", "content": ""}
    assert [part["type"] for part in user["content"]] == ["text", "image_url"]
    assert assistant == {
        "role": "assistant",
        "content": None,
        "name": "bot",
        "refusal": "no",
        "reasoning_content": "hm",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "", "arguments": ""}}],
        "annotations": [{"type": "url_citation", "url_citation": {"url": "u", "start_index": 1}}],
    }
    assert tool == {"role": "tool", "content": "", "tool_call_id": ""}
    assert heard["content"] == [
        {"type": "audio_url", "audio_url": {"url": "http://a.test/b", "detail": "auto"}}
    ]
    assert read["response_format"] == {"type": "json_schema", "json_schema": {}}
    assert read["prediction"] == {"type": "content", "content": []}
    assert read["web_search_options"]["user_location"]["type"] == "approximate"
    assert read["tool_choice"] == {"type": "function", "function": {"name": ""}}
    assert (read["logprobs"], read["top_logprobs"], read["echo"]) == (True, 2, False)


@pytest.mark.parametrize(
    ("learned", "asked", "noted"),
    [
        # What would be said in the words of a refused parameter goes with it.
        ("reasoning_effort", {"thinking": {"type": "disabled"}}, ["thinking"]),
        ("logprobs", {"logprobs": True, "top_logprobs": 2}, ["logprobs"]),
        (
            "tools",
            {
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": "auto",
            },
            ["tools", "tool_choice"],
        ),
    ],
)
def test_what_a_model_was_found_to_refuse_is_left_out_with_all_that_hangs_on_it(
    learned: str, asked: Any, noted: list[str]
) -> None:
    target = resolve("openai.gpt-oss-120b", Place(region="us-chicago-1", transport="native"))
    notes = Notes(drop=True, learned={learned: "not supported"})
    request: Any = {"messages": [{"role": "user", "content": "hi"}], **asked}
    details = oci_generic.encode_request(request, target, "c", notes)
    assert set(details["chatRequest"]) == {"apiFormat", "messages", "maxTokens"}
    assert [note["parameter"] for note in notes.items] == noted
