"""Who sent a request, and whether they may: security tokens, delegation, API keys and policies."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.call import Call
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.tokens import TokenRefused
from ocicat.emulator.principals import Caller
from ocicat.emulator.refusals import NOT_FOUND, refusal
from ocicat.emulator.signatures import check_signature, unauthenticated

__all__ = ["admit_bearer", "authenticate", "authorize"]


def authenticate(call: Call, plane: IdentityPlane) -> None:
    """Find out who signed the call, and for whom. Raises :class:`~.refusals.Refused`."""
    found: list[Caller] = []

    def key_of(key_id: str) -> rsa.RSAPublicKey | None:
        try:
            caller = plane.caller(key_id)
        except TokenRefused as refused:
            raise unauthenticated(f"keyId ST$…: {refused}") from None
        if caller is None:
            return None
        found.append(caller)
        return caller.key

    check_signature(call, key_of, plane.now())
    call.caller = found[0]
    delegation = call.headers.get("opc-obo-token")
    if delegation is None:
        return
    try:
        issued = plane.tokens.find(delegation, "delegation", plane.now())
    except TokenRefused as refused:
        call.verified = False
        raise unauthenticated(f"opc-obo-token: {refused}") from None
    call.on_behalf_of = issued.principal


def admit_bearer(call: Call, plane: IdentityPlane) -> bool:
    """Whether the call has a bearer token instead of a signature, and one that is an API key.

    Google's SDK sends the key in a header of its own. Raises :class:`~.refusals.Refused` for a
    bearer token that is none.
    """
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if call.path.startswith("/google/") and "x-goog-api-key" in call.headers:
        scheme, token = "bearer", call.headers["x-goog-api-key"]
    if scheme.lower() != "bearer":
        return False
    if not plane.is_api_key(token.strip()):
        raise unauthenticated("the bearer token is no Generative AI API key of the emulator")
    call.bearer = call.verified = True
    return True


def authorize(call: Call, plane: IdentityPlane) -> None:
    """Check that a policy lets the caller use Generative AI. Raises :class:`~.refusals.Refused`.

    OCI does not tell a missing permission from a thing that does not exist.
    """
    principals = [call.caller.principal] if call.caller is not None else []
    if call.on_behalf_of is not None:
        principals.append(call.on_behalf_of)
    for principal in principals:
        if plane.is_denied(principal):
            raise refusal(
                404,
                NOT_FOUND,
                f"no policy lets the {principal.kind} {principal.id} use generative-ai-family"
                " (the emulator was told to deny it)",
                code="NotAuthorizedOrNotFound",
            )
