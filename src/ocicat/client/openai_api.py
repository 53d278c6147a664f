"""OpenAI's HTTP API, answered by way of ocicat's own calls, without sockets and HTTP libraries.

::

    chat/completions      any chat model of OCI           completion()
    embeddings            any embedding model of OCI      embedding()
    models                what OCI lists                  list_models(), else the catalogue
    responses             any chat model of OCI           client/responses.py
    files, containers, conversations, vector_stores       handed to OCI as they are, signed

Whoever has an HTTP request in hand (``httpx_transport.py``) makes an :class:`Asked` of it, and
drives the flow that :func:`answer` gives.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec

from ocicat.call import operations as calls
from ocicat.call.attempts import Ask, located
from ocicat.call.attempts import answer as ask_oci
from ocicat.call.exchange import exchange, exchange_stream
from ocicat.call.retry import RetryPolicy, pause_before_retry
from ocicat.client import operations, responses
from ocicat.client.connection import Connection
from ocicat.client.discovery import listing
from ocicat.client.functions import CompletionOptions, prepare
from ocicat.client.locating import region_finder
from ocicat.client.options import CallOptions, ask_arguments, split
from ocicat.client.response_store import ResponseStore
from ocicat.client.telemetry import traced
from ocicat.dialects import sse
from ocicat.errors import (
    APIStatusError,
    AuthenticationError,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidParameter,
    InvalidRequest,
    MalformedReply,
    MissingSetting,
    ModelNotFound,
    NotFoundError,
    OcicatError,
    StreamBroken,
    TransportError,
    UnknownParameter,
    UnsupportedFeature,
)
from ocicat.routing import catalog
from ocicat.routing.regions import Region
from ocicat.routing.resolve import bare_model
from ocicat.vocabulary.embedding import EmbeddingRequest
from ocicat.vocabulary.flow import READ, Flow, Timeout
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import ServingMode, Target

__all__ = ["Asked", "answer", "base_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One HTTP request. ``path`` is raw, without the query; header names are lower case.

    ``store`` is where responses to it are kept that OCI does not keep; ``None`` for the usual one.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    store: ResponseStore | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status, headers, and a flow that yields the body in pieces, ``{"data": bytes}``."""

    status: int
    headers: Mapping[str, str]
    body: Flow[None]


_Handler = Callable[[Asked, str, Mapping[str, Any]], Flow[_Answer]]

# What OpenAI's API has, wherever it is mounted. The leftmost of these names decides, since some
# come again further right, as in /vector_stores/{id}/files.
_ROUTE: Final = re.compile(
    r"/(chat/completions|embeddings|models|responses|files|vector_stores|containers|conversations"
    # Not to be had on OCI.
    r"|assistants|audio|batches|chat|completions|content_provenance_checks|decisions|evals"
    r"|fine_tuning|images|live|moderations|organization|realtime|safety|skills|threads|uploads"
    r"|videos)(?=/|$)"
)
_JSON: Final = {"content-type": "application/json"}
_EVENTS: Final = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
_DONE: Final = sse.encode(sse.DONE)
#: Headers of a request that OCI may see.
_HANDED_ON: Final = ("opc-conversation-store-id", "opc-request-id")
# Headers of OCI's answers that are about its connection and not about what it says.
_OF_THE_CONNECTION: Final = frozenset(
    {
        *("connection", "content-encoding", "content-length", "date", "keep-alive", "server"),
        *("set-cookie", "transfer-encoding"),
    }
)
_MAX_RETRY_TOKEN: Final = 64

_CHAT: Final = frozenset(CompletionOptions.__annotations__) - frozenset(CallOptions.__annotations__)
_EMBEDDING: Final = frozenset(EmbeddingRequest.__annotations__)


def base_of(path: str) -> str | None:
    """What precedes OpenAI's own part of a path; ``None`` where OCI has no such operation."""
    route = _ROUTE.search(path)
    return path[: route.start()] if route and route[1] in _HANDLERS else None


def answer(asked: Asked, options: Mapping[str, Any]) -> Flow[None]:
    """The answer to a request, with the ``options`` of :func:`ocicat.completion`.

    It is yielded among the effects: first ``{"status": int, "headers": dict}``, then the body in
    pieces, ``{"data": bytes}``. What OCI or ocicat refuses is an answer too, in OpenAI's shape.

    Raises :class:`~ocicat.errors.ConfigurationError` kin, and
    :class:`~ocicat.errors.TransportError` kin where no answer arrived, or not all of it.
    """
    route = _ROUTE.search(asked.path)
    handler = _HANDLERS.get(route[1]) if route else None
    try:
        if route is None or handler is None:
            raise _no_such_operation(asked)
        answered = yield from handler(asked, asked.path[route.end() :], options)
    except (InvalidRequest, APIStatusError, MalformedReply) as failure:
        answered = _refusal(failure)
    except StreamBroken as broken:
        # A stream that had brought nothing but the report of a failure.
        if not isinstance(broken.__cause__, APIStatusError):
            raise
        answered = _refusal(broken.__cause__)
    yield {"status": answered.status, "headers": answered.headers}
    yield from answered.body


