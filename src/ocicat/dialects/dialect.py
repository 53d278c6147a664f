"""What every dialect offers. Each dialect is a module with these functions; none keeps state.

Only the stream halves remember anything, and each serves one stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest
from ocicat.vocabulary.target import Target

__all__ = ["Dialect", "Origin", "StreamDecoder", "StreamEncoder"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an answer comes from: what replies need and wire bodies do not say."""

    model: str
    opc_request_id: str
    #: When the answer began, in whole seconds since the epoch.
    received: int

    @property
    def reply_id(self) -> str:
        """An id in OpenAI's form, for answers whose wire format has none."""
        return "chatcmpl-" + self.opc_request_id.rpartition("/")[2]


class StreamDecoder(Protocol):
    """Turns the events of one stream into neutral chunks."""

    def feed(self, event: dict[str, Any]) -> list[ChatChunk]:
        """Chunks for one event. Raises ``StreamBroken`` for an event that reports a failure."""
        ...

    @property
    def finished(self) -> bool:
        """Whether every answer that began has ended."""
        ...

    @property
    def complete(self) -> bool:
        """Whether nothing more is expected: all has ended, and usage came where asked for."""
        ...

    @property
    def text(self) -> str:
        """The text that has arrived so far, of the first choice."""
        ...


class StreamEncoder(Protocol):
    """Turns neutral chunks into the events of one stream."""

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """Event payloads for one chunk."""
        ...


class Dialect(Protocol):
    """One wire format of a chat."""

    def encode_request(
        self, request: ChatRequest, target: Target, compartment_id: str
    ) -> dict[str, Any]:
        """The body to send. Raises ``InvalidRequest`` kin for what cannot be said."""
        ...

    def decode_request(self, body: dict[str, Any]) -> ChatRequest:
        """The neutral request that a body says. Raises ``UnsupportedFeature``."""
        ...

    def encode_reply(self, reply: ChatReply) -> dict[str, Any]:
        """The body that says this reply."""
        ...

    def decode_reply(self, body: dict[str, Any], origin: Origin) -> ChatReply:
        """The neutral reply that a body says. Raises ``MalformedReply`` kin."""
        ...

    def stream_decoder(self, origin: Origin, *, with_usage: bool) -> StreamDecoder:
        """A decoder for one stream; ``with_usage`` when the request asked for usage in it."""
        ...

    def stream_encoder(self) -> StreamEncoder:
        """An encoder for one stream."""
        ...
