"""The exchange of an identity provider's token for OCI's, at an identity domain.

Source: the ``oci`` SDK's ``TokenExchangeSigner``, and RFC 8693 and RFC 6749 for the errors.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.identity.keys import read_public_key
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.tokens import TokenRefused
from ocicat.emulator.refusals import Refused

__all__ = ["exchange_token"]

_FORM: Final = "application/x-www-form-urlencoded"
_FIXED: Final = {
    "grant_type": ("urn:ietf:params:oauth:grant-type:token-exchange", "unsupported_grant_type"),
    "requested_token_type": ("urn:oci:token-type:oci-upst", "invalid_request"),
    "subject_token_type": ("jwt", "invalid_request"),
}
_FIELDS: Final = (*_FIXED, "subject_token", "public_key")


def exchange_token(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /oauth2/v1/token``. Raises :class:`~ocicat.emulator.refusals.Refused`."""
    _check_client(call, plane)
    form = _read_form(call)
    for name, (value, error) in _FIXED.items():
        if form[name] != value:
            raise _refused(400, error, f"{name} is {form[name]!r}, not {value}")
    try:
        key = read_public_key(form["public_key"])
    except ValueError as problem:
        raise _refused(400, "invalid_request", f"public_key: {problem}") from None
    try:
        principal = plane.read_subject(form["subject_token"])
    except TokenRefused as refused:
        raise _refused(400, "invalid_grant", f"subject_token: {refused}") from None
    token = plane.issue_session(principal, key)
    call.record(200)
    return call.json_reply({"token": token.text})


def _check_client(call: Call, plane: IdentityPlane) -> None:
    scheme, _, credentials = call.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    wanted = f"{plane.client_id}:{plane.client_secret}".encode()
    if scheme.lower() != "basic" or not hmac.compare_digest(given, wanted):
        refused = _refused(401, "invalid_client", "the client's id or secret is wrong or missing")
        refused.headers["www-authenticate"] = 'Basic realm="ocicat emulator"'
        raise refused


def _read_form(call: Call) -> dict[str, str]:
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _FORM:
        raise _refused(400, "invalid_request", f"content-type is {content_type!r}, not {_FORM}")
    pairs = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _refused(400, "invalid_request", "a field of the form is there twice")
    for name in _FIELDS:
        if not form.get(name):
            raise _refused(400, "invalid_request", f"the form has no {name}")
    for name in form:
        if name not in _FIELDS:
            raise _refused(400, "invalid_request", f"{name} is no field of a token exchange")
    return form


def _refused(status: int, error: str, reason: str) -> Refused:
    return Refused(status, {"error": error, "error_description": reason}, reason)
