"""What a client must offer to take part.

A contestant's library is imported by its ``open_…`` functions, never at the top of its module: the
parent process reads all contestants and must stay light.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = ["AsyncClient", "Contestant", "Kind", "Settings", "SyncClient"]

Kind = Literal["part", "bound", "floor", "ocicat", "peer"]


@dataclass(frozen=True)
class Settings:
    """The same call for everybody.

    ``base_url`` is the fake server's, without a path. The identity is there as values
    (``key_pem``), and as an OCI config file with a ``[DEFAULT]`` profile. ``messages`` is the
    small chat to send.
    """

    base_url: str
    tenancy: str
    user: str
    fingerprint: str
    region: str
    compartment: str
    key_pem: str
    config_file: str
    model: str
    messages: list[dict[str, Any]]


class SyncClient(Protocol):
    """A client that is open and may be called from many threads at once."""

    def call(self) -> str:
        """Make one whole call; give the answer's text."""
        ...

    def stream(self) -> int:
        """Make one streamed call and touch the text of each chunk; give the sum of lengths."""
        ...


class AsyncClient(Protocol):
    """A client that is open on the running loop and may be called by many tasks at once."""

    async def call(self) -> str:
        """As :meth:`SyncClient.call`."""
        ...

    async def stream(self) -> int:
        """As :meth:`SyncClient.stream`."""
        ...


@dataclass(frozen=True)
class Contestant:
    """One row of the tables.

    * ``requires``: modules that must be there; without them the row says "not installed".
    * ``cold_import``, ``cold_call``: source text for a fresh interpreter; ``s`` is a dictionary of
      :class:`Settings`, and ``s["expected"]`` the text that the answer must have.
    * ``environment``: variables that its processes get on top.
    """

    key: str
    label: str
    kind: Kind
    requires: tuple[str, ...] = ()
    open_sync: Callable[[Settings], SyncClient] | None = None
    open_async: Callable[[Settings], Awaitable[AsyncClient]] | None = None
    streams: bool = True
    cold_import: str = ""
    cold_call: str = ""
    environment: tuple[tuple[str, str], ...] = ()
