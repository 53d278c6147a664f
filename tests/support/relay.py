"""A wire between a client and a server that counts the connections made over it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

__all__ = ["Relay", "relay"]


class Relay:
    """``connections`` counts those ever made, ``open`` those that are."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self.url = ""
        self.connections = 0
        self.open = 0
        self._target = target.hostname, target.port
        self._stopping = asyncio.Event()

    async def serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=2048)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        ready.set()
        await self._stopping.wait()
        server.close()

    def stop(self) -> None:
        self._stopping.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        ways = [
            asyncio.ensure_future(_pump(reader, far_writer)),
            asyncio.ensure_future(_pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            writer.close()
            far_writer.close()
            self.open -= 1


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass


@contextmanager
def relay(url: str) -> Iterator[Relay]:
    """A running relay to ``url``."""
    ready = threading.Event()
    made = Relay(url)
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await made.serve(ready)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        loops[0].call_soon_threadsafe(made.stop)
        thread.join(5)
