"""Dedicated endpoints, as the management API tells of them.

Source of names and values: the ``oci`` SDK's ``GenerativeAiClient.list_endpoints`` and its
``Endpoint``. All endpoints are active and on one cluster, which is made up.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from ocicat.emulator import listing
from ocicat.emulator.call import Call
from ocicat.emulator.home import COMPARTMENT_ID, REGION
from ocicat.emulator.tenancy import Tenancy, model_ocid
from ocicat.vocabulary.model import ModelFacts

__all__ = ["get_endpoint", "list_endpoints"]

_CREATED: Final = "2025-01-01T00:00:00.000Z"
_CLUSTER: Final = f"ocid1.generativeaidedicatedaicluster.oc1.{REGION}.amaaaaaaocicatcluster"
_FILTERS: Final = ("lifecycleState", "displayName", "id", "generativeAiPrivateEndpointId")
_ALLOWED: Final = {
    "lifecycleState": ("ACTIVE", "CREATING", "UPDATING", "DELETING", "DELETED", "FAILED"),
    "sortBy": ("displayName", "timeCreated"),
    "sortOrder": ("ASC", "DESC"),
}


def list_endpoints(call: Call, tenancy: Tenancy) -> web.StreamResponse:
    """Answer ``GET /20231130/endpoints``. Raises :class:`~.refusals.Refused`."""
    query = listing.read_query(
        call, tenancy, once=(*_FILTERS, "sortBy", "sortOrder"), allowed=_ALLOWED
    )
    items = [
        item
        for item in (_endpoint(*pair) for pair in tenancy.endpoints().items())
        if query.fits(item, *_FILTERS) and item["compartmentId"] == query.once["compartmentId"]
    ]
    if "sortBy" in query.once or "sortOrder" in query.once:
        key = query.once.get("sortBy", "timeCreated")
        items.sort(key=lambda item: str(item[key]), reverse=query.once.get("sortOrder") == "DESC")
    return listing.answer(call, query, items)


def get_endpoint(call: Call, tenancy: Tenancy) -> web.StreamResponse:
    """Answer ``GET /20231130/endpoints/{endpointId}``. Raises :class:`~.refusals.Refused`."""
    endpoint_id = call.path.rpartition("/")[2]
    facts = tenancy.endpoints().get(endpoint_id)
    if facts is None:
        raise listing.not_found(f"the emulator has no endpoint {endpoint_id!r}")
    call.record(200)
    return call.json_reply(_endpoint(endpoint_id, facts))


def _endpoint(ocid: str, facts: ModelFacts) -> dict[str, Any]:
    return {
        "id": ocid,
        "displayName": f"{facts.id} endpoint",
        "description": "",
        "modelId": model_ocid(facts.id),
        "compartmentId": COMPARTMENT_ID,
        "dedicatedAiClusterId": _CLUSTER,
        "generativeAiPrivateEndpointId": None,
        "timeCreated": _CREATED,
        "timeUpdated": _CREATED,
        "lifecycleState": "ACTIVE",
        "lifecycleDetails": "",
        "contentModerationConfig": {"isEnabled": False},
        "promptInjectionConfig": {"isEnabled": False},
        "piiDetectionConfig": {"isEnabled": False},
        "freeformTags": {},
        "definedTags": {},
        "systemTags": {},
    }
