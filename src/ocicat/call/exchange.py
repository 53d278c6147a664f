"""One call, from a neutral request to a neutral reply. Start reading here.

::

    encode ─> resolve identity ─> sign ─> yield Request ─┐ (a driver does the I/O)
      decode <─ Response / bytes of the stream <─────────┘

Everything that can happen on the way happens in :func:`_answer`: attempts, pauses, a renewed
identity after a 401. :func:`exchange` reads a whole reply, :func:`exchange_stream` reads a stream,
whose first byte ends all retrying. A flow owns no socket, clock or dice (see
``vocabulary/flow.py``), so threads, event loops and tests share this one story.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ocicat.call.retry import RetryPolicy, pause_before_retry
from ocicat.call.skew import ClockSkew
from ocicat.dialects import faults, registry, sse
from ocicat.dialects.dialect import Dialect, Origin, StreamDecoder
from ocicat.errors import (
    APIConnectionError,
    MalformedReply,
    OcicatError,
    StreamBroken,
    TransportError,
)
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest
from ocicat.vocabulary.flow import (
    READ,
    Ambient,
    Flow,
    Pause,
    Read,
    Request,
    Response,
    Timeout,
)
from ocicat.vocabulary.identity import IdentityResolver
from ocicat.vocabulary.target import Target

__all__ = ["Call", "exchange", "exchange_stream"]

#: Seconds to wait for the end of a body once everything needed from it has arrived.
_GRACE = Read(patience=0.25)
_UNAUTHENTICATED = 401
# What reading a JSON document of an unexpected shape raises.
_WRONG_SHAPE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(slots=True)
class Call:
    """Everything that one call needs, decided beforehand."""

    request: ChatRequest
    target: Target
    compartment_id: str
    identities: IdentityResolver
    ambient: Ambient
    user_agent: str
    timeout: Timeout = field(default_factory=Timeout)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    #: Kept from call to call, so that a wrong clock costs one refusal and not one a call.
    skew: ClockSkew = field(default_factory=ClockSkew)
    #: Finds the real target first, where only the machine itself knows its region.
    locate: Callable[[Ambient], Flow[Target]] | None = None
    #: Is told what happens, as (what, facts), when somebody wants to know.
    log: Callable[[str, dict[str, Any]], None] | None = None


def exchange(call: Call) -> Flow[ChatReply]:
    """The reply to ``call``. Raises what ``errors.py`` lists."""
    yield from _located(call)
    dialect = registry.dialect(call.target.dialect)
    response, origin = yield from _answer(call, dialect, stream=False)
    body = _json_object(response.body, origin)
    try:
        return dialect.decode_reply(body, origin)
    except _WRONG_SHAPE as problem:
        raise _undocumented(origin) from problem


def exchange_stream(call: Call) -> Flow[None]:
    """The chunks of the reply to ``call``, yielded among the effects, as they arrive.

    The first :class:`~ocicat.vocabulary.flow.Read` says that OCI has accepted the request. Raises
    :class:`~ocicat.errors.StreamBroken`, which holds the text that had arrived, for a stream that
    does not reach its end.
    """
    yield from _located(call)
    dialect = registry.dialect(call.target.dialect)
    options = call.request.get("stream_options") or {}
    response, origin = yield from _answer(call, dialect, stream=True)
    decoder = dialect.stream_decoder(origin, with_usage=bool(options.get("include_usage")))
    if not response.streaming:
        raise faults.unusable_reply(
            _json_object(response.body, origin), origin, expected="an event stream"
        )
    events = sse.Decoder()
    done = False
    while True:
        try:
            data = yield _GRACE if decoder.complete or done else READ
        except TransportError as failure:
            if decoder.finished:
                return  # nothing is missing; the far side only keeps its connection open
            raise _cut(decoder.text, origin, failure.message) from failure
        if not done:
            for payload in events.feed(data) if data else events.end():
                if payload == sse.DONE:
                    done = True  # and read on to the end of the body, to keep its connection
                    break
                for chunk in _decoded(decoder, payload, origin):
                    yield chunk  # type: ignore[misc]  # a TypedDict is a dict
        if not data:
            break
    if not decoder.finished:
        raise _cut(decoder.text, origin, "it ended before the answer did.")


def _decoded(decoder: StreamDecoder, payload: bytes, origin: Origin) -> list[ChatChunk]:
    try:
        return decoder.feed(msgspec.json.decode(payload))
    except msgspec.DecodeError as problem:
        raise _cut(decoder.text, origin, "an event in it is not whole JSON.") from problem
    except _WRONG_SHAPE as problem:
        raise _undocumented(origin) from problem


def _located(call: Call) -> Flow[None]:
    if call.locate is not None:
        call.target = yield from call.locate(call.ambient)
        call.locate = None


def _answer(call: Call, dialect: Dialect, *, stream: bool) -> Flow[tuple[Response, Origin]]:
    """OCI's answer to ``call``: the one place that repeats a request."""
    body = msgspec.json.encode(
        dialect.encode_request(call.request, call.target, call.compartment_id)
    )
    ambient = call.ambient
    started = ambient.monotonic()
    retry_token = ambient.token()
    identity = yield from call.identities.resolve(ambient)
    attempts = retries = 0
    waited = 0.0
    renewed = reconnected = corrected = False
    while True:
        request = _request(call, body, retry_token, stream=stream)
        identity.authorize(request, ambient.now() + call.skew.seconds)
        attempts += 1
        if call.log:
            call.log("request", {"attempt": attempts, "request": request})
        failure: OcicatError
        try:
            response: Response = yield request
        except APIConnectionError as problem:
            failure = problem
            if problem.stale and not reconnected:
                reconnected = True
                continue
        except TransportError as problem:
            failure = problem
        else:
            if call.log:
                call.log("response", {"attempt": attempts, "response": response})
            if 200 <= response.status < 300:
                return response, Origin(
                    model=call.target.model,
                    opc_request_id=response.headers.get("opc-request-id", ""),
                    received=int(ambient.now()),
                )
            failure = faults.decode(
                response.status,
                response.headers,
                response.body,
                compartment_id=call.compartment_id,
            )
            if response.status == _UNAUTHENTICATED and not corrected:
                corrected = True
                if call.skew.learn(response.headers, ambient.now()):
                    _warn_of_clock(call)
                    continue
            if response.status == _UNAUTHENTICATED and identity.renewable and not renewed:
                renewed = True
                identity = yield from call.identities.resolve(ambient, refused=identity)
                continue
        failure.attempts = attempts
        failure.waited = waited
        pause = pause_before_retry(
            call.retry,
            failure,
            retries=retries,
            elapsed=ambient.monotonic() - started,
            random=ambient.random(),
        )
        if call.log:
            call.log("failure", {"attempt": attempts, "failure": failure, "pause": pause})
        if pause is None:
            raise failure
        retries += 1
        waited += pause
        yield Pause(pause)


