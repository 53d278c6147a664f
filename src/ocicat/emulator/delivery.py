"""Sending the answer to a chat, with everything that a rule or a stream's style does to it.

Where the text comes from is not known here: a *source* gives a whole reply or a stream of chunks.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import aclosing
from random import Random
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from ocicat.dialects import sse
from ocicat.dialects.parameters import Parameter
from ocicat.emulator.call import EVENT_STREAM, JSON, Call
from ocicat.emulator.chats import Chat
from ocicat.emulator.families import Cutter, style_of
from ocicat.emulator.refusals import REASON_HEADER, Refused, Shape, header_text, of_parameter
from ocicat.emulator.script import Behaviour, Failure
from ocicat.emulator.streams import Splitter, StreamStyle, encode_event, pad
from ocicat.vocabulary.chat import ChatChunk, ChatReply

__all__ = ["Source", "deliver", "hang_up", "misbehave", "refuse_fields"]

_SCRIPTED: Final = "a rule of the emulator's script"
_MESSAGES: Final = {
    401: "The required information to complete authentication was not provided or was incorrect.",
    404: "Authorization failed or requested resource not found.",
    409: "The requested state for the resource conflicts with its current state.",
    429: "Too many requests: the model is throttled for this tenancy.",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Source(Protocol):
    """Where an answer comes from. Both methods may raise :class:`Refused`."""

    @property
    def is_instant(self) -> bool:
        """Whether a stream's next chunk never has to be waited for."""
        ...

    async def reply(self) -> ChatReply:
        """The whole answer."""
        ...

    def chunks(self) -> AsyncIterator[ChatChunk]:
        """The answer as a stream."""
        ...


async def deliver(
    call: Call, chat: Chat, behaviour: Behaviour, source: Source, style: StreamStyle, dice: Random
) -> web.StreamResponse:
    """Answer a chat. Raises :class:`Refused` as long as nothing has been sent."""
    scripted = await misbehave(call, behaviour)
    if scripted is not None:
        return scripted
    _refuse_parameters(chat, behaviour)
    silence = _silence(behaviour)
    if chat.request.get("stream"):
        return await _deliver_stream(call, chat, behaviour, source, style, dice, silence)
    return await _deliver_whole(call, chat, behaviour, source, silence)


async def misbehave(call: Call, behaviour: Behaviour) -> web.StreamResponse | None:
    """What a rule wants sent in place of an answer; ``None`` if it wants none."""
    silence = _silence(behaviour)
    if behaviour.reset:
        call.record(None, f"{_SCRIPTED} resets the connection")
        await asyncio.sleep(silence)
        return hang_up(call, reset=True)
    if behaviour.failure is not None:
        call.record(behaviour.failure.status, f"{_SCRIPTED} answers {behaviour.failure.status}")
        await asyncio.sleep(silence)
        return _fail(call, behaviour.failure)
    if behaviour.raw is not None:
        call.record(behaviour.raw.status)
        await asyncio.sleep(silence)
        response = call.whole(behaviour.raw.status, behaviour.raw.body, None, behaviour.raw.headers)
        if int(response.headers.get("content-length", -1)) > len(behaviour.raw.body):
            response.force_close()  # the rest of the body will never come
        return response
    return None


def _silence(behaviour: Behaviour) -> float:
    return sum(stall.seconds for stall in behaviour.stalls if stall.after_events is None)


def hang_up(call: Call, *, reset: bool = False) -> web.StreamResponse:
    """Close the connection in the middle of whatever is going on, with a TCP reset if wanted."""
    transport = call.http.transport
    if transport is not None:
        if reset:
            # Lingering for no time makes close() send RST instead of FIN.
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            transport.abort()
        else:
            transport.close()
    # The server wants something back; it finds the connection closed and sends nothing of it.
    return web.Response(status=500)


