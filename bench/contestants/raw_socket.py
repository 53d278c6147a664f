"""The bound: a socket, one signature, JSON in and out, and nothing else.

No pool to speak of, no time-outs, no errors, no retries, and an eye for just those answers that
the fake server gives. Nobody should write a client like this; nobody can be cheaper either.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient
from bench.contestants.signature import Signature

__all__ = ["CONTESTANTS"]

_TARGET = "/openai/v1/chat/completions"
_END_OF_CHUNKS = b"\r\n0\r\n\r\n"


class _Wire:
    """Requests to bytes, and bytes to text."""

    def __init__(self, settings: Settings) -> None:
        import msgspec

        # Shapes with nothing but what is asked for: unknown fields are skipped, not built.
        message = msgspec.defstruct("Message", [("content", str | None, None)])
        choice = msgspec.defstruct(
            "Choice", [("message", message | None, None), ("delta", message | None, None)]
        )
        reply = msgspec.defstruct("Reply", [("choices", list[choice])])
        self._encode = msgspec.json.encode
        self._decode = msgspec.json.Decoder(reply).decode
        self._signature = Signature(settings, _TARGET)
        self._body = {"model": settings.model, "messages": settings.messages}
        self._start = f"POST {_TARGET} HTTP/1.1\r\nopc-compartment-id: {settings.compartment}\r\n"
        host, port = self._signature.host.split(":")
        self.address = (host, int(port))

    def request(self, **more: Any) -> bytes:
        body = self._encode({**self._body, **more})
        fields = self._signature.headers(body)
        lines = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
        return f"{self._start}{lines}\r\n".encode() + body

    def reply(self, data: bytes) -> str | None:
        """The text of the answer, or ``None`` while it is not whole."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return None
        at = data.find(b"content-length:", 0, end)
        length = int(data[at + 15 : data.index(b"\r\n", at)])
        if len(data) < end + 4 + length:
            return None
        text: str = self._decode(data[end + 4 :]).choices[0].message.content
        return text

    def events(self, data: bytes) -> tuple[int, bytes]:
        """The length of the text in the events of ``data``, and the bytes left over.

        HTTP's chunk framing stands between events here; looking for ``data: `` skips it.
        """
        *pieces, rest = data.split(b"\n\n")
        size = 0
        for piece in pieces:
            payload = piece[piece.find(b"data: ") + 6 :]
            if payload != b"[DONE]":
                for choice in self._decode(payload).choices:
                    size += len(choice.delta.content or "")
        return size, rest


class _Sync:
    def __init__(self, settings: Settings) -> None:
        self._wire = _Wire(settings)
        self._local = threading.local()

    def _connection(self) -> socket.socket:
        try:
            connection: socket.socket = self._local.connection
        except AttributeError:
            connection = self._local.connection = socket.create_connection(self._wire.address)
        return connection

    def call(self) -> str:
        connection = self._connection()
        connection.sendall(self._wire.request())
        data = connection.recv(65536)
        while (text := self._wire.reply(data)) is None:
            data += connection.recv(65536)
        return text

    def stream(self) -> int:
        connection = self._connection()
        connection.sendall(self._wire.request(stream=True))
        rest = b""
        size = 0
        while True:
            data = rest + connection.recv(65536)
            more, rest = self._wire.events(data)
            size += more
            if rest.endswith(_END_OF_CHUNKS):
                return size


class _Protocol(asyncio.Protocol):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._streaming = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes, streaming: bool) -> asyncio.Future[Any]:
        self._data = b""
        self._size = 0
        self._streaming = streaming
        self._outcome: asyncio.Future[Any] = self._loop.create_future()
        self._transport.write(request)
        return self._outcome

    def data_received(self, data: bytes) -> None:
        if self._streaming:
            more, self._data = self._wire.events(self._data + data)
            self._size += more
            if self._data.endswith(_END_OF_CHUNKS):
                self._outcome.set_result(self._size)
            return
        self._data += data
        text = self._wire.reply(self._data)
        if text is not None:
            self._outcome.set_result(text)


class _Async:
    def __init__(self, settings: Settings) -> None:
        self._wire = _Wire(settings)
        self._idle: list[_Protocol] = []

    async def _send(self, streaming: bool) -> Any:
        if self._idle:
            protocol = self._idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, protocol = await loop.create_connection(
                lambda: _Protocol(self._wire), *self._wire.address
            )
        request = self._wire.request(stream=True) if streaming else self._wire.request()
        outcome = await protocol.send(request, streaming)
        self._idle.append(protocol)
        return outcome

    async def call(self) -> str:
        text: str = await self._send(False)
        return text

    async def stream(self) -> int:
        size: int = await self._send(True)
        return size


def _open_sync(settings: Settings) -> SyncClient:
    return _Sync(settings)


async def _open_async(settings: Settings) -> AsyncClient:
    return _Async(settings)


CONTESTANTS = [
    Contestant(
        key="bound",
        label="bound: raw socket + signature",
        kind="bound",
        requires=("cryptography", "msgspec"),
        open_sync=_open_sync,
        open_async=_open_async,
    )
]
