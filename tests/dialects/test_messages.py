"""Messages are read into turns; what is no conversation is refused with its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ocicat.dialects.content import Media, Text
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import (
    ToolCall,
    Turn,
    check_content,
    neutral_calls,
    neutral_content,
    turns,
)
from ocicat.dialects.parameters import Own, Refused
from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.vocabulary.model import ModelFacts

HI = {"role": "user", "content": "hi"}
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def call(id: str | None, name: str = "f", arguments: Any = "{}") -> dict[str, Any]:
    made: dict[str, Any] = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return made if id is None else {"id": id, **made}


def calling(*calls: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **rest}


def result(id: str | None, content: Any = "x") -> dict[str, Any]:
    made = {"role": "tool", "content": content}
    return made if id is None else {**made, "tool_call_id": id}


def read(*messages: Any) -> list[Turn]:
    return turns({"messages": list(messages)})


def test_each_message_is_a_turn_with_its_place() -> None:
    read_as = read({"role": "system", "content": "s"}, {**HI, "name": "ann"})
    assert read_as == [
        Turn("system", (Text("s"),), "messages[0]"),
        Turn("user", (Text("hi"),), "messages[1]", "ann"),
    ]


def test_an_answer_keeps_what_a_later_request_can_carry() -> None:
    citations = [{"start": 0, "end": 1, "text": "a"}]
    [_, turn] = read(
        HI,
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "a"}],
            "reasoning_content": "hm",
            "tool_plan": "p",
            "citations": citations,
            "tool_calls": [call("1", arguments={"a": [1]})],
            "annotations": [],
            "refusal": None,
            "parsed": {"x": 1},
            "oci_finish_reason": "weary",
            "provider_specific_fields": {"any": 1},
        },
    )
    assert turn.texts == ["a"]
    assert turn.reasoning == "hm"
    assert turn.tool_plan == "p"
    assert turn.citations == tuple(citations)
    assert turn.tool_calls == (ToolCall("1", "f", '{"a":[1]}'),)


def test_reasoning_goes_by_two_names() -> None:
    assert read(HI, {"role": "assistant", "content": "a", "reasoning": "hm"})[1].reasoning == "hm"


def test_a_refusal_is_what_was_said_where_nothing_else_was() -> None:
    [_, alone, beside] = read(
        HI,
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "assistant", "content": "a", "refusal": "no"},
    )
    assert (alone.texts, beside.texts) == (["no"], ["a"])


def test_text_and_media_of_a_turn() -> None:
    [turn] = read({"role": "user", "content": ["a", PNG, "b"]})
    assert turn.texts == ["a", "b"]
    assert turn.media == [Media("image", "data:image/png;base64,AAAA")]


def test_arguments_stay_as_the_model_wrote_them() -> None:
    [_, turn] = read(HI, calling(call("1", arguments='{"a": '), call("2", arguments=None)))
    assert [each.arguments for each in turn.tool_calls] == ['{"a": ', ""]


def test_calls_without_ids_get_some_that_their_results_find() -> None:
    read_as = read(HI, calling(call(None), call(None)), result(None, "a"), result(None, "b"))
    ids = [each.id for each in read_as[1].tool_calls]
    assert len(set(ids)) == 2
    assert [turn.tool_call_id for turn in read_as[2:]] == ids


def test_results_may_come_in_any_order() -> None:
    read_as = read(HI, calling(call("1"), call("2")), result("2"), result("1"), HI)
    assert [turn.tool_call_id for turn in read_as[2:4]] == ["2", "1"]


def test_ids_may_be_used_again_in_a_later_answer() -> None:
    assert len(read(HI, calling(call("1")), result("1"), calling(call("1")), result("1"))) == 5


@pytest.mark.parametrize(
    ("messages", "where"),
    [
        (None, "messages"),
        ([], "messages"),
        ("hi", "messages"),
        (["hi"], "messages[0]"),
        ([{}], "messages[0].role"),
        ([{"role": "robot", "content": "x"}], "messages[0].role"),
        ([{"role": "function", "name": "f", "content": "x"}], "messages[0].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([{"role": "user", "content": None}], "messages[0].content"),
        ([{"role": "user", "content": 5}], "messages[0].content"),
        ([{"role": "user", "content": "x", "name": 5}], "messages[0].name"),
        ([{"role": "user", "content": "x", "colour": "red"}], "messages[0].colour"),
        ([HI, {"role": "assistant", "reasoning_content": 5}], "messages[1].reasoning_content"),
        (
            [HI, {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}],
            "messages[1].function_call",
        ),
        ([HI, {"role": "assistant", "tool_calls": {}}], "messages[1].tool_calls"),
        ([HI, calling({"id": "1"})], "messages[1].tool_calls[0]"),
        ([HI, calling(call("1"), call("1"))], "messages[1].tool_calls[1].id"),
        ([HI, result("1")], "messages[1].tool_call_id"),
        ([HI, calling(call("1")), result("2")], "messages[2].tool_call_id"),
        ([HI, calling(call("1")), result("1"), result("1")], "messages[3].tool_call_id"),
        ([HI, calling(call("1")), result("1"), result(None)], "messages[3].tool_call_id"),
        ([HI, calling(call("1")), HI, result("1")], "messages[3].tool_call_id"),
        ([HI, calling(call("1")), result("1", None)], "messages[2].content"),
    ],
)
def test_what_is_no_conversation_is_refused_with_its_place(messages: Any, where: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        turns({"messages": messages})
    assert caught.value.parameter == where


def test_the_messages_are_not_changed() -> None:
    messages: Any = [HI, calling(call(None, arguments={"a": 1})), result(None)]
    before = copy.deepcopy(messages)
    turns({"messages": messages})
    assert messages == before


# --- content that a model cannot be shown -------------------------------------------------------

TABLE: dict[str, Entry] = {"image": Own(), "document": Own(), "video": Refused("Show images.")}


def seen(facts: ModelFacts, *kinds: str, drop: bool = False) -> tuple[list[Turn], Notes]:
    url = "data:x/y;base64,AAAA"
    parts = ["look", *({"type": f"{kind}_url", f"{kind}_url": {"url": url}} for kind in kinds)]
    notes = Notes(drop=drop)
    conversation = turns({"messages": [{"role": "user", "content": parts}]})
    return check_content(conversation, TABLE, facts, notes, dialect="this API"), notes


def test_what_the_model_sees_passes() -> None:
    [turn], notes = seen(ModelFacts("m", input_modalities=("text", "image")), "image")
    assert [media.kind for media in turn.media] == ["image"]
    assert notes.items == []


def test_who_sees_images_sees_documents() -> None:
    [turn], _ = seen(ModelFacts("m", input_modalities=("text", "image")), "document")
    assert [media.kind for media in turn.media] == ["document"]


def test_a_model_of_which_nothing_is_known_is_shown_what_the_api_can_say() -> None:
    [turn], _ = seen(ModelFacts("m", known=False), "image")
    assert turn.media


@pytest.mark.parametrize(
    ("kind", "words"),
    [("image", "takes only text"), ("video", "no place for. Show images."), ("audio", "no place")],
)
def test_what_cannot_be_shown_is_refused_by_name(kind: str, words: str) -> None:
    with pytest.raises(UnsupportedFeature, match=words) as caught:
        seen(ModelFacts("m"), kind)
    assert caught.value.parameter == "messages[0].content"


def test_what_cannot_be_shown_is_left_out_with_a_note_where_the_caller_says_so() -> None:
    [turn], notes = seen(ModelFacts("m"), "image", "video", drop=True)
    assert turn.parts == (Text("look"),)
    assert [note["parameter"] for note in notes.items] == ["messages[0].content"] * 2


# --- back ---------------------------------------------------------------------------------------


def test_turns_are_written_again_in_openais_form() -> None:
    assert neutral_content(()) == ""
    assert neutral_content([Text("a")]) == "a"
    assert neutral_content([Text("a"), Text("b")]) == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    assert neutral_calls([ToolCall("1", "f", "{}")]) == [call("1")]
