"""Every golden case of ``tests/cases/dialects``, in every direction that it has.

A request is encoded and, unless it is marked one-way, decoded again to what was meant; a reply the
other way round; a stream is decoded as it came and, where it has both halves, encoded and decoded
again. What is sent is held against the emulator's own schema, which shares no code with dialects.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ocicat.dialects import registry
from ocicat.dialects.dialect import Origin
from ocicat.emulator.schema.native import check_chat_details
from ocicat.emulator.schema.openai_chat import check_chat_completion
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.target import Target

DIRECTORY = Path(__file__).parent.parent / "cases" / "dialects"
COMPARTMENT = "ocid1.compartment.oc1..test"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['kind']}: {case['name']}")
    for path in sorted(DIRECTORY.glob("*.json"))
    for case in json.loads(path.read_text())
]


def of_kind(kind: str) -> Any:
    return pytest.mark.parametrize(
        ("name", "case"), [case for case in CASES if case.values[1]["kind"] == kind]
    )


def target(name: str, model: str) -> Target:
    transport = "openai" if name == "openai_chat" else "native"
    return resolve(model, Place(region="us-chicago-1", transport=transport))


def origin(model: str) -> Origin:
    return Origin(model, "A/B/C", 1795262401)


@of_kind("request")
def test_a_request_is_said_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    dialect = registry.dialect(name)
    request = {"model": case["model"], **case["neutral"]}
    wire = dialect.encode_request(request, target(name, case["model"]), COMPARTMENT)
    assert wire == case["wire"]
    check = check_chat_completion if name == "openai_chat" else check_chat_details
    check(msgspec.json.encode(wire))
    if not case.get("one_way"):
        assert dialect.decode_request(wire) == request


@of_kind("reply")
def test_a_reply_is_read_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    dialect = registry.dialect(name)
    wire = json.loads(json.dumps(case["wire"]))
    reply = dialect.decode_reply(wire, origin(case["model"]))
    assert reply == case["neutral"]
    if not case.get("one_way"):
        assert dialect.encode_reply(reply) == case["wire"]


@of_kind("stream")
def test_a_stream_is_read_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    dialect = registry.dialect(name)
    decoder = dialect.stream_decoder(origin(case["model"]), with_usage=bool(case["usage"]))
    events = json.loads(json.dumps(case["events"]))
    chunks = [chunk for event in events for chunk in decoder.feed(event)]
    assert said(chunks) == (case["text"], case["finish"], case["usage"], case.get("reasoning", ""))
    assert decoder.text == case["text"]
    assert decoder.finished
    assert decoder.complete
    encoder = dialect.stream_encoder()
    again = dialect.stream_decoder(origin(case["model"]), with_usage=bool(case["usage"]))
    repeated = [
        chunk for one in chunks for event in encoder.feed(one) for chunk in again.feed(event)
    ]
    assert said(repeated) == said(chunks)


def said(chunks: list[Any]) -> tuple[str, str | None, Any, str]:
    """The text, the finish reason, the usage and the reasoning of a stream."""
    text = reasoning = ""
    finish = usage = None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            reasoning += choice["delta"].get("reasoning_content") or ""
            finish = choice["finish_reason"] or finish
    return text, finish, usage, reasoning


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
