"""What the emulator says by itself."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.answers import count_tokens, split_tokens
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

CHAT = "/20231130/actions/chat"


def choice(emulator: Emulator, **chat: Any) -> Any:
    answer = ask(emulator, "POST", CHAT, chat_body(emulator, **chat))
    assert answer.status == 200
    return answer.json["chatResponse"]["choices"][0]


def text(emulator: Emulator, **chat: Any) -> str:
    said = choice(emulator, **chat)["message"]["content"]
    return said[0]["text"] if said else ""


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("What is OCI?", ["What ", "is ", "OCI", "?"]),
        ("  Grüße,\n日本 ✓", ["  Grüße", ",\n", "日本 ", "✓"]),
        (" \n", [" \n"]),
        ("", []),
    ],
)
def test_words_and_other_characters_are_tokens(sentence: str, tokens: list[str]) -> None:
    assert split_tokens(sentence) == tokens
    assert count_tokens(sentence) == len(tokens)
    assert "".join(tokens) == sentence


def test_the_default_answer_repeats_what_was_asked(emulator: Emulator) -> None:
    messages = [
        {"role": "SYSTEM", "content": [{"type": "TEXT", "text": "Be brief."}]},
        {"role": "USER", "content": [{"type": "TEXT", "text": "Hello"}]},
        {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "Hi"}]},
        {"role": "USER", "content": [{"type": "TEXT", "text": "What is OCI?"}]},
    ]
    assert text(emulator, messages=messages, temperature=0.5, seed=7) == (
        f'You asked {LLAMA}: "What is OCI?" This is the ocicat emulator, not a model. '
        'Your instructions were: "Be brief." Before that there were 2 turns of the conversation. '
        "You set temperature=0.5, seed=7."
    )


def test_a_long_question_is_quoted_in_part(emulator: Emulator) -> None:
    said = text(emulator, text="x" * 1000)
    assert "x" * 199 + "…" in said
    assert "x" * 200 not in said


def test_usage_counts_the_tokens_of_question_and_answer(emulator: Emulator) -> None:
    emulator.when().answer("Yes, it is.")
    answer = ask(emulator, "POST", CHAT, chat_body(emulator, text="Is it cold?"))

    assert answer.json["chatResponse"]["usage"] == {
        "promptTokens": 4,
        "completionTokens": 5,
        "totalTokens": 9,
    }


@pytest.mark.parametrize("name", ["maxTokens", "maxCompletionTokens"])
def test_the_length_limit_is_kept(emulator: Emulator, name: str) -> None:
    emulator.when().answer("one two three four")
    cut = choice(emulator, **{name: 2})
    whole = choice(emulator, **{name: 4})

    assert cut["message"]["content"][0]["text"] == "one two "
    assert cut["finishReason"] == "length"
    assert whole["message"]["content"][0]["text"] == "one two three four"
    assert whole["finishReason"] == "stop"


def test_stop_sequences_end_the_answer_before_them(emulator: Emulator) -> None:
    emulator.when().answer("one two three four")
    stopped = choice(emulator, stop=["four", "two"])

    assert stopped["message"]["content"][0]["text"] == "one "
    assert stopped["finishReason"] == "stop"


def test_several_answers_differ(emulator: Emulator) -> None:
    answer = ask(emulator, "POST", CHAT, chat_body(emulator, numGenerations=2))
    choices = answer.json["chatResponse"]["choices"]

    assert [one["index"] for one in choices] == [0, 1]
    assert choices[0]["message"]["content"][0]["text"].startswith("Answer 1 of 2. ")
    assert choices[1]["message"]["content"][0]["text"].startswith("Answer 2 of 2. ")


def test_streamed_answers_come_by_turns(emulator: Emulator) -> None:
    emulator.when().answer("a b")
    body = chat_body(emulator, numGenerations=2, isStream=True)
    payloads = event_payloads(ask(emulator, "POST", CHAT, body).body)

    assert [event["index"] for event in payloads[:-1]] == [0, 1, 0, 1, 0, 1]
    assert [event.get("finishReason") for event in payloads[4:-1]] == ["stop", "stop"]


def test_an_empty_answer_has_an_end_all_the_same(emulator: Emulator) -> None:
    emulator.when().answer("")
    payloads = event_payloads(ask(emulator, "POST", CHAT, chat_body(emulator, isStream=True)).body)

    assert text_of(payloads) == ""
    assert payloads[0]["finishReason"] == "stop"
    assert text(emulator) == ""


def test_cohere_answers_the_message(emulator: Emulator) -> None:
    body = cohere_body(
        emulator,
        preambleOverride="Be brief.",
        chatHistory=[{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Hello"}],
        maxTokens=8,
    )
    reply = ask(emulator, "POST", CHAT, body).json["chatResponse"]

    assert reply["apiFormat"] == "COHERE"
    assert reply["text"] == "You asked cohere.command-a-"
    assert reply["finishReason"] == "MAX_TOKENS"


def test_openai_answers_have_openais_form(emulator: Emulator) -> None:
    answer = ask(
        emulator,
        "POST",
        "/openai/v1/chat/completions",
        openai_body(max_tokens=3, stop="?"),
        openai_headers(emulator),
    ).json

    assert answer["id"].startswith("chatcmpl-")
    assert answer["model"] == LLAMA
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "You asked meta"},
            "finish_reason": "length",
            "logprobs": None,
        }
    ]
    assert answer["usage"] == {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7}
