"""Why an answer ended: the words of every family, and OpenAI's.

Families spell reasons in every case and several ways. A reason that OpenAI has no word for becomes
``stop`` and is kept as it came under the extension key ``oci_finish_reason``.
"""

from __future__ import annotations

from typing import Any

__all__ = ["put"]

# In lower case, with ``_`` for spaces.
_NEUTRAL = {
    # GENERIC and the OpenAI-compatible surface
    "stop": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "function_call",
    "content_filter": "content_filter",
    # Gemini, for an answer that was held back
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "spii": "content_filter",
    # COHERE
    "complete": "stop",
    "error_toxic": "content_filter",
    "error_limit": "length",
}


def put(choice: dict[str, Any], reason: str, *, called: bool = False) -> None:
    """Set ``choice``'s finish reason to OpenAI's word for ``reason``.

    An answer that stopped after it ``called`` tools has the reason ``tool_calls``, which some
    families do not say themselves.
    """
    neutral = _NEUTRAL.get(reason) or _NEUTRAL.get(reason.lower().replace(" ", "_"))
    choice["finish_reason"] = neutral or "stop"
    if called and choice["finish_reason"] == "stop":
        choice["finish_reason"] = "tool_calls"
    if neutral is None:
        choice["oci_finish_reason"] = reason
