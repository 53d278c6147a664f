"""Token counts: OCI's native spelling and the neutral one.

Every count is optional on OCI's wire, and some models leave one out, so what is missing is worked
out from the others; what cannot be is 0, as clients of OpenAI's format expect numbers. Source: the
``oci`` SDK's ``Usage``, ``CompletionTokensDetails`` and ``PromptTokensDetails``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ocicat.vocabulary.chat import Usage

__all__ = ["decode", "encode", "total"]

_DETAILS = {
    "promptTokensDetails": ("prompt_tokens_details", {"cachedTokens": "cached_tokens"}),
    "completionTokensDetails": (
        "completion_tokens_details",
        {
            "reasoningTokens": "reasoning_tokens",
            "acceptedPredictionTokens": "accepted_prediction_tokens",
            "rejectedPredictionTokens": "rejected_prediction_tokens",
        },
    ),
}


def decode(wire: Any) -> Usage | None:
    """The neutral usage of a native ``usage`` object, or ``None`` where it counts nothing."""
    if not isinstance(wire, dict):
        return None
    prompt, completion, total = (
        wire.get("promptTokens"),
        wire.get("completionTokens"),
        wire.get("totalTokens"),
    )
    if prompt is None and completion is None and total is None:
        return None
    if total is None:
        total = (prompt or 0) + (completion or 0)
    elif completion is None and prompt is not None:
        completion = max(total - prompt, 0)
    elif prompt is None and completion is not None:
        prompt = max(total - completion, 0)
    counts: dict[str, Any] = {
        "prompt_tokens": prompt or 0,
        "completion_tokens": completion or 0,
        "total_tokens": total or 0,
    }
    for key, (name, fields) in _DETAILS.items():
        details = wire.get(key)
        if isinstance(details, dict):
            known = {
                neutral: details[camel]
                for camel, neutral in fields.items()
                if details.get(camel) is not None
            }
            if known:
                counts[name] = known
    return counts  # type: ignore[return-value]  # built key by key


def encode(usage: Usage) -> dict[str, Any]:
    """The native ``usage`` object of a neutral one."""
    wire: dict[str, Any] = {
        "completionTokens": usage.get("completion_tokens", 0),
        "promptTokens": usage.get("prompt_tokens", 0),
        "totalTokens": usage.get("total_tokens", 0),
    }
    for key, (name, fields) in _DETAILS.items():
        details: Any = usage.get(name)
        if details:
            wire[key] = {
                camel: details[neutral] for camel, neutral in fields.items() if neutral in details
            }
    return wire


def total(usages: Iterable[Mapping[str, Any] | None]) -> Any:
    """All counts added up, with their details; ``None`` where nothing was counted."""
    counted = [usage for usage in usages if usage]
    if not counted:
        return None
    added: dict[str, Any] = {}
    for usage in counted:
        for name, count in usage.items():
            if isinstance(count, dict):
                details = added.setdefault(name, {})
                for detail, number in count.items():
                    details[detail] = details.get(detail, 0) + number
            elif isinstance(count, int):
                added[name] = added.get(name, 0) + count
    return added
