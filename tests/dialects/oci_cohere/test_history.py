"""COHERE's conversations, as other clients write them."""

from __future__ import annotations

from typing import Any

from ocicat.dialects.oci_cohere.history import decode

QUESTION = {"role": "USER", "message": "rain?"}
OSLO = {"name": "weather", "parameters": {"city": "Oslo"}}
ROME = {"name": "weather", "parameters": {"city": "Rome"}}


def result(call: dict[str, Any], *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"call": call, "outputs": list(outputs)}


def made(*calls: tuple[str, str], content: str | None = None) -> dict[str, Any]:
    said = [
        {"id": id, "type": "function", "function": {"name": "weather", "arguments": arguments}}
        for id, arguments in calls
    ]
    return {"role": "assistant", "content": content, "tool_calls": said}


def tool(id: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


LOOP = [user("rain?"), made(("call_0", '{"city":"Oslo"}')), tool("call_0", "no")]
RESULTS = [result(OSLO, {"output": "no"})]


def test_question_and_results_in_one_step_are_a_whole_round() -> None:
    assert decode({"message": "rain?", "toolResults": RESULTS}) == LOOP


def test_a_question_that_is_repeated_beside_its_results_is_asked_once() -> None:
    history: list[Any] = [QUESTION, {"role": "CHATBOT", "message": "", "toolCalls": [OSLO]}]
    chat = {"message": "rain?", "chatHistory": history, "toolResults": RESULTS}
    assert decode(chat) == LOOP


def test_results_whose_calls_are_not_in_the_history_bring_them() -> None:
    chat = {"message": "", "chatHistory": [QUESTION], "toolResults": RESULTS}
    assert decode(chat) == LOOP
    earlier: list[Any] = [QUESTION, {"role": "TOOL", "toolResults": RESULTS}]
    chat = {"message": "sure?", "chatHistory": earlier}
    assert decode(chat) == [*LOOP, user("sure?")]


def test_results_without_parameters_find_their_calls_by_name_and_order() -> None:
    chat = {
        "message": "",
        "chatHistory": [QUESTION, {"role": "CHATBOT", "message": " ", "toolCalls": [OSLO, ROME]}],
        "toolResults": [
            result({"name": "weather", "parameters": {}}, {"output": "no"}),
            result({"name": "weather", "parameters": {}}, {"output": "yes"}),
        ],
    }
    assert decode(chat) == [
        user("rain?"),
        made(("call_0", '{"city":"Oslo"}'), ("call_1", '{"city":"Rome"}'), content=" "),
        tool("call_0", "no"),
        tool("call_1", "yes"),
    ]


def test_a_call_that_nobody_answered_does_not_take_a_later_result() -> None:
    calls = {"role": "CHATBOT", "toolCalls": [OSLO]}
    chat = {"message": "", "chatHistory": [calls, QUESTION, calls], "toolResults": RESULTS}
    assert decode(chat)[-1] == tool("call_1", "no")


def test_outputs_that_are_more_than_a_text_are_json() -> None:
    cases: list[tuple[list[dict[str, Any]], str]] = [
        ([{"output": 5}], '{"output":5}'),
        ([{"output": "a", "more": "b"}], '{"output":"a","more":"b"}'),
        ([{"output": "a"}, {"b": 1}], '[{"output":"a"},{"b":1}]'),
    ]
    for outputs, content in cases:
        read = decode({"message": "", "toolResults": [result(OSLO, *outputs)]})
        assert read[-1]["content"] == content


def test_an_answer_without_outputs_is_an_empty_result() -> None:
    read = decode({"message": "", "toolResults": [result(OSLO)]})
    assert read[-1]["content"] == ""


def test_nulls_in_a_conversation_are_as_if_absent() -> None:
    chat = {
        "message": "so?",
        "preambleOverride": None,
        "toolResults": None,
        "chatHistory": [QUESTION, {"role": "CHATBOT", "message": "no", "toolCalls": None}],
    }
    assert decode(chat) == [
        user("rain?"),
        {"role": "assistant", "content": "no"},
        user("so?"),
    ]
    assert decode({"message": "so?", "chatHistory": None}) == [user("so?")]
