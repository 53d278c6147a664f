"""Drives flows in asyncio tasks, over ``aiohttp``.

Each event loop has a session of its own, which is closed when the loop shuts down, so that nothing
is tied to the first loop of a process and nobody has to close anything. ``aiohttp`` was chosen by
measurement: it costs an eighth of what ``httpx2`` does under concurrency, and its cost does not
grow with the number of connections.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import lru_cache, partial
from typing import Any, Protocol, TypeVar, cast

import aiohttp
from yarl import URL

from ocicat.transport import faults
from ocicat.transport.proxies import Proxy, proxy_for
from ocicat.transport.tasks import Tasks
from ocicat.transport.tls import context
from ocicat.vocabulary.flow import (
    Flow,
    Join,
    Latch,
    Pause,
    Read,
    Request,
    Response,
    Timeout,
    Together,
)

__all__ = ["Body", "Run", "Send", "open_stream", "run", "send_request"]

T = TypeVar("T")

_READ_ERRORS = (aiohttp.ClientError, OSError, ValueError)
_MAX_HEADER_BYTES = 65536

#: How many signatures in a row an event loop is given to make.
_CROWD = 40

_in_flight: weakref.WeakSet[Run] = weakref.WeakSet()
_was_used: ContextVar[bool] = ContextVar("ocicat_connection_was_used")
_sessions: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Session] = (
    weakref.WeakKeyDictionary()
)


async def run(flow: Flow[T], send: Send | None = None) -> T:
    """Drive ``flow`` to its end and return its result."""
    return cast(T, await Run(flow, send).finish())


async def open_stream(flow: Flow[None]) -> Run:
    """Drive ``flow`` until the far side has accepted its request, and return the rest."""
    driven = Run(flow)
    await driven.open()
    if driven.ended:
        driven.close()
        raise RuntimeError("the flow ended before its stream began")
    return driven


class Body(Protocol):
    """The body of an answer, still arriving."""

    async def read(self, patience: float | None) -> bytes:
        """The next bytes, ``b""`` at the end; waits ``patience`` seconds if given."""
        ...

    def close(self) -> None:
        """Receive no more of it."""
        ...


#: Sends a request and gives its answer, and the body where a stream has begun.
Send = Callable[[Request], Awaitable[tuple[Response, Body | None]]]


class Run:
    """A flow being driven; over connections of this module's, or by a ``send`` of the caller's.

    It belongs to the event loop that was running when it was made. It may be closed from any
    thread, as the collector of garbage may do.
    """

    def __init__(self, flow: Flow[Any], send: Send | None = None) -> None:
        self._flow = flow
        self._send = send or send_request
        self._loop = asyncio.get_running_loop()
        self._body: Body | Tasks | None = None
        self._closed = False
        self._effect: object = None
        #: Whether that is a chunk which nobody has taken yet.
        self._chunk_is_new = False
        self._result: Any = None
        #: Whether the flow has come to its own end.
        self.ended = False
        self._step: asyncio.Future[BaseException | None] | None = None
        _in_flight.add(self)

    async def finish(self) -> Any:
        """Drive the flow to its end, and return its result."""
        try:
            while not self.ended:
                await self._advance()
        finally:
            self._end()
        return self._result

    async def open(self) -> None:
        """Drive it until the far side has accepted the request, or the flow has ended."""
        try:
            # A chunk, where the far side answered whole.
            while not (self.ended or isinstance(self._effect, (Read, dict))):
                await self._advance()
            self._chunk_is_new = isinstance(self._effect, dict)
        except BaseException:
            self._end()
            raise

    async def next_chunk(self, kind: Callable[[dict[str, Any]], T]) -> T:
        """The next chunk that the flow yields, made a ``kind``; ``StopAsyncIteration`` at last."""
        try:
            while not self._chunk_is_new:
                if self.ended:
                    raise StopAsyncIteration
                if isinstance(self._effect, dict):
                    self._go_on(None)  # the chunk has been taken: going on needs no waiting
                else:
                    await self._advance()
                self._chunk_is_new = isinstance(self._effect, dict)
            self._chunk_is_new = False
            return kind(cast(dict[str, Any], self._effect))
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """End the flow where it stands. A body that has not been read to its end is dropped.

        Where another task waits inside, its call raises ``StopAsyncIteration`` or is cancelled.
        """
        if _running_loop() is self._loop or self._loop.is_closed():
            self._end()
            return
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:
            self._end()  # the loop has ended meanwhile

    def _end(self) -> None:
        self._closed = True
        self._effect, self._chunk_is_new = None, False
        _in_flight.discard(self)
        try:
            if self._step is None or self._step.done():
                self._flow.close()
            else:
                # Cancelled while a thread is in the flow, which takes a millisecond more.
                self._step.add_done_callback(lambda _: self._flow.close())
        finally:
            self._drop_body()

    async def _advance(self) -> None:
        """Carry out the present effect, go on to the next; ``StopAsyncIteration`` once closed."""
        failure, answer = None, None
        try:
            if not self._closed:
                answer = await self._carry_out(self._effect)
        except Exception as problem:
            failure = problem
        if self._closed:
            raise StopAsyncIteration  # by another task, meanwhile
        # What comes after these effects is mostly a request to sign, a millisecond of computing.
        # Many in a row would hold the loop up, so in a crowd it is done in a thread, where signing
        # leaves the interpreter to others. A flow does not care which thread it goes on in, as
        # long as it finds the caller's context there.
        if len(_in_flight) > _CROWD and not isinstance(self._effect, (Request, Read)):
            self._step = self._loop.run_in_executor(
                _signing_threads(), copy_context().run, self._failure_of_step, failure, answer
            )
            if raised := await asyncio.shield(self._step):  # a thread cannot be cancelled
                raise raised
        else:
            self._go_on(failure, answer)

    def _failure_of_step(self, failure: Exception | None, answer: Any) -> BaseException | None:
        # Not raised: asyncio complains of what a future raised for a task that was cancelled.
        try:
            self._go_on(failure, answer)
        except BaseException as problem:
            return problem
        return None

    def _go_on(self, failure: Exception | None, answer: Any = None) -> None:
        try:
            self._effect = self._flow.throw(failure) if failure else self._flow.send(answer)
        except StopIteration as end:
            # A coroutine must not let a StopIteration out.
            self.ended, self._result, self._effect = True, end.value, None

    def _drop_body(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()

    async def _carry_out(self, effect: object) -> Any:
        if isinstance(effect, Read):
            assert self._body is not None
            return await self._body.read(effect.patience)
        if isinstance(effect, Request):
            self._drop_body()
            response, self._body = await self._send(effect)
            return response
        if isinstance(effect, Pause):
            await asyncio.sleep(effect.seconds)
        elif isinstance(effect, Join):
            await _joined(effect.latch)
        elif isinstance(effect, Together):
            return await self._run_together(effect)
        return None

    async def _run_together(self, together: Together) -> list[Any] | None:
        self._drop_body()
        self._body = tasks = Tasks(together, partial(Run, send=self._send))
        if not together.stream:
            return await tasks.results()
        await tasks.begin()
        return None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _joined(latch: Latch) -> None:
    """Wait for a latch that may be done in another thread."""
    loop = asyncio.get_running_loop()
    happened = asyncio.Event()

    def wake(_: object) -> None:
        try:
            loop.call_soon_threadsafe(happened.set)
        except RuntimeError:
            pass  # the loop that waited has ended meanwhile

    latch.add_done_callback(wake)
    await happened.wait()


class _Session:
    """The connections of one event loop."""

    def __init__(self) -> None:
        self.http = aiohttp.ClientSession(
            connector=_Connector(),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        self._proxies: dict[tuple[str, str], Proxy | None] = {}
        self._keeper = self._keep()

    async def open(self) -> None:
        # A loop that shuts down ends the asynchronous generators that were begun on it. This one
        # does nothing but wait for that.
        await anext(self._keeper)

    async def _keep(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self.http.close()

    def proxy(self, request: Request) -> Proxy | None:
        origin = request.scheme, request.host
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(*origin)
        return self._proxies[origin]


class _Connector(aiohttp.TCPConnector):
    """Notes for the running task whether it was given a connection that had been used before."""

    def __init__(self) -> None:
        super().__init__(limit=0, ssl=context())
        self._used: weakref.WeakSet[Any] = weakref.WeakSet()

    async def connect(self, *arguments: Any, **options: Any) -> Any:
        connection = await super().connect(*arguments, **options)
        protocol = connection.protocol
        _was_used.set(protocol in self._used)
        self._used.add(protocol)
        return connection


@lru_cache(maxsize=1)
def _signing_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="ocicat-signing")


@lru_cache(maxsize=32)
def _timeout(timeout: Timeout) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=timeout.connect, sock_read=timeout.read)


@lru_cache(maxsize=256)
def _url(url: str) -> URL:
    return URL(url, encoded=True)


async def _session() -> _Session:
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.http.closed:
        session = _sessions[loop] = _Session()
        await session.open()
    return session


async def send_request(request: Request) -> tuple[Response, Body | None]:
    """Send a request and read its answer, or only the head of it if a stream has begun."""
    session = await _session()
    _was_used.set(False)
    proxy = None if request.direct else session.proxy(request)
    headers: dict[str, str] = request.headers
    if proxy and request.scheme == "http":
        headers = {**headers, **proxy.headers}  # no tunnel, so the request itself carries them
    try:
        answer = await session.http.request(
            request.method,
            _url(request.url),
            data=request.body or None,
            headers=headers,
            allow_redirects=False,
            proxy=proxy.url if proxy else None,
            proxy_headers=proxy.headers if proxy else None,
            timeout=_timeout(request.timeout),
            ssl=context(request.authority) if request.authority else True,
        )
    except _READ_ERRORS as problem:
        gone = isinstance(problem, (aiohttp.ServerDisconnectedError, ConnectionError))
        stale = gone and _was_used.get()
        raise faults.translate(problem, request, closed=gone, stale=stale) from problem
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = _Body(answer, request)
    is_stream = headers.get("content-type", "").lower().startswith("text/event-stream")
    if request.stream and 200 <= answer.status < 300 and is_stream:
        return Response(answer.status, headers, streaming=True), body
    try:
        return Response(answer.status, headers, await body.read_all()), None
    finally:
        body.close()


class _Body:
    """The body of one answer. Its connection goes back to the pool once all of it was read."""

    def __init__(self, answer: aiohttp.ClientResponse, request: Request) -> None:
        self._answer = answer
        self._request = request

    async def read(self, patience: float | None) -> bytes:
        """The next bytes, ``b""`` at the end; waits ``patience`` seconds if given."""
        try:
            if patience is None:
                return await self._answer.content.readany()
            async with asyncio.timeout(patience):
                return await self._answer.content.readany()
        except _READ_ERRORS as problem:
            self.close()
            raise faults.translate(problem, self._request) from problem

    async def read_all(self) -> bytes:
        """All of it."""
        try:
            return await self._answer.read()
        except _READ_ERRORS as problem:
            self.close()
            raise faults.translate(problem, self._request) from problem

    def close(self) -> None:
        """Drop the connection, unless the body has been read to its end."""
        connection = self._answer.connection
        if connection is not None and connection.transport is not None:
            # At once: TLS would wait for the far side's farewell, for longer than the loop may run.
            connection.transport.abort()
        self._answer.close()