# --- chats --------------------------------------------------------------------------------------


def _chat(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[_Answer]:
    _expect(asked, rest, "POST", "")
    body = _read(asked, {*_CHAT, "model", "messages", "stream"})
    model, messages, stream = (body.pop(name, None) for name in ("model", "messages", "stream"))
    if not isinstance(messages, list):
        raise InvalidParameter("`messages` must be a list of messages.", parameter="messages")
    call = prepare(model, messages, stream, {**options, **body})
    call.headers = {**call.headers, **_handed_on(asked)}
    if not stream:
        reply = yield from traced(exchange(call), call, call.request)
        return _json(reply)
    chunks = traced(exchange_stream(call), call, call.request)
    first = yield from _next(chunks)
    return _Answer(200, {**_EVENTS, **_request_id(first)}, _events(first, chunks, done=_DONE))


def _next(chunks: Flow[None]) -> Flow[dict[str, Any] | None]:
    """The next chunk of a flow, or ``None`` at its end. Its other effects are passed on."""
    outcome: Any = None
    failure: TransportError | None = None
    while True:
        try:
            effect = chunks.throw(failure) if failure else chunks.send(outcome)
        except StopIteration:
            return None
        if isinstance(effect, dict):
            return effect
        outcome = failure = None
        try:
            outcome = yield effect
        except TransportError as problem:
            failure = problem


def _events(
    chunk: dict[str, Any] | None, chunks: Flow[None], *, done: bytes = b"", named: bool = False
) -> Flow[None]:
    """Chunks as server-sent events. One that reports an error ends a stream that breaks.

    Those that came together are handed on together, as each piece costs its reader something.
    ``named`` events are called by their type, as Responses have it.
    """
    last = ""
    ready: list[bytes] = []
    outcome: Any = None
    broken: TransportError | None = None
    try:
        while chunk is not None:
            last = chunk["type"] if named else ""
            name = f"event: {last}\n".encode() if named else b""
            ready.append(name + sse.encode(msgspec.json.encode(chunk)))
            chunk = None
            while chunk is None:
                effect = chunks.throw(broken) if broken else chunks.send(outcome)
                outcome = broken = None
                if isinstance(effect, dict):
                    chunk = effect
                    continue
                if ready:
                    yield {"data": b"".join(ready)}
                    ready.clear()
                try:
                    outcome = yield effect
                except TransportError as problem:
                    broken = problem
        ready.append(done)  # where there was nothing at all
    except StopIteration:
        ready.append(done)
    except (TransportError, APIStatusError) as failure:
        if last != "response.failed":  # which has said it
            reported = failure.__cause__ if isinstance(failure, StreamBroken) else failure
            told = _told(reported if isinstance(reported, APIStatusError) else failure)
            ready.append(sse.encode(msgspec.json.encode({"error": told})))
    if rest := b"".join(ready):
        yield {"data": rest}


# --- embeddings and models ----------------------------------------------------------------------


def _embeddings(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[_Answer]:
    _expect(asked, rest, "POST", "")
    body = _read(asked, _EMBEDDING)
    ask = operations.prepare(
        body.get("model"),  # type: ignore[arg-type]  # it says itself what is wrong with it
        "embeddings",
        {name: value for name, value in options.items() if name not in _CHAT},
        _EMBEDDING,
        function="embedding",
    )
    ask.headers = _handed_on(asked)
    request: EmbeddingRequest = body  # type: ignore[assignment]  # its keys have been checked
    reply = yield from traced(calls.embed(ask, request), ask, request, "embeddings")
    # OpenAI's classes have to have a number here.
    reply["usage"] = reply["usage"] or {"prompt_tokens": 0, "total_tokens": 0}
    return _json(reply)


def _models(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[_Answer]:
    _expect(asked, rest, "GET", r"(/[^/]+)?")
    _, connection = split(options, _CHAT, function="list_models")
    found = yield from _listed(connection, options.get("timeout"))
    if not rest:
        return _json({"object": "list", "data": found})
    wanted = bare_model(unquote(rest[1:]))
    model = next((model for model in found if model["id"] == wanted), None)
    if model is None and catalog.facts(wanted).known:
        model = _of_catalog(catalog.facts(wanted))
    if model is None:
        raise ModelNotFound(
            f"There is no model {wanted[:120]!r}.",
            status=404,
            code="model_not_found",
            hint="GET /models lists what there is.",
        )
    return _json(model)


def _listed(connection: Connection, timeout: Timeout | None) -> Flow[list[dict[str, Any]]]:
    """OCI's list, or the catalogue's where OCI gives none."""
    try:
        listed = yield from listing(connection, timeout)
    except AuthenticationError:
        raise
    except (APIStatusError, TransportError, MissingSetting, UnsupportedFeature):
        return [_of_catalog(model) for model in catalog.models()]
    models: list[dict[str, Any]] = listed["data"]
    return models


def _of_catalog(facts: ModelFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "object": "model",
        "created": 0,
        "owned_by": facts.vendor,
        "oci_capabilities": list(facts.capabilities),
    }


# --- responses ----------------------------------------------------------------------------------


def _responses(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[_Answer]:
    # The service's older conversations are its own business.
    if rest or asked.method != "POST" or "opc-conversation-store-id" in asked.headers:
        return (yield from _response(asked, rest, options))
    body = _object(asked)
    if not body.get("stream"):
        reply = yield from responses.respond(body, options, store=asked.store)
        return _json(reply)
    events = responses.respond_stream(body, options, store=asked.store)
    first = yield from _next(events)
    response = (first or {}).get("response") or {}
    headers = {**_EVENTS, **_request_id(response)}
    return _Answer(200, headers, _events(first, events, named=True))


def _response(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[_Answer]:
    """A response that there is already: kept here, or by OCI."""
    id, _, what = rest.removeprefix("/").partition("/")
    id = unquote(id)
    kept = {
        ("GET", ""): lambda: responses.retrieve(id, asked.store),
        ("DELETE", ""): lambda: responses.delete(id, asked.store),
        ("POST", "cancel"): lambda: responses.cancel(id, asked.store),
        ("GET", "input_items"): lambda: responses.input_items(
            id, dict(parse_qsl(asked.query)), asked.store
        ),
    }.get((asked.method, what))
    if kept and id and responses.is_kept(id, asked.store):
        return _json(kept())
    return (yield from _handed_over(asked, rest, options))


# --- what is OCI's business alone ---------------------------------------------------------------


def _handed_over(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[_Answer]:
    """OCI's own answer to the request, whose bytes are signed and sent as they are."""
    _, connection = split(options, _CHAT, function="completion")
    identities = connection.identities("responses")
    headers = _handed_on(asked)
    for name in ("accept", "content-type"):
        if name in asked.headers:
            headers[name] = asked.headers[name]
    if connection.project_id:
        headers["openai-project"] = connection.project_id
    ask = Ask(
        **ask_arguments(options, connection, _surface(asked, connection), identities),
        method=asked.method,
        headers=headers,
        locate=region_finder(
            connection, identities, lambda region: _surface(asked, connection, region)
        ),
    )
    yield from located(ask)
    response, _ = yield from ask_oci(ask, asked.body, stream=True)
    answered = {
        name: value for name, value in response.headers.items() if name not in _OF_THE_CONNECTION
    }
    if "opc-request-id" in answered:
        answered.setdefault("x-request-id", answered["opc-request-id"])
    body = _read_on() if response.streaming else _whole(response.body)
    return _Answer(response.status, answered, body)


def _surface(asked: Asked, connection: Connection, region: Region | None = None) -> Target:
    """Where OCI takes such a request; in ``region``, if it is given."""
    route = _ROUTE.search(asked.path)
    assert route is not None
    own_path = asked.path[route.start() :]
    # Stores are made where clusters and endpoints are; their files and searches are elsewhere.
    if re.fullmatch(r"/vector_stores(/[^/]+)?", own_path):
        address, surface = connection.management(region=region), "/20231130/openai/v1"
    else:
        address, surface = connection.service(region), "/openai/v1"
    query = f"?{asked.query}" if asked.query else ""
    return Target(
        model=route[1],
        facts=ModelFacts(route[1]),
        transport="responses",
        dialect="openai_responses",
        scheme=address.scheme,
        host=address.host,
        path=f"{address.path}{surface}{own_path}{query}",
        serving=ServingMode("ON_DEMAND", route[1]),
    )


def _read_on() -> Flow[None]:
    while data := (yield READ):
        yield {"data": data}


_HANDLERS: Final[dict[str, _Handler]] = {
    "chat/completions": _chat,
    "embeddings": _embeddings,
    "models": _models,
    "responses": _responses,
    "files": _handed_over,
    "vector_stores": _handed_over,
    "containers": _handed_over,
    "conversations": _handed_over,
}


# --- reading requests ---------------------------------------------------------------------------


def _expect(asked: Asked, rest: str, method: str, pattern: str) -> None:
    if asked.method != method or not re.fullmatch(pattern, rest):
        raise _no_such_operation(asked)


def _no_such_operation(asked: Asked) -> APIStatusError:
    return NotFoundError(
        f"{asked.method} {asked.path[:200]} is nothing that OCI can answer.",
        status=404,
        code="unsupported_endpoint",
        hint=f"What it can: {', '.join(_HANDLERS)}.",
    )


def _read(asked: Asked, known: Collection[str]) -> dict[str, Any]:
    """The body's JSON object, all of whose keys are known."""
    body = _object(asked)
    unknown = [name for name in body if name not in known]
    if unknown:
        nearest = difflib.get_close_matches(unknown[0], known, 1)
        raise UnknownParameter(
            f"Neither OCI nor ocicat knows {', '.join(f'`{name[:80]}`' for name in unknown)} here.",
            parameter=unknown[0],
            hint=f"Did you mean `{nearest[0]}`?" if nearest else "",
        )
    return body


def _object(asked: Asked) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(asked.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise InvalidParameter("The body is not a JSON object.", parameter="body")
    return body


def _handed_on(asked: Asked) -> dict[str, str]:
    headers = {name: asked.headers[name] for name in _HANDED_ON if name in asked.headers}
    # The SDK repeats a request under one key, as OCI wants its retry token.
    key = asked.headers.get("idempotency-key", "")
    if 0 < len(key) <= _MAX_RETRY_TOKEN:
        headers["opc-retry-token"] = key
    return headers


# --- writing answers ----------------------------------------------------------------------------


def _json(value: Any) -> _Answer:
    return _Answer(200, {**_JSON, **_request_id(value)}, _whole(msgspec.json.encode(value)))


def _whole(body: bytes) -> Flow[None]:
    yield {"data": body}


def _request_id(value: Mapping[str, Any] | None) -> dict[str, str]:
    """OCI's id of the request, under its own name and the one that OpenAI's SDK looks for."""
    id = (value or {}).get("opc_request_id")
    return {"opc-request-id": id, "x-request-id": id} if id else {}


def _refusal(failure: OcicatError) -> _Answer:
    status = 400
    if isinstance(failure, APIStatusError):
        status = failure.status
    elif isinstance(failure, MalformedReply):
        status = 502
    again = pause_before_retry(RetryPolicy(), failure, retries=0, elapsed=0, random=0)
    headers = {
        **_JSON,
        **_request_id(vars(failure)),
        # The SDK would repeat what cannot get better.
        "x-should-retry": "false" if again is None else "true",
    }
    if isinstance(failure, APIStatusError) and failure.retry_after is not None:
        headers["retry-after"] = f"{failure.retry_after:g}"
    return _Answer(status, headers, _whole(msgspec.json.encode({"error": _told(failure)})))


def _told(failure: OcicatError) -> dict[str, Any]:
    """An error as OpenAI words it."""
    # That of a broken stream is about an exception which nobody sees here.
    hint = "" if isinstance(failure, StreamBroken) else failure.hint
    return {
        "message": _sentences(failure.message, hint),
        "type": _type_of(failure),
        "param": getattr(failure, "parameter", "") or None,
        "code": _code_of(failure),
    }


def _sentences(message: str, hint: str) -> str:
    # OCI's own messages mostly lack the full stop.
    stop = "." if hint and message[-1:].isalnum() else ""
    return f"{message}{stop} {hint}".strip()


_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES: Final[tuple[tuple[type[OcicatError], str], ...]] = (
    (ContextLengthExceeded, "context_length_exceeded"),
    (ContentFiltered, "content_filter"),
    (ModelNotFound, "model_not_found"),
    (UnsupportedFeature, "unsupported_feature"),
    (UnknownParameter, "unknown_parameter"),
    (InvalidRequest, "invalid_parameter"),
    (StreamBroken, "stream_broken"),
    (MalformedReply, "malformed_reply"),
)


def _type_of(failure: OcicatError) -> str:
    if isinstance(failure, InvalidRequest):
        return "invalid_request_error"
    if isinstance(failure, APIStatusError) and failure.status < 500:
        return _TYPES.get(failure.status, "invalid_request_error")
    return "server_error"


def _code_of(failure: OcicatError) -> str | None:
    for kind, code in _CODES:
        if isinstance(failure, kind):
            return code
    return getattr(failure, "code", "") or None
