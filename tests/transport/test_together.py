"""Several flows side by side, in threads and in tasks: over raw sockets, and how they end."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from ocicat import errors
from ocicat.transport import aio, sync
from ocicat.vocabulary.flow import READ, Flow, Join, Pause, Request, Timeout, Together
from support.drivers import both
from support.raw_server import RawServer, raw_server

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def piece(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text)


class Guests:
    """A server whose streams go on until their readers leave."""

    def __init__(self) -> None:
        self.left: list[bytes] = []
        self.may_end = threading.Event()

    def __call__(self, server: RawServer, connection: socket.socket, request: bytes) -> bool:
        path = request.split(b" ")[1]
        if path == b"/ends":
            connection.sendall(HEAD + piece(b"1") + piece(b"2") + END)
            return True
        if path == b"/waits":
            connection.sendall(HEAD + piece(b"1"))
            self.may_end.wait(10)
            connection.sendall(piece(b"2") + END)
            return True
        if path == b"/breaks":
            connection.sendall(HEAD + piece(b"1"))
            return False
        if path == b"/stalls":
            connection.sendall(HEAD + piece(b"1"))
        # Until the client leaves; "/silent" has not even been answered.
        try:
            connection.recv(1)
        except OSError:
            pass
        self.left.append(path)
        return False


@contextmanager
def guests() -> Iterator[tuple[Guests, RawServer]]:
    handler = Guests()
    with raw_server(handler) as server:
        yield handler, server


def stream(server: RawServer, path: str) -> Flow[None]:
    host = f"127.0.0.1:{server.port}"
    headers = {"host": host}
    response = yield Request(
        "POST", "http", host, path, headers, b"", stream=True, timeout=Timeout(2, 20)
    )
    assert response.streaming
    while data := (yield READ):
        yield {"path": path, "data": data.decode()}


def merged(*flows: Flow[Any]) -> Flow[None]:
    yield Together(flows, stream=True)
    while (arrived := (yield READ)) is not None:
        yield {"number": arrived[0], **arrived[1]}


def all_chunks(*flows: Flow[Any]) -> Callable[[], Flow[Any]]:
    def flow() -> Flow[list[Any]]:
        yield Together(flows, stream=True)
        found = []
        while (arrived := (yield READ)) is not None:
            found.append(arrived)
        return found

    return flow


def settled(condition: Callable[[], bool]) -> bool:
    """Whether it comes true before anybody would call it stuck."""
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ocicat-together"]


# --- chunks as they arrive ----------------------------------------------------------------------


@both
def test_chunks_come_as_they_arrive_and_not_one_flow_after_the_other(run: Any) -> None:
    with guests() as (handler, server):

        def flow() -> Flow[list[Any]]:
            yield Together([stream(server, "/waits"), stream(server, "/ends")], stream=True)
            found: list[Any] = []
            while (arrived := (yield READ)) is not None:
                number, chunk = arrived
                found.append((number, chunk["data"]))
                if number == 1 and chunk["data"].endswith("2"):
                    handler.may_end.set()
            return found

        found = run(flow)
        assert "".join(data for number, data in found if number == 1) == "12"
        assert "".join(data for number, data in found if number == 0) == "12"
        assert found[-1] == (0, "2")
    assert settled(lambda: not threads())


@both
def test_connections_of_streams_that_have_ended_are_used_again(run: Any) -> None:
    with guests() as (_, server):

        def flow() -> Flow[None]:
            for _ in range(2):
                yield Together([stream(server, "/ends") for _ in range(3)], stream=True)
                while (yield READ) is not None:
                    pass

        run(flow)
        assert len(server.requests) == 6
        assert server.connections == 3


@both
def test_what_nobody_reads_holds_the_flows_up(run: Any) -> None:
    made: list[int] = []

    def endless() -> Flow[None]:
        number = 0
        while True:
            made.append(number)
            yield {"number": number}
            number += 1

    def flow() -> Flow[int]:
        yield Together([endless(), endless()], stream=True)
        for _ in range(10):
            yield READ
        yield Pause(0.1)
        return len(made)

    assert run(flow) <= 10 + 16 + 2
    assert settled(lambda: not threads())


@both
def test_flows_find_the_callers_context(run: Any) -> None:
    caller: ContextVar[str] = ContextVar("caller")

    def telling() -> Flow[None]:
        yield {"caller": caller.get()}

    def flow() -> Flow[list[Any]]:
        caller.set("me")
        yield Together([telling(), telling()], stream=True)
        return [(yield READ), (yield READ), (yield READ)]

    first, second, end = run(flow)
    assert (first[1], second[1], end) == ({"caller": "me"}, {"caller": "me"}, None)


# --- failures -----------------------------------------------------------------------------------


@both
def test_the_stream_that_breaks_ends_the_others(run: Any) -> None:
    with guests() as (handler, server):
        flows = [stream(server, "/stalls"), stream(server, "/breaks"), stream(server, "/stalls")]
        with pytest.raises(errors.APIConnectionError):
            run(all_chunks(*flows))
        assert settled(lambda: handler.left == [b"/stalls", b"/stalls"])
    assert settled(lambda: not threads())


@both
def test_a_request_that_is_refused_ends_those_that_wait_for_their_answer(run: Any) -> None:
    def refused() -> Flow[None]:
        yield Pause(0.1)
        raise errors.BadRequestError("no", status=400)

    with guests() as (handler, server):
        with pytest.raises(errors.BadRequestError):
            run(all_chunks(stream(server, "/silent"), stream(server, "/stalls"), refused()))
        assert settled(lambda: sorted(handler.left) == [b"/silent", b"/stalls"])
    assert settled(lambda: not threads())


@both
def test_the_first_failure_does_not_wait_for_the_others(run: Any) -> None:
    def failing() -> Flow[None]:
        yield Pause(0.1)
        raise ValueError("mine")

    with guests() as (handler, server):

        def flow() -> Flow[Any]:
            return (yield Together([stream(server, "/silent"), failing()]))

        with pytest.raises(ValueError, match="mine"):
            run(flow)
        assert settled(lambda: handler.left == [b"/silent"])
    assert settled(lambda: not threads())


@both
@pytest.mark.parametrize("streamed", [True, False])
def test_what_a_flow_raises_is_thrown_into_the_one_that_waits(run: Any, streamed: bool) -> None:
    def failing() -> Flow[None]:
        yield from ()
        raise errors.BadRequestError("no", status=400)

    def flow() -> Flow[str]:
        try:
            yield Together([failing()], stream=streamed)
        except errors.BadRequestError as refusal:
            return refusal.message
        return ""

    assert run(flow) == "no"


# --- leaving early ------------------------------------------------------------------------------


def test_leaving_early_ends_all_streams_of_threads() -> None:
    with guests() as (handler, server):
        driven = sync.open_stream(merged(*[stream(server, "/stalls") for _ in range(3)]))
        driven.next_chunk(dict)
        driven.close()
        assert settled(lambda: handler.left == [b"/stalls"] * 3)
        with pytest.raises(StopIteration):
            driven.next_chunk(dict)
    assert settled(lambda: not threads())


def test_leaving_early_ends_all_streams_of_tasks() -> None:
    async def main(handler: Guests, server: RawServer) -> None:
        driven = await aio.open_stream(merged(*[stream(server, "/stalls") for _ in range(3)]))
        await driven.next_chunk(dict)
        driven.close()
        for _ in range(3):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with pytest.raises(StopAsyncIteration):
            await driven.next_chunk(dict)

    with guests() as (handler, server):
        asyncio.run(main(handler, server))
        assert settled(lambda: handler.left == [b"/stalls"] * 3)


def test_whoever_waits_for_several_flows_is_woken_though_none_of_them_can_be() -> None:
    begun, latch = threading.Event(), Future[None]()

    def flow() -> Flow[Any]:
        return (yield Together([waiting() for _ in range(3)], at_once=1))

    def waiting() -> Flow[None]:
        begun.set()
        yield Join(latch)

    def drive() -> None:
        with pytest.raises(StopIteration):
            driven.finish()

    driven = sync.Run(flow())
    driver = threading.Thread(target=drive, daemon=True)
    driver.start()
    assert begun.wait(10)
    driven.close()
    driver.join(10)
    assert not driver.is_alive()
    latch.set_result(None)
    assert settled(lambda: not threads())


@pytest.mark.parametrize("steps", range(4))
def test_streams_may_be_closed_while_another_task_waits_for_their_beginning(steps: int) -> None:
    def waiting() -> Flow[None]:
        yield Pause(60)

    async def main() -> None:
        driven = aio.Run(merged(waiting(), waiting()))
        opening = asyncio.create_task(driven.open())
        for _ in range(steps):
            await asyncio.sleep(0)
        driven.close()
        async with asyncio.timeout(10):
            # A StopAsyncIteration cannot leave a task as it is.
            with pytest.raises((StopAsyncIteration, RuntimeError)):
                await opening
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_cancelling_the_reader_ends_all_streams() -> None:
    async def main(handler: Guests, server: RawServer) -> None:
        async def read() -> None:
            driven = await aio.open_stream(merged(*[stream(server, "/stalls") for _ in range(3)]))
            while True:
                await driven.next_chunk(dict)
                arrived.append(1)

        arrived: list[int] = []
        task = asyncio.create_task(read())
        while len(arrived) < 3:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            while handler.left != [b"/stalls"] * 3:
                await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with guests() as (handler, server):
        asyncio.run(main(handler, server))


def test_a_child_process_leaves_the_streams_of_its_parent_alone() -> None:
    with guests() as (handler, server):
        driven = sync.open_stream(merged(stream(server, "/waits"), stream(server, "/waits")))
        found = [driven.next_chunk(dict)["number"] for _ in range(2)]
        child = os.fork()
        if child == 0:
            try:
                driven.next_chunk(dict)
            except errors.APIConnectionError:
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        handler.may_end.set()
        found += [driven.next_chunk(dict)["number"] for _ in range(2)]
        assert sorted(found) == [0, 0, 1, 1]
        driven.close()


def test_a_child_process_that_drops_a_stream_leaves_its_connection_alone() -> None:
    with guests() as (handler, server):
        driven = sync.open_stream(stream(server, "/waits"))
        driven.next_chunk(dict)
        child = os.fork()
        if child == 0:
            driven.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        handler.may_end.set()
        assert driven.next_chunk(dict)["data"] == "2"
        driven.close()
