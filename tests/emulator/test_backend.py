"""Real answers from an OpenAI-compatible server behind the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ocicat.emulator import Emulator, Home
from ocicat.errors import InvalidSetting
from support.emulator_client import (
    LLAMA,
    ask,
    chat_body,
    cohere_body,
    event_payloads,
    openai_body,
    openai_headers,
    text_of,
)
from support.openai_server import OpenAIServer, openai_server

CHAT = "/20231130/actions/chat"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


@pytest.fixture
def fronted(tmp_path: Any, emulator_key: bytes, server: OpenAIServer) -> Iterator[Emulator]:
    """An emulator in front of ``server``."""
    home = Home(tmp_path / "home", key_pem=emulator_key)
    with Emulator(home, backend=server.url) as running:
        yield running


def test_the_servers_first_model_answers_for_models_it_does_not_have(
    fronted: Emulator, server: OpenAIServer
) -> None:
    answer = ask(fronted, "POST", CHAT, chat_body(fronted, temperature=0.5, maxTokens=9)).json

    message = answer["chatResponse"]["choices"][0]["message"]
    assert message["content"] == [{"type": "TEXT", "text": "Hello from llama3.2."}]
    assert answer["modelId"] == LLAMA
    assert answer["chatResponse"]["usage"]["totalTokens"] == 7
    assert server.bodies == [
        {
            "model": "llama3.2",
            "messages": [{"role": "user", "content": "What is OCI?"}],
            "temperature": 0.5,
            "max_tokens": 9,
        }
    ]


def test_a_model_of_the_same_name_answers_if_there_is_one(
    fronted: Emulator, server: OpenAIServer
) -> None:
    server.models.append(LLAMA)
    ask(fronted, "POST", CHAT, chat_body(fronted))
    assert server.bodies[0]["model"] == LLAMA


def test_a_server_that_lists_no_models_is_asked_by_the_models_name(
    fronted: Emulator, server: OpenAIServer
) -> None:
    server.models.clear()
    ask(fronted, "POST", CHAT, chat_body(fronted))
    assert server.bodies[0]["model"] == LLAMA


def test_what_only_oci_can_say_is_not_passed_on(fronted: Emulator, server: OpenAIServer) -> None:
    body = cohere_body(fronted, topK=5, seed=1, safetyMode="OFF", documents=[{"text": "x"}])
    assert ask(fronted, "POST", CHAT, body).status == 200

    assert {"seed", "top_k", "messages"} <= set(server.bodies[0])
    assert not {"safety_mode", "documents"} & set(server.bodies[0])


def test_streams_pass_through_in_every_format(fronted: Emulator) -> None:
    generic = chat_body(fronted, isStream=True, streamOptions={"isIncludeUsage": True})
    events = event_payloads(ask(fronted, "POST", CHAT, generic).body)
    assert text_of(events) == "Hello from llama3.2."
    assert events[-2]["usage"]["totalTokens"] == 7

    cohere = cohere_body(fronted, isStream=True)
    events = event_payloads(ask(fronted, "POST", CHAT, cohere).body)
    assert events[-1]["text"] == "Hello from llama3.2."
    assert events[-1]["finishReason"] == "COMPLETE"

    openai = ask(
        fronted,
        "POST",
        "/openai/v1/chat/completions",
        openai_body(stream=True),
        openai_headers(fronted),
    )
    events = event_payloads(openai.body)
    assert events[-1] == "[DONE]"
    assert {event["model"] for event in events[:-1]} == {LLAMA}


def test_rules_with_an_answer_come_before_the_backend(
    fronted: Emulator, server: OpenAIServer
) -> None:
    fronted.when("OCI").answer("Mine.")
    answer = ask(fronted, "POST", CHAT, chat_body(fronted)).json

    assert answer["chatResponse"]["choices"][0]["message"]["content"][0]["text"] == "Mine."
    assert server.bodies == []


def test_rules_meet_the_backends_streams_too(fronted: Emulator) -> None:
    fronted.when().cut_after(1, clean=True)
    events = event_payloads(ask(fronted, "POST", CHAT, chat_body(fronted, isStream=True)).body)
    assert text_of(events) == "Hello "


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_behind_is_a_500_with_its_reason(
    fronted: Emulator, server: OpenAIServer, stream: bool
) -> None:
    server.status = 503
    answer = ask(fronted, "POST", CHAT, chat_body(fronted, isStream=stream))

    assert answer.status == 500
    assert answer.json == {"code": "500", "message": "Internal Server Error"}
    assert "answered 503" in answer.reason
    assert "out of memory" in answer.reason
    assert fronted.ledger.last.refusal == answer.reason


@pytest.mark.parametrize(
    ("ending", "reason"), [("early", "without a finish reason"), ("error", "out of memory")]
)
def test_a_stream_that_fails_behind_ends_with_an_error_event(
    fronted: Emulator, server: OpenAIServer, ending: str, reason: str
) -> None:
    server.ending = ending
    answer = ask(fronted, "POST", CHAT, chat_body(fronted, isStream=True))
    *events, last = event_payloads(answer.body)

    assert text_of(events) == "Hello from llama3.2."
    assert last["code"] == "500"
    assert reason in last["reason"]


def test_a_backend_that_is_not_there_is_a_500(tmp_path: Any, emulator_key: bytes) -> None:
    home = Home(tmp_path / "home", key_pem=emulator_key)
    with Emulator(home, backend="http://127.0.0.1:9/v1") as lonely:
        answer = ask(lonely, "POST", CHAT, chat_body(lonely))

    assert answer.status == 500
    assert "cannot be reached" in answer.reason


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x", "", "http://"])
def test_a_backend_must_have_an_http_address(url: str) -> None:
    with pytest.raises(InvalidSetting, match="not an http address"):
        Emulator(backend=url)
