"""``POST /chat/completions``, as :func:`ocicat.completion` answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ocicat.call.exchange import exchange, exchange_stream
from ocicat.client.functions import CompletionOptions, prepare
from ocicat.client.openai_api import answers
from ocicat.client.openai_api.requests import Asked, expect, handed_on, read
from ocicat.client.options import CallOptions
from ocicat.client.telemetry import traced
from ocicat.dialects import sse
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.flow import Flow

__all__ = ["CHAT_PARAMETERS", "chat"]

#: The parameters of chats, and the options that only chats have.
CHAT_PARAMETERS: Final = frozenset(CompletionOptions.__annotations__) - frozenset(
    CallOptions.__annotations__
)
_DONE: Final = sse.encode(sse.DONE)


def chat(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[None]:
    """The reply, or its chunks as events."""
    expect(asked, rest, "POST", "")
    body = read(asked, {*CHAT_PARAMETERS, "model", "messages", "stream"})
    model, messages, stream = (body.pop(name, None) for name in ("model", "messages", "stream"))
    if not isinstance(messages, list):
        raise InvalidParameter("`messages` must be a list of messages.", parameter="messages")
    if not isinstance(stream, bool | None):
        raise InvalidParameter("`stream` must be true or false.", parameter="stream")
    call = prepare(model, messages, stream, {**options, **body})
    call.headers = {**call.headers, **handed_on(asked)}
    if stream:
        chunks = traced(exchange_stream(call), call, call.request)
        yield from answers.events(chunks, done=_DONE)
    else:
        reply = yield from traced(exchange(call), call, call.request)
        yield from answers.json_answer(reply)
