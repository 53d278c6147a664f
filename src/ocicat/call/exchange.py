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

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ocicat.call.attempts import (
    WRONG_SHAPE,
    Ask,
    answer_without_refused,
    json_object,
    located,
    undocumented,
)
from ocicat.call.flows import mapped
from ocicat.call.learning import STREAM
from ocicat.dialects import inline_calls, registry, sse, tools, usage, whole
from ocicat.dialects.dialect import Dialect, Notes, Origin, StreamDecoder
from ocicat.errors import BadRequestError, InvalidParameter, StreamBroken, TransportError
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Note, Usage
from ocicat.vocabulary.flow import READ, Flow, Read, Response, Together
from ocicat.vocabulary.target import Target

__all__ = ["Call", "exchange", "exchange_stream"]

#: Seconds to wait for the end of a body once everything needed from it has arrived.
_GRACE = Read(patience=0.25)
#: As OpenAI has it.
_MAX_ANSWERS = 128


@dataclass(slots=True, kw_only=True)
class Call(Ask):
    """One chat, ready to be asked."""

    request: ChatRequest
    #: Read tool calls that the model writes into its text; ``None`` goes by the model's facts.
    inline_tool_calls: bool | None = None


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
    offered = _tools_in_text(call)
    if offered:
        reply = inline_calls.lift(reply, offered, origin)
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
        yield from _side_by_side(several)
        return
    response, origin, notes = yield from _answer(call, dialect, stream=True)
    with_usage = bool((call.request.get("stream_options") or {}).get("include_usage"))
    offered = _tools_in_text(call)
    lifter = inline_calls.Lifter(offered, origin) if offered else None
    if response.streaming:
        decoder = dialect.stream_decoder(origin, with_usage=with_usage)
        chunks = _read(decoder, origin, lifter, _head(response, notes))
        if _must_call(call, dialect):
            chunks = mapped(chunks, _missing_call_noted())
        yield from chunks
        return
    reply = _decoded_reply(dialect, response, origin)
    notes.add(STREAM, "The answer came whole, in one piece: the model did not stream it.")
    if offered:
        reply = inline_calls.lift(reply, offered, origin)
    _note_missing_calls(call, dialect, reply, notes)
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
        reply = dialect.decode_reply(body, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem
    if not reply["choices"]:
        raise undocumented(origin)
    return reply


def _answer(call: Call, dialect: Dialect, *, stream: bool) -> Flow[tuple[Response, Origin, Notes]]:
    """OCI's answer, and what became of the request on the way to it."""

    def encode(target: Target, notes: Notes) -> dict[str, Any]:
        request = _without_stream(call.request) if STREAM in notes.learned else call.request
        return dialect.encode_request(request, target, call.compartment_id, notes)

    try:
        return (
            yield from answer_without_refused(
                call, call.request, dialect.PARAMETERS, encode, stream=stream
            )
        )
    except BadRequestError as refusal:
        if call.target.format_is_assumed:
            refusal.hint = f"{refusal.hint} {_ASSUMED}".strip()
        raise


_ASSUMED = (
    "What the endpoint speaks could not be looked up and was assumed; say it in oci_api_format=."
)


def _without_stream(request: ChatRequest) -> ChatRequest:
    kept = dict(request)
    for name in ("stream", "stream_options"):
        kept.pop(name, None)
    return kept  # type: ignore[return-value]  # the rest of a request


def _head(response: Response, notes: Notes) -> dict[str, Any]:
    """What is told of a call beside its answer."""
    head: dict[str, Any] = {}
    if notes.items:
        head["oci_notes"] = notes.items
    deprecation = response.headers.get("model-deprecation-info")
    if deprecation:
        head["model_deprecation_info"] = deprecation
    return head


def _tools_in_text(call: Call) -> dict[str, dict[str, Any] | None]:
    """The tools that the model may call in its text: names and schemas of parameters."""
    wanted = call.inline_tool_calls
    if wanted is None:
        wanted = call.target.facts.inline_tool_calls
    if not wanted or not call.request.get("tools"):
        return {}
    return {tool.name: tool.parameters for tool in tools.tools(call.request, Notes())}


# --- calls that a model is only asked, and not made, to make ------------------------------------

_MISSING_CALL: Note = {
    "parameter": "tool_choice",
    "message": "The model answered without the call that was required.",
}


def _must_call(call: Call, dialect: Dialect) -> bool:
    """Whether a tool has to be called, and the model can only be asked to."""
    if call.request.get("tool_choice") is None or call.request.get("tools") is None:
        return False
    choice = tools.choice(call.request)
    is_emulated = dialect.PARAMETERS["tool_choice"].way == "emulated"
    return is_emulated and choice is not None and choice.kind in ("required", "function")


def _note_missing_calls(call: Call, dialect: Dialect, reply: ChatReply, notes: Notes) -> None:
    called = any(each["message"].get("tool_calls") for each in reply["choices"])
    if not called and _must_call(call, dialect):
        notes.items.append(_MISSING_CALL.copy())


def _missing_call_noted() -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """Notes a missing call in the chunk that ends the answer."""
    called = False

    def told(chunk: dict[str, Any]) -> list[dict[str, Any]]:
        nonlocal called
        for choice in chunk["choices"]:
            called = called or bool(choice["delta"].get("tool_calls"))
            if choice.get("finish_reason") and not called:
                chunk["oci_notes"] = [*chunk.get("oci_notes", []), _MISSING_CALL.copy()]
        return [chunk]

    return told


# --- several answers from a model that gives one ------------------------------------------------


def _asked_apart(call: Call, dialect: Dialect) -> list[Call]:
    """One call for each answer, where the dialect has no words for several."""
    count = call.request.get("n")
    if not isinstance(count, int) or count <= 1 or dialect.PARAMETERS["n"].way != "emulated":
        return []
    if count > _MAX_ANSWERS:
        raise InvalidParameter(f"`n` must be at most {_MAX_ANSWERS}.", parameter="n")
    seed = call.request.get("seed")
    apart = []
    for number in range(count):
        request: ChatRequest = {**call.request, "n": None}
        if isinstance(seed, int):
            request["seed"] = seed + number  # the same seed would give the same answer
        apart.append(replace(call, request=request))
    return apart


_APART: Note = {
    "parameter": "n",
    "message": "Each answer was asked for by a call of its own, as the model gives one at a time.",
}


def _merged(replies: list[ChatReply]) -> ChatReply:
    merged = replies[0]
    for number, reply in enumerate(replies):
        reply["choices"][0]["index"] = number
    merged["choices"] = [reply["choices"][0] for reply in replies]
    merged["usage"] = usage.total([reply.get("usage") for reply in replies])
    notes: list[Note] = []
    for reply in replies:
        notes += _new_notes(reply, notes)
    merged["oci_notes"] = [*notes, _APART.copy()]
    return merged


def _side_by_side(several: list[Call]) -> Flow[None]:
    """The streams of several calls as one, each answer under an index of its own."""
    yield Together([exchange_stream(call) for call in several], stream=True)
    head: dict[str, Any] = {}
    told: list[Note] = []
    usages: list[Usage] = []
    while (arrived := (yield READ)) is not None:
        number, chunk = arrived
        new = _new_notes(chunk, told)
        if not head:
            head = {name: chunk[name] for name in _EVERYWHERE}
            new.append(_APART.copy())
        told += new
        chunk.update(id=head["id"], created=head["created"])  # one stream, one id
        if counted := chunk.pop("usage", None):
            usages.append(counted)
        for choice in chunk["choices"]:
            choice["index"] = number
        if new:
            chunk["oci_notes"] = new
        else:
            chunk.pop("oci_notes", None)
        if chunk["choices"] or new:
            yield chunk
    if usages:
        yield {**head, "choices": [], "usage": usage.total(usages)}


#: What every chunk has.
_EVERYWHERE = ("id", "object", "created", "model", "opc_request_id")


def _new_notes(said: Mapping[str, Any], told: list[Note]) -> list[Note]:
    """The notes of a reply or a chunk that are not among those told before."""
    return [note for note in said.get("oci_notes", []) if note not in told]


def _cut(partial: str, origin: Origin, why: str) -> StreamBroken:
    return StreamBroken(
        f"The stream of {origin.model} broke: {why}",
        partial=partial,
        hint="What had arrived is in `partial`; a stream that has begun is not repeated.",
        opc_request_id=origin.opc_request_id,
    )
