"""What golden cases of COHEREV2's requests cannot say: learning, and the emulator's half."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere_v2
from ocicat.dialects.dialect import Notes
from ocicat.errors import UnsupportedFeature
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.chat import ChatParameters

MODEL = "cohere.command-a-reasoning-08-2025"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]


def chat(notes: Notes, **request: Any) -> dict[str, Any]:
    target = resolve(MODEL, Place(region="us-chicago-1"))
    whole: Any = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], **request}
    body = oci_cohere_v2.encode_request(whole, target, "ocid1.compartment.oc1..x", notes)
    said: dict[str, Any] = body["chatRequest"]
    return said


def test_every_parameter_has_a_row() -> None:
    assert set(oci_cohere_v2.PARAMETERS) == set(ChatParameters.__annotations__)


def test_what_is_learned_to_be_refused_is_left_out() -> None:
    notes = Notes(learned={"reasoning_effort": "unsupported"})
    assert "thinking" not in chat(notes, reasoning_effort="high")
    assert [note["parameter"] for note in notes.items] == ["reasoning_effort"]


def test_what_cannot_be_left_out_is_refused_once_it_is_learned() -> None:
    with pytest.raises(UnsupportedFeature, match="no tools today"):
        chat(Notes(learned={"tools": "no tools today"}), tools=TOOLS)


def test_tools_that_are_learned_to_be_refused_go_with_their_choice() -> None:
    notes = Notes(drop=True, learned={"tools": "no tools today"})
    wire = chat(notes, tools=TOOLS, tool_choice={"type": "function", "function": {"name": "f"}})
    assert not {"tools", "toolsChoice"} & set(wire)
    assert [note["parameter"] for note in notes.items] == ["tools"]


def test_a_document_in_a_message_is_read_as_json() -> None:
    message = {
        "role": "TOOL",
        "toolCallId": "f_0",
        "content": [{"type": "DOCUMENT", "document": {"a": 1}}],
    }
    body = {
        "servingMode": {"servingType": "ON_DEMAND", "modelId": MODEL},
        "chatRequest": {"apiFormat": "COHEREV2", "messages": [message]},
    }
    assert oci_cohere_v2.decode_request(body)["messages"] == [
        {"role": "tool", "tool_call_id": "f_0", "content": '{"a":1}'}
    ]
