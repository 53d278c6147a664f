"""Bytes as they might come from OCI, put through a whole call; whatever they are, it ends well."""

from __future__ import annotations

from ocicat.call.exchange import Call, exchange, exchange_stream
from ocicat.vocabulary.flow import Response
from support.flows import STREAM, Feed, call, feed

__all__ = ["WIRES", "read_reply", "read_stream"]

#: One model and transport for each dialect.
WIRES = {
    "openai_chat": ("xai.grok-4.3", "openai"),
    "openai_responses": ("xai.grok-4.20-multi-agent", "responses"),
    "oci_generic": ("xai.grok-4.3", "native"),
    "oci_cohere": ("cohere.command-a-03-2025", "native"),
    "oci_cohere_v2": ("cohere.command-a-reasoning-08-2025", "native"),
}

_TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]


def _call(dialect: str, *, stream: bool) -> Call:
    model, transport = WIRES[dialect]
    made = call(model, transport=transport, stream=stream, tools=_TOOLS, inline_tool_calls=True)
    assert made.target.dialect == dialect
    return made


def read_reply(dialect: str, body: bytes) -> Feed:
    """What comes of ``body`` as a whole answer: a result, or an error of ocicat's own."""
    headers = {"content-type": "application/json", "opc-request-id": "A/B/C"}
    return feed(exchange(_call(dialect, stream=False)), [Response(200, headers, body)])


def read_stream(dialect: str, *pieces: bytes) -> Feed:
    """What comes of these pieces of an event stream."""
    answers: list[Response | bytes | Exception] = [STREAM, *filter(None, pieces), b""]
    return feed(exchange_stream(_call(dialect, stream=True)), answers)
