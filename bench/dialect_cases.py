"""What the dialects are measured with: a conversation with tools, its answer, and a stream of it.

All of it is made up from a few words and is the same in every run. The wire bytes come from the
half of each dialect that the emulator uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from ocicat.dialects import registry, sse
from ocicat.dialects.dialect import Dialect, Notes, Origin
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.target import Target

__all__ = [
    "COMPARTMENT",
    "MODELS",
    "ORIGIN",
    "conversation",
    "dialect_of",
    "reply_bytes",
    "request_body",
    "stream_pieces",
    "streamed_characters",
    "target_of",
]

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaabenchcompartment"
ORIGIN = Origin("a model", "AAAA/BBBB/CCCC", 1_795_262_400)
#: A model, and the transport by which it is reached, for each dialect.
MODELS = {
    "openai_chat": ("xai.grok-4.3", "openai"),
    "openai_responses": ("xai.grok-4.20-multi-agent", "responses"),
    "oci_generic": ("xai.grok-4.3", "native"),
    "oci_cohere": ("cohere.command-a-03-2025", "native"),
    "oci_cohere_v2": ("cohere.command-a-reasoning-08-2025", "native"),
}
#: Events that arrive together.
_GROUP = 8
_WORDS = ("the", "moon", "pulls", "at", "“the sea”,", "twice", "a day.\n", "Ebbe", "und", "Flut")
_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Finds the {name} of a place at a time.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "description": "The name of the place."},
                    "hour": {"type": "integer"},
                },
                "required": ["place"],
            },
        },
    }
    for name in ("tide", "weather")
]


def _text(length: int) -> str:
    words = " ".join(_WORDS)
    return (words * (length // len(words) + 1))[:length]


def _call(number: int, note: int = 0) -> dict[str, Any]:
    arguments: dict[str, Any] = {"place": "Brest", "hour": number % 24}
    if note:
        arguments["note"] = _text(note)
    return {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": "tide", "arguments": msgspec.json.encode(arguments).decode()},
    }


def target_of(dialect: str) -> Target:
    model, transport = MODELS[dialect]
    target = resolve(model, Place(region="us-chicago-1", transport=transport))
    assert target.dialect == dialect
    return target


def dialect_of(target: Target) -> Dialect:
    return registry.dialect(target.dialect)


def conversation(target: Target, size: int) -> Any:
    """A request of about so many bytes: questions, tool calls, results and answers by turns."""
    rounds = max(1, size // 6_400)
    words = max(0, size - 1_000) // rounds
    messages: list[dict[str, Any]] = [{"role": "system", "content": "Answer in one sentence."}]
    for number in range(rounds):
        messages += [
            {"role": "user", "content": _text(words // 10)},
            {"role": "assistant", "content": None, "tool_calls": [_call(number)]},
            {"role": "tool", "tool_call_id": f"call_{number}", "content": _text(words * 6 // 10)},
            {"role": "assistant", "content": _text(words * 3 // 10)},
        ]
    messages.append({"role": "user", "content": "And tomorrow?"})
    return {
        "model": target.model,
        "messages": messages,
        "tools": _TOOLS,
        "max_tokens": 500,
        "temperature": 0.5,
    }


def request_body(dialect: str, size: int) -> dict[str, Any]:
    """The body that says such a request."""
    target = target_of(dialect)
    return dialect_of(target).encode_request(
        conversation(target, size), target, COMPARTMENT, Notes()
    )


def reply_bytes(dialect: str, size: int) -> bytes:
    """A whole answer of about so many bytes: a text, and two calls with a fifth of it."""
    target = target_of(dialect)
    message = {
        "role": "assistant",
        "content": _text(max(0, size - 900) * 8 // 10),
        "tool_calls": [_call(number, max(0, size - 900) // 10) for number in range(2)],
    }
    reply: Any = {
        **_HEAD,
        "model": target.model,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": _USAGE,
    }
    return msgspec.json.encode(dialect_of(target).encode_reply(reply))


_HEAD = {"id": "chatcmpl-3f0a6d5e9c", "created": 1_795_262_400}
_USAGE = {"prompt_tokens": 41, "completion_tokens": 18, "total_tokens": 59}


def _chunks(model: str, count: int) -> Iterator[Any]:
    head = {**_HEAD, "model": model, "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return {**head, "choices": [choice]}

    yield chunk({"role": "assistant"})
    for number in range(count):
        yield chunk({"content": _WORDS[number % len(_WORDS)]})
    yield chunk({}, "stop")
    yield {**head, "choices": [], "usage": _USAGE}


def stream_pieces(dialect: str, count: int) -> list[bytes]:
    """A stream with so many chunks of text, as the pieces in which it arrives."""
    target = target_of(dialect)
    encoder = dialect_of(target).stream_encoder()
    events = [event for chunk in _chunks(target.model, count) for event in encoder.feed(chunk)]
    events += encoder.end()
    framed = (sse.encode(msgspec.json.encode(event)) for event in events)
    return list(iter(lambda: b"".join(islice(framed, _GROUP)), b""))


def streamed_characters(count: int) -> int:
    return sum(len(_WORDS[number % len(_WORDS)]) for number in range(count))
