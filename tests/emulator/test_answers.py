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
COMPLETIONS = "/openai/v1/chat/completions"
GPT_OSS = "openai.gpt-oss-120b"


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
        "promptTokensDetails": {"cachedTokens": 0},
        "completionTokensDetails": {"reasoningTokens": 0},
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
    assert answer["usage"] == {
        "prompt_tokens": 4,
        "completion_tokens": 3,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def completion(emulator: Emulator, model: str = LLAMA, **more: Any) -> Any:
    body = openai_body(model=model, **more)
    answer = ask(emulator, "POST", COMPLETIONS, body, openai_headers(emulator))
    assert answer.status == 200, answer.reason
    return answer.json


def test_a_rule_gives_each_of_several_answers_its_text(emulator: Emulator) -> None:
    emulator.when().answers(["one", "two"])
    choices = completion(emulator, n=3)["choices"]

    assert [one["message"]["content"] for one in choices] == ["one", "two", "two"]


def test_thoughts_come_before_the_text_and_are_counted(emulator: Emulator) -> None:
    emulator.when().think("Hm, well.").answer("Yes.")
    reply = ask(emulator, "POST", CHAT, chat_body(emulator)).json["chatResponse"]
    stream = event_payloads(ask(emulator, "POST", CHAT, chat_body(emulator, isStream=True)).body)

    assert reply["choices"][0]["message"]["reasoningContent"] == "Hm, well."
    assert reply["usage"]["completionTokensDetails"] == {"reasoningTokens": 4}
    assert reply["usage"]["completionTokens"] == 6
    said = [list(event["message"])[1] for event in stream[:6]]
    assert said == ["reasoningContent"] * 4 + ["content"] * 2
    assert "".join(event["message"]["reasoningContent"] for event in stream[:4]) == "Hm, well."


def test_thoughts_can_use_up_the_limit_of_length(emulator: Emulator) -> None:
    emulator.when().think("one two three").answer("four")
    cut = choice(emulator, maxTokens=2)

    assert cut["message"]["reasoningContent"] == "one two "
    assert cut["message"]["content"] == [{"type": "TEXT", "text": ""}]
    assert cut["finishReason"] == "length"


def test_scripted_calls_stand_beside_the_text(emulator: Emulator) -> None:
    emulator.when().answer("Wait.").call_tool("f", {"a": [1, "ü"]}).call_tool(
        "g", "{broken", "mine"
    )
    said = completion(emulator)["choices"][0]

    assert said["finish_reason"] == "tool_calls"
    assert said["message"]["content"] == "Wait."
    first, second = said["message"]["tool_calls"]
    assert first["function"] == {"name": "f", "arguments": '{"a":[1,"ü"]}'}
    assert second == {
        "id": "mine",
        "type": "function",
        "function": {"name": "g", "arguments": "{broken"},
    }


def test_every_call_of_every_answer_has_an_id_of_its_own(emulator: Emulator) -> None:
    emulator.when().call_tool("f").call_tool("g")
    replies = [completion(emulator, n=2) for _ in range(2)]
    ids = [
        call["id"]
        for reply in replies
        for one in reply["choices"]
        for call in one["message"]["tool_calls"]
    ]
    assert len(set(ids)) == 8


def test_a_rule_can_have_calls_written_into_the_text(emulator: Emulator) -> None:
    emulator.when().answer("Wait.").call_tool("f", {"a": 1}).write_tool_markup()
    said = choice(emulator)

    assert said["message"]["content"][0]["text"] == (
        'Wait.<tool_call>\n{"name": "f", "arguments": {"a":1}}\n</tool_call>'
    )
    assert "toolCalls" not in said["message"]
    assert said["finishReason"] == "stop"


def test_an_imported_model_writes_its_calls_into_its_text(emulator: Emulator) -> None:
    emulator.when().call_tool("f", {"a": 1})
    body = chat_body(emulator)
    ocid = emulator.endpoints["IMPORTED"]
    body["servingMode"] = {"servingType": "DEDICATED", "endpointId": ocid}
    message = ask(emulator, "POST", CHAT, body).json["chatResponse"]["choices"][0]["message"]

    assert message["content"][0]["text"].startswith("<tool_call>")


def test_documents_are_cited_over_cohere(emulator: Emulator) -> None:
    documents = [{"id": "a", "text": "Snow is white."}, {"title": "Grass", "snippet": "Green."}]
    reply = ask(emulator, "POST", CHAT, cohere_body(emulator, documents=documents)).json
    chat = reply["chatResponse"]

    assert [citation["documentIds"] for citation in chat["citations"]] == [["a"], ["doc_1"]]
    for citation in chat["citations"]:
        assert chat["text"][citation["start"] : citation["end"]] == citation["text"]
    assert [document["id"] for document in chat["documents"]] == ["a", "doc_1"]


def test_a_rule_cites_over_both_of_coheres_formats(emulator: Emulator) -> None:
    emulator.when().think("Hm.").answer("It is white.").cite("white", ["a"])
    first = cohere_body(emulator, documents=[{"id": "a", "text": "Snow."}])
    second = cohere_body(emulator)
    second["chatRequest"] = {
        "apiFormat": "COHEREV2",
        "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Snow?"}]}],
        "documents": [{"id": "a", "text": "Snow."}],
    }
    v1, v2 = (ask(emulator, "POST", CHAT, body).json["chatResponse"] for body in (first, second))

    assert v1["citations"] == [{"start": 6, "end": 11, "text": "white", "documentIds": ["a"]}]
    (citation,) = v2["message"]["citations"]
    assert (citation["contentIndex"], citation["type"]) == (1, "TEXT_CONTENT")
    assert citation["sources"][0]["document"]["id"] == "a"


