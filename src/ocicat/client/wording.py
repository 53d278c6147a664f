"""OpenAI's words for errors."""

from __future__ import annotations

from typing import Any, Final

from ocicat.errors import (
    APIStatusError,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    MalformedReply,
    ModelNotFound,
    OcicatError,
    StreamBroken,
    UnknownParameter,
    UnsupportedFeature,
)

__all__ = ["status_of", "told"]

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES: Final[tuple[tuple[type[OcicatError], str], ...]] = (
    (ContextLengthExceeded, "context_length_exceeded"),
    (ContentFiltered, "content_filter"),
    (ModelNotFound, "model_not_found"),
    (UnsupportedFeature, "unsupported_feature"),
    (UnknownParameter, "unknown_parameter"),
    (InvalidRequest, "invalid_parameter"),
    (StreamBroken, "stream_broken"),
    (MalformedReply, "malformed_reply"),
)


def status_of(failure: OcicatError) -> int:
    """The HTTP status that says it."""
    if isinstance(failure, APIStatusError):
        return failure.status
    return 502 if isinstance(failure, MalformedReply) else 400


def told(failure: OcicatError) -> dict[str, Any]:
    """An error as OpenAI words it; that of a broken stream is the one which it reported, if any."""
    if isinstance(failure, StreamBroken) and isinstance(failure.__cause__, APIStatusError):
        failure = failure.__cause__
    # That of a broken stream is about an exception which nobody sees here.
    hint = "" if isinstance(failure, StreamBroken) else failure.hint
    return {
        "message": _sentences(failure.message, hint),
        "type": _type_of(failure),
        "param": getattr(failure, "parameter", "") or None,
        "code": _code_of(failure),
    }


def _sentences(message: str, hint: str) -> str:
    # OCI's own messages mostly lack the full stop.
    stop = "." if hint and message[-1:].isalnum() else ""
    return f"{message}{stop} {hint}".strip()


def _type_of(failure: OcicatError) -> str:
    if isinstance(failure, InvalidRequest):
        return "invalid_request_error"
    if isinstance(failure, APIStatusError) and failure.status < 500:
        return _TYPES.get(failure.status, "invalid_request_error")
    return "server_error"


def _code_of(failure: OcicatError) -> str | None:
    for kind, code in _CODES:
        if isinstance(failure, kind):
            return code
    return getattr(failure, "code", "") or None
