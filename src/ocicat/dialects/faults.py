"""Error bodies, read into errors.

OCI has several shapes for them, and none can be told by its HTTP status alone:

* ``{"code": "NotAuthenticated", "message": …}``: gateways, and the management API;
* ``{"code": "400", "message": …}``: the inference API, the code being the status as text; the
  message may itself be the JSON text of a vendor's ``{"error": …}``;
* ``{"error": {"message", "type", "param", "code"}}``: the OpenAI-compatible surface;
* HTML or plain text from whatever stands in between.

So the status decides the class of the error first, and the body only refines it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ocicat.dialects import json_text
from ocicat.dialects.dialect import Origin
from ocicat.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentFiltered,
    ContextLengthExceeded,
    InternalServerError,
    MalformedReply,
    ModelNotFound,
    NotAuthorizedOrNotFound,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StreamBroken,
)

__all__ = ["broken_stream", "decode", "failed_answer", "unusable_reply"]

_CONTEXT = re.compile(
    r"context.?length|maximum context|too many (input )?tokens|prompt is too long"
    r"|exceeds? the (model'?s )?(maximum|context)|input is too long|token limit",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"inappropriate (output )?content|content.?(filter|moderation|policy)", re.IGNORECASE
)
_NO_MODEL = re.compile(r"entity with key .* not found|model .*(not found|does not exist)", re.I)
_SKEW = re.compile(r"not within allowed clock skew", re.IGNORECASE)
_MAX_SHOWN = 500


def decode(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    compartment_id: str = "",
    at_deployment: bool = False,
) -> APIStatusError:
    """The error that an answer with an error status reports.

    ``compartment_id`` only serves the policy statement in the hint of a 404, which is another one
    ``at_deployment``, for model deployments of Data Science.
    """
    # HTML or plain text is shown as it came.
    content: object = json_text.read(body, body.decode("utf-8", "replace"))
    code, message, parameter = _facts(content)
    if not message:
        message = _plain(content) or "OCI gave no explanation."
    kind, hint = _classify(status, code, message, parameter, compartment_id)
    if at_deployment and kind is NotAuthorizedOrNotFound:
        hint = _DEPLOYMENT_HINT
    return kind(
        message,
        status=status,
        code=code,
        opc_request_id=headers.get("opc-request-id", ""),
        retry_after=_retry_after(headers.get("retry-after")),
        body=content,
        parameter=parameter,
        hint=hint,
    )


def unusable_reply(
    body: dict[str, Any], origin: Origin, *, expected: str
) -> MalformedReply | APIStatusError:
    """The error for a 200 answer that is no reply: it reports a failure, or is something else."""
    if "error" in body or "code" in body:
        return _reported(body, origin)
    return MalformedReply(
        f"{origin.model} answered with something that is not a reply: `{expected}` is missing.",
        hint="If this goes on, report it with the opc-request-id.",
        opc_request_id=origin.opc_request_id,
    )


def failed_answer(body: dict[str, Any], origin: Origin) -> InternalServerError:
    """The error for a whole reply whose finish reason says that the model failed."""
    return InternalServerError(
        str(body.get("errorMessage") or "The model reported that it failed."),
        status=500,
        code=str(body.get("finishReason")),
        opc_request_id=origin.opc_request_id,
        body=body,
    )


def broken_stream(event: dict[str, Any], origin: Origin, partial: str) -> StreamBroken:
    """The error for an event that reports a failure in the middle of a stream.

    The reported error itself is the new one's ``__cause__``.
    """
    reported = failed_answer(event, origin) if "finishReason" in event else _reported(event, origin)
    broken = StreamBroken(
        f"The stream ended with an error: {reported.message}",
        partial=partial,
        hint="What had arrived is in `partial`.",
        opc_request_id=origin.opc_request_id,
    )
    broken.__cause__ = reported
    return broken


# OpenAI's codes for what would have had another status, had it been known before the answer began.
_STATUSES = {"rate_limit_exceeded": 429, "insufficient_quota": 429, "invalid_prompt": 400}


def _reported(body: dict[str, Any], origin: Origin) -> APIStatusError:
    """The error in a body that came with status 200."""
    code, message, parameter = _facts(body)
    status = int(code) if code.isdecimal() and 400 <= int(code) < 600 else _STATUSES.get(code, 500)
    kind, hint = _classify(status, code, message, parameter, "")
    return kind(
        message or "OCI gave no explanation.",
        status=status,
        code=code,
        opc_request_id=origin.opc_request_id,
        body=body,
        hint=hint,
    )


def _facts(content: object) -> tuple[str, str, str]:
    """The code, the message and the parameter at fault that an error body names."""
    if not isinstance(content, dict):
        return "", "", ""
    error = content.get("error")
    if isinstance(error, dict):
        return (
            str(error.get("code") or error.get("type") or ""),
            str(error.get("message") or ""),
            str(error.get("param") or ""),
        )
    code = str(content.get("code") or "")
    message = content.get("message") or (error if isinstance(error, str) else "")
    if not isinstance(message, str):
        message = str(message)
    if message.startswith("{"):
        nested = json_text.read(message)
        if isinstance(nested, dict) and isinstance(nested.get("error"), dict):
            return _facts(nested)
    return code, message, ""


def _plain(content: object) -> str:
    """A short, readable form of a body that is not an error object."""
    text = re.sub(r"<[^>]*>", " ", content) if isinstance(content, str) else str(content or "")
    text = " ".join(text.split())
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _classify(
    status: int, code: str, message: str, parameter: str, compartment_id: str
) -> tuple[type[APIStatusError], str]:
    if status == 401:
        return AuthenticationError, _authentication_hint(message)
    if status == 403:
        return PermissionDeniedError, "The identity is known, but may not do this."
    if status == 404:
        if _NO_MODEL.search(message):
            return ModelNotFound, (
                "The model is unknown, retired or not served in this region;"
                " `ocicat models` lists what is."
            )
        if code == "NotAuthorizedOrNotFound" or "uthoriz" in message:
            return NotAuthorizedOrNotFound, _permission_hint(compartment_id)
        return NotFoundError, ""
    if status == 409:
        return ConflictError, ""
    if status == 429:
        return RateLimitError, "OCI throttles this model for now; slow down or try later."
    if status >= 500:
        return InternalServerError, ""
    if _FILTERED.search(message) or code == "content_filter":
        return ContentFiltered, "OCI's content filter stopped it; change the prompt."
    if _CONTEXT.search(message) or code == "context_length_exceeded":
        return ContextLengthExceeded, "Shorten the conversation, or ask for a shorter answer."
    kind = BadRequestError if status == 400 else APIStatusError
    return kind, f"The parameter at fault is `{parameter}`." if parameter else ""


def _authentication_hint(message: str) -> str:
    if _SKEW.search(message):
        return "This machine's clock is wrong; set it (it may differ by 5 minutes at most)."
    if "verify" in message:
        return (
            "The signature does not match: the private key is not the one whose fingerprint is"
            " registered, or something between here and OCI changed the request."
        )
    return (
        "Check that user, tenancy and fingerprint belong together, that the API key is registered"
        " for that user, and that this machine's clock is right."
    )


_SAME_ANSWER = (
    "OCI gives this answer both for what does not exist and for what you may not use. Check the"
)
_DEPLOYMENT_HINT = (
    f"{_SAME_ANSWER} deployment and the region; if they are right, no policy lets you use this"
    " model deployment."
)


def _permission_hint(compartment_id: str) -> str:
    where = f"compartment id {compartment_id}" if compartment_id else "compartment <name>"
    return (
        f"{_SAME_ANSWER} compartment and the region; if they are right, a policy is missing: Allow"
        f" group <your-group> to use generative-ai-family in {where}"
    )


def _retry_after(value: str | None) -> float | None:
    """Seconds from a ``Retry-After`` header. The date form is left to the caller's own pace."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