def _fail(call: Call, failure: Failure) -> web.Response:
    headers = {REASON_HEADER: header_text(f"{_SCRIPTED} answers {failure.status}")}
    if failure.retry_after is not None:
        seconds = failure.retry_after
        headers["retry-after"] = str(int(seconds) if seconds == int(seconds) else seconds)
    message = failure.message or _MESSAGES.get(failure.status, f"Status {failure.status}")
    if failure.html:
        page = (
            f"<html>\r\n<head><title>{failure.status} {message}</title></head>\r\n"
            f"<body>\r\n<center><h1>{failure.status} {message}</h1></center>\r\n</body>\r\n"
            "</html>\r\n"
        )
        return call.whole(failure.status, page.encode(), "text/html", headers)
    body = {"code": failure.code or str(failure.status), "message": message}
    return call.json_reply(body, status=failure.status, headers=headers)


def _refuse_parameters(chat: Chat, behaviour: Behaviour) -> None:
    """Refuse what a rule wants refused. Raises :class:`Refused`."""
    usual: Shape = "nested" if chat.is_native else "openai"
    for refused in behaviour.refused_parameters:
        name = refused.parameter
        if chat.request.get(name) is not None:
            shape = refused.shape or usual
            shown = _wire_name(chat, name) if shape == "text" else name
            message = f"Unsupported parameter: '{shown}' is not supported with this model."
            raise of_parameter(name, message, f"{_SCRIPTED} refuses {name}", shape=shape)
    if behaviour.refuses_streaming and chat.request.get("stream"):
        shown = "isStream" if chat.is_native else "stream"
        message = f"Streaming is not supported by this endpoint: '{shown}' must be false."
        raise of_parameter(
            "stream",
            message,
            f"{_SCRIPTED} refuses to stream",
            shape="text" if chat.is_native else "openai",
            code="unsupported_value",
        )


def refuse_fields(call: Call, behaviour: Behaviour) -> None:
    """Refuse a request that is no chat for the fields that a rule wants refused.

    Raises :class:`Refused`.
    """
    for refused in behaviour.refused_parameters:
        name = refused.parameter
        if f'"{name}":'.encode() in call.body:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            reason = f"{_SCRIPTED} refuses {name}"
            raise of_parameter(name, message, reason, shape=refused.shape or "nested")


def _wire_name(chat: Chat, parameter: str) -> str:
    entry = chat.dialect.PARAMETERS.get(parameter)
    if isinstance(entry, Parameter):
        return entry.wire
    first, *others = parameter.split("_")
    return first + "".join(map(str.title, others)) if chat.is_native else parameter


def _answer_headers(chat: Chat, behaviour: Behaviour) -> dict[str, str]:
    """The header in which OCI says that a model will go."""
    facts = chat.served.facts
    info = behaviour.deprecation
    if info is None and chat.is_native and facts.deprecated:
        info = f"{facts.id} is deprecated."
        if facts.replaced_by:
            info += f" Use {facts.replaced_by}."
    return {} if info is None else {"model-deprecation-info": header_text(info)}


async def _deliver_whole(
    call: Call, chat: Chat, behaviour: Behaviour, source: Source, silence: float
) -> web.StreamResponse:
    if behaviour.error_event is not None:
        value: Any = behaviour.error_event.event
    else:
        style = style_of(chat.served.facts, responses=chat.is_response)
        value = style.dress(chat.writer.encode_reply(await source.reply()))
    body = msgspec.json.encode(value)
    call.record(200)
    await asyncio.sleep(silence)
    headers = _answer_headers(chat, behaviour)
    pauses = [stall.seconds for stall in behaviour.stalls if stall.after_events is not None]
    if not pauses and behaviour.cut is None:
        return call.whole(200, body, JSON, headers)
    half = len(body) // 2
    headers["content-length"] = str(len(body))
    response = web.StreamResponse(headers=call.reply_headers(JSON, headers))
    await response.prepare(call.http)
    await response.write(body[:half])
    await asyncio.sleep(sum(pauses))
    if behaviour.cut is not None:
        hang_up(call)
        return response
    await response.write(body[half:])
    return response


