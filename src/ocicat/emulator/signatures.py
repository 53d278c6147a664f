"""The check of a request's signature, with its outcome noted on the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.call import Call
from ocicat.emulator.refusals import Refused, refusal
from ocicat.signing.verify import SignatureRefused, Verified, verify

__all__ = ["check_signature", "unauthenticated"]

_INCOMPLETE: Final = (
    "The required information to complete authentication was not provided or was incorrect."
)


def check_signature(
    call: Call,
    key_of: Callable[[str], rsa.RSAPublicKey | None],
    now: float,
    *,
    host_required: bool = True,
) -> Verified:
    """Verify the call's signature with the key that belongs to its ``keyId``.

    ``host_required`` is false only for the exchange of certificates. Raises
    :class:`~ocicat.emulator.refusals.Refused`, and so may ``key_of``.
    """

    def noted(key_id: str) -> rsa.RSAPublicKey | None:
        call.key_id = key_id
        return key_of(key_id)

    try:
        verified = verify(
            call.method,
            call.target,
            call.headers,
            call.body,
            keys=noted,
            now=now,
            host_required=host_required,
        )
    except SignatureRefused as refused:
        raise refusal(refused.status, refused.message, refused.reason, code=refused.code) from None
    call.verified = True
    call.signed_headers = verified.signed_headers
    return verified


def unauthenticated(reason: str) -> Refused:
    """The refusal of whoever cannot prove who they are, in OCI's words."""
    return refusal(401, _INCOMPLETE, reason, code="NotAuthenticated")
