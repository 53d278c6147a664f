"""OCI's own Responses: the request goes there as it is, and so does the answer come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ocicat.call.attempts import WRONG_SHAPE, Ask, answer, json_object, located, undocumented
from ocicat.client.locating import locator
from ocicat.client.options import ask_arguments, split
from ocicat.client.responses.turn import OWN_OPTIONS, Turn, kind_of
from ocicat.dialects import faults, openai_responses, sse, whole
from ocicat.dialects.dialect import Origin
from ocicat.dialects.openai_responses.tools import HOSTED
from ocicat.errors import (
    APIStatusError,
    NotFoundError,
    ResponseStateLost,
    StreamBroken,
    TransportError,
    UnsupportedFeature,
)
from ocicat.vocabulary.flow import READ, Flow, Read, Response

__all__ = ["ONLY_OCI", "ask_for", "respond", "respond_stream"]

#: What needs a memory or a worker that only OCI has.
ONLY_OCI: Final = ("conversation", "background", "prompt")
#: Items of ``input`` that only OCI can make something of.
_ONLY_OCI_ITEMS: Final = frozenset({"item_reference", "compaction", "mcp_approval_response"})
#: Where the older Responses keep what they are asked to; they know no projects.
_CONVERSATION_STORE: Final = "opc-conversation-store-id"
_WHERE_KEPT: Final = frozenset({_CONVERSATION_STORE, "openai-project"})
_THOUGHTS: Final = "reasoning.encrypted_content"
_LAST_EVENTS: Final = (
    *("response.completed", "response.incomplete", "response.failed", "response.cancelled"),
)
_WITH_ANSWER: Final = ("completed", "incomplete")
#: What a response says of its progress.
_PROGRESS: Final = frozenset(
    {"status", "output", "error", "incomplete_details", "usage", "completed_at"}
)
#: Seconds to wait for the end of a body after its last event.
_GRACE: Final = Read(patience=0.25)


def ask_for(turn: Turn, headers: Mapping[str, str]) -> Ask | None:
    """Whom to ask where OCI's own Responses are to answer; ``None`` where a chat is."""
    connection, model = turn.connection, turn.body.get("model")
    usual = connection.route(model)  # type: ignore[arg-type]  # which checks that it is a text
    if usual.transport != "responses":
        if (connection.place.transport or "auto").strip().lower() != "auto":
            return None
        # Endpoints of one's own are not known to serve Responses.
        is_plain = not connection.project_id or usual.serving.kind == "DEDICATED"
        if is_plain and _CONVERSATION_STORE not in headers and not _needs_oci(turn):
            return None
    options = {**turn.options, "transport": "responses"}
    _, connection = split(options, OWN_OPTIONS, function="responses")
    try:
        target = connection.route(model)  # type: ignore[arg-type]
    except UnsupportedFeature:
        return None
    identities = connection.identities(target.transport)
    if connection.log:
        connection.log("route", {"model": model, "target": target})
    project = {"openai-project": connection.project_id} if connection.project_id else {}
    return Ask(
        **ask_arguments(options, connection, target, identities),
        headers={**headers, **project},
        locate=locator(model, connection, target, identities),  # type: ignore[arg-type]
    )


def _needs_oci(turn: Turn) -> bool:
    """Whether the request asks for what no chat has."""
    return (
        turn.continues_elsewhere
        or any(turn.body.get(name) for name in ONLY_OCI)
        or any(tool["type"] in HOSTED for tool in turn.body.get("tools", ()))
        or any(kind_of(item) in _ONLY_OCI_ITEMS for item in turn.input)
    )


def respond(turn: Turn, ask: Ask) -> Flow[dict[str, Any]]:
    """OCI's response, with its ``opc_request_id``."""
    yield from located(ask)
    response, origin = yield from _answered(turn, ask, stream=False)
    return _whole(response, origin)


def respond_stream(turn: Turn, ask: Ask) -> Flow[None]:
    """OCI's events; those with a response in them have its ``opc_request_id``.

    Raises :class:`~ocicat.errors.StreamBroken` for a stream that ends before its response does.
    """
    yield from located(ask)
    response, origin = yield from _answered(turn, ask, stream=True)
    if response.streaming:
        yield from _events(origin)
        return
    body = _whole(response, origin)
    try:
        events = _events_of(body, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem
    yield from events


def _events_of(body: dict[str, Any], origin: Origin) -> list[dict[str, Any]]:
    """The events of a response that came whole."""
    status = body.get("status", "completed")
    if status not in _WITH_ANSWER:
        kinds = ("response.created", f"response.{status}")
        return [
            {"type": kind, "sequence_number": n, "response": body} for n, kind in enumerate(kinds)
        ]
    encoder = openai_responses.stream_encoder()
    reply = openai_responses.decode_reply(body, origin)
    events = [e for chunk in whole.chunks(reply, with_usage=True) for e in encoder.feed(chunk)]
    events += encoder.end()
    said = {name: value for name, value in body.items() if name not in _PROGRESS}
    for event in events:
        if "response" in event:
            event["response"].update(said)
    events[-1]["response"]["completed_at"] = body.get("completed_at")
    return events


def _answered(turn: Turn, ask: Ask, *, stream: bool) -> Flow[tuple[Response, Origin]]:
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
        if isinstance(failure, NotFoundError) and not _WHERE_KEPT & ask.headers.keys():
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
    if kind == "response.output_text.delta" and isinstance(event.get("delta"), str):
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
