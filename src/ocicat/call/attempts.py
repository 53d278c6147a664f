"""The one place that repeats a request: attempts, pauses, a renewed identity after a 401.

Whatever is asked of OCI goes through :func:`answer`: chats (``exchange.py``), everything else that
is asked of models (``operations.py``), lists and descriptions (:func:`fetch`). What a model may
refuse in part goes through :func:`answer_without_refused` on its way there. A flow owns no socket,
clock or dice (see ``vocabulary/flow.py``), so threads, event loops and tests share this one story.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from ocicat.call.learning import STREAM, Learned
from ocicat.call.skew import ClockSkew
from ocicat.dialects import faults
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.errors import (
    APIConnectionError,
    BadRequestError,
    InvalidParameter,
    MalformedReply,
    ModelNotFound,
    OcicatError,
    TransportError,
)
from ocicat.routing import catalog
from ocicat.vocabulary.flow import Ambient, Flow, Pause, Request, Response, Timeout
from ocicat.vocabulary.identity import IdentityResolver
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.retry import RetryPolicy, pause_before_retry
from ocicat.vocabulary.target import Target

__all__ = [
    "WRONG_SHAPE",
    "Ask",
    "answer",
    "answer_without_refused",
    "fetch",
    "json_object",
    "located",
    "undocumented",
]

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
    #: Kept from call to call: what models have been found to refuse.
    learned: Learned = field(default_factory=Learned)
    #: Leave out, with a note, what the model cannot be told.
    drop_params: bool = False
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
                at_deployment=ask.target.transport == "deployment",
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


def fetch(ask: Ask, target: str) -> Flow[tuple[Response, Origin]]:
    """OCI's answer to a GET request for ``target``, under the path of where ``ask`` goes."""
    place = replace(ask.target, path=ask.target.path + target)
    return (yield from answer(replace(ask, method="GET", target=place), b""))


def answer_without_refused(
    ask: Ask,
    request: Mapping[str, Any],
    table: Mapping[str, Entry],
    encode: Callable[[Target, Notes], dict[str, Any]],
    *,
    stream: bool = False,
) -> Flow[tuple[Response, Origin, Notes]]:
    """OCI's answer to ``request``, and what became of the request on the way to it.

    ``encode`` makes the body, by the parameters in ``table``. A refusal that names one of them is
    learned, and the request made again without it where the call can do without. Raises what
    :func:`answer` and ``encode`` raise.
    """
    while True:
        target = ask.learned.applied(ask.target)
        notes = Notes(drop=ask.drop_params, learned=ask.learned.of(target, request))
        body = _json(encode(target, notes), request)
        try:
            response, origin = yield from answer(
                ask, body, stream=stream and STREAM not in notes.learned
            )
        except BadRequestError as refusal:
            if not ask.learned.learn(target, request, table, refusal, notes):
                raise
            if ask.log:
                ask.log("learned", {"model": target.model, "failure": refusal})
        else:
            return response, origin, notes


def _json(body: dict[str, Any], request: Mapping[str, Any]) -> bytes:
    """A body as JSON. Raises :class:`~ocicat.errors.InvalidParameter` for what has no JSON."""
    try:
        return _ENCODER.encode(body)
    except _NO_JSON as problem:
        name = next((name for name, value in request.items() if not _has_json(value)), "")
        raise InvalidParameter(
            f"`{name}` has something in it that JSON cannot say: {problem}.", parameter=name
        ) from None


def _has_json(value: Any) -> bool:
    try:
        _ENCODER.encode(value)
    except _NO_JSON:
        return False
    return True


def _plain(value: Any) -> Any:
    """A text or number of a class derived from the plain one, as numpy has them."""
    for kind, to_plain in _PLAIN.items():
        if isinstance(value, kind):
            return to_plain(value)
    raise TypeError(f"an object of type {type(value).__name__}")


_PLAIN: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
}
_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
#: Objects, lone surrogates, numbers of more than 64 bits, and what contains itself.
_NO_JSON = (TypeError, ValueError, OverflowError, RecursionError)


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
