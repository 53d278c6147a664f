"""JSON text as models and tools write it: whole, broken off, or no JSON at all."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["as_text", "is_whole", "read"]

_NONE = object()


def read(text: str | bytes, otherwise: Any = None) -> Any:
    """The value that ``text`` says, or ``otherwise`` where it is no JSON."""
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return otherwise


def is_whole(text: str | bytes) -> bool:
    """Whether ``text`` is JSON, and nothing of it is missing."""
    return read(text, _NONE) is not _NONE


def as_text(value: Any) -> str:
    """A text as it is, nothing as an empty one, and anything else as JSON.

    The arguments of a call should be JSON text; some backends give the object itself.
    """
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()
