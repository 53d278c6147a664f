"""Reading the bodies of identity operations."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.call import Call
from ocicat.emulator.identity.keys import read_public_key
from ocicat.emulator.refusals import Refused, refusal

__all__ = ["invalid", "public_key", "read_object", "text"]


def read_object(
    call: Call, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The body, a JSON object with these fields and no others. Raises :class:`Refused`."""
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise invalid(f"content-type is {content_type!r}, not application/json")
    body = call.json
    if not isinstance(body, dict):
        raise refusal(
            400,
            "The body is not a JSON object.",
            "the body is not a JSON object",
            code="CannotParseRequest",
        )
    for name in required:
        if body.get(name) is None:
            raise refusal(
                400,
                f"The required parameter {name} is missing.",
                f"the body has no {name}",
                code="MissingParameter",
            )
    for name in body:
        if name not in required and name not in optional:
            raise invalid(f"{name} is no field of this operation's body")
    return body


def text(body: dict[str, Any], name: str) -> str:
    """A field that is a text. Raises :class:`Refused`."""
    value = body[name]
    if not isinstance(value, str) or not value:
        raise invalid(f"{name} is not a text")
    return value


def public_key(body: dict[str, Any], name: str) -> rsa.RSAPublicKey:
    """A field that is a session's public key. Raises :class:`Refused`."""
    try:
        return read_public_key(body[name])
    except ValueError as problem:
        raise invalid(f"{name}: {problem}") from None


def invalid(reason: str) -> Refused:
    """The refusal of a body that means nothing."""
    return refusal(400, f"Invalid parameter: {reason}.", reason, code="InvalidParameter")
