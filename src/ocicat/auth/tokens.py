"""Security tokens: JWTs that OCI issues, read without verifying them, for they are not ours."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

import msgspec

__all__ = ["SecurityToken"]


@dataclass(frozen=True, slots=True)
class SecurityToken:
    """A token and what it says of itself. ``text`` is a secret, and ``repr`` hides it.

    ``expires`` and ``issued`` are claims ``exp`` and ``iat``, in seconds since the epoch by the
    issuer's clock; ``None`` where the token does not say, or is no JWT.
    """

    text: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    expires: float | None = None
    issued: float | None = None

    @classmethod
    def read(cls, text: str) -> SecurityToken:
        """Read a token as OCI or a file gave it; space around it is dropped. Raises nothing."""
        text = text.strip()
        claims = _claims(text)
        return cls(text, claims, _number(claims.get("exp")), _number(claims.get("iat")))

    def lifetime(self, now: float) -> float | None:
        """Seconds that it lives from ``now`` on, when it has just been issued.

        Issuer and local clock may differ, so a token that says when it was issued is taken at its
        word. ``None`` where it does not say when it expires.
        """
        if self.expires is None:
            return None
        return self.expires - (self.issued if self.issued is not None else now)


def _claims(text: str) -> dict[str, Any]:
    parts = text.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = msgspec.json.decode(payload)
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None  # no moment, but a number of hundreds of digits
