"""What a flow and its driver say to each other.

A *flow* is a generator that tells one story (a call, a log-in) and does no I/O. It yields an
*effect* and pauses; a driver in ``transport`` carries the effect out, and sends the outcome back
in. One flow thus serves threads, event loops and tests that feed it by hand.

===================  ==========================================  ==============================
the flow yields      the driver                                  and sends back
===================  ==========================================  ==============================
:class:`Request`     sends it, waits for the answer              :class:`Response`
:class:`Read`        waits for more of an open streamed body     ``bytes``; ``b""`` at its end
:class:`Pause`       waits                                       ``None``
:class:`Join`        waits until another flow has done something ``None``
:class:`Together`    drives other flows side by side             their results, in their order
a ``dict``           hands it to the caller (a stream's chunk)   ``None``
===================  ==========================================  ==============================

What goes wrong is thrown into the flow: on the wire an :class:`~ocicat.errors.TransportError`, in
other flows whatever they raised. This module knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

__all__ = [
    "READ",
    "Ambient",
    "Effect",
    "Flow",
    "Join",
    "Latch",
    "Pause",
    "Read",
    "Request",
    "Response",
    "Timeout",
    "Together",
]


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait: ``connect`` for a connection, ``read`` for each next byte."""

    connect: float = 10.0
    read: float = 300.0


@dataclass(slots=True)
class Request:
    """One HTTP request, with the bytes exactly as they go on the wire.

    * ``scheme``: ``"https"`` or ``"http"``.
    * ``host``: the URL's authority as written, with ``:port`` only if the URL has it.
    * ``target``: the raw request target (path and query, percent-encoding untouched).
    * ``headers``: lower-case names. ``host`` and ``content-length`` are already among them when
      they are signed; a driver must send all of these and change none.
    * ``stream``: leave the body of a 200 answer unread; the flow will ask with :class:`Read`.
    * ``direct``: use no proxy, as for the metadata service of the machine itself.
    * ``authority``: path of the PEM file of the only authority that vouches for the far side,
      where it is not one of the system's.
    """

    method: str
    scheme: str
    host: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: bool = False
    timeout: Timeout = Timeout()
    direct: bool = False
    authority: str | None = None

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.host}{self.target}"


@dataclass(slots=True)
class Response:
    """One HTTP answer. Header names are lower case. ``body`` is empty while a stream is open."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    streaming: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so many seconds before going on."""

    seconds: float


class Latch(Protocol):
    """Something that happens once, in whichever thread: a ``concurrent.futures.Future`` is one."""

    def done(self) -> bool:
        """Whether it has happened."""
        ...

    def add_done_callback(self, fn: Callable[[Any], object], /) -> None:
        """Have ``fn`` called, in whichever thread, once it has happened."""
        ...


@dataclass(frozen=True, slots=True)
class Join:
    """Wait until ``latch`` is done, without spoiling it for others that wait for it too."""

    latch: Latch


@dataclass(frozen=True, slots=True)
class Together:
    """Drive these flows side by side, at most ``at_once`` at a time.

    Their results come back in the flows' order. The first that fails ends the others, and what it
    raised is thrown into the flow that waits.

    With ``stream``, the flows yield chunks, and all are driven at once. ``None`` comes back when
    the far side has accepted the request of each; then every :class:`Read` brings a chunk as it
    arrives, as ``(number of its flow, chunk)``, and ``None`` when all flows have ended. What is not
    read for a while holds the flows up.
    """

    flows: Sequence[Generator[Any, Any, Any]]
    at_once: int = 8
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Ask for the next bytes of the open streamed body, or the next chunk of several flows.

    ``patience`` (seconds) replaces the request's read time-out: a flow that already has all it
    needs waits only briefly for the end of the body, so that the connection can be used again.
    """

    patience: float | None = None


#: The usual :class:`Read`, with the request's own time-out.
READ: Final = Read()

Effect = Request | Pause | Read | Join | Together | dict[str, Any]
T = TypeVar("T")
Flow = Generator[Effect, Any, T]


class Ambient(Protocol):
    """The clock and the dice, which flows are given because they may not own them."""

    def now(self) -> float:
        """Wall-clock time, in seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def token(self) -> str:
        """32 random upper-case hexadecimal digits, fit for ``opc-request-id``."""
        ...
