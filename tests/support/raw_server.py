"""A server that does exactly what a test tells it, byte by byte, and remembers what it saw."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["RawServer", "raw_server", "reply"]

Handler = Callable[["RawServer", socket.socket, bytes], bool]


class RawServer:
    """Reads whole requests and hands each to ``handler``, which says whether to go on."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _talk(self, connection: socket.socket) -> None:
        received = b""
        with connection:
            try:
                while True:
                    head, mark, rest = received.partition(b"\r\n\r\n")
                    length = 0
                    for line in head.split(b"\r\n")[1:]:
                        name, _, value = line.partition(b":")
                        if name.lower() == b"content-length":
                            length = int(value)
                    if mark and len(rest) >= length:
                        request, received = head + mark + rest[:length], rest[length:]
                        self.requests.append(request)
                        if not self.handler(self, connection, request):
                            return
                        continue
                    data = connection.recv(65536)
                    if not data:
                        return
                    received += data
            except OSError:
                return

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        for thread in self._threads:
            thread.join(5)


@contextmanager
def raw_server(handler: Handler) -> Iterator[RawServer]:
    """A running :class:`RawServer`."""
    server = RawServer(handler)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    headers.setdefault("content_type", "application/json")
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"content-length: {len(body)}"])
    return head.encode() + b"\r\n\r\n" + body
