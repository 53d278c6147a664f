"""Every golden case of ``tests/cases/dialects``, in every direction that it has.

A request is encoded and, unless it is marked one-way, decoded again to what was meant; a reply the
other way round; a stream is decoded as it came, encoded and decoded again. What is sent is held
against the emulator's own schema, which shares no code with dialects, and OCI's half of every case
against the model classes of the ``oci`` SDK.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ocicat.dialects import registry
from ocicat.dialects.dialect import Notes
from ocicat.emulator.schema.native import check_chat_details
from ocicat.emulator.schema.openai_chat import check_chat_completion
from ocicat.errors import InvalidRequest, StreamBroken
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.target import Target
from support import sdk_models
from support.assembly import assembled
from support.cases import COMPARTMENT, Cases, copied, origin

of_kind = Cases("dialects").of_kind
TRANSPORTS = {"openai_chat": "openai", "openai_responses": "responses"}
#: Which of the SDK's classes an event of each native format amounts to.
EVENTS = {
    "oci_generic": "ChatChoice",
    "oci_cohere": "CohereChatResponse",
    "oci_cohere_v2": "CohereChatResponseV2",
}


def target(name: str, model: str) -> Target:
    return resolve(model, Place(region="us-chicago-1", transport=TRANSPORTS.get(name, "native")))


def check(name: str, wire: Any) -> None:
    raw = msgspec.json.encode(wire)
    match name:
        case "openai_chat":
            check_chat_completion(raw)
        case "openai_responses":
            from ocicat.emulator.schema.openai_responses import check_response_request

            check_response_request(raw)
        case _:
            check_chat_details(raw)
            sdk_models.check_details(wire)


@of_kind("request")
def test_a_request_is_said_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    dialect = registry.dialect(name)
    request = {"model": case["model"], **copied(case["neutral"])}
    notes = Notes(drop=case.get("drop", False))
    where = target(name, case["model"])
    wire = dialect.encode_request(request, where, COMPARTMENT, notes)
    assert wire == case["wire"]
    assert [note["parameter"] for note in notes.items] == case.get("notes", [])
    assert request == {"model": case["model"], **case["neutral"]}, (
        "the caller's request was changed"
    )
    check(name, wire)
    if not case.get("one_way"):
        assert dialect.decode_request(copied(wire)) == request


@of_kind("refusal")
def test_a_request_that_cannot_be_said_is_refused_by_name(name: str, case: dict[str, Any]) -> None:
    request = {"model": case["model"], **copied(case["neutral"])}
    with pytest.raises(InvalidRequest, match=case.get("words", "")) as caught:
        registry.dialect(name).encode_request(
            request, target(name, case["model"]), COMPARTMENT, Notes()
        )
    assert caught.value.parameter == case["parameter"]


@of_kind("reply")
def test_a_reply_is_read_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    dialect = registry.dialect(name)
    if name.startswith("oci_"):
        sdk_models.check_result(case["wire"])
    reply = dialect.decode_reply(copied(case["wire"]), origin(case["model"]))
    assert reply == case["neutral"]
    if not case.get("one_way"):
        assert dialect.encode_reply(reply) == case["wire"]


@of_kind("stream")
def test_a_stream_is_read_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    dialect = registry.dialect(name)
    if name in EVENTS and not case.get("odd"):  # odder than the SDK itself can read
        for event in case["events"]:
            sdk_models.check_result(event, EVENTS[name])
    with_usage = bool(case["usage"])
    decoder = dialect.stream_decoder(origin(case["model"]), with_usage=with_usage)
    chunks = [chunk for event in copied(case["events"]) for chunk in decoder.feed(event)]
    expect(case, copied(chunks))
    assert decoder.text == (assembled(chunks)["choices"][0]["message"].get("content") or "")
    assert decoder.finished
    assert decoder.complete
    if case.get("one_way"):
        return
    encoder = dialect.stream_encoder()
    again = dialect.stream_decoder(origin(case["model"]), with_usage=with_usage)
    events = [event for chunk in copied(chunks) for event in encoder.feed(chunk)] + encoder.end()
    repeated = [chunk for event in copied(events) for chunk in again.feed(event)]
    assert assembled(repeated) == assembled(chunks)
    assert again.complete


def expect(case: dict[str, Any], chunks: list[Any]) -> None:
    """``choices`` says all of it; ``text``, ``finish`` and ``reasoning`` the usual."""
    whole = assembled(chunks)
    assert whole["usage"] == case["usage"]
    if "choices" in case:
        assert whole["choices"] == case["choices"]
        return
    (choice,) = whole["choices"]
    assert choice["message"]["content"] == case["text"]
    assert choice["message"].get("reasoning_content", "") == case.get("reasoning", "")
    assert choice["finish_reason"] == case["finish"]


@of_kind("broken")
def test_a_stream_that_fails_keeps_what_had_arrived(name: str, case: dict[str, Any]) -> None:
    decoder = registry.dialect(name).stream_decoder(origin(case["model"]), with_usage=False)
    with pytest.raises(StreamBroken, match=case.get("words", "")) as caught:
        for event in copied(case["events"]):
            decoder.feed(event)
    assert caught.value.partial == case["partial"]


def test_the_first_chunk_of_each_answer_says_who_speaks() -> None:
    decoder = registry.dialect("oci_generic").stream_decoder(origin("m"), with_usage=False)
    events = [
        {"index": index, "message": {"content": [{"type": "TEXT", "text": text}]}}
        for index, text in [(0, "a"), (1, "b"), (0, "c"), (1, "d")]
    ]
    deltas = [chunk["choices"][0]["delta"] for event in events for chunk in decoder.feed(event)]
    assert [delta.get("role") for delta in deltas] == ["assistant", "assistant", None, None]
    decoder.feed({"index": 0, "finishReason": "stop"})
    assert not decoder.finished
    decoder.feed({"index": 1, "finishReason": "stop"})
    assert decoder.finished
    assert decoder.text == "ac"
