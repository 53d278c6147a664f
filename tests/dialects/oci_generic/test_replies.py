"""What golden cases of GENERIC's replies cannot say: shapes that the ``oci`` SDK cannot read."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_generic
from ocicat.dialects.dialect import Origin
from ocicat.errors import InternalServerError, MalformedReply

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
