"""The emulator itself: an HTTP server on a thread of its own, with a home that leads to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.backend import Backend
from ocicat.emulator.home import COMPARTMENT_ID, PROJECT_ID, Home
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.ledger import Ledger, Received
from ocicat.emulator.rules_file import load_rules
from ocicat.emulator.script import Match, Rule, Script
from ocicat.emulator.service import MAX_BODY_BYTES, Service
from ocicat.emulator.streams import StreamStyle
from ocicat.emulator.tenancy import ENDPOINTS, Tenancy
from ocicat.errors import InvalidSetting
from ocicat.vocabulary.model import ApiFormat

__all__ = ["Emulator"]

_ADDRESS: Final = "127.0.0.1"
#: Where to look for an address at which a port is free. Some systems have only the first.
_LOOPBACK: Final = tuple(f"127.0.0.{last}" for last in range(1, 255))
#: Seconds that a request in progress has to end when the emulator stops.
_GRACE: Final = 0.05
#: Seconds that ended TLS connections have to be noticed, which takes a millisecond or so.
_PATIENCE: Final = 1.0


class Emulator:
    """A strict local OCI Generative AI.

    ::

        with Emulator() as oci:
            oci.when("weather").answer("Sunny.")
            ...     # any OCI client, with the credentials in oci.home.config_file, at oci.url
            assert oci.ledger.last.verified

    * ``home``: a directory for the key and the OCI config file, or a :class:`Home`; by default a
      temporary directory that goes away when the emulator stops.
    * ``port``: to listen on, at 127.0.0.1; 0 takes any free one.
    * ``rules``: a TOML file of scripted behaviour.
    * ``backend``: base URL of an OpenAI-compatible server that gives real answers.
    * ``streams``: how event streams look on the wire.
    * ``observe``: called on the emulator's thread after each request, with its ledger entry and the
      milliseconds that it took.

    Raises :class:`~ocicat.errors.InvalidSetting` for a home, rules file or backend that cannot be
    used. All methods may be called from any thread.
    """

    def __init__(
        self,
        home: Home | str | os.PathLike[str] | None = None,
        *,
        port: int = 0,
        rules: str | os.PathLike[str] | None = None,
        backend: str | None = None,
        streams: StreamStyle | None = None,
        observe: Callable[[Received, float], None] | None = None,
    ) -> None:
        self.tenancy = Tenancy()
        self.script = Script()
        #: What was asked.
        self.ledger = Ledger()
        #: Who may call: log-ins, tokens, certificates and policies.
        self.identity = IdentityPlane(
            self.tenancy,
            clock=lambda: self._service.now(),
            url=lambda: self.url,
            home=lambda: self.home,
            listen=self._listen_for_tls,
        )
        if rules is not None:
            load_rules(rules, self.script)
        upstream = Backend(backend) if backend is not None else None
        self._wanted_home = home
        self._home: Home | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._port = port
        self._bound: tuple[str, int] | None = None
        self._service = Service(
            self.tenancy,
            self.script,
            self.ledger,
            self.identity,
            streams=streams or StreamStyle(),
            backend=upstream,
            observe=observe,
        )
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._connections: _Connections | None = None
        self._tls_servers: list[asyncio.Server] = []
        self._tls_listeners: list[_Listener] = []

    # --- running ---------------------------------------------------------------------------------

    def start(self) -> Emulator:
        """Listen, and write the home's config file. Returns once requests are taken.

        Raises :class:`~ocicat.errors.InvalidSetting` if the port cannot be used.
        """
        if self._thread is not None:
            raise RuntimeError("the emulator is running already")
        listener = _bind(_ADDRESS, self._port)
        self._bound = listener.getsockname()
        try:
            self._move_in().write_config(self.url)
        except BaseException:
            listener.close()
            self.stop()
            raise
        ready = threading.Event()
        failures: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._run, args=(listener, ready, failures), name="ocicat-emulator", daemon=True
        )
        self._thread.start()
        ready.wait()
        if failures:
            self.stop()
            raise RuntimeError("the emulator could not start") from failures[0]
        return self

    def stop(self) -> None:
        """Close all connections and stop listening. Does nothing if it is not running."""
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is not None:
            if loop is not None and stopping is not None and not loop.is_closed():
                loop.call_soon_threadsafe(stopping.set)
            thread.join()
            self._thread = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def serve(self, say: Callable[[str], object]) -> None:
        """Run in the foreground until Ctrl-C or SIGTERM. ``say`` is given lines for people."""
        ended = threading.Event()
        previous = signal.signal(signal.SIGTERM, lambda *_: ended.set())
        try:
            with self:
                say(f"The ocicat emulator listens at {self.url}. Ctrl-C ends it.")
                say(f"The oci SDK takes service_endpoint={self.url!r},")
                say(f"OpenAI SDKs with an OCI signature take base_url={self.url + '/openai/v1'!r}.")
                say("Credentials, and all that ocicat needs:")
                for name, value in self.environment().items():
                    say(f"export {name}={_quoted(value)}")
                ended.wait()
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, previous)

    # --- where it is -----------------------------------------------------------------------------

    @property
    def home(self) -> Home:
        """Its key and config file. Raises ``RuntimeError`` before :meth:`start`."""
        if self._home is None:
            raise RuntimeError("the emulator has not been started")
        return self._home

    @property
    def url(self) -> str:
        """The base URL, without a path. Raises ``RuntimeError`` before :meth:`start`."""
        if self._bound is None:
            raise RuntimeError("the emulator has not been started")
        return f"http://{self._bound[0]}:{self._bound[1]}"

    @property
    def compartment_id(self) -> str:
        """The OCID of the compartment that callers use."""
        return COMPARTMENT_ID

    @property
    def project_id(self) -> str:
        """The OCID of the project that Responses belong to."""
        return PROJECT_ID

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The OCID of a dedicated endpoint for each API format, and of one that is ``IMPORTED``.

        The last serves a model that writes its tool calls into its text.
        """
        return {kind: ocid for kind, (ocid, _) in ENDPOINTS.items()}

    @property
    def deployments(self) -> tuple[str, ...]:
        """The OCIDs of model deployments of OCI Data Science."""
        return self.tenancy.deployments()

    def environment(self) -> dict[str, str]:
        """The environment variables with which clients find the emulator."""
        return self.home.environment()

    # --- what it does ----------------------------------------------------------------------------

    def when(self, match: Match = None) -> Rule:
        """A new rule for the chats that ``match`` fits: ``oci.when("weather").answer("Sunny.")``.

        ``match`` is a text that the last user message contains, a compiled pattern, a function from
        the neutral request to a bool, or ``None`` for every chat.
        """
        return self.script.when(match)

    def at(self, path: str) -> Rule:
        """A new rule for an operation that is no chat: ``oci.at("/20231130/models").fail(503)``.

        ``fail``, ``reply_raw``, ``reset``, ``stall``, ``times`` and ``refuse_parameter``, which
        takes the name on the wire, work as for chats.
        """
        return self.script.at(path)

    @property
    def streams(self) -> StreamStyle:
        """How event streams look on the wire; assign another :class:`StreamStyle` to change it."""
        return self._service.streams

    @streams.setter
    def streams(self, style: StreamStyle) -> None:
        self._service.streams = style

    @property
    def clock_offset(self) -> float:
        """Seconds by which the emulator's clock is ahead of the true time."""
        return self._service.clock_offset

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self._service.clock_offset = seconds

    # --- who and what exists ---------------------------------------------------------------------

    def add_key(self, tenancy_id: str, user_id: str, public_pem: str | bytes) -> str:
        """Make another user's API key known; returns the ``keyId`` to sign with.

        Raises :class:`~ocicat.errors.InvalidKey` for what is not an RSA public key in PEM.
        """
        return self.tenancy.add_key(tenancy_id, user_id, public_pem)

    def add_compartment(self, ocid: str) -> None:
        """Make another compartment known."""
        self.tenancy.add_compartment(ocid)

    def add_project(self, ocid: str) -> None:
        """Make another project known."""
        self.tenancy.add_project(ocid)

    def add_model(self, model_id: str, *, api_format: ApiFormat | None = None) -> None:
        """Make a model known that the catalogue does not have, or has as retired."""
        self.tenancy.add_model(model_id, api_format=api_format)

    def add_endpoint(self, ocid: str, model_id: str) -> None:
        """Make a dedicated endpoint known that serves a known model."""
        self.tenancy.add_endpoint(ocid, model_id)

    def add_deployment(self, ocid: str, model_id: str = "odsc-llm") -> None:
        """Make a model deployment of OCI Data Science known."""
        self.tenancy.add_deployment(ocid, model_id)

    # --- the server's thread ---------------------------------------------------------------------

    def _move_in(self) -> Home:
        wanted = self._wanted_home
        if wanted is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="ocicat-emulator-")
            wanted = self._temporary.name
        self._home = wanted if isinstance(wanted, Home) else Home(wanted)
        self.tenancy.register(self._home.key_id, self._home.public_key)
        self._service.key_id = self._home.key_id
        return self._home

    def _listen_for_tls(
        self, address: str | None, port: int, context_for: Callable[[str], ssl.SSLContext]
    ) -> tuple[str, int]:
        """Take connections at one more address, over TLS; returns the address and port."""
        loop, connections = self._loop, self._connections
        if self._thread is None or loop is None or connections is None:
            raise RuntimeError("the emulator is not running")
        listener = _bind(address, port)
        try:
            host, bound = listener.getsockname()
            context = context_for(host)

            async def listen() -> asyncio.Server:
                return await loop.create_server(connections, sock=listener, ssl=context)

            self._tls_listeners.append(listener)
            self._tls_servers.append(asyncio.run_coroutine_threadsafe(listen(), loop).result())
        except BaseException:
            listener.close()
            raise
        return host, bound

    def _run(
        self, listener: socket.socket, ready: threading.Event, failures: list[BaseException]
    ) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve(listener, ready))
        except BaseException as failure:
            failures.append(failure)
        finally:
            listener.close()
            ready.set()

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        connections = self._connections = _Connections(self._service)
        server = await loop.create_server(connections, sock=listener, backlog=512)
        ready.set()
        await self._stopping.wait()
        # asyncio loses a connection that it accepted in the turn in which its server is closed.
        for accepting in (listener, *self._tls_listeners):
            loop.remove_reader(accepting)
        for _ in range(3):
            await asyncio.sleep(0)
        for each in (server, *self._tls_servers):
            each.close()
        connections.pre_shutdown()
        await connections.shutdown(_GRACE)
        for tls_listener in self._tls_listeners:
            await tls_listener.hang_up(_PATIENCE)
        for each in (server, *self._tls_servers):
            await each.wait_closed()
        self._tls_servers.clear()
        self._tls_listeners.clear()
        if self._service.backend is not None:
            await self._service.backend.close()


