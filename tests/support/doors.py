"""One vocabulary for the doors of the package, so that a behaviour is written once for all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocicat import acompletion, completion
from support.assembly import assembled

__all__ = ["DOORS", "Answered", "Door"]


@dataclass
class Answered:
    """What came of a call: its text, how it ended, what it cost, and under which id."""

    text: str
    finish_reasons: list[str]
    usage: Any
    opc_request_id: str
    #: All choices, as plain values; those of a stream put together.
    choices: list[dict[str, Any]]
    #: What was not done just as asked.
    notes: list[dict[str, str]]

    @property
    def message(self) -> dict[str, Any]:
        """The first choice's message."""
        message: dict[str, Any] = self.choices[0]["message"]
        return message

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """The tool calls of the first choice, as (name, arguments)."""
        return [
            (call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in self.message.get("tool_calls") or []
        ]


Door = Callable[..., Answered]


def sync_whole(model: str, messages: Any, **options: Any) -> Answered:
    return _of_reply(completion(model, messages, **options))


def sync_stream(model: str, messages: Any, **options: Any) -> Answered:
    options.setdefault("stream_options", {"include_usage": True})
    with completion(model, messages, stream=True, **options) as stream:
        return _of_chunks(list(stream))


def async_whole(model: str, messages: Any, **options: Any) -> Answered:
    return _of_reply(asyncio.run(acompletion(model, messages, **options)))


def async_stream(model: str, messages: Any, **options: Any) -> Answered:
    options.setdefault("stream_options", {"include_usage": True})

    async def collect() -> list[Any]:
        async with await acompletion(model, messages, stream=True, **options) as stream:
            return [chunk async for chunk in stream]

    return _of_chunks(asyncio.run(collect()))


DOORS: dict[str, Door] = {
    "sync": sync_whole,
    "sync stream": sync_stream,
    "async": async_whole,
    "async stream": async_stream,
}


def _of_reply(reply: Any) -> Answered:
    return _answered(reply.model_dump(), reply.opc_request_id)


def _of_chunks(chunks: list[Any]) -> Answered:
    return _answered(assembled(chunks), chunks[0].opc_request_id)


def _answered(whole: Any, opc_request_id: str) -> Answered:
    return Answered(
        text=whole["choices"][0]["message"].get("content") or "",
        finish_reasons=[choice["finish_reason"] for choice in whole["choices"]],
        usage=whole["usage"],
        opc_request_id=opc_request_id,
        choices=whole["choices"],
        notes=whole.get("oci_notes") or [],
    )
