"""What the stream decoders of all dialects keep in mind."""

from __future__ import annotations

from typing import Any

from ocicat.dialects.dialect import Origin
from ocicat.vocabulary.chat import ChatChunk, Usage

__all__ = ["StreamState"]


class StreamState:
    """How far one stream has come: which answers have begun and ended, and what was said."""

    def __init__(self, origin: Origin, with_usage: bool) -> None:
        self._origin = origin
        self._with_usage = with_usage
        #: What every chunk of this stream says.
        self._head: ChatChunk = {
            "id": origin.reply_id,
            "object": "chat.completion.chunk",
            "created": origin.received,
            "model": origin.model,
            "opc_request_id": origin.opc_request_id,
        }
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._counted = False
        self._texts: list[str] = []

    @property
    def text(self) -> str:
        """The text that has arrived so far, of the first choice."""
        return "".join(self._texts)

    @property
    def finished(self) -> bool:
        """Whether every answer that began has ended."""
        return bool(self._ended) and self._begun <= self._ended

    @property
    def complete(self) -> bool:
        """Whether nothing more is expected: all has ended, and usage came where asked for."""
        return self.finished and (self._counted or not self._with_usage)

    def _begin(self, index: int, delta: dict[str, Any]) -> None:
        """Say in the first delta of an answer who speaks."""
        if index not in self._begun:
            self._begun.add(index)
            delta["role"] = "assistant"

    def _chunk(self, choice: dict[str, Any]) -> ChatChunk:
        return {**self._head, "choices": [choice]}  # type: ignore[list-item]  # built key by key

    def _count(self, usage: Usage | None) -> list[ChatChunk]:
        """The chunk that tells token counts, where there are any and they were asked for."""
        if usage is None:
            return []
        self._counted = True
        return [{**self._head, "choices": [], "usage": usage}] if self._with_usage else []
