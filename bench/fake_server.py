"""A fast fake of OCI's chat operations: canned answers over plain HTTP/1.1, from its own process.

It answers the OpenAI-compatible path (``…/chat/completions``) and the native one
(``…/actions/chat``, GENERIC format), whole or as a stream of :data:`CHUNKS` events. It parses as
little as it can, so that the client is what is measured. It checks no signature, but a request
without one gets 401: a client that forgets to sign is no contestant.

Two ports serve the same answers. On the first a stream comes with :data:`GROUP` events in a write,
as from a busy service; on the second with one event in a write. Writes are spaced, so that a
client has to wait for each of them, instead of finding the whole stream in its socket buffer.

Run as ``python -m bench.fake_server [--spacing SECONDS]``. It prints its ports as one line of JSON
and stops when its standard input closes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import time

__all__ = ["CHUNKS", "GROUP", "MODEL", "STREAMED_CHARACTERS", "WHOLE_TEXT"]

#: Content events in a stream (an opening role, an end and a ``[DONE]`` come on top).
CHUNKS = 1000
#: Events that share a write on the first port.
GROUP = 8
MODEL = "xai.grok-4"
WHOLE_TEXT = "The tides follow the moon, and a little the sun; both pull at the sea."
_WORDS = (" the", " moon", " pulls", " at", " the sea", ",", " twice", " a day", ".", "\n")
_TEXTS = [_WORDS[number % len(_WORDS)] for number in range(CHUNKS)]
STREAMED_CHARACTERS = sum(map(len, _TEXTS))

_REQUEST_ID = "6F1D3A0C9B8E4D7FA2C5E8B1D4F70A3C/3C0A7F4D1B8E5C2AF7D4E8B9C0A3D1F6/1"
_CREATED = 1_795_262_400
_USAGE = {"prompt_tokens": 41, "completion_tokens": 18, "total_tokens": 59}
_NATIVE_USAGE = {"promptTokens": 41, "completionTokens": 18, "totalTokens": 59}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _openai_reply() -> bytes:
    message = {"role": "assistant", "content": WHOLE_TEXT, "refusal": None}
    return _json(
        {
            "id": "chatcmpl-3f0a6d5e9c",
            "object": "chat.completion",
            "created": _CREATED,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _USAGE,
        }
    )


def _native_reply() -> bytes:
    message = {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": WHOLE_TEXT}]}
    return _json(
        {
            "modelId": MODEL,
            "modelVersion": "1.0.0",
            "chatResponse": {
                "apiFormat": "GENERIC",
                "timeCreated": "2026-11-21T12:00:00.123Z",
                "choices": [{"index": 0, "message": message, "finishReason": "stop"}],
                "usage": _NATIVE_USAGE,
            },
        }
    )


def _openai_event(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    return _json(
        {
            "id": "chatcmpl-3f0a6d5e9c",
            "object": "chat.completion.chunk",
            "created": _CREATED,
            "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
        }
    )


def _openai_events(with_usage: bool) -> list[bytes]:
    events = [_openai_event({"role": "assistant", "content": ""})]
    events += [_openai_event({"content": text}) for text in _TEXTS]
    events.append(_openai_event({}, "stop"))
    if with_usage:
        last = json.loads(_openai_event({}))
        events.append(_json({**last, "choices": [], "usage": _USAGE}))
    return [*events, b"[DONE]"]


def _native_event(content: list[dict[str, str]] | None, number: int, **more: str) -> bytes:
    message: dict[str, object] = {"role": "ASSISTANT"}
    if content is not None:
        message["content"] = content
    # The service pads its events to random lengths; a fixed pattern keeps runs comparable.
    return _json({"index": 0, "message": message, **more, "pad": "a" * (1 + number * 7 % 23)})


def _native_events(with_usage: bool) -> list[bytes]:
    events = [
        _native_event([{"type": "TEXT", "text": text}], number)
        for number, text in enumerate(_TEXTS)
    ]
    events.append(_native_event(None, CHUNKS, finishReason="stop"))
    if with_usage:
        events.append(_json({"usage": _NATIVE_USAGE}))
    return [*events, b"[DONE]"]


def _whole(status: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        f"opc-request-id: {_REQUEST_ID}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _writes(events: list[bytes], group: int) -> list[bytes]:
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        f"opc-request-id: {_REQUEST_ID}\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    writes = [head.encode()]
    for start in range(0, len(events), group):
        piece = b"".join(b"data: %b\n\n" % event for event in events[start : start + group])
        writes.append(b"%x\r\n%b\r\n" % (len(piece), piece))
    writes[-1] += b"0\r\n\r\n"
    return writes


class _Canned:
    """The answers of one port, encoded once."""

    def __init__(self, group: int) -> None:
        self.whole = {
            False: _whole("200 OK", _openai_reply()),
            True: _whole("200 OK", _native_reply()),
        }
        self.streams = {
            (native, with_usage): _writes(
                _native_events(with_usage) if native else _openai_events(with_usage), group
            )
            for native in (False, True)
            for with_usage in (False, True)
        }


def _error(status: str, code: str) -> bytes:
    return _whole(status, _json({"code": code, "message": "The fake server refused the request."}))


#: How a caller may prove who it is; the second is that of the SDK's bare client.
_AUTHORIZATIONS = (b"\r\nauthorization: signature ", b"\r\nauthorization: bearer sk-bench")
_UNSIGNED = _error("401 Unauthorized", "NotAuthenticated")
_UNKNOWN = _error("404 Not Found", "NotAuthorizedOrNotFound")


class _Connection(asyncio.Protocol):
    def __init__(self, canned: _Canned, spacing: float) -> None:
        self._canned = canned
        self._spacing = spacing
        self._received = b""
        self._loop = asyncio.get_running_loop()
        self._pending: list[bytes] = []
        self._next = 0
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            at = head.find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            total = end + 4 + length
            if len(self._received) < total:
                return
            body = self._received[end + 4 : total]
            self._received = self._received[total:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        line = head.split(b"\r\n", 1)[0]
        native = b"/actions/chat " in line
        if not native and b"/chat/completions " not in line:
            self._transport.write(_UNKNOWN)
        elif not any(scheme in head for scheme in _AUTHORIZATIONS):
            self._transport.write(_UNSIGNED)
        elif _says(body, b'"isStream"' if native else b'"stream"'):
            with_usage = _says(body, b'"isIncludeUsage"' if native else b'"include_usage"')
            self._pending = self._canned.streams[native, with_usage]
            self._next = 0
            self._due = 0.0
            self._step()
        else:
            self._transport.write(self._canned.whole[native])

    def _step(self) -> None:
        """Write the next piece once it is due; spin until then, as timers are too coarse."""
        if self._transport.is_closing():
            return
        now = time.perf_counter()
        if now >= self._due:
            self._transport.write(self._pending[self._next])
            self._next += 1
            self._due = now + self._spacing
        if self._next < len(self._pending):
            self._loop.call_soon(self._step)


def _says(body: bytes, key: bytes) -> bool:
    return key + b":true" in body or key + b": true" in body


async def _serve(spacing: float) -> None:
    loop = asyncio.get_running_loop()
    ports = []
    servers = []
    for group in (GROUP, 1):
        canned = _Canned(group)
        server = await loop.create_server(
            lambda canned=canned: _Connection(canned, spacing), "127.0.0.1", 0
        )
        servers.append(server)
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps({"grouped": ports[0], "single": ports[1]}), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _stop_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.fake_server")
    parser.add_argument("--spacing", type=float, default=100e-6, help="seconds between writes")
    arguments = parser.parse_args()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    asyncio.run(_serve(arguments.spacing))


if __name__ == "__main__":
    main()
