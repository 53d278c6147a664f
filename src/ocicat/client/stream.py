"""Streams as callers hold them: iterators that can be closed early."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from ocicat.client.replies import ChatCompletionChunk

if TYPE_CHECKING:
    from ocicat.transport import aio, sync

__all__ = ["AsyncChatStream", "ChatStream"]


class ChatStream(Iterator[ChatCompletionChunk]):
    """The chunks of one reply, as they arrive.

    Leaving early, by ``close()``, a ``with`` block or by dropping the stream, ends the request.
    Raises :class:`~ocicat.errors.StreamBroken` when the stream breaks.
    """

    def __init__(self, run: sync.Run) -> None:
        self._run = run

    def __next__(self) -> ChatCompletionChunk:
        return self._run.next_chunk(ChatCompletionChunk)

    def close(self) -> None:
        """End the request. Nothing more is received."""
        self._run.close()

    def __enter__(self) -> ChatStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class AsyncChatStream(AsyncIterator[ChatCompletionChunk]):
    """The chunks of one reply, as they arrive.

    Leaving early, by ``aclose()``, an ``async with`` block or by dropping the stream, ends the
    request. Raises :class:`~ocicat.errors.StreamBroken` when the stream breaks.
    """

    def __init__(self, run: aio.Run) -> None:
        self._run = run

    def __anext__(self) -> Awaitable[ChatCompletionChunk]:
        return self._run.next_chunk(ChatCompletionChunk)

    async def aclose(self) -> None:
        """End the request. Nothing more is received."""
        self._run.close()

    close = aclose

    async def __aenter__(self) -> AsyncChatStream:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
