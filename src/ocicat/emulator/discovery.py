"""Model discovery: which model is served where, how, and through which API.

Source of names and values: the ``oci`` SDK's ``GenerativeAiClient.list_model_discovery`` and
``ModelDiscovery``. ``apiCapability`` is free text; OCI's examples have two of the names used here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiohttp import web

from ocicat.emulator import listing
from ocicat.emulator.call import Call
from ocicat.emulator.listing import CAPABILITIES, Query
from ocicat.emulator.models import DEPRECATED
from ocicat.emulator.tenancy import IMPORTED, Tenancy
from ocicat.vocabulary.model import ModelFacts

__all__ = ["discover_models"]

_APIS: Final = {
    "openai": "OPENAI_V1_CHAT_COMPLETIONS",
    "responses": "OPENAI_V1_RESPONSES",
    "native": "OCI_CHAT",
}
_BOOLEANS: Final = ("true", "false")
_ALLOWED: Final = {
    "servingMode": ("ON_DEMAND", "DEDICATED"),
    "capability": CAPABILITIES,
    "modelAccess": ("HOSTED", "PROXY"),
    "isDeprecated": _BOOLEANS,
    "isOnDemandRetired": _BOOLEANS,
    "isDedicatedRetired": _BOOLEANS,
}
# Traffic to the models of these vendors leaves OCI.
_PROXIED: Final = ("xai", "google")


def discover_models(call: Call, tenancy: Tenancy) -> web.StreamResponse:
    """Answer ``GET /20231130/modelDiscovery``. Raises :class:`~.refusals.Refused`."""
    query = listing.read_query(
        call,
        tenancy,
        once=("modelId", "isDeprecated", "isOnDemandRetired", "isDedicatedRetired"),
        several=("realm", "region", "servingMode", "apiCapability", "capability", "modelAccess"),
        allowed=_ALLOWED,
    )
    items = [
        item
        for facts in tenancy.models()
        if facts != IMPORTED and _is_wanted(facts, query)
        for item in [_item(facts, query)]
        if item["availability"] and _offers(item, query)
    ]
    return listing.answer(call, query, items)


def _is_wanted(facts: ModelFacts, query: Query) -> bool:
    states = {
        "isDeprecated": facts.deprecated,
        "isOnDemandRetired": facts.retired_on_demand is not None,
        "isDedicatedRetired": False,
    }
    return query.once.get("modelId", facts.id) == facts.id and all(
        query.once.get(name, str(state).lower()) == str(state).lower()
        for name, state in states.items()
    )


def _offers(item: dict[str, Any], query: Query) -> bool:
    offered = {
        "apiCapability": item["apiCapability"],
        "capability": item["capabilities"],
        "modelAccess": [item["modelAccess"]],
    }
    return all(set(query.several.get(name, offered[name])) & set(offered[name]) for name in offered)


def _item(facts: ModelFacts, query: Query) -> dict[str, Any]:
    output = "TEXT"
    return {
        "modelId": facts.id,
        "vendor": facts.vendor,
        "capabilities": list(facts.capabilities),
        "apiCapability": [_APIS[transport] for transport in facts.transports if transport in _APIS],
        "modalitySupport": [
            {"input": kind.upper(), "output": output} for kind in facts.input_modalities
        ],
        "modelAccess": "PROXY" if facts.vendor in _PROXIED else "HOSTED",
        "parameters": [],
        "availability": [
            place
            for place in _availability(facts)
            if place["region"] in query.several.get("region", [place["region"]])
            and place["realm"] in query.several.get("realm", [place["realm"]])
            and set(query.several.get("servingMode", place["servingModes"]))
            & set(place["servingModes"])
        ],
    }


def _availability(facts: ModelFacts) -> Iterator[dict[str, Any]]:
    modes: dict[str, list[str]] = {}
    for mode, regions in (("ON_DEMAND", facts.regions), ("DEDICATED", facts.dedicated_regions)):
        for region in regions:
            modes.setdefault(region, []).append(mode)
    retired = facts.retired_on_demand
    for region, serving in modes.items():
        yield {
            "realm": "oc1",
            "region": region,
            "servingModes": serving,
            "timeDeprecated": DEPRECATED if facts.deprecated else None,
            "timeOnDemandRetired": f"{retired}T00:00:00.000Z" if retired else None,
            "timeDedicatedRetired": None,
            "supportedReplacements": [facts.replaced_by] if facts.replaced_by else [],
        }
