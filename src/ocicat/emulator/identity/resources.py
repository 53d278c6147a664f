"""Resource principals: what a service says of its resource, exchanged for the resource's token.

A service vouches for a resource with two tokens, which whoever runs in the resource exchanges for
one that signs. Source: the ``oci`` SDK's resource principal signers, versions 1.1 to 3.0.
"""

from __future__ import annotations

from urllib.parse import unquote

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.reading import public_key, read_object, text
from ocicat.emulator.identity.tokens import TokenRefused
from ocicat.emulator.principals import Principal
from ocicat.emulator.refusals import NOT_FOUND, refusal
from ocicat.emulator.signatures import unauthenticated

__all__ = ["exchange_resource_token", "vouch_for_resource"]

_PARENT_HEADER = "opc-parent-rpt-url"


def vouch_for_resource(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``GET /20180711/resourcePrincipalToken/{id}``, and its V2 and V212 kin.

    A resource with a key of its own may ask for itself only; an instance, for what runs on it; and
    a resource, for the one that it lies within.
    """
    assert call.caller is not None
    before, _, last = call.path.rpartition("/")
    resource_id = unquote(last)
    asker = call.caller.principal
    parent = plane.parent_of(asker.id) if asker.kind == "resource" else None
    by_key = before.rpartition("/")[2] != "resourcePrincipalToken"
    if by_key and call.caller.token is not None:
        raise unauthenticated("this path is for resources that sign with a key of their own")
    if asker.kind == "user" or (asker.kind == "resource" and resource_id not in (asker.id, parent)):
        raise refusal(
            404,
            NOT_FOUND,
            f"the {asker.kind} {asker.id} may not speak for the resource {resource_id}",
            code="NotAuthorizedOrNotFound",
        )
    resource = plane.resource(resource_id)
    service = Principal("resource", f"{asker.id}/service", asker.tenancy_id)
    now, lifetime = plane.now(), plane.token_lifetime
    vouching = plane.tokens.issue(
        "resource", resource, {"by": asker.id}, key=None, now=now, lifetime=lifetime
    )
    of_service = plane.tokens.issue(
        "service", service, {"by": asker.id}, key=None, now=now, lifetime=lifetime
    )
    above = plane.parent_of(resource_id)
    headers = {} if above is None else {_PARENT_HEADER: f"{plane.resource_token_url(above)}"}
    call.record(200)
    return call.json_reply(
        {
            "resourcePrincipalToken": vouching.text,
            "servicePrincipalSessionToken": of_service.text,
        },
        headers=headers,
    )


def exchange_resource_token(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /v1/resourcePrincipalSessionToken``."""
    assert call.caller is not None
    names = ("resourcePrincipalToken", "servicePrincipalSessionToken", "sessionPublicKey")
    body = read_object(call, names)
    found = []
    for name, purpose in zip(names, ("resource", "service"), strict=False):
        try:
            found.append(plane.tokens.find(text(body, name), purpose, plane.now()))
        except TokenRefused as refused:
            raise unauthenticated(f"{name}: {refused}") from None
    resource, service = found
    if service.principal.id != f"{call.caller.principal.id}/service":
        raise unauthenticated("servicePrincipalSessionToken was not given to who sends it here")
    token = plane.issue_session(resource.principal, public_key(body, "sessionPublicKey"))
    call.record(200)
    return call.json_reply({"token": token.text})
