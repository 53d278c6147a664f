"""Event streams, byte by byte: padding, framing, and where the network cuts.

OCI pads events against traffic analysis, some of its endpoints separate events by a single line
end, some end with ``[DONE]`` and some do not, one was seen to leave the connection open; and no
network keeps events together. A client has to live with all of it, so a :class:`StreamStyle` can
produce all of it, always in the same way for the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ocicat.dialects import sse

__all__ = ["Splitter", "StreamStyle", "encode_event", "pad"]

_MAX_PAD: Final = 24
_MAX_PIECE: Final = 96


@dataclass(frozen=True, slots=True)
class StreamStyle:
    """How streams look on the wire.

    * ``seed``: of everything that looks random; the same seed gives the same bytes.
    * ``split``: cut writes at arbitrary bytes, across events and inside UTF-8 sequences; otherwise
      each event is one write.
    * ``pad``: give native events a ``pad`` of varying length.
    * ``done``: end with ``[DONE]``; ``None`` does as the model's family does.
    * ``single_newline``: separate events by one line end instead of two.
    * ``keep_open``: leave the connection open after the end.
    """

    seed: int = 0
    split: bool = True
    pad: bool = True
    done: bool | None = None
    single_newline: bool = False
    keep_open: bool = False

    def dice(self, stream_number: int) -> random.Random:
        """The source of chance of the emulator's so-many-th stream."""
        return random.Random(f"{self.seed}/{stream_number}")  # noqa: S311


def pad(event: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The event with a ``pad``, as OCI sends it with all events but those that count tokens."""
    if "usage" in event:
        return event
    return {**event, "pad": "a" * dice.randint(1, _MAX_PAD)}


def encode_event(event: Mapping[str, Any] | bytes, style: StreamStyle) -> bytes:
    """The bytes of one event; ``bytes`` are a payload as it is, such as ``[DONE]``."""
    payload = event if isinstance(event, bytes) else msgspec.json.encode(event)
    framed = sse.encode(payload)
    return framed[:-1] if style.single_newline else framed


class Splitter:
    """Cuts a stream of bytes into pieces whose ends have nothing to do with those of events."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces to write now. The rest is held back until more comes, or :meth:`flush`."""
        data = self._held + data
        pieces = []
        start = 0
        while len(data) - start > _MAX_PIECE:
            end = self._cut(data, start)
            pieces.append(data[start:end])
            start = end
        self._held = data[start:]
        return pieces

    def flush(self) -> list[bytes]:
        """The pieces of all that is held back."""
        data, self._held = self._held, b""
        pieces = []
        start = 0
        while start < len(data):
            end = self._cut(data, start)
            pieces.append(data[start:end])
            start = end
        return pieces

    def _cut(self, data: bytes, start: int) -> int:
        """Where the piece that begins at ``start`` ends."""
        end = min(start + self._dice.randint(1, _MAX_PIECE), len(data))
        # Inside a character if there is one that takes several bytes: the cut that hurts most.
        for position in range(start + 1, end):
            if data[position] & 0xC0 == 0x80:
                return position
        return end
