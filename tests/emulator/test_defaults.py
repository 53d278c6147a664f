"""What the emulator answers without a rule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat.emulator.defaults import default_answer
from ocicat.emulator.script import Answer, ScriptedCall
from ocicat.routing import catalog

LLAMA = catalog.facts("meta.llama-3.3-70b-instruct")
PNG = "data:image/png;base64,iVBORw=="
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 3}},
}


def tool(name: str, parameters: Any = None) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def answer(*messages: Any, **more: Any) -> Answer:
    said = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
    request: Any = {"model": LLAMA.id, "messages": said, **more}
    return default_answer(request, LLAMA)


def calls(*messages: Any, **more: Any) -> list[str]:
    return [call.name for call in answer(*messages, **more).calls]


TOOLS = [tool("get_weather", CITY), tool("get_time")]
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": str(id), "type": "function", "function": {"name": name, "arguments": "{}"}}
        for id, name in enumerate(("get_weather", "get_time"))
    ],
}
RESULTS = [
    {"role": "tool", "tool_call_id": "1", "content": "noon"},
    {"role": "tool", "tool_call_id": "0", "content": [{"type": "text", "text": "snow"}]},
]


def test_a_tool_that_the_question_names_is_called_with_examples() -> None:
    assert answer("Please get_weather.", tools=TOOLS) == Answer(
        calls=(ScriptedCall("get_weather", '{"city":"example","days":3}'),)
    )


@pytest.mark.parametrize(
    ("question", "more", "names"),
    [
        ("Hello", {}, []),
        ("my_get_weather", {}, []),
        ("get_time and get_weather", {}, ["get_weather", "get_time"]),
        ("get_time and get_weather", {"parallel_tool_calls": False}, ["get_weather"]),
        ("get_weather", {"tool_choice": "none"}, []),
        ("Hello", {"tool_choice": "required"}, ["get_weather"]),
        ("get_time", {"tool_choice": "required"}, ["get_time"]),
        (
            "get_weather",
            {"tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            ["get_time"],
        ),
    ],
)
def test_tools_are_called_where_they_must_be_or_are_named(
    question: str, more: Any, names: list[str]
) -> None:
    assert calls(question, tools=TOOLS, **more) == names


def test_the_results_of_tools_are_quoted_and_no_more_tools_are_called() -> None:
    said = answer("get_weather and get_time", CALLED, *RESULTS, tools=TOOLS)

    assert said == Answer(
        texts=('The tool get_time gave: "noon" The tool get_weather gave: "snow"',)
    )


def test_a_tool_that_must_be_used_is_called_after_results_too() -> None:
    more = {"tools": TOOLS, "tool_choice": "required"}
    assert calls("get_weather", CALLED, *RESULTS, **more) == ["get_weather"]


def test_what_must_be_called_is_what_was_not_called_since_the_question() -> None:
    more = {"tools": [*TOOLS, tool("answer")], "tool_choice": "required"}
    first = {**CALLED, "tool_calls": CALLED["tool_calls"][:1]}
    second = {**CALLED, "tool_calls": CALLED["tool_calls"][1:]}

    assert calls("Hello", first, RESULTS[1], **more) == ["get_time"]
    assert calls("Hello", first, RESULTS[1], second, RESULTS[0], **more) == ["answer"]
    assert calls("Hello", first, RESULTS[1], "And now?", **more) == ["get_weather"]


def test_what_was_shown_is_described() -> None:
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.jpg"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
    ]
    (text,) = answer({"role": "user", "content": parts}).texts

    assert (
        "I was shown 1 document (pdf, 5 bytes) and "
        "2 images (png, 4 bytes; https://example.com/cat.jpg)." in text
    )


@pytest.mark.parametrize(
    ("format", "document"),
    [
        ({"type": "json_object"}, {"question": "Weather?"}),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": CITY}},
            {"city": "example", "days": 3},
        ),
    ],
)
def test_json_is_written_where_it_is_asked_for(format: Any, document: Any) -> None:
    assert json.loads(answer("Weather?", response_format=format).texts[0]) == document


def test_text_is_written_where_text_is_asked_for() -> None:
    (text,) = answer("Weather?", response_format={"type": "text"}).texts
    assert text.startswith("You asked")
