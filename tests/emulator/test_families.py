"""How each family cuts and spells its answers, on both surfaces."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator, StreamStyle
from ocicat.emulator.families import Cutter, style_of
from ocicat.routing import catalog
from support.emulator_client import (
    COHERE,
    LLAMA,
    ask,
    chat_body,
    cohere_body,
    event_payloads,
    openai_body,
    openai_headers,
)

CHAT = "/20231130/actions/chat"
COMPLETIONS = "/openai/v1/chat/completions"
GROK = "xai.grok-4.3"
GEMINI = "google.gemini-2.5-flash"
GPT_OSS = "openai.gpt-oss-120b"
PLAIN = StreamStyle(split=False, pad=False)
ARGUMENTS = '{"city":"Oslo"}'


@pytest.fixture(autouse=True)
def two_calls(emulator: Emulator) -> None:
    emulator.streams = PLAIN
    emulator.when("weather").call_tool("f", ARGUMENTS, "1").call_tool("g", ARGUMENTS, "2")


def native(emulator: Emulator, model: str, **chat: Any) -> list[Any]:
    body = chat_body(emulator, "weather", model=model, isStream=True, **chat)
    return event_payloads(ask(emulator, "POST", CHAT, body).body)[:-1]


def native_calls(emulator: Emulator, model: str) -> list[list[dict[str, Any]]]:
    """The tool calls of each event that has any."""
    messages = [event["message"] for event in native(emulator, model)]
    return [message["toolCalls"] for message in messages if "toolCalls" in message]


def openai_calls(emulator: Emulator, model: str) -> list[dict[str, Any]]:
    body = openai_body("weather", model=model, stream=True)
    answer = ask(emulator, "POST", COMPLETIONS, body, openai_headers(emulator))
    choices = [one for event in event_payloads(answer.body)[:-1] for one in event["choices"]]
    return [call for one in choices for call in one["delta"].get("tool_calls", [])]


@pytest.mark.parametrize("model", [LLAMA, GPT_OSS])
def test_natively_calls_begin_with_id_and_name_and_arguments_follow_alone(
    emulator: Emulator, model: str
) -> None:
    events = native_calls(emulator, model)

    assert all(len(calls) == 1 for calls in events)
    opened = [call for (call,) in events if "id" in call]
    assert [(call["id"], call["name"], call["arguments"]) for call in opened] == [
        ("1", "f", ""),
        ("2", "g", ""),
    ]
    pieces = [call for (call,) in events if "id" not in call]
    assert all("name" not in call for call in pieces)
    assert "".join(call["arguments"] for call in pieces) == ARGUMENTS * 2
    assert len(pieces) > 2


def test_groks_calls_are_whole_and_each_in_an_event_of_its_own(emulator: Emulator) -> None:
    call = {"type": "FUNCTION", "arguments": ARGUMENTS}
    assert native_calls(emulator, GROK) == [
        [{**call, "id": "1", "name": "f"}],
        [{**call, "id": "2", "name": "g"}],
    ]


def test_geminis_calls_have_no_id(emulator: Emulator) -> None:
    call = {"type": "FUNCTION", "arguments": ARGUMENTS}
    whole = ask(emulator, "POST", CHAT, chat_body(emulator, "weather", model=GEMINI)).json
    message = whole["chatResponse"]["choices"][0]["message"]

    assert native_calls(emulator, GEMINI) == [[{**call, "name": "f"}], [{**call, "name": "g"}]]
    assert message["toolCalls"] == [{**call, "name": "f"}, {**call, "name": "g"}]


def test_gemini_ends_in_googles_words(emulator: Emulator) -> None:
    def reasons(text: str, **more: Any) -> set[Any]:
        body = chat_body(emulator, text, model=GEMINI, **more)
        whole = ask(emulator, "POST", CHAT, body).json["chatResponse"]["choices"][0]
        body["chatRequest"]["isStream"] = True
        events = event_payloads(ask(emulator, "POST", CHAT, body).body)[:-1]
        return {whole["finishReason"], events[-1]["finishReason"]}

    assert reasons("weather") == reasons("Hello") == {"STOP"}
    assert reasons("Hello", maxTokens=1) == {"MAX_TOKENS"}


def test_on_the_openai_surface_every_call_keeps_its_index(emulator: Emulator) -> None:
    function = {"name": "f", "arguments": ARGUMENTS}
    llama, grok, gemini = (openai_calls(emulator, model) for model in (LLAMA, GROK, GEMINI))

    assert [call["index"] for call in llama] == sorted(call["index"] for call in llama)
    assert llama[0]["id"] == "1"
    assert llama[1] == {"index": 0, "function": {"arguments": ARGUMENTS[:7]}}
    assert [(call["index"], call["id"]) for call in grok] == [(0, "1"), (1, "2")]
    assert grok[0]["function"] == gemini[0]["function"] == function
    assert [call["index"] for call in gemini] == [0, 1]
    assert not any("id" in call for call in gemini)


def test_coheres_calls_are_whole_and_repeated_at_the_end(emulator: Emulator) -> None:
    body = cohere_body(emulator, "weather", isStream=True)
    *_, called, ending = event_payloads(ask(emulator, "POST", CHAT, body).body)
    calls = [{"name": name, "parameters": {"city": "Oslo"}} for name in ("f", "g")]

    assert called["toolCalls"] == ending["toolCalls"] == calls
    assert ending["finishReason"] == "COMPLETE"


def test_coheres_newer_format_tells_its_plan_and_its_calls(emulator: Emulator) -> None:
    body = cohere_body(emulator)
    body["chatRequest"] = {
        "apiFormat": "COHEREV2",
        "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "weather"}]}],
        "isStream": True,
    }
    events = event_payloads(ask(emulator, "POST", CHAT, body).body)
    calls = [call for event in events for call in event["message"].get("toolCalls", [])]

    assert any("toolPlan" in event["message"] for event in events)
    assert [(call["id"], call["function"]["arguments"]) for call in calls] == [
        ("1", ARGUMENTS),
        ("2", ARGUMENTS),
    ]
    assert events[-1]["finishReason"] == "TOOL_CALL"


def pieces() -> list[Any]:
    """Two calls, told by turns, as a backend may."""

    def chunk(delta: Any, reason: str | None = None) -> Any:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    def call(index: int, **function: str) -> Any:
        more = {"id": str(index), "type": "function"} if "name" in function else {}
        return {"tool_calls": [{"index": index, **more, "function": function}]}

    return [
        chunk({"role": "assistant", "content": "Hm."}),
        chunk(call(0, name="f", arguments="{")),
        chunk(call(1, name="g", arguments="[")),
        chunk(call(0, arguments="}")),
        chunk(call(1, arguments="]")),
        chunk({}, "tool_calls"),
        {"choices": [], "usage": {}},
    ]


@pytest.mark.parametrize("model", [GROK, COHERE])
def test_calls_that_come_in_pieces_are_put_together_for_families_of_whole_calls(
    model: str,
) -> None:
    cutter = Cutter(style_of(catalog.facts(model), responses=False))
    given = pieces()
    sent = [chunk for piece in given for chunk in cutter.feed(piece)]

    assert [sent[0], *sent[-2:]] == [given[0], *given[-2:]]
    called = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in sent[1:-2]]
    assert [call["function"] for call in called] == [
        {"name": "f", "arguments": "{}"},
        {"name": "g", "arguments": "[]"},
    ]


def test_responses_are_cut_alike_for_all_families() -> None:
    styles = {
        style_of(catalog.facts(model), responses=True)
        is style_of(catalog.facts(LLAMA), responses=False)
        for model in (GROK, GEMINI, GPT_OSS)
    }
    assert styles == {True}