def _warn_of_clock(call: Call) -> None:
    seconds = call.skew.seconds
    warnings.warn(
        f"This machine's clock is {abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'}"
        " OCI's. Requests are signed with OCI's time for now; set the clock right.",
        RuntimeWarning,
        stacklevel=2,
    )
    if call.log:
        call.log("clock", {"seconds": seconds})


def _request(call: Call, body: bytes, retry_token: str, *, stream: bool) -> Request:
    """One attempt, not yet signed. The retry token stays the same; the request id does not."""
    target = call.target
    headers = {
        "host": target.host,
        "accept": "application/json, text/event-stream" if stream else "application/json",
        # Compressed streams come in frames that have to be waited for; zstd even one per event.
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": call.user_agent,
        "opc-request-id": call.ambient.token(),
        "opc-retry-token": retry_token,
    }
    if target.transport == "openai" and call.compartment_id:
        headers["opc-compartment-id"] = call.compartment_id
        # The surface's older spelling, which its older base URL still reads.
        headers["compartmentid"] = call.compartment_id
    return Request(
        "POST", target.scheme, target.host, target.path, headers, body, stream, call.timeout
    )


def _json_object(body: bytes, origin: Origin) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise MalformedReply(
            f"{origin.model} answered with something that is not JSON.",
            hint="Something between here and OCI may have answered in its place.",
            opc_request_id=origin.opc_request_id,
        ) from problem
    if not isinstance(value, dict):
        raise _undocumented(origin)
    return value


def _undocumented(origin: Origin) -> MalformedReply:
    return MalformedReply(
        f"{origin.model} answered in a shape that OCI does not document.",
        hint="Please report it with the opc-request-id.",
        opc_request_id=origin.opc_request_id,
    )


def _cut(partial: str, origin: Origin, why: str) -> StreamBroken:
    return StreamBroken(
        f"The stream of {origin.model} broke: {why}",
        partial=partial,
        hint="What had arrived is in `partial`; a stream that has begun is not repeated.",
        opc_request_id=origin.opc_request_id,
    )
