"""Model deployments of OCI Data Science."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask, event_payloads, openai_body

BODY = openai_body(model="odsc-llm")
STREAM = openai_body(model="odsc-llm", stream=True)
VERBS = ["predict", "predictWithResponseStream"]


def post(emulator: Emulator, end: str, **body: Any) -> Answer:
    return ask(emulator, "POST", f"/{emulator.deployments[0]}{end}", {"model": "odsc-llm", **body})


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("end", ["", "/v1/chat/completions"])
def test_a_deployment_answers_without_a_compartment(
    emulator: Emulator, verb: str, end: str
) -> None:
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/{verb}{end}", BODY)

    assert answer.status == 200
    assert answer.json["object"] == "chat.completion"
    assert answer.json["model"] == "odsc-llm"
    assert len(emulator.ledger.chats) == 1


@pytest.mark.parametrize(
    "end",
    [
        "predictWithResponseStream",
        "predict/v1/chat/completions",
        "predictWithResponseStream/v1/chat/completions",
    ],
)
def test_these_paths_stream(emulator: Emulator, end: str) -> None:
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/{end}", STREAM)
    events = event_payloads(answer.body)

    assert events[-1] == "[DONE]"
    assert events[0]["object"] == "chat.completion.chunk"


def test_plain_predict_does_not_stream(emulator: Emulator) -> None:
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/predict", STREAM)

    assert answer.status == 400
    assert answer.json["error"]["param"] == "stream"
    assert "/predictWithResponseStream" in answer.reason


def test_an_unknown_deployment_is_not_found_until_it_is_added(emulator: Emulator) -> None:
    path = "/ocid1.datasciencemodeldeployment.oc1.iad.mine/predict"
    refused = ask(emulator, "POST", path, BODY)
    emulator.add_deployment("ocid1.datasciencemodeldeployment.oc1.iad.mine")

    assert (refused.status, refused.json["code"]) == (404, "NotAuthorizedOrNotFound")
    assert ask(emulator, "POST", path, BODY).status == 200


def test_a_deployment_must_be_signed_for(emulator: Emulator) -> None:
    path = f"/{emulator.deployments[0]}/predict"
    assert ask(emulator, "POST", path, BODY, sign=False).status == 401


def test_what_breaks_openais_schema_is_refused(emulator: Emulator) -> None:
    body = openai_body(model="odsc-llm", temperature=3)
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/predict", body)
    assert (answer.status, answer.json["error"]["param"]) == (400, "temperature")


# --- texts to embed -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["/predict/v1/embeddings", "/predict"])
def test_texts_become_vectors(emulator: Emulator, end: str) -> None:
    answer = post(emulator, end, input=["one two", "three"], dimensions=8)

    assert answer.status == 200
    assert [item["index"] for item in answer.json["data"]] == [0, 1]
    assert [len(item["embedding"]) for item in answer.json["data"]] == [8, 8]
    assert answer.json["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert answer.json["model"] == "odsc-llm"
    assert emulator.ledger.last.verified


@pytest.mark.parametrize(
    ("input", "tokens"),
    [("a", [1]), ([5, 6], [2]), ([[5, 6], [7]], [2, 1]), (["a", "b c"], [1, 2])],
)
def test_one_or_several_texts_or_their_tokens_may_be_embedded(
    emulator: Emulator, input: Any, tokens: list[int]
) -> None:
    answer = post(emulator, "/predict/v1/embeddings", input=input)
    assert len(answer.json["data"]) == len(tokens)
    assert answer.json["usage"]["prompt_tokens"] == sum(tokens)


def test_vectors_come_as_base64_where_that_is_asked_for(emulator: Emulator) -> None:
    answer = post(emulator, "/predict/v1/embeddings", input="a", encoding_format="base64")
    assert isinstance(answer.json["data"][0]["embedding"], str)


# --- what follows a text ------------------------------------------------------------------------

COMPLETIONS = "/predict/v1/completions"


def test_a_text_is_completed(emulator: Emulator) -> None:
    emulator.when("Once").answer("upon a time")
    answer = post(emulator, COMPLETIONS, prompt="Once", echo=True, logprobs=1, n=2)

    first, second = answer.json["choices"]
    assert answer.json["object"] == "text_completion"
    assert answer.json["id"].startswith("cmpl-")
    assert (first["text"], second["text"]) == ("Onceupon a time", "Onceupon a time")
    assert (first["index"], second["index"]) == (0, 1)
    assert first["finish_reason"] == "stop"
    assert first["logprobs"]["tokens"] == ["upon ", "a ", "time"]
    assert first["logprobs"]["text_offset"] == [4, 9, 11]
    assert list(first["logprobs"]["top_logprobs"][0]) == ["upon "]
    assert answer.json["usage"]["completion_tokens"] == 6


def test_an_answer_of_which_nothing_is_said_has_sixteen_tokens(emulator: Emulator) -> None:
    emulator.when("Once").answer("word " * 20)
    short = post(emulator, COMPLETIONS, prompt=["Once"]).json
    long = post(emulator, COMPLETIONS, prompt="Once", max_tokens=30).json
    assert (short["usage"]["completion_tokens"], long["usage"]["completion_tokens"]) == (16, 20)
    assert short["choices"][0]["finish_reason"] == "length"
    assert short["choices"][0]["logprobs"] is None


def test_a_completion_streams(emulator: Emulator) -> None:
    emulator.when("Once").answer("upon a time")
    options = {"stream": True, "stream_options": {"include_usage": True}, "logprobs": 0}
    answer = post(emulator, COMPLETIONS, prompt="Once", echo=True, **options)
    *pieces, usage, done = event_payloads(answer.body)

    assert "".join(piece["choices"][0]["text"] for piece in pieces) == "Onceupon a time"
    assert [piece["choices"][0]["finish_reason"] for piece in pieces] == [None] * 4 + ["stop"]
    offsets = [piece["choices"][0]["logprobs"]["text_offset"] for piece in pieces[1:4]]
    assert offsets == [[4], [9], [11]]
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 3)
    assert done == "[DONE]"


# --- strictness ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "body", "param"),
    [
        ("/predict/v1/embeddings", {"input": "a", "input_type": "query"}, "input_type"),
        ("/predict/v1/embeddings", {"input": ["a", 5]}, "input"),
        ("/predict/v1/embeddings", {"input": ""}, "input"),
        ("/predict/v1/embeddings", {"input": []}, "input"),
        ("/predict/v1/embeddings", {}, "input"),
        (COMPLETIONS, {"messages": []}, "messages"),
        (COMPLETIONS, {"prompt": ["a", "b"]}, "prompt"),
        (COMPLETIONS, {"prompt": [5, 6]}, "prompt"),
        (COMPLETIONS, {"prompt": ["a", 6]}, "prompt"),
        (COMPLETIONS, {"prompt": "a", "logprobs": 6}, "logprobs"),
        (COMPLETIONS, {"prompt": "a", "n": 2, "best_of": 1}, "best_of"),
        (COMPLETIONS, {"prompt": "a", "stream_options": {}}, "stream_options"),
    ],
)
def test_what_breaks_the_schema_is_refused_by_name(
    emulator: Emulator, end: str, body: dict[str, Any], param: str
) -> None:
    answer = post(emulator, end, **body)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


def test_a_deployment_lists_the_model_that_it_serves(emulator: Emulator) -> None:
    emulator.add_deployment(emulator.deployments[0], "intfloat/e5")
    answer = ask(emulator, "GET", f"/{emulator.deployments[0]}/predict/v1/models")
    assert [model["id"] for model in answer.json["data"]] == ["intfloat/e5"]
    assert answer.json["object"] == "list"


@pytest.mark.parametrize(
    ("method", "end"),
    [("POST", "/embeddings"), ("POST", "/completions"), ("GET", "/models")],
)
def test_each_operation_must_be_signed_for_at_a_deployment_that_exists(
    emulator: Emulator, method: str, end: str
) -> None:
    path = f"/{emulator.deployments[0]}/predict/v1{end}"
    assert ask(emulator, method, path, {}, sign=False).status == 401
    assert ask(emulator, method, path.replace("amaaaa", "other"), {}).status == 404
