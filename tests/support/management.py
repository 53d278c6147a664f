"""A management API that answers just what a test tells it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.raw_server import RawServer, raw_server, reply

__all__ = ["items", "management"]

Answer = Callable[[str, dict[str, list[str]]], bytes]


def management(answer: Answer) -> AbstractContextManager[RawServer]:
    """A server that answers each request with ``answer(path, query)``."""

    def handle(server: RawServer, connection: socket.socket, request: bytes) -> bool:
        target = urlsplit(request.split(b" ")[1].decode())
        connection.sendall(answer(target.path, parse_qs(target.query)))
        return True

    return raw_server(handle)


def items(*found: dict[str, Any], **headers: str) -> bytes:
    """A page of a list."""
    return reply(json.dumps({"items": found}).encode(), **headers)