async def _deliver_stream(
    call: Call,
    chat: Chat,
    behaviour: Behaviour,
    source: Source,
    style: StreamStyle,
    dice: Random,
    silence: float,
) -> web.StreamResponse:
    async with aclosing(_events(chat, source)) as events:  # type: ignore[type-var]
        # The first event comes before the headers, so that a source that fails can be a 500.
        first = await anext(events, None)
        call.record(200)
        await asyncio.sleep(silence)
        stream = _Stream(call, chat, behaviour, style, dice)
        await stream.begin()
        event = first
        while event is not None and not stream.over:
            await stream.send(event)
            if not source.is_instant:
                await stream.flush()
            try:
                event = await anext(events, None)
            except Refused as refused:
                await stream.fail(refused)
        return await stream.end()


async def _events(chat: Chat, source: Source) -> AsyncIterator[dict[str, Any]]:
    made = _made(chat, source)
    if chat.turn is None or not chat.turn.in_background:
        async for event in made:
            yield event
        return
    # It is all made, even if nobody reads it to its end.
    for event in [event async for event in made]:
        yield event


async def _made(chat: Chat, source: Source) -> AsyncIterator[dict[str, Any]]:
    style = style_of(chat.served.facts, responses=chat.is_response)
    cutter, encoder = Cutter(style), chat.writer.stream_encoder()
    async for chunk in source.chunks():
        for piece in cutter.feed(chunk):
            for event in encoder.feed(piece):
                yield style.dress(event)
    for event in encoder.end():
        yield event


class _Stream:
    """One event stream on its way out."""

    def __init__(
        self, call: Call, chat: Chat, behaviour: Behaviour, style: StreamStyle, dice: Random
    ) -> None:
        self._call = call
        self._chat = chat
        self._behaviour = behaviour
        self._style = style
        self._dice = dice
        self._splitter = Splitter(dice) if style.split else None
        self._sent = 0
        self._response = web.StreamResponse(
            headers=call.reply_headers(EVENT_STREAM, _answer_headers(chat, behaviour))
        )
        #: Whether nothing more is to be sent.
        self.over = False

    async def begin(self) -> None:
        """Send the headers."""
        await self._response.prepare(self._call.http)

    async def send(self, event: dict[str, Any]) -> None:
        """Send one event of the answer, unless a rule has something else in mind."""
        if self._chat.is_native and self._style.pad:
            event = pad(event, self._dice)
        data = encode_event(event, self._style)
        if await self._intervene(data, at_end=False):
            return
        await self._write(data)
        self._sent += 1

    async def fail(self, refused: Refused) -> None:
        """End the stream with an event that reports a failure."""
        await self._write(encode_event({**refused.body, "reason": refused.reason}, self._style))
        self.over = True

    async def end(self) -> web.StreamResponse:
        """Send what comes after the last event."""
        if not self.over and not await self._intervene(b"", at_end=True):
            style = self._style
            if self._chat.sends_done if style.done is None else style.done:
                await self._write(encode_event(sse.DONE, style))
        await self.flush()
        if self._style.keep_open and not self.over:
            # Until the client hangs up, or the emulator stops: both cancel this.
            await asyncio.Event().wait()
        return self._response

    async def _intervene(self, next_event: bytes, *, at_end: bool) -> bool:
        """Do what a rule wants at this place; true if that ends the stream."""
        behaviour = self._behaviour

        def due(after_events: int) -> bool:
            return after_events == self._sent or (at_end and after_events > self._sent)

        for stall in behaviour.stalls:
            if stall.after_events is not None and due(stall.after_events):
                await self.flush()
                await asyncio.sleep(stall.seconds)
        error = behaviour.error_event
        if error is not None and due(error.after_events):
            await self._write(encode_event(error.event, self._style))
            self.over = True
        cut = behaviour.cut
        if cut is not None and not self.over and due(cut.events):
            if cut.mid_event:
                await self._write(next_event[: len(next_event) // 2])
            await self.flush()
            if not cut.clean:
                hang_up(self._call)
            self.over = True
        return self.over

    async def flush(self) -> None:
        """Send what the splitter holds back."""
        for piece in self._splitter.flush() if self._splitter else []:
            await self._response.write(piece)

    async def _write(self, data: bytes) -> None:
        for piece in self._splitter.feed(data) if self._splitter else [data]:
            await self._response.write(piece)
