"""Streams as callers hold them: iterators that can be closed early."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ocicat.client.replies import ChatCompletion, ChatCompletionChunk
from ocicat.client.structured import finished
from ocicat.dialects.assembly import Assembly
from ocicat.errors import StreamBroken

if TYPE_CHECKING:
    from ocicat.transport import aio, sync

__all__ = ["AsyncChatStream", "ChatStream"]


class _Received:
    """The chunks of one stream as far as they have come."""

    def __init__(self, response_format: Any) -> None:
        self._assembly = Assembly()
        self._response_format = response_format

    def take(self, chunk: dict[str, Any]) -> ChatCompletionChunk:
        self._assembly.add(chunk)
        return ChatCompletionChunk(chunk)

    def completion(self, *, is_whole: bool) -> ChatCompletion:
        reply = self._assembly.reply()
        if not is_whole:
            message = reply["choices"][0]["message"] if reply["choices"] else {}
            raise StreamBroken(
                "The stream was left, or broke, before the end of its answer.",
                partial=message.get("content") or "",
                opc_request_id=reply.get("opc_request_id", ""),
            )
        return finished(reply, self._response_format)


class ChatStream(Iterator[ChatCompletionChunk]):
    """The chunks of one reply, as they arrive.

    Leaving early, by ``close()``, a ``with`` block or by dropping the stream, ends the request.
    Raises :class:`~ocicat.errors.StreamBroken` when the stream breaks.
    """

    def __init__(self, run: sync.Run, response_format: Any = None) -> None:
        self._run = run
        self._received = _Received(response_format)

    def __next__(self) -> ChatCompletionChunk:
        return self._run.next_chunk(self._received.take)

    def get_final_completion(self) -> ChatCompletion:
        """The whole reply that the stream amounts to, once the rest of it has been read.

        ``message.parsed`` is set where ``response_format`` is a class. Raises
        :class:`~ocicat.errors.UnparsableAnswer`, and :class:`~ocicat.errors.StreamBroken` for a
        stream that was left before its end.
        """
        for _ in self:
            pass
        return self._received.completion(is_whole=self._run.ended)

    def close(self) -> None:
        """End the request. Nothing more is received."""
        self._run.close()

    def __enter__(self) -> Self:
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

    def __init__(self, run: aio.Run, response_format: Any = None) -> None:
        self._run = run
        self._received = _Received(response_format)

    def __anext__(self) -> Awaitable[ChatCompletionChunk]:
        return self._run.next_chunk(self._received.take)

    async def get_final_completion(self) -> ChatCompletion:
        """The same as :meth:`ChatStream.get_final_completion`."""
        async for _ in self:
            pass
        return self._received.completion(is_whole=self._run.ended)

    async def aclose(self) -> None:
        """End the request. Nothing more is received."""
        self._run.close()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._run.close()
