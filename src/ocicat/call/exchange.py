"""One chat, from a neutral request to a neutral reply. Start reading here.

::

    encode ─> resolve identity ─> sign ─> yield Request ─┐ (a driver does the I/O)
      decode <─ Response / bytes of the stream <─────────┘

:func:`exchange` reads a whole reply, :func:`exchange_stream` reads a stream, whose first byte ends
all retrying. How a request is repeated is told in ``attempts.py``; what is done here for backends
that lack something (several answers, streams, tool calls of their own) is reported in the reply's
``oci_notes``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from ocicat.call.attempts import WRONG_SHAPE, Ask, answer, json_object, located, undocumented
from ocicat.call.flows import mapped
from ocicat.call.learning import STREAM, Learned
from ocicat.dialects import inline_calls, registry, sse, tools, usage, whole
from ocicat.dialects.dialect import Dialect, Notes, Origin, StreamDecoder
from ocicat.errors import BadRequestError, StreamBroken, TransportError
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Usage
from ocicat.vocabulary.flow import READ, Flow, Read, Response, Together

__all__ = ["Call", "exchange", "exchange_stream"]

#: Seconds to wait for the end of a body once everything needed from it has arrived.
_GRACE = Read(patience=0.25)


@dataclass(slots=True, kw_only=True)
class Call(Ask):
    """One chat, ready to be asked."""

    request: ChatRequest
    #: Leave out, with a note, what the model cannot be told.
    drop_params: bool = False
    #: Read tool calls that the model writes into its text; ``None`` goes by the model's facts.
    inline_tool_calls: bool | None = None
    #: Kept from call to call.
    learned: Learned = field(default_factory=Learned)


def exchange(call: Call) -> Flow[ChatReply]:
    """The reply to ``call``. Raises what ``errors.py`` lists."""
    yield from located(call)
    dialect = registry.dialect(call.target.dialect)
    several = _asked_apart(call, dialect)
    if several:
        replies = yield Together([exchange(each) for each in several])
        return _merged(replies)
    response, origin, notes = yield from _answer(call, dialect, stream=False)
    reply = _decoded_reply(dialect, response, origin)
    names = _tools_in_text(call)
    if names:
        reply = inline_calls.lift(reply, names, origin)
    _note_missing_calls(call, dialect, reply, notes)
    reply.update(_head(response, notes))  # type: ignore[typeddict-item]  # keys of a reply
    return reply


def exchange_stream(call: Call) -> Flow[None]:
    """The chunks of the reply to ``call``, yielded among the effects, as they arrive.

    The first :class:`~ocicat.vocabulary.flow.Read` says that OCI has accepted the request. Raises
    :class:`~ocicat.errors.StreamBroken`, which holds the text that had arrived, for a stream that
    does not reach its end.
    """
    yield from located(call)
    dialect = registry.dialect(call.target.dialect)
    several = _asked_apart(call, dialect)
    if several:
        yield from _one_after_the_other(several)
        return
    with_usage = bool((call.request.get("stream_options") or {}).get("include_usage"))
    response, origin, notes = yield from _answer(call, dialect, stream=True)
    names = _tools_in_text(call)
    lifter = inline_calls.Lifter(names, origin) if names else None
    if response.streaming:
        decoder = dialect.stream_decoder(origin, with_usage=with_usage)
        yield from _read(decoder, origin, lifter, _head(response, notes))
        return
    reply = _decoded_reply(dialect, response, origin)
    notes.add(STREAM, "The answer came whole, in one piece: the model did not stream it.")
    if names:
        reply = inline_calls.lift(reply, names, origin)
    told = whole.chunks(reply, with_usage=with_usage)
    first, *rest = [piece for chunk in told for piece in whole.apart(chunk)]
    yield {**first, **_head(response, notes)}
    yield from rest  # type: ignore[misc]  # a TypedDict is a dict


def _read(
    decoder: StreamDecoder,
    origin: Origin,
    lifter: inline_calls.Lifter | None,
    head: dict[str, Any],
) -> Flow[None]:
    """The chunks of an open stream; the first also says what is in ``head``."""
    events = sse.Decoder()
    done = False
    while True:
        try:
            data = yield _GRACE if decoder.complete or done else READ
        except TransportError as failure:
            if decoder.finished:
                break  # nothing is missing; the far side only keeps its connection open
            raise _cut(decoder.text, origin, failure.message) from failure
        if not done:
            for payload in events.feed(data) if data else events.end():
                if payload == sse.DONE:
                    done = True  # and read on to the end of the body, to keep its connection
                    break
                for chunk in _decoded(decoder, payload, origin):
                    for said in (chunk,) if lifter is None else lifter.feed(chunk):
                        for piece in whole.apart(said):
                            if head:
                                piece.update(head)  # type: ignore[typeddict-item]  # a chunk's
                                head = {}
                            yield piece  # type: ignore[misc]  # a TypedDict is a dict
        if not data:
            break
    if not decoder.finished:
        raise _cut(decoder.text, origin, "it ended before the answer did.")


def _decoded(decoder: StreamDecoder, payload: bytes, origin: Origin) -> list[ChatChunk]:
    try:
        event = msgspec.json.decode(payload)
    except (ValueError, RecursionError) as problem:
        raise _cut(decoder.text, origin, "an event in it is not whole JSON.") from problem
    try:
        return decoder.feed(event)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem


def _decoded_reply(dialect: Dialect, response: Response, origin: Origin) -> ChatReply:
    body = json_object(response.body, origin)
    try:
        return dialect.decode_reply(body, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem


def _answer(call: Call, dialect: Dialect, *, stream: bool) -> Flow[tuple[Response, Origin, Notes]]:
    """OCI's answer, and what became of the request on the way to it.

    A refusal that names a parameter is learned, and the request made again without it where the
    call can do without.
    """
    while True:
        target = call.learned.applied(call.target)
        notes = Notes(drop=call.drop_params, learned=call.learned.of(target, call.request))
        whole_only = stream and STREAM in notes.learned
        request = _without_stream(call.request) if whole_only else call.request
        body = msgspec.json.encode(
            dialect.encode_request(request, target, call.compartment_id, notes)
        )
        try:
            response, origin = yield from answer(call, body, stream=stream and not whole_only)
        except BadRequestError as refusal:
            again = call.learned.learn(
                target, request, dialect.PARAMETERS, refusal, drop=call.drop_params
            )
            if not again:
                if target.format_is_assumed:
                    refusal.hint = f"{refusal.hint} {_ASSUMED}".strip()
                raise
            if call.log:
                call.log("learned", {"model": target.model, "failure": refusal})
        else:
            return response, origin, notes


_ASSUMED = (
    "What the endpoint speaks could not be looked up and was assumed; say it in oci_api_format=."
)


def _without_stream(request: ChatRequest) -> ChatRequest:
    kept = dict(request)
    for name in ("stream", "stream_options"):
        kept.pop(name, None)
    return kept  # type: ignore[return-value]  # the rest of a request


def _note_missing_calls(call: Call, dialect: Dialect, reply: ChatReply, notes: Notes) -> None:
    """Report it where a model did not call a tool as it was only asked, and not made, to do."""
    if call.request.get("tool_choice") is None or call.request.get("tools") is None:
        return
    choice = tools.choice(call.request)
    if dialect.PARAMETERS["tool_choice"].way == "emulated" and choice is not None:
        called = any(each["message"].get("tool_calls") for each in reply["choices"])
        if choice.kind in ("required", "function") and not called:
            notes.add("tool_choice", "The model answered without the call that was required.")


def _head(response: Response, notes: Notes) -> dict[str, Any]:
    """What is told of a call beside its answer."""
    head: dict[str, Any] = {}
    if notes.items:
        head["oci_notes"] = notes.items
    deprecation = response.headers.get("model-deprecation-info")
    if deprecation:
        head["model_deprecation_info"] = deprecation
    return head


def _tools_in_text(call: Call) -> frozenset[str]:
    """The names of the tools that the model may call in its text."""
    wanted = call.inline_tool_calls
    if wanted is None:
        wanted = call.target.facts.inline_tool_calls
    if not wanted or not call.request.get("tools"):
        return frozenset()
    return frozenset(tool.name for tool in tools.tools(call.request, Notes()))


# --- several answers from a model that gives one ------------------------------------------------


def _asked_apart(call: Call, dialect: Dialect) -> list[Call]:
    """One call for each answer, where the dialect has no words for several."""
    count = call.request.get("n")
    if not isinstance(count, int) or count <= 1 or dialect.PARAMETERS["n"].way != "emulated":
        return []
    seed = call.request.get("seed")
    apart = []
    for number in range(count):
        request: ChatRequest = {**call.request, "n": None}
        if isinstance(seed, int):
            request["seed"] = seed + number  # the same seed would give the same answer
        apart.append(replace(call, request=request))
    return apart


_APART = "Each answer was asked for by a call of its own, as the model gives one at a time."


def _merged(replies: list[ChatReply]) -> ChatReply:
    merged = replies[0]
    for number, reply in enumerate(replies):
        reply["choices"][0]["index"] = number
    merged["choices"] = [reply["choices"][0] for reply in replies]
    merged["usage"] = usage.total([reply.get("usage") for reply in replies])
    merged["oci_notes"] = [*merged.get("oci_notes", []), {"parameter": "n", "message": _APART}]
    return merged


def _one_after_the_other(several: list[Call]) -> Flow[None]:
    """The streams of several calls as one, each under an index of its own."""
    usages: list[Usage | None] = []
    last: dict[str, Any] = {}

    def told(number: int, chunk: dict[str, Any]) -> list[dict[str, Any]]:
        nonlocal last
        if chunk.get("usage"):
            usages.append(chunk["usage"])
            last = chunk
            return []
        for choice in chunk["choices"]:
            choice["index"] = number
        if not last:
            note = {"parameter": "n", "message": _APART}
            chunk["oci_notes"] = [*chunk.get("oci_notes", []), note]
            last = chunk
        return [chunk]

    for number, call in enumerate(several):
        yield from mapped(exchange_stream(call), partial(told, number))
    if usages:
        yield {**last, "choices": [], "usage": usage.total(usages)}


def _cut(partial: str, origin: Origin, why: str) -> StreamBroken:
    return StreamBroken(
        f"The stream of {origin.model} broke: {why}",
        partial=partial,
        hint="What had arrived is in `partial`; a stream that has begun is not repeated.",
        opc_request_id=origin.opc_request_id,
    )
