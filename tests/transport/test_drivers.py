"""Both drivers over raw sockets: what goes on the wire, connections, and how things break."""

from __future__ import annotations

import asyncio
import datetime
import gc
import gzip
import ipaddress
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat import errors
from ocicat.transport import aio, sync
from ocicat.vocabulary.flow import READ, Flow, Pause, Read, Request, Response, Timeout, Together
from support.drivers import both
from support.raw_server import RawServer, raw_server, reply

OK = reply(b'{"fine": true}', opc_request_id="A/B/C", X_Mixed_Case="v")
HOST = "127.0.0.1"


def request(server: RawServer, **changes: Any) -> Request:
    made = Request(
        "POST",
        "http",
        f"{HOST}:{server.port}",
        "/path",
        {"host": f"{HOST}:{server.port}", "accept-encoding": "identity", "content-type": "a/b"},
        b"body",
        timeout=Timeout(connect=2, read=2),
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def one(made: Request) -> Callable[[], Flow[Response]]:
    def flow() -> Flow[Response]:
        return (yield made)

    return flow


def answer(data: bytes) -> Any:
    def handle(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(data)
        return True

    return handle


@both
def test_a_request_goes_out_byte_for_byte(run: Any) -> None:
    target = "/a%41/[x]|y^z/%e2%82%ac?q=a+b%26c&empty=&p=%20~"
    with raw_server(answer(OK)) as server:
        made = request(server, target=target)
        made.headers["x-extra"] = "value  with  spaces"
        response = run(one(made))
        [seen] = server.requests
    head = seen.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == f"POST {target} HTTP/1.1"
    sent = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head[1:]}
    assert made.headers.items() <= sent.items()
    assert sent["content-length"] == "4"
    assert not {"transfer-encoding", "cookie", "connection"} & set(sent)
    assert seen.endswith(b"\r\n\r\nbody")
    assert response.status == 200
    assert response.headers["opc-request-id"] == "A/B/C"
    assert response.headers["x-mixed-case"] == "v"
    assert json.loads(response.body) == {"fine": True}


@both
def test_a_connection_is_used_again(run: Any) -> None:
    with raw_server(answer(OK)) as server:

        def flow() -> Flow[None]:
            for _ in range(5):
                yield request(server)

        run(flow)
        assert len(server.requests) == 5
        assert server.connections == 1


@both
def test_a_redirect_is_an_answer_and_is_not_followed(run: Any) -> None:
    moved = reply(b"", "302 Found", location="http://127.0.0.1:1/elsewhere")
    with raw_server(answer(moved)) as server:
        assert run(one(request(server))).status == 302
        assert len(server.requests) == 1


@both
def test_a_connection_that_was_closed_while_idle_is_noticed(run: Any) -> None:
    def handle(server: RawServer, connection: socket.socket, _: bytes) -> bool:
        connection.sendall(OK)
        return False

    with raw_server(handle) as server:

        def flow() -> Flow[int]:
            first = yield request(server)
            yield Pause(0.1)
            try:
                second = yield request(server)
            except errors.APIConnectionError as problem:
                # A race that cannot always be won; the flow is told that nothing was lost.
                assert problem.stale
                second = yield request(server)
            return first.status + second.status

        assert run(flow) == 400


@both
def test_a_fresh_connection_that_breaks_is_not_stale(run: Any) -> None:
    def handle(server: RawServer, connection: socket.socket, _: bytes) -> bool:
        return False

    with raw_server(handle) as server:
        with pytest.raises(errors.APIConnectionError, match="closed the connection") as caught:
            run(one(request(server)))
    assert not caught.value.stale
    assert caught.value.__cause__ is not None


@both
@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nha",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf",
    ],
)
def test_half_an_answer_or_rubbish_is_a_connection_error(run: Any, data: bytes) -> None:
    def handle(server: RawServer, connection: socket.socket, _: bytes) -> bool:
        connection.sendall(data)
        return False

    with raw_server(handle) as server, pytest.raises(errors.APIConnectionError):
        run(one(request(server)))


