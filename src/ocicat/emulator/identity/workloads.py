"""The log-in of a Kubernetes workload, as an OKE cluster offers it to its pods.

Source: the ``oci`` SDK's ``OkeWorkloadIdentityResourcePrincipalSigner``.
"""

from __future__ import annotations

import base64
from typing import Final

import msgspec
from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.reading import public_key, read_object
from ocicat.emulator.identity.tokens import TokenRefused
from ocicat.emulator.signatures import unauthenticated

__all__ = ["log_workload_in"]

_TEXT: Final = "text/plain"


def log_workload_in(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /resourcePrincipalSessionTokens``: base64 of JSON, whatever the type says."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise unauthenticated("there is no bearer token, a service account's, in Authorization")
    try:
        workload = plane.read_service_account(token.strip())
    except TokenRefused as refused:
        raise unauthenticated(f"the service account's token: {refused}") from None
    key = public_key(read_object(call, ("podKey",)), "podKey")
    issued = plane.issue_session(workload, key)
    body = base64.b64encode(msgspec.json.encode({"token": f"ST${issued.text}"}))
    call.record(200)
    return call.whole(200, body, _TEXT)
