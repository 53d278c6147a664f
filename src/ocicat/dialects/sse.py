"""Server-sent events, bytes in both directions.

OCI sends data-only events whose payload is one JSON document or ``[DONE]``. The reader follows the
WHATWG event-stream rules (LF, CRLF or CR line ends, an optional space after the colon, comments,
data over several lines, a leading byte order mark) and two habits seen on OCI: events separated by
a single line end, and a last event with nothing after it. It knows nothing of chats.
"""

from __future__ import annotations

from ocicat.dialects import json_text
from ocicat.errors import MalformedReply

__all__ = ["DONE", "MAX_EVENT_BYTES", "Decoder", "encode"]

#: The payload that ends an OpenAI-style stream.
DONE = b"[DONE]"
#: Larger than any real event; a guard against a far side that never ends its line.
MAX_EVENT_BYTES = 64 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def encode(payload: bytes) -> bytes:
    """One event that carries ``payload`` (which must not contain line ends)."""
    return b"data: " + payload + b"\n\n"


class Decoder:
    """Eats bytes, however they were split, and gives event payloads."""

    __slots__ = ("_carriage_return", "_data", "_line", "_line_bytes", "_started")

    def __init__(self) -> None:
        self._line: list[bytes] = []  # the pieces of a line whose end has not arrived
        self._line_bytes = 0
        self._data: list[bytes] = []  # the data lines of an event whose end has not arrived
        self._carriage_return = False  # the last byte was CR: an LF right after belongs to it
        self._started = False

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads of the events that ``data`` completes, in order.

        Raises :class:`~ocicat.errors.MalformedReply` when a line grows beyond
        :data:`MAX_EVENT_BYTES`.
        """
        if self._carriage_return or b"\r" in data:
            data = self._unify_line_ends(data)
        if b"\n" not in data:
            if data:
                self._keep(data)
            return []
        if self._line:
            self._line.append(data)
            data = b"".join(self._line)
            self._line.clear()
            self._line_bytes = 0
        if not self._started:
            data = self._start(data)
        lines = data.split(b"\n")
        rest = lines.pop()
        if rest:
            self._keep(rest)
        payloads: list[bytes] = []
        for line in lines:
            self._take(line, payloads)
        return payloads

    def end(self) -> list[bytes]:
        """The payload of a last event that nothing followed, if there is one."""
        payloads: list[bytes] = []
        rest = b"".join(self._line)
        self._line.clear()
        if rest and not self._started:
            rest = self._start(rest)
        if rest:
            self._take(rest, payloads)
        self._take(b"", payloads)
        return payloads

    def _keep(self, data: bytes) -> None:
        self._line.append(data)
        self._line_bytes += len(data)
        if self._line_bytes > MAX_EVENT_BYTES:
            raise MalformedReply(
                f"The event stream sent a line of more than {MAX_EVENT_BYTES >> 20} MiB."
            )

    def _start(self, data: bytes) -> bytes:
        self._started = True
        return data.removeprefix(_BYTE_ORDER_MARK)

    def _unify_line_ends(self, data: bytes) -> bytes:
        if not data:
            return data
        if self._carriage_return and data.startswith(b"\n"):
            data = data[1:]
        self._carriage_return = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take(self, line: bytes, payloads: list[bytes]) -> None:
        if not line:
            if self._data:
                payloads.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                self._data.clear()
            return
        name, _, value = line.partition(b":")
        if name != b"data":
            return  # a comment, or a field that OCI's payloads do not need (event, id, retry)
        if value[:1] == b" ":
            value = value[1:]
        if self._data and _ends(b"\n".join(self._data)):
            # No blank line, yet the previous payload was complete: one line end per event.
            payloads.append(b"\n".join(self._data))
            self._data.clear()
        self._data.append(value)


def _ends(payload: bytes) -> bool:
    """Whether nothing is missing from a payload."""
    return payload == DONE or json_text.is_whole(payload)