@both
def test_nobody_listening_is_said_as_such(run: Any) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    made = Request("GET", "http", f"{HOST}:{port}", "/", {"host": f"{HOST}:{port}"})
    with pytest.raises(errors.APIConnectionError, match="refuses connections"):
        run(one(made))


@both
def test_an_unknown_host_is_said_as_such(run: Any) -> None:
    made = Request("GET", "http", "no-such-host.invalid", "/", {"host": "no-such-host.invalid"})
    with pytest.raises(errors.APIConnectionError, match="host name"):
        run(one(made))


@both
def test_silence_is_a_timeout(run: Any) -> None:
    def handle(*_: object) -> bool:
        time.sleep(0.5)
        return False

    with raw_server(handle) as server, pytest.raises(errors.APITimeoutError):
        run(one(request(server, timeout=Timeout(read=0.1))))


@both
@pytest.mark.parametrize("bad", ["a\r\nx: y", "a\nb", "a\x00b"])
def test_a_header_cannot_smuggle_in_another(run: Any, bad: str) -> None:
    with raw_server(answer(OK)) as server:
        made = request(server)
        made.headers["x-extra"] = bad
        with pytest.raises(errors.APIConnectionError):
            run(one(made))
        assert server.requests == []


@both
def test_compression_that_nobody_asked_for_is_undone(run: Any) -> None:
    body = gzip.compress(b'{"fine": true}')
    with raw_server(answer(reply(body, content_encoding="gzip"))) as server:
        assert run(one(request(server))).body == b'{"fine": true}'


@both
@pytest.mark.parametrize("zipped", [False, True])
def test_a_streamed_body_is_read_piece_by_piece(run: Any, zipped: bool) -> None:
    gate = threading.Event()

    def handle(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        kind = b"content-encoding: gzip\r\n" if zipped else b""
        connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            + kind
            + b"transfer-encoding: chunked\r\n\r\n"
        )
        pieces = [b"data: 1\n\n", b"data: 2\n\n"]
        if zipped:
            whole = gzip.compress(b"".join(pieces))
            pieces = [whole[:15], whole[15:]]
        connection.sendall(b"%x\r\n%s\r\n" % (len(pieces[0]), pieces[0]))
        gate.wait(5)
        connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(pieces[1]), pieces[1]))
        return True

    with raw_server(handle) as server:

        def flow() -> Flow[bytes]:
            response = yield request(server, stream=True)
            assert response.streaming
            if zipped:
                gate.set()
            got = yield READ
            gate.set()
            while data := (yield READ):
                got += data
            assert (yield READ) == b""
            yield request(server)
            return got

        assert run(flow) == b"data: 1\n\ndata: 2\n\n"
        assert server.connections == 1


