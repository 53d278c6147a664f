"""What the operations of the OpenAI-compatible surface have in common."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.reading import Violation

__all__ = ["AnyObject", "PositiveInteger", "PromptCacheBreakpoint", "Shape", "error_body"]

AnyObject = dict[str, Any]

PositiveInteger = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class Shape(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An object with no other fields than those listed."""


class PromptCacheBreakpoint(Shape):
    """Marks the end of a prefix that is worth caching."""

    mode: Literal["explicit"]
    ttl: Literal["30m", "12h"] | None = None


_CODES: Final = {
    "malformed": None,
    "unknown": "unknown_parameter",
    "missing": "missing_required_parameter",
    "type": "invalid_type",
    "value": "invalid_value",
}


def error_body(violation: Violation) -> dict[str, Any]:
    """What is wrong with a request, in the form of OpenAI's errors."""
    where = f"'{violation.path}'" if violation.path else "the request body"
    messages = {
        "malformed": "We could not parse the JSON body of your request.",
        "unknown": f"Unknown parameter: {where}.",
        "missing": f"Missing required parameter: {where}.",
        "type": f"Invalid type for {where}: {violation.problem}.",
        "value": f"Invalid value for {where}: {violation.problem}.",
    }
    return {
        "error": {
            "message": messages[violation.kind],
            "type": "invalid_request_error",
            "param": violation.path or None,
            "code": _CODES[violation.kind],
        }
    }
