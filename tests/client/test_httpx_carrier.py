"""A user's own httpx client that carries the calls: how its streams end."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import httpx2
import pytest

from ocicat.client.httpx_carrier import async_sender, sender
from ocicat.errors import TransportError
from ocicat.transport import aio, sync
from ocicat.vocabulary.flow import READ, Flow, Read, Request, Timeout
from support.raw_server import RawServer, raw_server

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"

libraries = pytest.mark.parametrize("library", [httpx, httpx2])


@contextmanager
def held_open() -> Iterator[tuple[RawServer, threading.Event]]:
    """A server that leaves its stream open until the client has left, and says when."""
    left = threading.Event()

    def handle(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(STREAM)
        try:
            connection.recv(1)
        except OSError:
            pass
        left.set()
        return False

    with raw_server(handle) as server:
        yield server, left


def stream(server: RawServer, last: Read) -> Flow[None]:
    host = f"127.0.0.1:{server.port}"
    headers = {"host": host}
    yield Request("POST", "http", host, "/", headers, stream=True, timeout=Timeout(2, 50))
    yield {"data": (yield READ)}
    try:
        while data := (yield last):
            yield {"data": data}
    except TransportError:
        yield {"data": b"broken off"}


def run_sync(library: Any, make: Callable[[], Flow[None]]) -> list[Any]:
    with library.Client() as client:
        driven = sync.Run(make(), sender(client))
        chunks = []
        try:
            while True:
                chunks.append(driven.next_chunk(dict)["data"])
        except StopIteration:
            return chunks


def run_async(library: Any, make: Callable[[], Flow[None]]) -> list[Any]:
    async def main() -> list[Any]:
        async with library.AsyncClient() as client:
            driven = aio.Run(make(), async_sender(client))
            chunks = []
            try:
                while True:
                    chunks.append((await driven.next_chunk(dict))["data"])
            except StopAsyncIteration:
                return chunks

    return asyncio.run(main())


@pytest.mark.timeout(30)
@libraries
@pytest.mark.parametrize("run", [run_sync, run_async])
def test_who_has_all_that_is_needed_does_not_wait_for_the_end(run: Any, library: Any) -> None:
    with held_open() as (server, left):
        chunks = run(library, lambda: stream(server, Read(patience=0.05)))
        assert chunks[0] == b"data: 1\n\n"
        assert left.wait(10)


@pytest.mark.timeout(30)
@libraries
def test_a_stream_may_be_closed_while_another_thread_waits_for_it(library: Any) -> None:
    outcome: list[Any] = []

    def read() -> None:
        try:
            while True:
                outcome.append(driven.next_chunk(dict)["data"])
                begun.set()
        except StopIteration:
            outcome.append("end")

    begun = threading.Event()
    with held_open() as (server, left), library.Client() as client:
        driven = sync.Run(stream(server, READ), sender(client))
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert begun.wait(10)
        driven.close()
        reader.join(10)
        assert outcome == [b"data: 1\n\n", "end"]
        assert left.wait(10)