@both
def test_impatience_ends_a_read_and_its_connection(run: Any) -> None:
    def handle(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n")
        return True

    with raw_server(handle) as server:

        def flow() -> Flow[str]:
            yield request(server, stream=True)
            assert (yield READ) == b"data: 1\n\n"
            try:
                yield Read(patience=0.05)
            except errors.APITimeoutError:
                return "impatient"
            return "patient"

        assert run(flow) == "impatient"


@both
def test_an_error_answer_to_a_request_for_a_stream_is_read_whole(run: Any) -> None:
    busy = reply(b'{"code": "429"}', "429 Too Many", content_type="text/event-stream")
    with raw_server(answer(busy)) as server:
        response = run(one(request(server, stream=True)))
    assert not response.streaming
    assert response.body == b'{"code": "429"}'


@both
def test_a_proxy_of_the_environment_is_used(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(answer(OK)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        made = Request("GET", "http", "far.invalid", "/x?y", {"host": "far.invalid"})
        assert run(one(made)).status == 200
        assert proxy.requests[0].startswith(b"GET http://far.invalid/x?y HTTP/1.1\r\n")
        monkeypatch.setenv("no_proxy", "far.invalid")
        with pytest.raises(errors.APIConnectionError):
            run(one(Request("GET", "http", "far.invalid:81", "/", {"host": "far.invalid:81"})))
        assert len(proxy.requests) == 1


@both
def test_a_proxy_is_told_its_credentials_and_nobody_else_is(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(answer(OK)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//ann:pass%20word@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        made = Request("GET", "http", "far.invalid", "/", {"host": "far.invalid"})
        assert run(one(made)).status == 200
        assert b"Proxy-Authorization: Basic YW5uOnBhc3Mgd29yZA==" in proxy.requests[0]
        assert "proxy-authorization" not in made.headers


# Python 3.11 leaves the proxy's refusal to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@both
def test_tls_goes_through_a_proxy_by_a_tunnel(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    with raw_server(answer(refused)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//ann:pass%20word@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        made = Request("GET", "https", "far.invalid", "/", {"host": "far.invalid"})
        with pytest.raises(errors.APIConnectionError) as caught:
            run(one(made))
        assert proxy.requests[0].startswith(b"CONNECT far.invalid:443 HTTP/1.")
        assert b"Basic YW5uOnBhc3Mgd29yZA==" in proxy.requests[0]
        assert "pass" not in str(caught.value)
    del caught
    gc.collect()


@pytest.fixture
def tls_authority(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """What a TLS server needs, and the file of an authority that vouches for it alone."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, str(path)


@pytest.fixture
def tls_server(tls_authority: tuple[ssl.SSLContext, str]) -> Any:
    """A TLS server with a certificate that nobody has vouched for."""
    context, _ = tls_authority
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except (ssl.SSLError, OSError):
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@both
def test_a_certificate_that_is_not_trusted_is_refused(run: Any, tls_server: int) -> None:
    host = f"{HOST}:{tls_server}"
    with pytest.raises(errors.APIConnectionError, match="not trusted") as caught:
        run(one(Request("GET", "https", host, "/", {"host": host})))
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_child_process_does_not_use_its_parents_connections() -> None:
    with raw_server(answer(OK)) as server:
        sync.run(one(request(server))())
        child = os.fork()
        if child == 0:
            try:
                sync.run(one(request(server))())
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        sync.run(one(request(server))())
        assert server.connections == 2


def test_more_threads_than_idle_connections_are_no_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sync, "_MAX_IDLE", 2)
    with raw_server(answer(OK)) as server:
        threads = [
            threading.Thread(target=lambda: sync.run(one(request(server))())) for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 16
        sync.close_idle()


# --- several flows at once ----------------------------------------------------------------------


def pausing(seconds: float, result: object) -> Flow[object]:
    yield Pause(seconds)
    if isinstance(result, Exception):
        raise result
    return result


@both
def test_flows_run_together_and_their_results_keep_the_order(run: Any) -> None:
    def flow() -> Flow[Any]:
        results = yield Together([pausing(0.3, 1), pausing(0.1, 2), pausing(0.2, 3)])
        return results

    began = time.monotonic()
    assert run(flow) == [1, 2, 3]
    assert time.monotonic() - began < 0.55


@both
def test_no_more_flows_run_at_once_than_is_allowed(run: Any) -> None:
    running: list[int] = []
    most: list[int] = []

    def counted() -> Flow[None]:
        running.append(1)
        most.append(len(running))
        yield Pause(0.02)
        running.pop()

    def flow() -> Flow[Any]:
        results = yield Together([counted() for _ in range(7)], at_once=3)
        return results

    run(flow)
    assert max(most) <= 3


@both
def test_the_first_of_several_flows_to_fail_ends_the_call(run: Any) -> None:
    failure = errors.APIConnectionError("gone")

    def flow() -> Flow[Any]:
        results = yield Together([pausing(0, 1), pausing(0.01, failure)])
        return results

    with pytest.raises(errors.APIConnectionError, match="gone"):
        run(flow)


def test_cancelling_a_coroutine_cancels_the_flows_that_it_drives() -> None:
    ended: list[str] = []

    def waiting() -> Flow[None]:
        try:
            yield Pause(60)
        finally:
            ended.append("ended")

    def flow() -> Flow[Any]:
        yield Together([waiting(), waiting()])

    async def main() -> None:
        task = asyncio.ensure_future(aio.run(flow()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(main())
    assert ended == ["ended", "ended"]


# --- closing ------------------------------------------------------------------------------------


def stalling(_: RawServer, connection: socket.socket, __: bytes) -> bool:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        b"9\r\ndata: 1\n\n\r\n"
    )
    connection.recv(1)
    return False


def streaming(server: RawServer) -> Flow[None]:
    yield request(server, stream=True, timeout=Timeout(connect=2, read=20))
    while data := (yield READ):
        yield {"data": data}


def test_a_stream_that_is_closed_before_it_was_read_is_at_its_end() -> None:
    with raw_server(stalling) as server:
        driven = sync.open_stream(streaming(server))
        driven.close()
        with pytest.raises(StopIteration):
            driven.next_chunk(dict)
        assert not driven.ended


def test_a_stream_may_be_closed_while_another_thread_waits_for_it() -> None:
    outcome: list[str] = []

    def read(driven: sync.Run) -> None:
        try:
            while True:
                outcome.append(str(driven.next_chunk(dict)["data"]))
        except StopIteration:
            outcome.append("end")

    with raw_server(stalling) as server:
        driven = sync.open_stream(streaming(server))
        reader = threading.Thread(target=read, args=(driven,))
        reader.start()
        while not outcome:
            time.sleep(0.01)
        time.sleep(0.1)
        driven.close()
        reader.join(5)
        assert outcome == ["b'data: 1\\n\\n'", "end"]


def test_a_stream_may_be_closed_while_another_task_waits_for_it() -> None:
    async def main(server: RawServer) -> None:
        driven = await aio.open_stream(streaming(server))
        await driven.next_chunk(dict)
        reader = asyncio.create_task(driven.next_chunk(dict))
        await asyncio.sleep(0.1)
        driven.close()
        async with asyncio.timeout(5):
            # A StopAsyncIteration cannot leave a task as it is.
            with pytest.raises((StopAsyncIteration, RuntimeError)):
                await reader

    with raw_server(stalling) as server:
        asyncio.run(main(server))


def test_a_task_can_be_cancelled_while_a_thread_is_in_its_flow() -> None:
    inside, closed = threading.Event(), threading.Event()

    def computing() -> Flow[None]:
        try:
            yield Pause(0)
            inside.set()
            time.sleep(0.2)
            yield Pause(60)
        finally:
            closed.set()

    def idle() -> Flow[None]:
        yield Pause(60)

    async def main() -> None:
        # In a crowd, flows go on in threads.
        crowd = [asyncio.create_task(aio.run(idle())) for _ in range(50)]
        await asyncio.sleep(0)
        task = asyncio.create_task(aio.run(computing()))
        while not inside.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while not closed.is_set():
            await asyncio.sleep(0.01)
        for each in crowd:
            each.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)

    asyncio.run(main())


def test_a_body_that_is_broken_off_before_it_has_a_connection_leaves_none_open() -> None:
    """An unclosed socket would be a warning, and warnings are errors here."""
    with raw_server(answer(OK)) as server:
        with pytest.raises(errors.APIConnectionError):
            sync.send_request(request(server), lambda body: body.break_off())
        gc.collect()
        assert server.requests == []


class Slow:
    """A body that is waited for, and tells which threads close it."""

    def __init__(self) -> None:
        self.is_read = threading.Event()
        self.is_broken_off = threading.Event()
        self.closed_by: list[int] = []

    def read(self, patience: float | None) -> bytes:
        self.is_read.set()
        self.is_broken_off.wait(20)
        assert not self.closed_by
        return b"late"

    def break_off(self) -> None:
        self.is_broken_off.set()

    def close(self) -> None:
        self.closed_by.append(threading.get_ident())


def test_what_a_thread_works_with_is_closed_by_that_thread() -> None:
    """A socket that another thread closes may be a third one's before the first has noticed."""
    body, ends = Slow(), []

    def send(_: Request, hold: Callable[[sync.Body], None]) -> Response:
        hold(body)
        return Response(200, {}, streaming=True)

    def flow() -> Flow[None]:
        try:
            yield Request("GET", "http", "far.invalid", "/")
            while data := (yield READ):
                yield {"data": data}
        finally:
            ends.append(threading.get_ident())

    driven = sync.Run(flow(), send)
    outcome: list[object] = []

    def read() -> None:
        try:
            outcome.append(driven.next_chunk(dict))
        except StopIteration:
            outcome.append("end")

    reader = threading.Thread(target=read)
    reader.start()
    assert body.is_read.wait(10)
    driven.close()
    reader.join(10)
    assert outcome == ["end"]
    assert body.closed_by == ends == [reader.ident]


def test_a_connection_that_was_handed_on_is_not_broken_off() -> None:
    with raw_server(answer(OK)) as server:
        bodies: list[sync.Body] = []
        sync.send_request(request(server), bodies.append)
        bodies[0].break_off()
        sync.send_request(request(server), bodies.append)
        assert server.connections == 1


def test_a_failure_in_a_thread_after_a_cancellation_is_not_complained_of() -> None:
    inside, may_fail = threading.Event(), threading.Event()
    complaints: list[Any] = []

    def failing() -> Flow[None]:
        yield Pause(0)
        inside.set()
        may_fail.wait(10)
        raise ValueError("mine")

    def idle() -> Flow[None]:
        yield Pause(60)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        # In a crowd, flows go on in threads.
        crowd = [asyncio.create_task(aio.run(idle())) for _ in range(50)]
        await asyncio.sleep(0)
        task = asyncio.create_task(aio.run(failing()))
        while not inside.is_set():
            await asyncio.sleep(0.01)
        for each in (task, *crowd):
            each.cancel()
        await asyncio.gather(task, *crowd, return_exceptions=True)
        del task
        may_fail.set()
        await asyncio.sleep(0.1)
        gc.collect()

    asyncio.run(main())
    assert complaints == []


def test_a_stream_that_is_dropped_in_another_thread_is_ended_on_its_loop() -> None:
    ended_in: list[int] = []

    def flow() -> Flow[None]:
        try:
            yield {"number": 1}
            yield {"number": 2}
        finally:
            ended_in.append(threading.get_ident())

    async def main() -> None:
        driven = await aio.open_stream(flow())
        await asyncio.to_thread(driven.close)
        with pytest.raises((StopAsyncIteration, RuntimeError)):
            await driven.next_chunk(dict)

    asyncio.run(main())
    assert ended_in == [threading.get_ident()]


def test_a_stream_over_tls_that_is_left_does_not_wait_for_a_farewell(
    tls_authority: tuple[ssl.SSLContext, str],
) -> None:
    """An unclosed transport would be a warning, and warnings are errors here."""
    context, authority = tls_authority
    left = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(65536)
            wrapped.sendall(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"
            )
            left.wait(10)

    async def main(host: str) -> None:
        driven = await aio.open_stream(flow(host))
        await driven.next_chunk(dict)
        driven.close()

    def flow(host: str) -> Flow[None]:
        yield Request("GET", "https", host, "/", {"host": host}, stream=True, authority=authority)
        while data := (yield READ):
            yield {"data": data}

    with socket.create_server((HOST, 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        asyncio.run(main(f"{HOST}:{listener.getsockname()[1]}"))
        gc.collect()
        left.set()
        server.join(10)
