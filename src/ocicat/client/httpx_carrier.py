"""Sends requests over an ``httpx`` or ``httpx2`` client of the user's: its proxies, certificates,
hooks, headers.

It is for what goes to the service. What finds an identity close by, such as a machine's own
metadata service, is no matter of a proxy, and goes ocicat's usual way.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from ocicat.client.http_libraries import library_of
from ocicat.errors import APIConnectionError, APITimeoutError
from ocicat.transport import aio, sync
from ocicat.vocabulary.flow import Request, Response

__all__ = ["async_sender", "sender"]


def sender(client: Any) -> sync.Send:
    """What a driver sends with, so that ``client`` carries it."""

    def send(request: Request, hold: Callable[[sync.Body], None]) -> Response:
        if _is_local(request):
            return sync.send_request(request, hold)
        with _in_our_words(client, request):
            answer = client.send(_built(client, request), **_AS_IT_IS)
            hold(_Body(client, request, answer))
            return _head(answer, None if _is_stream(request, answer) else answer.read())

    return send


def async_sender(client: Any) -> aio.Send:
    """The same for event loops."""

    async def send(request: Request) -> tuple[Response, aio.Body | None]:
        if _is_local(request):
            return await aio.send_request(request)
        with _in_our_words(client, request):
            answer = await client.send(_built(client, request), **_AS_IT_IS)
            if _is_stream(request, answer):
                return _head(answer), _AsyncBody(client, request, answer)
            return _head(answer, await answer.aread()), None

    return send


class _Body:
    """The body of an answer. The time-out of its request holds for each read."""

    def __init__(self, client: Any, request: Request, answer: Any) -> None:
        self._client = client
        self._request = request
        self._answer = answer
        self._pieces: Iterator[bytes] = answer.iter_bytes()

    def read(self, patience: float | None) -> bytes:
        """The next bytes, ``b""`` at the end; waits ``patience`` seconds if given."""
        if patience is None:
            return self._next()
        if self._socket() is None:
            return b""
        # Once the library reads, it cannot be given another time-out.
        impatience = Timer(patience, self.break_off)
        impatience.start()
        try:
            return self._next()
        finally:
            impatience.cancel()

    def _next(self) -> bytes:
        with _in_our_words(self._client, self._request):
            return next(self._pieces, b"")

    def break_off(self) -> None:
        """Wake whoever waits for it in another thread."""
        sock = self._socket()
        if sock is None:
            return  # the next piece, or the time-out, wakes it
        try:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            pass  # it is not connected any more

    def _socket(self) -> socket.socket | None:
        """That of its connection, if there is one and it carries no other requests."""
        stream = self._answer.extensions.get("network_stream")
        if stream is None or self._answer.is_closed or self._answer.http_version == "HTTP/2":
            return None
        found: socket.socket | None = stream.get_extra_info("socket")
        return found

    def close(self) -> None:
        """Receive no more of it."""
        self._answer.close()


class _AsyncBody:
    """The same on an event loop."""

    def __init__(self, client: Any, request: Request, answer: Any) -> None:
        self._client = client
        self._request = request
        self._answer = answer
        self._pieces: AsyncIterator[bytes] = answer.aiter_bytes()
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Task[None] | None = None

    async def read(self, patience: float | None) -> bytes:
        """The next bytes, ``b""`` at the end; waits ``patience`` seconds if given."""
        with _in_our_words(self._client, self._request):
            async with asyncio.timeout(patience):
                return await anext(self._pieces, b"")

    def close(self) -> None:
        """Receive no more of it."""
        if not (self._answer.is_closed or self._loop.is_closed()):
            self._closing = self._loop.create_task(self._answer.aclose())


#: The request is signed already, so nothing of it may change and nobody else may get it.
_AS_IT_IS = {"stream": True, "auth": None, "follow_redirects": False}


def _is_local(request: Request) -> bool:
    return request.direct or request.authority is not None


def _built(client: Any, request: Request) -> Any:
    timeout = request.timeout
    return library_of(client).Request(
        request.method,
        request.url,
        headers={**client.headers, **request.headers},
        content=request.body,
        extensions={
            "timeout": {
                "connect": timeout.connect,
                "read": timeout.read,
                "write": timeout.read,
                "pool": timeout.connect,
            }
        },
    )


def _is_stream(request: Request, answer: Any) -> bool:
    kind = answer.headers.get("content-type", "").lower()
    return request.stream and answer.is_success and kind.startswith("text/event-stream")


def _head(answer: Any, body: bytes | None = None) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, body or b"", streaming=body is None)


@contextmanager
def _in_our_words(client: Any, request: Request) -> Iterator[None]:
    """The library's failures as ours."""
    library = library_of(client)
    where = f"{request.scheme}://{request.host}"
    try:
        yield
    except (library.TimeoutException, TimeoutError) as problem:
        raise APITimeoutError(
            f"{where} did not answer in time.",
            hint="Give `timeout=` more seconds if the model needs longer.",
        ) from problem
    except library.RequestError as problem:
        raise APIConnectionError(
            f"Talking to {where} failed: {problem or type(problem).__name__}."
        ) from problem
