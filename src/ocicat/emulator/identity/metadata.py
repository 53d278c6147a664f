"""The instance metadata service, version 2. Source: OCI's documentation and the ``oci`` SDK."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.refusals import Refused, refusal
from ocicat.routing.regions import regions

__all__ = ["answer_metadata"]

_PREFIX: Final = "/opc/v2/"
_TEXT: Final = "text/plain"
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host")


def answer_metadata(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``GET /opc/v2/…``. Raises :class:`~ocicat.emulator.refusals.Refused`."""
    _check_headers(call)
    path = call.path.removeprefix(_PREFIX).rstrip("/")
    area, _, name = path.partition("/")
    if area == "identity" and name:
        return _identity(call, plane, name)
    if area == "instance":
        return _instance(call, plane, name)
    raise _absent(call)


def _check_headers(call: Call) -> None:
    for name in _FORWARDED:
        if name in call.headers:
            raise refusal(
                403,
                "Forbidden",
                f"the metadata service refuses requests with the header {name}",
                code="NotAllowed",
            )
    if call.headers.get("authorization") != "Bearer Oracle":
        raise refusal(
            401,
            "Unauthorized",
            "the metadata service wants the header 'Authorization: Bearer Oracle'",
            code="NotAuthenticated",
        )


def _identity(call: Call, plane: IdentityPlane, name: str) -> web.StreamResponse:
    leaf = plane.certificate
    content = {
        "cert.pem": lambda: leaf.certificate_pem,
        "key.pem": lambda: leaf.key_pem,
        "intermediate.pem": lambda: leaf.intermediate_pem,
    }.get(name)
    if content is None:
        raise _absent(call)
    call.record(200)
    return call.whole(200, content(), _TEXT)


def _instance(call: Call, plane: IdentityPlane, name: str) -> web.StreamResponse:
    document = _document(plane)
    value: Any = document
    for part in name.split("/") if name else ():
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        raise _absent(call)
    call.record(200)
    if isinstance(value, str):
        return call.whole(200, value.encode(), _TEXT)
    return call.json_reply(value)


def _document(plane: IdentityPlane) -> dict[str, Any]:
    region = next(known for known in regions() if known.id == plane.region)
    return {
        "id": plane.instance_id,
        "displayName": "ocicat-emulator",
        "compartmentId": plane.compartment_id,
        "tenantId": plane.tenancy_id,
        "region": plane.region,
        "canonicalRegionName": plane.region,
        "state": "Running",
        "regionInfo": {
            "realmKey": region.realm,
            "realmDomainComponent": region.domain,
            "regionKey": region.code.upper(),
            "regionIdentifier": plane.region,
        },
    }


def _absent(call: Call) -> Refused:
    return refusal(
        404,
        "Not Found",
        f"the emulated instance has no metadata at {call.path}",
        code="NotFound",
    )
