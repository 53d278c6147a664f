"""One vocabulary for the doors of the package, so that a behaviour is written once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocicat import acompletion, completion

__all__ = ["DOORS", "Answered", "Door"]


@dataclass
class Answered:
    """What came of a call: its text, how it ended, what it cost, and under which id."""

    text: str
    finish_reasons: list[str]
    usage: Any
    opc_request_id: str


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
    return Answered(
        text=reply.choices[0].message.content,
        finish_reasons=[choice.finish_reason for choice in reply.choices],
        usage=reply.usage and reply.usage.model_dump(),
        opc_request_id=reply.opc_request_id,
    )


def _of_chunks(chunks: list[Any]) -> Answered:
    finished: dict[int, str] = {}
    text = ""
    usage = None
    for chunk in chunks:
        assert chunk.object == "chat.completion.chunk"
        if chunk.usage:
            usage = chunk.usage.model_dump()
        for choice in chunk.choices:
            if choice.index == 0:
                text += choice.delta.content or ""
            if choice.finish_reason:
                finished[choice.index] = choice.finish_reason
    return Answered(
        text=text,
        finish_reasons=[finished[index] for index in sorted(finished)],
        usage=usage,
        opc_request_id=chunks[0].opc_request_id,
    )
