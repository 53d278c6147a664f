"""What an answer of Cohere's models is asked to be like, in both of their formats alike.

Its form, its length, and whether it is streamed. A JSON Schema goes with ``JSON_OBJECT``. Source:
the ``oci`` SDK's ``CohereResponseFormat``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import answer_formats, checks, parameters
from ocicat.dialects.dialect import Notes
from ocicat.dialects.schemas import for_answers
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = ["KEYS", "decode", "encode"]

#: The keys of a chat request that say it.
KEYS = frozenset({"responseFormat", "maxTokens", "isStream"})


def encode(
    request: ChatRequest, response_format: Any, facts: ModelFacts, notes: Notes
) -> dict[str, Any]:
    """The keys that say it for ``request``; ``response_format`` is ``None`` for any form.

    Raises :class:`~ocicat.errors.InvalidParameter` for a form that is none.
    """
    wire: dict[str, Any] = {}
    if response_format is not None:
        wire["responseFormat"] = _encode_format(response_format, notes)
    limit = parameters.length_limit(request, facts)
    if limit:
        wire["maxTokens"] = limit[1]
    if request.get("stream"):
        wire["isStream"] = True
    return wire


def decode(chat: Mapping[str, Any]) -> ChatRequest:
    """What of it a chat request says, in neutral form."""
    request: ChatRequest = {}
    if chat.get("responseFormat") is not None:
        request["response_format"] = _decode_format(chat["responseFormat"])
    if chat.get("maxTokens") is not None:
        request["max_tokens"] = chat["maxTokens"]
    if chat.get("isStream"):
        request["stream"] = True
    return request


def _encode_format(given: Any, notes: Notes) -> dict[str, Any]:
    asked = checks.checked("response_format", given, answer_formats.read)
    if asked.kind == "text":
        return {"type": "TEXT"}
    if asked.kind == "json_object":
        return {"type": "JSON_OBJECT"}
    if asked.strict:
        notes.add("response_format", "Left out: `strict`, for which there is no field.")
    schema = for_answers(asked.schema)
    if asked.description:
        schema = {"description": asked.description, **schema}
    return {"type": "JSON_OBJECT", "schema": schema}


def _decode_format(wire: Mapping[str, Any]) -> dict[str, Any]:
    # Schemas have no names here.
    if wire["type"] == "TEXT":
        return {"type": "text"}
    if wire.get("schema") is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wire["schema"]}}
