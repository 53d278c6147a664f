"""What golden cases of GENERIC's requests cannot say: learning, and the emulator's half."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ocicat.dialects import oci_generic
from ocicat.dialects.dialect import Notes
from ocicat.emulator.schema.native import check_chat_details
from ocicat.routing.resolve import Place, resolve

IMAGE = {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def test_every_request_that_the_schema_takes_is_read() -> None:
    request = {
        "compartmentId": "c",
        "servingMode": {"servingType": "DEDICATED", "endpointId": "ocid1.generativeaiendpoint.x"},
        "chatRequest": {
            "apiFormat": "GENERIC",
            "messages": [
                {"role": "SYSTEM"},
                {"role": "USER", "content": [{"type": "TEXT"}, {"type": "IMAGE"}, IMAGE]},
                {
                    "role": "ASSISTANT",
                    "content": [{"type": "TEXT", "text": "."}],
                    "name": "bot",
                    "refusal": "no",
                    "reasoningContent": "hm",
                    "toolCalls": [{"id": "1", "type": "FUNCTION"}],
                    "annotations": [
                        {"type": "url_citation", "urlCitation": {"url": "u", "startIndex": 1}}
                    ],
                },
                {"role": "TOOL"},
                {
                    "role": "USER",
                    "content": [
                        {"type": "AUDIO", "audioUrl": {"url": "http://a.test/b", "detail": "AUTO"}}
                    ],
                },
            ],
            "responseFormat": {"type": "JSON_SCHEMA"},
            "prediction": {"type": "CONTENT"},
            "webSearchOptions": {"userLocation": {}},
            "tools": [{"type": "FUNCTION"}],
            "toolChoice": {"type": "FUNCTION"},
            "logProbs": 2,
            "isEcho": False,
            "streamOptions": {},
        },
    }
    read: Any = oci_generic.decode_request(check_chat_details(msgspec.json.encode(request)))
    assert read["model"] == "ocid1.generativeaiendpoint.x"
    system, user, assistant, tool, heard = read["messages"]
    assert system == {"role": "system", "content": ""}
    assert [part["type"] for part in user["content"]] == ["text", "image_url"]
    assert assistant == {
        "role": "assistant",
        "content": None,
        "name": "bot",
        "refusal": "no",
        "reasoning_content": "hm",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "", "arguments": ""}}],
        "annotations": [{"type": "url_citation", "url_citation": {"url": "u", "start_index": 1}}],
    }
    assert tool == {"role": "tool", "content": "", "tool_call_id": ""}
    assert heard["content"] == [
        {"type": "audio_url", "audio_url": {"url": "http://a.test/b", "detail": "auto"}}
    ]
    assert read["response_format"] == {"type": "json_schema", "json_schema": {}}
    assert read["prediction"] == {"type": "content", "content": []}
    assert read["web_search_options"]["user_location"]["type"] == "approximate"
    assert read["tool_choice"] == {"type": "function", "function": {"name": ""}}
    assert (read["logprobs"], read["top_logprobs"], read["echo"]) == (True, 2, False)


@pytest.mark.parametrize(
    ("learned", "asked", "noted"),
    [
        # What would be said in the words of a refused parameter goes with it.
        ("reasoning_effort", {"thinking": {"type": "disabled"}}, ["thinking"]),
        ("logprobs", {"logprobs": True, "top_logprobs": 2}, ["logprobs"]),
        (
            "tools",
            {
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": "auto",
            },
            ["tools"],
        ),
    ],
)
def test_what_a_model_was_found_to_refuse_is_left_out_with_all_that_hangs_on_it(
    learned: str, asked: Any, noted: list[str]
) -> None:
    target = resolve("openai.gpt-oss-120b", Place(region="us-chicago-1", transport="native"))
    notes = Notes(drop=True, learned={learned: "not supported"})
    request: Any = {"messages": [{"role": "user", "content": "hi"}], **asked}
    details = oci_generic.encode_request(request, target, "c", notes)
    assert set(details["chatRequest"]) == {"apiFormat", "messages", "maxTokens"}
    assert [note["parameter"] for note in notes.items] == noted
