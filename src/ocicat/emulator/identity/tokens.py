"""Security tokens: issued for a principal and a public key, and looked up when a request comes.

A token is good while it is known here, has not expired and was not revoked. What it says in itself
is for clients to read; the emulator goes by what it remembers.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.identity.jwt import JwtIssuer, jwk
from ocicat.emulator.principals import Issued, Principal

__all__ = ["TokenRefused", "Tokens"]

_ISSUER: Final = "authService.oracle.com"


class TokenRefused(Exception):
    """The token is not good. The argument says why, and never holds the token."""


class Tokens:
    """All tokens of an emulator. It may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issuer = JwtIssuer(_ISSUER)
        self._issued: dict[str, Issued] = {}
        self._revoked: set[str] = set()

    def issue(
        self,
        purpose: str,
        principal: Principal,
        claims: Mapping[str, Any],
        *,
        key: rsa.RSAPublicKey | None,
        now: float,
        lifetime: float,
        begun: float | None = None,
    ) -> Issued:
        """A new token that lives ``lifetime`` seconds, bound to ``key`` if there is one."""
        expires = int(now + lifetime)
        whole = {
            "sub": principal.id,
            "tenant": principal.tenancy_id,
            "ptype": principal.kind,
            "aud": "oci",
            "jti": secrets.token_hex(16),
            "iat": int(now),
            "exp": expires,
            **claims,
        }
        if key is not None:
            whole["jwk"] = jwk(key)
        text = self._issuer.issue(whole)
        issued = Issued(text, purpose, principal, key, expires, begun if begun is not None else now)
        with self._lock:
            self._issued[text] = issued
        return issued

    def find(self, text: str, purpose: str, now: float) -> Issued:
        """The token with this text, if it is good for the purpose at ``now``.

        Raises :class:`TokenRefused`.
        """
        with self._lock:
            issued = self._issued.get(text)
            revoked = text in self._revoked
        if issued is None:
            raise TokenRefused(self._why_unknown(text))
        if issued.purpose != purpose:
            raise TokenRefused(f"the token is a {issued.purpose} token, not a {purpose} token")
        if revoked:
            raise TokenRefused("the token was revoked")
        if now >= issued.expires:
            raise TokenRefused(f"the token expired {now - issued.expires:.0f} seconds ago")
        return issued

    def revoke(self, text: str) -> bool:
        """Make a token bad; false if there is no such token."""
        with self._lock:
            self._revoked.add(text)
            return text in self._issued

    def revoke_all(self) -> None:
        """Make all tokens bad that were issued up to now."""
        with self._lock:
            self._revoked.update(self._issued)

    def issued(self) -> list[Issued]:
        """All tokens that were issued, in order."""
        with self._lock:
            return list(self._issued.values())

    def _why_unknown(self, text: str) -> str:
        try:
            self._issuer.read(text)
        except ValueError as problem:
            return f"the emulator did not issue the token: {problem.args[0]}"
        return "another emulator issued the token"
