"""A response, whole or as events: from OCI's own Responses, or out of a chat."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ocicat.call.exchange import Call, exchange, exchange_stream
from ocicat.call.flows import mapped
from ocicat.client import wording
from ocicat.client.response_store import ResponseStore
from ocicat.client.responses import as_chat, at_oci
from ocicat.client.responses.names import refusals_in_own_words
from ocicat.client.responses.turn import Turn, read_turn
from ocicat.client.telemetry import traced, traced_response
from ocicat.dialects import openai_responses
from ocicat.errors import OcicatError
from ocicat.vocabulary.chat import ChatReply
from ocicat.vocabulary.flow import Flow

__all__ = ["respond", "respond_stream"]

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def respond(
    body: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    store: ResponseStore | None = None,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Flow[dict[str, Any]]:
    """The response to ``body``, which is that of OpenAI's ``POST /responses``.

    ``options`` are those of :func:`ocicat.completion` that are no chat parameters. ``store`` keeps
    what is to be kept here (default: :func:`~ocicat.client.response_store.usual_store`). OCI is
    sent ``headers`` too. Raises :class:`~ocicat.errors.ResponseStateLost` where the response to be
    continued is kept nowhere, and what ``errors.py`` lists.
    """
    turn = yield from read_turn(body, options, store)
    ask = at_oci.ask_for(turn, headers)
    if ask is not None:
        native = at_oci.respond(turn, ask)
        return (yield from traced_response(native, ask, {**turn.body, "input": turn.whole_input}))
    with refusals_in_own_words():
        call = as_chat.call_for(turn, headers, stream=False)
        reply = yield from traced(_begun(turn, call), call, call.request)
    response = turn.dressed(openai_responses.encode_reply(reply), call.ambient)
    yield from turn.kept(response)
    return response


def _begun(turn: Turn, call: Call) -> Flow[ChatReply]:
    reply = yield from exchange(call)
    turn.begin(call, reply)  # type: ignore[arg-type]  # a TypedDict is a dict
    return reply


def respond_stream(
    body: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    store: ResponseStore | None = None,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Flow[None]:
    """The events of the response to ``body``, yielded among the effects, as they arrive.

    Raises what :func:`respond` raises, and :class:`~ocicat.errors.StreamBroken`.
    """
    turn = yield from read_turn(body, options, store)
    ask = at_oci.ask_for(turn, headers)
    if ask is not None:
        native = at_oci.respond_stream(turn, ask)
        request = {**turn.body, "input": turn.whole_input, "stream": True}
        yield from traced_response(native, ask, request)
        return
    with refusals_in_own_words():
        yield from _chat_events(turn, headers)


def _chat_events(turn: Turn, headers: Mapping[str, str]) -> Flow[None]:
    """The events of a response that is a chat."""
    call = as_chat.call_for(turn, headers, stream=True)
    encoder = openai_responses.stream_encoder()

    def begun(chunk: dict[str, Any]) -> list[dict[str, Any]]:
        turn.begin(call, chunk)
        return [chunk]

    def told(chunk: dict[str, Any]) -> Flow[None]:
        for event in encoder.feed(chunk):  # type: ignore[arg-type]  # a chunk
            yield from turn.told(event, call.ambient)

    chunks = mapped(exchange_stream(call), begun)
    try:
        yield from mapped(traced(chunks, call, call.request), told)
    except OcicatError as failure:
        for event in encoder.end(wording.told(failure)):
            yield from turn.told(event, call.ambient)
        raise
    for event in encoder.end():
        yield from turn.told(event, call.ambient)