def test_a_rule_cites_pages_elsewhere(emulator: Emulator) -> None:
    emulator.when().answer("It is white.").cite("white", url="https://snow", title="Snow")
    (annotation,) = completion(emulator)["choices"][0]["message"]["annotations"]

    assert annotation["url_citation"] == {
        "start_index": 6,
        "end_index": 11,
        "title": "Snow",
        "url": "https://snow",
    }


def test_what_is_beyond_the_limit_is_not_cited(emulator: Emulator) -> None:
    emulator.when().answer("It is white.").cite("white", url="https://snow")
    assert "annotations" not in completion(emulator, max_tokens=2)["choices"][0]["message"]


def test_searches_are_cohere_s(emulator: Emulator) -> None:
    emulator.when("OCI").search(["What is OCI", "OCI"])
    scripted = ask(emulator, "POST", CHAT, cohere_body(emulator)).json["chatResponse"]
    only = cohere_body(emulator, "Snow?", isSearchQueriesOnly=True)
    usual = ask(emulator, "POST", CHAT, only).json["chatResponse"]

    assert [query["text"] for query in scripted["searchQueries"]] == ["What is OCI", "OCI"]
    assert [query["text"] for query in usual["searchQueries"]] == ["Snow?"]
    assert usual["text"] == ""


def test_grounding_is_told_as_it_was_given(emulator: Emulator) -> None:
    emulator.when().answer("White.").ground({"webSearchQueries": ["snow"]})
    events = event_payloads(ask(emulator, "POST", CHAT, chat_body(emulator, isStream=True)).body)

    assert choice(emulator)["groundingMetadata"] == {"webSearchQueries": ["snow"]}
    found = [event for event in events[:-1] if event.get("groundingMetadata")]
    assert found[0]["groundingMetadata"] == {"webSearchQueries": ["snow"]}


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_come_for_every_token_when_asked_for(emulator: Emulator, stream: bool) -> None:
    emulator.when().answer("Yes, ü.")
    body = openai_body(logprobs=True, top_logprobs=2, stream=stream)
    answer = ask(emulator, "POST", COMPLETIONS, body, openai_headers(emulator))
    if stream:
        choices = [one for event in event_payloads(answer.body)[:-1] for one in event["choices"]]
        told = [item for one in choices if one["logprobs"] for item in one["logprobs"]["content"]]
    else:
        told = answer.json["choices"][0]["logprobs"]["content"]

    assert [item["token"] for item in told] == ["Yes", ", ", "ü", "."]
    assert told[2]["bytes"] == list("ü".encode())
    assert [top["token"] for top in told[0]["top_logprobs"]] == ["Yes", "other1"]
    assert completion(emulator)["choices"][0]["logprobs"] is None


def test_coherev2_tells_how_likely_its_tokens_are(emulator: Emulator) -> None:
    emulator.when().answer("Yes.")
    body = cohere_body(emulator)
    message = {"role": "USER", "content": [{"type": "TEXT", "text": "Snow?"}]}
    chat = {"apiFormat": "COHEREV2", "messages": [message], "isLogProbsEnabled": True}
    reply = ask(emulator, "POST", CHAT, {**body, "chatRequest": chat}).json["chatResponse"]

    assert [each["text"] for each in reply["logProbabilities"]] == ["Yes", "."]


def test_predicted_tokens_are_counted(emulator: Emulator) -> None:
    emulator.when().answer("one two three")
    usage = completion(emulator, prediction={"type": "content", "content": "one two four five"})[
        "usage"
    ]
    assert usage["completion_tokens_details"] == {
        "reasoning_tokens": 0,
        "accepted_prediction_tokens": 2,
        "rejected_prediction_tokens": 2,
    }


def test_the_prompt_is_echoed_when_asked_for(emulator: Emulator) -> None:
    reply = ask(emulator, "POST", CHAT, cohere_body(emulator, isEcho=True)).json
    assert reply["chatResponse"]["prompt"] == "What is OCI?"


def test_the_service_tier_is_told(emulator: Emulator) -> None:
    assert completion(emulator, service_tier="auto")["service_tier"] == "default"
    assert completion(emulator, service_tier="priority")["service_tier"] == "priority"


@pytest.mark.parametrize(
    ("model", "effort", "thinks"),
    [
        (GPT_OSS, "LOW", True),
        (GPT_OSS, "NONE", False),
        (GPT_OSS, None, False),
        (LLAMA, "LOW", False),
    ],
)
def test_reasoning_models_think_when_told_to(
    emulator: Emulator, model: str, effort: str | None, thinks: bool
) -> None:
    more = {"reasoningEffort": effort} if effort else {}
    body = chat_body(emulator, model=model, **more)
    reply = ask(emulator, "POST", CHAT, body).json["chatResponse"]

    assert ("reasoningContent" in reply["choices"][0]["message"]) is thinks
    assert (reply["usage"]["completionTokensDetails"]["reasoningTokens"] > 0) is thinks
