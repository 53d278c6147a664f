"""The one place that repeats a request: attempts, pauses, a renewed identity after a 401.

Whatever is asked of OCI goes through :func:`answer`, chats (``exchange.py``) and everything else
(``operations.py``). A flow owns no socket, clock or dice (see ``vocabulary/flow.py``), so threads,
event loops and tests share this one story.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ocicat.call.retry import RetryPolicy, pause_before_retry
from ocicat.call.skew import ClockSkew
from ocicat.dialects import faults
from ocicat.dialects.dialect import Origin
from ocicat.errors import (
    APIConnectionError,
    MalformedReply,
    ModelNotFound,
    OcicatError,
    TransportError,
)
from ocicat.routing import catalog
from ocicat.vocabulary.flow import Ambient, Flow, Pause, Request, Response, Timeout
from ocicat.vocabulary.identity import IdentityResolver
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Target

__all__ = ["WRONG_SHAPE", "Ask", "answer", "json_object", "located", "undocumented"]

_UNAUTHENTICATED = 401
#: What reading a JSON document of an unexpected shape raises.
WRONG_SHAPE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(slots=True, kw_only=True)
class Ask:
    """Everything that a call needs beside what it asks, decided beforehand."""

    target: Target
    compartment_id: str
    identities: IdentityResolver
    ambient: Ambient
    user_agent: str
    timeout: Timeout = field(default_factory=Timeout)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    #: Kept from call to call, so that a wrong clock costs one refusal and not one a call.
    skew: ClockSkew = field(default_factory=ClockSkew)
    method: str = "POST"
    #: Headers that this call has and others have not.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Finds the real target first, where settings alone do not tell it.
    locate: Callable[[Ambient], Flow[Target]] | None = None
    #: Is told what happens, as (what, facts), when somebody wants to know.
    log: Callable[[str, dict[str, Any]], None] | None = None


def located(ask: Ask) -> Flow[None]:
    """Make sure that ``ask.target`` is where the call really goes."""
    if ask.locate is not None:
        ask.target = yield from ask.locate(ask.ambient)
        ask.locate = None


def answer(ask: Ask, body: bytes, *, stream: bool = False) -> Flow[tuple[Response, Origin]]:
    """OCI's answer to ``body``, which has a status of success.

    With ``stream``, the body of an event stream is left unread. Raises
    :class:`~ocicat.errors.TransportError` and :class:`~ocicat.errors.APIStatusError` kin.
    """
    ambient = ask.ambient
    started = ambient.monotonic()
    retry_token = ambient.token()
    identity = yield from ask.identities.resolve(ambient)
    attempts = retries = 0
    waited = 0.0
    renewed = reconnected = corrected = False
    while True:
        request = _request(ask, body, retry_token, stream=stream)
        identity.authorize(request, ambient.now() + ask.skew.seconds)
        attempts += 1
        if ask.log:
            ask.log("request", {"attempt": attempts, "request": request})
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
            if ask.log:
                ask.log("response", {"attempt": attempts, "response": response})
            if 200 <= response.status < 300:
                return response, Origin(
                    model=ask.target.model,
                    opc_request_id=response.headers.get("opc-request-id", ""),
                    received=int(ambient.now()),
                )
            failure = faults.decode(
                response.status,
                response.headers,
                response.body,
                compartment_id=ask.compartment_id,
            )
            if response.status == _UNAUTHENTICATED and not corrected:
                corrected = True
                if ask.skew.learn(response.headers, ambient.now()):
                    _warn_of_clock(ask)
                    continue
            if response.status == _UNAUTHENTICATED and identity.renewable and not renewed:
                renewed = True
                identity = yield from ask.identities.resolve(ambient, refused=identity)
                continue
        if isinstance(failure, ModelNotFound):
            failure.hint = _instead(ask.target.facts) or failure.hint
        failure.attempts = attempts
        failure.waited = waited
        pause = pause_before_retry(
            ask.retry,
            failure,
            retries=retries,
            elapsed=ambient.monotonic() - started,
            random=ambient.random(),
        )
        if ask.log:
            ask.log("failure", {"attempt": attempts, "failure": failure, "pause": pause})
        if pause is None:
            raise failure
        retries += 1
        waited += pause
        yield Pause(pause)


def _instead(facts: ModelFacts) -> str:
    """What to use instead of a model that OCI does not have."""
    words = []
    if facts.retired_on_demand:
        words.append(f"{facts.id} is served on demand until {facts.retired_on_demand} only.")
    if facts.replaced_by:
        words.append(f"Use {facts.replaced_by} instead.")
    elif not facts.known:
        nearest = catalog.nearest(facts.id)
        if nearest:
            words.append(f"Did you mean {' or '.join(nearest)}?")
    elif facts.regions:
        words.append(f"It is served in {', '.join(facts.regions)}.")
    if words:
        words.append("`ocicat models --live` lists what your region serves.")
    return " ".join(words)


def _warn_of_clock(ask: Ask) -> None:
    seconds = ask.skew.seconds
    warnings.warn(
        f"This machine's clock is {abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'}"
        " OCI's. Requests are signed with OCI's time for now; set the clock right.",
        RuntimeWarning,
        stacklevel=2,
    )
    if ask.log:
        ask.log("clock", {"seconds": seconds})


def _request(ask: Ask, body: bytes, retry_token: str, *, stream: bool) -> Request:
    """One attempt, not yet signed. The retry token stays the same; the request id does not."""
    target = ask.target
    headers = {
        "host": target.host,
        "accept": "application/json, text/event-stream" if stream else "application/json",
        # Compressed streams come in frames that have to be waited for; zstd even one per event.
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": ask.user_agent,
        "opc-request-id": ask.ambient.token(),
        "opc-retry-token": retry_token,
        **ask.headers,
    }
    if target.transport in ("openai", "responses") and ask.compartment_id:
        headers["opc-compartment-id"] = ask.compartment_id
        # The surface's older spelling, which its older base URL still reads.
        headers["compartmentid"] = ask.compartment_id
    path = target.stream_path if stream and target.stream_path else target.path
    return Request(ask.method, target.scheme, target.host, path, headers, body, stream, ask.timeout)


def json_object(body: bytes, origin: Origin) -> dict[str, Any]:
    """The JSON object in an answer. Raises :class:`~ocicat.errors.MalformedReply` for none."""
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError) as problem:
        raise MalformedReply(
            f"{origin.model} answered with something that is not JSON.",
            hint="Something between here and OCI may have answered in its place.",
            opc_request_id=origin.opc_request_id,
        ) from problem
    if not isinstance(value, dict):
        raise undocumented(origin)
    return value


def undocumented(origin: Origin) -> MalformedReply:
    """The error for an answer whose shape nobody knows."""
    return MalformedReply(
        f"{origin.model} answered in a shape that OCI does not document.",
        hint="Please report it with the opc-request-id.",
        opc_request_id=origin.opc_request_id,
    )
