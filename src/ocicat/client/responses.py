"""OpenAI's Responses for every chat model, and OCI's own where OCI answers them.

::

    respond / respond_stream
        kept here? ─ put what came before into `input`
        OCI's own Responses ─────────── the body as it is ──> OCI, which keeps the state
        any other model ── a chat ── exchange ── events ────> the local store keeps the state

OCI's own Responses answer where the model has them and a project is set, or where the request
needs what only they have: ``conversation``, ``background``, a stored ``prompt``, hosted tools, or
an earlier response that OCI keeps. ``transport`` has the last word: ``responses`` means them,
``openai`` and ``native`` mean a translated chat.

What a caller of this module needs:

* :func:`respond` and :func:`respond_stream` take the body of ``POST /responses`` and the options of
  :func:`ocicat.completion`, and are flows for either driver. A stream yields the events as
  dictionaries, each with its ``type``. One that breaks says so with ``response.failed`` (as far as
  it had begun here) and then raises.
* :func:`retrieve`, :func:`delete`, :func:`cancel` and :func:`input_items` are about responses that
  are kept here, plain functions without effects. Ids for which :func:`is_kept` is false are OCI's
  business.
* Every response has ``opc_request_id`` beside OpenAI's fields, and ``oci_notes`` where something
  was not done just as asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ocicat.auth.background import in_background
from ocicat.call.attempts import WRONG_SHAPE, Ask, answer, json_object, located
from ocicat.call.exchange import Call, exchange, exchange_stream
from ocicat.call.flows import mapped
from ocicat.client.connection import Connection
from ocicat.client.functions import prepare
from ocicat.client.locating import locator
from ocicat.client.options import ask_arguments, split
from ocicat.client.response_store import KeptResponse, ResponseStore, usual_store
from ocicat.client.telemetry import traced
from ocicat.dialects import faults, openai_responses, sse, whole
from ocicat.dialects.dialect import Origin
from ocicat.dialects.openai_responses.tools import HOSTED
from ocicat.errors import (
    APIStatusError,
    BadRequestError,
    InvalidParameter,
    InvalidSetting,
    NotFoundError,
    OcicatError,
    ResponseStateLost,
    StreamBroken,
    TransportError,
    UnsupportedFeature,
)
from ocicat.vocabulary.flow import READ, Flow, Read, Response

__all__ = [
    "cancel",
    "delete",
    "input_items",
    "is_kept",
    "respond",
    "respond_stream",
    "retrieve",
]

_OWN: Final = frozenset({"drop_params", "inline_tool_calls"})
#: What needs a memory or a worker that only OCI has.
_ONLY_OCI: Final = ("conversation", "background", "prompt")
#: Items of ``input`` that only OCI can make something of.
_ONLY_OCI_ITEMS: Final = frozenset({"item_reference", "compaction", "mcp_approval_response"})
#: What is no matter of the chat: where and how the response is kept, and limits of hosted tools.
_NO_CHAT: Final = frozenset(
    {
        *("previous_response_id", "store", "metadata", "background", "stream", "max_tool_calls"),
        *("prompt_cache_options", "conversation", "prompt"),
    }
)
#: What a response repeats of its request.
_ECHOED: Final = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls"),
    *("previous_response_id", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"),
    *("temperature", "tool_choice", "top_logprobs", "top_p", "truncation", "user"),
)
_THOUGHTS: Final = "reasoning.encrypted_content"
_KEPT_EVENTS: Final = ("response.completed", "response.incomplete")
_LAST_EVENTS: Final = (*_KEPT_EVENTS, "response.failed", "response.cancelled")
#: Seconds to wait for the end of a body after its last event.
_GRACE: Final = Read(patience=0.25)
_LETTERS: Final = {"message": "msg", "reasoning": "rs", "function_call": "fc"}

Events = Iterable[dict[str, Any]]


def respond(
    body: Mapping[str, Any], options: Mapping[str, Any], *, store: ResponseStore | None = None
) -> Flow[dict[str, Any]]:
    """The response to ``body``, which is that of OpenAI's ``POST /responses``.

    ``options`` are those of :func:`ocicat.completion` that are no chat parameters. ``store`` keeps
    what is to be kept here (default: :func:`~ocicat.client.response_store.usual_store`). Raises
    :class:`~ocicat.errors.ResponseStateLost` where the response to be continued is kept nowhere,
    and what ``errors.py`` lists.
    """
    # The store may have to wait for a lock, for which an event loop must not stand still.
    turn = yield from in_background(lambda: _turn(body, options, store))
    ask = _ask(turn)
    if ask is not None:
        return (yield from _respond_at_oci(turn, ask))
    call = _call(turn, stream=False)
    reply = yield from traced(exchange(call), call, call.request)
    turn.begin(call, reply)  # type: ignore[arg-type]  # a TypedDict is a dict
    response = turn.dressed(openai_responses.encode_reply(reply))
    yield from in_background(lambda: turn.keep(response))
    return response


def respond_stream(
    body: Mapping[str, Any], options: Mapping[str, Any], *, store: ResponseStore | None = None
) -> Flow[None]:
    """The events of the response to ``body``, yielded among the effects, as they arrive.

    Raises what :func:`respond` raises, and :class:`~ocicat.errors.StreamBroken`.
    """
    turn = yield from in_background(lambda: _turn(body, options, store))
    ask = _ask(turn)
    if ask is not None:
        yield from _stream_from_oci(turn, ask)
        return
    call = _call(turn, stream=True)
    encoder = openai_responses.stream_encoder()

    def told(chunk: dict[str, Any]) -> Events:
        turn.begin(call, chunk)
        return map(turn.dressed_event, encoder.feed(chunk))  # type: ignore[arg-type]

    try:
        yield from mapped(traced(exchange_stream(call), call, call.request), told)
    except OcicatError as failure:
        for event in map(turn.dressed_event, encoder.end()):
            if event["type"] == "response.failed":
                event["response"]["error"]["message"] = failure.message
            yield event
        raise
    yield from map(turn.dressed_event, encoder.end())


# --- what is kept here --------------------------------------------------------------------------


def is_kept(response_id: str, store: ResponseStore | None = None) -> bool:
    """Whether a response is kept here."""
    return (store or usual_store()).get(response_id) is not None


def retrieve(response_id: str, store: ResponseStore | None = None) -> dict[str, Any]:
    """``GET /responses/{id}``. Raises :class:`~ocicat.errors.NotFoundError`."""
    return _kept(response_id, store or usual_store()).response


def delete(response_id: str, store: ResponseStore | None = None) -> dict[str, Any]:
    """``DELETE /responses/{id}``. Raises :class:`~ocicat.errors.NotFoundError`."""
    if not (store or usual_store()).delete(response_id):
        raise _not_found(response_id)
    return {"id": response_id, "object": "response", "deleted": True}


def cancel(response_id: str, store: ResponseStore | None = None) -> dict[str, Any]:
    """``POST /responses/{id}/cancel``. What is kept here has ended, so this only raises."""
    _kept(response_id, store or usual_store())
    raise BadRequestError(
        "Only responses created with background=true can be cancelled.",
        status=400,
        code="invalid_request_error",
    )


def input_items(
    response_id: str, query: Mapping[str, str] = {}, store: ResponseStore | None = None
) -> dict[str, Any]:
    """``GET /responses/{id}/input_items``: all that the model was given but the instructions.

    ``query`` may have ``limit`` (1 to 100, default 20), ``order`` (``desc``, the default, or
    ``asc``) and ``after`` (an item's id). Raises :class:`~ocicat.errors.NotFoundError` and
    :class:`~ocicat.errors.InvalidParameter`.
    """
    store = store or usual_store()
    kept = _kept(response_id, store)
    items = [*_history(kept.response["previous_response_id"], store), *kept.input]
    order, limit = query.get("order", "desc"), query.get("limit", "20")
    if order not in ("asc", "desc"):
        raise InvalidParameter("`order` must be asc or desc.", parameter="order")
    if not (limit.isdecimal() and 1 <= int(limit) <= 100):
        raise InvalidParameter("`limit` must be a number from 1 to 100.", parameter="limit")
    if order == "desc":
        items.reverse()
    ids = [item["id"] for item in items]
    after = query.get("after")
    if after is not None and after not in ids:
        raise InvalidParameter("`after` is the id of none of these items.", parameter="after")
    start = ids.index(after) + 1 if after is not None else 0
    page = items[start : start + int(limit)]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + len(page) < len(items),
    }


def _kept(response_id: str, store: ResponseStore) -> KeptResponse:
    kept = store.get(response_id)
    if kept is None:
        raise _not_found(response_id)
    return kept


def _not_found(response_id: str) -> NotFoundError:
    return NotFoundError(
        f"Response with id {response_id!r} not found.",
        status=404,
        code="not_found",
        parameter="response_id",
    )


def _history(response_id: str | None, store: ResponseStore) -> list[dict[str, Any]]:
    """The items of a conversation up to and with a response, in order."""
    turns: list[list[dict[str, Any]]] = []
    while response_id is not None:
        kept = store.get(response_id)
        if kept is None:
            raise ResponseStateLost(response_id)
        turns.append([*kept.input, *kept.response["output"]])
        response_id = kept.response["previous_response_id"]
    return [item for turn in reversed(turns) for item in turn]


# --- one turn -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Turn:
    """One request, and what is known of its response."""

    #: As the caller gave it, without what has no value.
    body: dict[str, Any]
    options: Mapping[str, Any]
    connection: Connection
    store: ResponseStore
    #: What came before, as far as it is kept here.
    earlier: list[dict[str, Any]]
    #: The items of this turn.
    input: list[dict[str, Any]]
    #: Whether an earlier response is continued that is not kept here.
    continues_elsewhere: bool
    response_id: str = ""
    #: What every form of the response says beside the answer.
    said: dict[str, Any] = field(default_factory=dict)

    def begin(self, call: Call, source: dict[str, Any]) -> None:
        """Give the response, of which ``source`` is a neutral reply or chunk, its own id."""
        if not self.response_id:
            self.response_id = f"resp_{call.ambient.token().lower()}"
            self.said = {**_echo(self.body), "opc_request_id": source.get("opc_request_id", "")}
            if source.get("oci_notes"):
                self.said["oci_notes"] = source["oci_notes"]
        source["id"] = self.response_id

    def dressed(self, response: dict[str, Any]) -> dict[str, Any]:
        """The response with what it repeats of its request."""
        return {**response, **self.said}

    def dressed_event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with what its response repeats; the response is kept before its end is told."""
        if "response" in event:
            event["response"] = self.dressed(event["response"])
            if event["type"] in _KEPT_EVENTS:
                self.keep(event["response"])
        return event

    def keep(self, response: dict[str, Any]) -> None:
        """Keep the response for later ones, unless it is not to be kept."""
        if not response["store"]:
            return
        stem = self.response_id.removeprefix("resp_")
        items = [_listed(item, f"{stem}_in{n}") for n, item in enumerate(self.input)]
        try:
            self.store.put(self.response_id, KeptResponse(response, items))
        except InvalidSetting as problem:
            # The answer is there and has been paid for.
            response["store"] = False
            note = {"parameter": "store", "message": f"Not kept: {problem}"}
            response["oci_notes"] = [*response.get("oci_notes", []), note]


def _turn(
    body: Mapping[str, Any], options: Mapping[str, Any], store: ResponseStore | None
) -> _Turn:
    said = {name: value for name, value in body.items() if value is not None}
    _, connection = split(options, _OWN, function="responses")
    store = store or usual_store()
    given = said.get("input")
    if isinstance(given, str):
        given = [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise InvalidParameter("`input` must be a text or a list of items.", parameter="input")
    previous = said.get("previous_response_id")
    kept = previous is None or store.get(previous) is not None
    earlier = _history(previous, store) if kept else []
    return _Turn(said, options, connection, store, earlier, given, not kept)


def _echo(body: Mapping[str, Any]) -> dict[str, Any]:
    echoed = {name: body[name] for name in _ECHOED if name in body}
    return {
        **echoed,
        "background": False,
        "reasoning": {"effort": None, "summary": None, **body.get("reasoning", {})},
        "store": body.get("store", True),
        "text": {"format": {"type": "text"}, **body.get("text", {})},
        "tools": [
            {"strict": False, **tool} if tool.get("type") == "function" else tool
            for tool in body.get("tools", ())
        ],
    }


def _listed(item: dict[str, Any], stem: str) -> dict[str, Any]:
    """An item of ``input`` in full, as lists of items have it."""
    kind = item.get("type") or "message"
    listed = {"type": kind, **item}
    if not listed.get("id"):
        listed["id"] = f"{_LETTERS.get(kind, 'item')}_{stem}"
    if kind == "message":
        listed.setdefault("status", "completed")
        if isinstance(item["content"], str):
            part: dict[str, Any] = {"type": "input_text", "text": item["content"]}
            if item["role"] == "assistant":
                part = {"type": "output_text", "text": item["content"], "annotations": []}
            listed["content"] = [part]
    return listed


# --- a chat -------------------------------------------------------------------------------------


def _call(turn: _Turn, *, stream: bool) -> Call:
    """The chat that asks for the response."""
    for name in _ONLY_OCI:
        if turn.body.get(name):
            raise UnsupportedFeature(
                f"`{name}` needs OCI's own Responses, which do not answer for"
                f" {turn.body['model']} here.",
                parameter=name,
                hint="Use a model that OCI serves through Responses, and set a project.",
            )
    if turn.continues_elsewhere:
        raise ResponseStateLost(turn.body["previous_response_id"])
    chat = {name: value for name, value in turn.body.items() if name not in _NO_CHAT}
    chat["input"] = [*turn.earlier, *turn.input]
    try:
        request: dict[str, Any] = {**openai_responses.decode_request(chat)}
    except OcicatError:
        raise
    except WRONG_SHAPE as problem:
        raise InvalidParameter(
            f"The request is not in the form of OpenAI's Responses ({problem!r}).",
            parameter="input",
        ) from problem
    if stream:
        request["stream_options"] = {"include_usage": True}
    model, messages = request.pop("model"), request.pop("messages")
    return prepare(model, messages, stream, {**turn.options, **request})


# --- OCI's own Responses ------------------------------------------------------------------------


def _ask(turn: _Turn) -> Ask | None:
    """Whom to ask where OCI's own Responses are to answer; ``None`` where a chat is."""
    connection, model = turn.connection, turn.body.get("model")
    usual = connection.route(model)  # type: ignore[arg-type]  # which checks that it is a text
    if usual.transport != "responses":
        if (connection.place.transport or "auto").strip().lower() != "auto":
            return None
        # Endpoints of one's own are not known to serve Responses.
        is_plain = not connection.project_id or usual.serving.kind == "DEDICATED"
        if is_plain and not _needs_oci(turn):
            return None
    options = {**turn.options, "transport": "responses"}
    _, connection = split(options, _OWN, function="responses")
    try:
        target = connection.route(model)  # type: ignore[arg-type]
    except UnsupportedFeature:
        return None
    identities = connection.identities(target.transport)
    if connection.log:
        connection.log("route", {"model": model, "target": target})
    return Ask(
        **ask_arguments(options, connection, target, identities),
        headers={"openai-project": connection.project_id} if connection.project_id else {},
        locate=locator(model, connection, target, identities),  # type: ignore[arg-type]
    )


def _needs_oci(turn: _Turn) -> bool:
    """Whether the request asks for what no chat has."""
    return (
        turn.continues_elsewhere
        or any(turn.body.get(name) for name in _ONLY_OCI)
        or any(tool.get("type") in HOSTED for tool in turn.body.get("tools", ()))
        or any(item.get("type") in _ONLY_OCI_ITEMS for item in turn.input)
    )


def _respond_at_oci(turn: _Turn, ask: Ask) -> Flow[dict[str, Any]]:
    yield from located(ask)
    response, origin = yield from _answered(turn, ask, stream=False)
    return _whole(response, origin)


def _stream_from_oci(turn: _Turn, ask: Ask) -> Flow[None]:
    yield from located(ask)
    response, origin = yield from _answered(turn, ask, stream=True)
    if response.streaming:
        yield from _events(origin)
        return
    reply = openai_responses.decode_reply(_whole(response, origin), origin)
    encoder = openai_responses.stream_encoder()
    for chunk in whole.chunks(reply, with_usage=True):
        yield from encoder.feed(chunk)
    yield from encoder.end()


def _answered(turn: _Turn, ask: Ask, *, stream: bool) -> Flow[tuple[Response, Origin]]:
    body = {**turn.body, "model": ask.target.serving.id, "stream": stream}
    if turn.earlier:
        body["input"] = [*_portable(turn.earlier), *turn.input]
        del body["previous_response_id"]
    if body.get("store") is False and ask.target.facts.reasoning:
        # OCI keeps no thoughts, so they must come and go with the conversation.
        body["include"] = list(dict.fromkeys([*body.get("include", ()), _THOUGHTS]))
    try:
        return (yield from answer(ask, msgspec.json.encode(body), stream=stream))
    except APIStatusError as failure:
        previous = body.get("previous_response_id")
        if previous and (
            failure.code == "previous_response_not_found"
            or failure.parameter == "previous_response_id"
        ):
            raise ResponseStateLost(
                previous, opc_request_id=failure.opc_request_id, body=failure.body
            ) from failure
        if isinstance(failure, NotFoundError) and not ask.headers:
            failure.hint = (
                "OCI's Responses belong to a project: give its OCID as oci_project_id=, or set"
                f" OCI_GENAI_PROJECT_ID. {failure.hint}"
            ).rstrip()
        raise


def _portable(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Items that were made here, for OCI, which knows neither their ids nor their thoughts."""
    for item in items:
        if item["type"] != "reasoning" or item.get("encrypted_content"):
            own = item["type"] in ("message", "function_call", "function_call_output")
            yield {key: value for key, value in item.items() if key != "id" or not own}


def _whole(response: Response, origin: Origin) -> dict[str, Any]:
    body = json_object(response.body, origin)
    if not isinstance(body.get("output"), list):
        said = {key: value for key, value in body.items() if value is not None}
        raise faults.unusable_reply(said, origin, expected="output")
    body["opc_request_id"] = origin.opc_request_id
    return body


def _events(origin: Origin) -> Flow[None]:
    """The events of an open stream, as they are."""
    decoder = sse.Decoder()
    texts: list[str] = []
    ended = False
    while True:
        try:
            data = yield _GRACE if ended else READ
        except TransportError as failure:
            if ended:
                return  # nothing is missing; the far side only keeps its connection open
            raise _cut(texts, origin, failure.message) from failure
        for payload in decoder.feed(data) if data else decoder.end():
            if payload == sse.DONE or ended:
                continue
            event = _event(payload, origin, texts)
            ended = event["type"] in _LAST_EVENTS
            yield event
        if not data:
            break
    if not ended:
        raise _cut(texts, origin, "it ended before the response did.")


def _event(payload: bytes, origin: Origin, texts: list[str]) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(payload, type=dict[str, Any])
    except (ValueError, RecursionError) as problem:
        raise _cut(texts, origin, "an event in it is not whole JSON.") from problem
    kind = event.get("type")
    if not isinstance(kind, str) or kind == "error":
        raise faults.broken_stream(event, origin, "".join(texts))
    if kind == "response.output_text.delta":
        texts.append(event["delta"])
    if isinstance(event.get("response"), dict):
        event["response"]["opc_request_id"] = origin.opc_request_id
    return event


def _cut(texts: list[str], origin: Origin, why: str) -> StreamBroken:
    return StreamBroken(
        f"The stream of {origin.model} broke: {why}",
        partial="".join(texts),
        hint="What had arrived is in `partial`; a stream that has begun is not repeated.",
        opc_request_id=origin.opc_request_id,
    )