class _Connections(web.Server):
    """aiohttp's server, with our words for what is no HTTP request."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            service.handle,
            request_factory=self._request,
            # A handler that waits (a stall, a stream kept open) ends when its client hangs up.
            handler_cancellation=True,
            access_log=None,
            # A body is signed as it was sent, so it is not decompressed.
            auto_decompress=False,
        )
        self.service = service

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def _request(
        self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any
    ) -> web.BaseRequest:
        return web.BaseRequest(
            message, payload, protocol, writer, task, self._loop, client_max_size=MAX_BODY_BYTES
        )


class _Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The reply to bytes that are no HTTP request; everything else is answered before."""
        manager = self._manager
        if not isinstance(manager, _Connections) or request.writer.output_size > 0:
            raise ConnectionError("the connection is of no further use")
        problem = " ".join((message or str(exc) or "no reason is known").split())
        return manager.service.refuse_malformed(
            request, status, f"no valid HTTP request: {problem}"
        )


class _Listener(socket.socket):
    """A listening socket that remembers whom it accepted.

    Over TLS, asyncio knows a connection only after its handshake, and closing one waits for a word
    from the client, which may never come.
    """

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self._accepted: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        connection, address = super().accept()
        self._accepted.add(connection)
        return connection, address

    async def hang_up(self, patience: float) -> None:
        """End all connections, and wait until the loop has noticed, for so many seconds at most."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        for connection in self._accepted:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already
        while any(connection.fileno() >= 0 for connection in self._accepted):
            if loop.time() > deadline:
                break
            await asyncio.sleep(0.001)


def _bind(address: str | None, port: int) -> _Listener:
    """A socket bound to a port of a loopback address: the given one, or the first that is free.

    Raises :class:`~ocicat.errors.InvalidSetting` if there is none.
    """
    candidates = [address] if address is not None else _LOOPBACK
    problem: Exception | None = None
    for candidate in candidates:
        listener = _Listener()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((candidate, port))
            # At once: sockets that are only bound can share an address, listening ones cannot.
            listener.listen(512)
            return listener
        except (OSError, OverflowError) as failure:
            listener.close()
            problem = failure
    raise InvalidSetting(
        f"The emulator cannot listen at {address or _ADDRESS}:{port}: {problem}.",
        setting="port",
        hint="Take another port, or 0 for any free one.",
    ) from problem


def _quoted(value: str) -> str:
    """A value as a POSIX shell takes it."""
    import shlex

    return shlex.quote(value)
