"""What the emulator was asked: a list of the requests it received, and what it thought of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, overload

from ocicat.vocabulary.chat import ChatRequest

__all__ = ["MAX_ENTRIES", "Ledger", "Received"]

# How the paths of chats end.
_CHATS: Final = (
    *("/actions/chat", "/completions", "/responses"),
    *("/predict", "/predictWithResponseStream"),
    *(":generateContent", ":streamGenerateContent"),
)

#: The ledger keeps this many requests; older ones are forgotten.
MAX_ENTRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """One request that the emulator received. It enters the ledger just before the answer leaves.

    * ``time``: seconds since the epoch. ``target``: the raw request target.
    * ``headers``: lower-case names. Secrets of other identities than the emulator's own throwaway
      one are replaced by ``(redacted)``.
    * ``key_id``: of the signature (``ST$…`` for any security token), or ``None``;
      ``signed_headers``: in the client's order.
    * ``json``: the decoded body, or ``None`` where it is not JSON.
    * ``request``: the chat in neutral form, where it was understood.
    * ``verified``: whether the signature, or the API key in its place, was good.
    * ``status``: of the answer, or ``None`` where the connection was broken off without one.
    * ``refusal``: why it was refused, in plain words, or ``None``.
    * ``opc_request_id``: as answered.
    * ``principal``: who signed: an OCID, or a workload's ``namespace/service account``;
      ``on_behalf_of``: the user for whom, by a delegation token. ``None`` where it is not known.
    """

    time: float
    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    json: Any = field(repr=False)
    key_id: str | None = field(repr=False)
    signed_headers: tuple[str, ...] = field(repr=False)
    verified: bool
    request: ChatRequest | None = field(repr=False)
    status: int | None
    refusal: str | None
    opc_request_id: str
    principal: str | None = None
    on_behalf_of: str | None = None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class Ledger(Sequence[Received]):
    """The requests in the order in which their answers began. It may be read from any thread.

    It keeps the latest :data:`MAX_ENTRIES`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Received] = []

    @property
    def last(self) -> Received:
        """The latest request. Raises ``IndexError`` while there is none."""
        with self._lock:
            if not self._entries:
                raise IndexError("the emulator has received no request yet")
            return self._entries[-1]

    @property
    def chats(self) -> list[Received]:
        """The requests that asked for a chat, refused ones included."""
        return [entry for entry in self if entry.path.endswith(_CHATS)]

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._entries.clear()

    def add(self, entry: Received) -> None:
        """Enter a request. For the emulator's own use."""
        with self._lock:
            self._entries.append(entry)
            del self._entries[:-MAX_ENTRIES]

    @overload
    def __getitem__(self, index: int) -> Received: ...
    @overload
    def __getitem__(self, index: slice) -> list[Received]: ...
    def __getitem__(self, index: int | slice) -> Received | list[Received]:
        with self._lock:
            return self._entries[index]

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def __iter__(self) -> Iterator[Received]:
        with self._lock:
            entries = list(self._entries)
        return iter(entries)

    def __repr__(self) -> str:
        return f"<Ledger of {len(self)} requests>"
