"""Sessions of users, and tokens of narrower scope, got from the Auth service by those who have one.

Sources: the OCI CLI (``session authenticate --no-browser``, ``session refresh``) and the ``oci``
SDK's ``OauthExchangeTokenSigner``.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.reading import invalid, public_key, read_object, text
from ocicat.emulator.refusals import NOT_FOUND, refusal
from ocicat.emulator.signatures import unauthenticated

__all__ = ["exchange_for_scope", "generate_session", "refresh_session"]

_MIN_MINUTES: Final = 5
_MAX_MINUTES: Final = 60


def generate_session(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /v1/token/upst/actions/GenerateUpst``: a session for a user's API key."""
    assert call.caller is not None
    body = read_object(call, ("publicKey",), ("sessionExpirationInMinutes",))
    key = public_key(body, "publicKey")
    minutes = body.get("sessionExpirationInMinutes", _MAX_MINUTES)
    if isinstance(minutes, str) and minutes.isdecimal():
        minutes = int(minutes)
    if not isinstance(minutes, int) or not _MIN_MINUTES <= minutes <= _MAX_MINUTES:
        raise invalid(
            f"sessionExpirationInMinutes is not a number from {_MIN_MINUTES} to {_MAX_MINUTES}"
        )
    if call.caller.token is not None or call.caller.principal.kind != "user":
        raise unauthenticated("a session begins with a user's API key, not with another token")
    token = plane.issue_session(call.caller.principal, key, lifetime=minutes * 60.0)
    call.record(200)
    return call.json_reply({"token": token.text})


def refresh_session(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /v1/authentication/refresh``: the same session, with a new token."""
    assert call.caller is not None
    body = read_object(call, ("currentToken",))
    token = call.caller.token
    if token is None or text(body, "currentToken").removeprefix("ST$") != token.text:
        raise unauthenticated("currentToken is not the token that the request is signed with")
    if token.principal.kind != "user":
        raise unauthenticated(f"a token of the kind {token.principal.kind} cannot be refreshed")
    left = token.begun + plane.session_limit - plane.now()
    if left <= 0:
        raise unauthenticated(
            f"the session began more than {plane.session_limit:.0f} seconds ago: the user has to"
            " authenticate again"
        )
    fresh = plane.issue_session(
        token.principal,
        call.caller.key,
        lifetime=min(plane.token_lifetime, left),
        begun=token.begun,
    )
    call.record(200)
    return call.json_reply({"token": fresh.text})


def exchange_for_scope(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /v1/oauth2/scoped``: a token for one scope in one compartment."""
    assert call.caller is not None
    body = read_object(call, ("scope", "public_key", "target_compartment"))
    compartment = text(body, "target_compartment")
    if not plane.has_compartment(compartment):
        raise refusal(
            404,
            NOT_FOUND,
            f"target_compartment: the emulator has no compartment {compartment!r}",
            code="NotAuthorizedOrNotFound",
        )
    token = plane.issue_session(
        call.caller.principal, public_key(body, "public_key"), scope=text(body, "scope")
    )
    call.record(200)
    return call.json_reply({"token": token.text})
