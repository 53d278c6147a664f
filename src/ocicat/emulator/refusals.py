"""What the emulator answers when it refuses: OCI's error bodies, and beside them the true reason.

OCI's own words seldom tell what is wrong (one sentence serves for every malformed request), so each
refusal carries a ``reason`` for the developer. It travels in the header
:data:`REASON_HEADER`, and stands in the ledger.

Two styles of body exist: gateways and the management API give a textual ``code``; the inference API
gives the HTTP status as text. Sources: OCI's API reference ("API Errors") and error bodies that
users of the inference API have reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

__all__ = [
    "FORMAT",
    "NOT_FOUND",
    "REASON_HEADER",
    "Refused",
    "Shape",
    "header_text",
    "in_openai_style",
    "of_parameter",
    "refusal",
]

#: How a refusal of one parameter looks: an OpenAI error object; the JSON text of one as the message
#: of OCI's own error (the model's vendor speaks); words alone as that message.
Shape = Literal["openai", "nested", "text"]

REASON_HEADER: Final = "x-ocicat-emulator-reason"

#: OCI's sentence for every request that breaks its schema.
FORMAT: Final = "Please pass in correct format of request."
#: OCI's sentence for what does not exist and for what one may not see.
NOT_FOUND: Final = "Authorization failed or requested resource not found."

_MAX_HEADER: Final = 1000


class Refused(Exception):
    """The request is refused. The emulator turns this into a reply; it never leaves the server.

    * ``status``: HTTP status. ``body``: the JSON object to send.
    * ``reason``: precisely what is wrong, for the developer.
    * ``headers``: more headers for the reply.
    """

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any],
        reason: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.body = dict(body)
        self.reason = reason
        self.headers = dict(headers or {})


def refusal(status: int, message: str, reason: str, *, code: str | None = None) -> Refused:
    """A refusal in OCI's style. Without ``code`` the code is the status, as inference has it."""
    return Refused(status, {"code": code or str(status), "message": message}, reason)


def in_openai_style(status: int, message: str, reason: str, *, param: str, code: str) -> Refused:
    """A refusal in the style of OpenAI's API, as its compatible surface gives for bad values."""
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": param,
        "code": code,
    }
    return Refused(status, {"error": error}, reason)


def of_parameter(
    parameter: str,
    message: str,
    reason: str,
    *,
    shape: Shape,
    code: str = "unsupported_parameter",
) -> Refused:
    """A 400 that refuses one parameter, in one of the shapes that such refusals have."""
    error = in_openai_style(400, message, reason, param=parameter, code=code)
    if shape == "openai":
        return error
    text = msgspec.json.encode(error.body).decode() if shape == "nested" else message
    return refusal(400, text, reason)


def header_text(reason: str) -> str:
    """A reason as one line of printable ASCII, fit for a header."""
    line = " ".join(reason.split()).encode("ascii", "backslashreplace").decode("ascii")
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _MAX_HEADER else line[: _MAX_HEADER - 3] + "..."
