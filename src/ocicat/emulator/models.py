"""The list of models, as the management API gives it.

Source of names and values: the ``oci`` SDK's ``GenerativeAiClient.list_models`` and
``ModelSummary``. The catalogue knows no moments of creation and deprecation, so those are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from ocicat.emulator import listing
from ocicat.emulator.call import Call
from ocicat.emulator.home import COMPARTMENT_ID
from ocicat.emulator.listing import CAPABILITIES
from ocicat.emulator.tenancy import IMPORTED, Tenancy, model_ocid
from ocicat.vocabulary.model import ModelFacts

__all__ = ["DEPRECATED", "get_model", "list_models"]

_CREATED: Final = "2025-01-01T00:00:00.000Z"
#: The moment at which all deprecated models were deprecated.
DEPRECATED: Final = "2026-01-01T00:00:00.000Z"

_SORT_KEYS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "displayName": lambda item: str(item["displayName"]),
    "lifecycleState": lambda item: str(item["lifecycleState"]),
    "timeCreated": lambda item: str(item["timeCreated"]),
}
_ALLOWED: Final = {
    "lifecycleState": ("ACTIVE", "CREATING", "DELETING", "DELETED", "FAILED"),
    "capability": CAPABILITIES,
    "sortBy": tuple(_SORT_KEYS),
    "sortOrder": ("ASC", "DESC"),
}
_FILTERS: Final = ("vendor", "lifecycleState", "displayName", "id")


def list_models(call: Call, tenancy: Tenancy) -> web.StreamResponse:
    """Answer ``GET /20231130/models``. Raises :class:`~.refusals.Refused`."""
    query = listing.read_query(
        call,
        tenancy,
        once=(*_FILTERS, "sortBy", "sortOrder"),
        several=("capability",),
        allowed=_ALLOWED,
    )
    wanted = set(query.several.get("capability", CAPABILITIES))
    items = [
        item
        for item in map(_summary, tenancy.models())
        if query.fits(item, *_FILTERS) and wanted & set(item["capabilities"])
    ]
    if "sortBy" in query.once or "sortOrder" in query.once:
        items.sort(
            key=_SORT_KEYS[query.once.get("sortBy", "timeCreated")],
            reverse=query.once.get("sortOrder") == "DESC",
        )
    return listing.answer(call, query, items)


def get_model(call: Call, tenancy: Tenancy) -> web.StreamResponse:
    """Answer ``GET /20231130/models/{modelId}``, which takes an OCID.

    Raises :class:`~.refusals.Refused`.
    """
    model_id = call.path.rpartition("/")[2]
    for facts in tenancy.models():
        if model_ocid(facts.id) == model_id:
            call.record(200)
            return call.json_reply(_summary(facts))
    raise listing.not_found(f"the emulator has no model with the OCID {model_id!r}")


def _summary(facts: ModelFacts) -> dict[str, Any]:
    retired = facts.retired_on_demand
    is_imported = facts == IMPORTED
    return {
        "id": model_ocid(facts.id),
        # Oracle's own models belong to nobody.
        "compartmentId": COMPARTMENT_ID if is_imported else None,
        "capabilities": list(facts.capabilities),
        "lifecycleState": "ACTIVE",
        "lifecycleDetails": "",
        "displayName": facts.id,
        "vendor": facts.vendor,
        "version": "1.0",
        "timeCreated": _CREATED,
        "baseModelId": None,
        "type": "CUSTOM" if is_imported else "BASE",
        "fineTuneDetails": None,
        "modelMetrics": None,
        "isLongTermSupported": False,
        "timeDeprecated": DEPRECATED if facts.deprecated else None,
        "timeOnDemandRetired": f"{retired}T00:00:00.000Z" if retired else None,
        "timeDedicatedRetired": None,
        "freeformTags": {},
        "definedTags": {},
        "systemTags": {},
    }
