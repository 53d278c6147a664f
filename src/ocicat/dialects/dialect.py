"""What every dialect offers. Each dialect is a module with these functions; none keeps state.

Only the stream halves remember anything, and each serves one stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ocicat.errors import UnsupportedFeature
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Note
from ocicat.vocabulary.target import Target

__all__ = ["Dialect", "Entry", "Notes", "Origin", "StreamDecoder", "StreamEncoder", "Way"]

#: What becomes of something that a request says: said in the dialect's own words; done by ocicat
#: where the dialect has no words; left out, with a note in the reply; refused with an error.
Way = Literal["mapped", "emulated", "dropped", "refused"]


class Entry(Protocol):
    """A row of a support table. The kinds of rows are in ``parameters``."""

    @property
    def way(self) -> Way:
        """What becomes of it."""
        ...

    @property
    def note(self) -> str:
        """How, or why, in a short sentence; may be empty."""
        ...


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

    def call_id(self, number: int) -> str:
        """An id for the so-many-th tool call of an answer whose wire format, or model, has none.

        The same answer gives the same ids; two answers do not share any.
        """
        return f"call_{self.opc_request_id.rpartition('/')[2][:24]}_{number}"


class Notes:
    """What becomes of a request's parameters otherwise than asked; the reply reports it.

    * ``drop``: leave out, with a note, what would otherwise be refused.
    * ``learned``: parameters that OCI has refused for this model before, with its words.
    """

    __slots__ = ("drop", "items", "learned")

    def __init__(self, *, drop: bool = False, learned: Mapping[str, str] | None = None) -> None:
        self.drop = drop
        self.learned = learned or {}
        self.items: list[Note] = []

    def add(self, parameter: str, message: str) -> None:
        """Report that ``parameter`` was not taken as it was given."""
        self.items.append({"parameter": parameter, "message": message})

    def refuse(self, parameter: str, message: str, *, hint: str = "") -> None:
        """Raise ``UnsupportedFeature``, or only note it where the caller wants things dropped."""
        if not self.drop:
            raise UnsupportedFeature(message, parameter=parameter, hint=hint)
        self.add(parameter, f"Left out: {message}")


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

    def end(self) -> list[dict[str, Any]]:
        """Event payloads after the last chunk."""
        ...


class Dialect(Protocol):
    """One wire format of a chat."""

    #: What becomes of each parameter of a request; those that are not here are refused.
    PARAMETERS: Mapping[str, Entry]
    #: What becomes of each kind of content (``support.CONTENT_KINDS``).
    CONTENT: Mapping[str, Entry]

    def encode_request(
        self, request: ChatRequest, target: Target, compartment_id: str, notes: Notes
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
