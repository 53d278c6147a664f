"""Answers of OpenAI's API, written: a status and headers, then the body in pieces.

Each is a flow that yields ``{"status": int, "headers": dict}`` and then ``{"data": bytes}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ocicat.call.flows import relayed
from ocicat.client import wording
from ocicat.dialects import openai_responses, sse
from ocicat.errors import APIStatusError, MalformedReply, OcicatError, TransportError
from ocicat.vocabulary.flow import Effect, Flow
from ocicat.vocabulary.retry import RetryPolicy, pause_before_retry

__all__ = ["events", "json_answer", "refusal"]

_JSON: Final = {"content-type": "application/json"}
_EVENTS: Final = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


def json_answer(value: Any) -> Flow[None]:
    """A value as JSON."""
    yield {"status": 200, "headers": {**_JSON, **_request_id(value)}}
    yield {"data": msgspec.json.encode(value)}


def events(chunks: Flow[None], *, done: bytes = b"", named: bool = False) -> Flow[None]:
    """Chunks as server-sent events. One that reports an error ends a stream that breaks.

    Those that came together are handed on together, as each piece costs its reader something.
    ``named`` events are called by their type, as Responses have it. Raises what ``chunks`` raises
    before its first chunk.
    """
    last: dict[str, Any] | None = None
    ready: list[bytes] = []

    def written(effect: Effect) -> Iterable[Effect]:
        nonlocal last
        if isinstance(effect, dict):
            opening = (_opening(effect.get("response") or effect),) if last is None else ()
            last = effect
            ready.append(_event(effect, named=named))
            return opening
        if not ready:
            return (effect,)
        data = b"".join(ready)
        ready.clear()
        return {"data": data}, effect

    try:
        yield from relayed(chunks, written)
        ready.append(done)
    except (TransportError, APIStatusError, MalformedReply) as failure:
        if last is None:
            raise
        if last.get("type") != "response.failed":  # which has said it
            error: dict[str, Any] = {"error": wording.told(failure)}
            if named:
                number = last.get("sequence_number", -1) + 1
                error = openai_responses.error_event(error["error"], number)
            ready.append(_event(error, named=named))
    if last is None:
        yield _opening({})
    if rest := b"".join(ready):
        yield {"data": rest}


def _event(said: Mapping[str, Any], *, named: bool) -> bytes:
    name = f"event: {said['type']}\n".encode() if named else b""
    return name + sse.encode(msgspec.json.encode(said))


def _opening(said: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": 200, "headers": {**_EVENTS, **_request_id(said)}}


def refusal(failure: OcicatError) -> Flow[None]:
    """An error, in OpenAI's shape."""
    again = pause_before_retry(RetryPolicy(), failure, retries=0, elapsed=0, random=0)
    headers = {
        **_JSON,
        **_request_id(vars(failure)),
        # The SDK would repeat what cannot get better.
        "x-should-retry": "false" if again is None else "true",
    }
    if isinstance(failure, APIStatusError) and failure.retry_after is not None:
        headers["retry-after"] = f"{failure.retry_after:g}"
    yield {"status": wording.status_of(failure), "headers": headers}
    yield {"data": msgspec.json.encode({"error": wording.told(failure)})}


def _request_id(said: Mapping[str, Any]) -> dict[str, str]:
    """OCI's id of the request, under its own name and the one that OpenAI's SDK looks for."""
    id = said.get("opc_request_id")
    return {"opc-request-id": id, "x-request-id": id} if id else {}
