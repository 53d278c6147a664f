"""What golden cases of COHERE's requests cannot say: models that take less."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere
from ocicat.dialects.dialect import Notes
from ocicat.errors import UnsupportedFeature
from ocicat.routing.resolve import Place, resolve

MODEL = "cohere.command-a-03-2025"
WITHOUT_TOOLS = "cohere.command-a-translate-08-2025"
TOOLS = [{"type": "function", "function": {"name": "now", "description": "tells the time"}}]
JSON = {"type": "json_object"}


def encode(notes: Notes, model: str = MODEL, **asked: Any) -> dict[str, Any]:
    request: Any = {"model": model, "messages": [{"role": "user", "content": "hi"}], **asked}
    target = resolve(model, Place(region="us-chicago-1", transport="native"))
    wire = oci_cohere.encode_request(request, target, "ocid1.compartment.oc1..test", notes)
    chat: dict[str, Any] = wire["chatRequest"]
    return chat


def test_what_the_model_has_refused_before_is_left_out_and_noted_once() -> None:
    notes = Notes(drop=True, learned={"tools": "no tools", "response_format": "no JSON"})
    chat = encode(notes, tools=TOOLS, tool_choice="required", response_format=JSON)
    assert not {"tools", "responseFormat", "preambleOverride"} & set(chat)
    assert [note["parameter"] for note in notes.items] == ["tools", "response_format"]


def test_tools_for_a_model_that_uses_none_are_refused_or_dropped() -> None:
    with pytest.raises(UnsupportedFeature, match="uses no tools"):
        encode(Notes(), WITHOUT_TOOLS, tools=TOOLS)
    notes = Notes(drop=True)
    assert "tools" not in encode(notes, WITHOUT_TOOLS, tools=TOOLS)
    assert [note["parameter"] for note in notes.items] == ["tools"]


def test_an_empty_list_of_tools_asks_nothing_of_a_model_that_uses_none() -> None:
    notes = Notes()
    assert "tools" not in encode(notes, WITHOUT_TOOLS, tools=[])
    assert notes.items == []
