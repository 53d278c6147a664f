"""The list of models, as the management API gives it.

Source of names and values: the ``oci`` SDK's ``GenerativeAiClient.list_models`` and
``ModelSummary``. The catalogue knows no moments of creation and deprecation, so those are made up.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.refusals import NOT_FOUND, Refused, refusal
from ocicat.emulator.tenancy import Tenancy, model_ocid
from ocicat.vocabulary.model import ModelFacts

__all__ = ["get_model", "list_models"]

_CREATED: Final = "2025-01-01T00:00:00.000Z"
_DEPRECATED: Final = "2026-01-01T00:00:00.000Z"
_MAX_LIMIT: Final = 1000

_STATES: Final = ("ACTIVE", "CREATING", "DELETING", "DELETED", "FAILED")
_CAPABILITIES: Final = (
    *("TEXT_GENERATION", "TEXT_SUMMARIZATION", "TEXT_EMBEDDINGS", "FINE_TUNE", "CHAT"),
    *("TEXT_RERANK", "TEXT_TO_IMAGE", "IMAGE_TEXT_TO_IMAGE", "IMAGE_TEXT_TO_TEXT"),
    *("IMAGE_TEXT_TO_VIDEO", "IMAGE_TO_IMAGE", "REALTIME", "AUDIO_TO_AUDIO", "AUDIO_TO_TEXT"),
    *("TEXT_TO_AUDIO", "TEXT_TO_VIDEO", "AUDIO_TEXT_TO_TEXT", "AUDIO_TRANSLATION"),
    "VIDEO_TEXT_TO_TEXT",
)
_SORT_KEYS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "displayName": lambda item: str(item["displayName"]),
    "lifecycleState": lambda item: str(item["lifecycleState"]),
    "timeCreated": lambda item: str(item["timeCreated"]),
}
_ONCE: Final = frozenset(
    {
        *("compartmentId", "vendor", "lifecycleState", "displayName", "id"),
        *("limit", "page", "sortOrder", "sortBy"),
    }
)


def list_models(call: Call, tenancy: Tenancy) -> web.StreamResponse:
    """Answer ``GET /20231130/models``. Raises :class:`Refused`."""
    query, capabilities = _read_query(call)
    _check_compartment(query.get("compartmentId"), tenancy)
    items = [
        item
        for item in map(_summary, tenancy.models())
        if all(item[key] == query[key] for key in _FILTERS if key in query)
        and (not capabilities or set(capabilities) & set(item["capabilities"]))
    ]
    if "sortBy" in query or "sortOrder" in query:
        items.sort(
            key=_SORT_KEYS[query.get("sortBy", "timeCreated")],
            reverse=query.get("sortOrder") == "DESC",
        )
    start = _offset(query.get("page"))
    end = start + int(query.get("limit", _MAX_LIMIT))
    more = {"opc-next-page": _token(end)} if end < len(items) else {}
    call.record(200)
    return call.json_reply({"items": items[start:end]}, headers=more)


def get_model(call: Call, tenancy: Tenancy, model_id: str) -> web.StreamResponse:
    """Answer ``GET /20231130/models/{modelId}``, which takes an OCID. Raises :class:`Refused`."""
    for facts in tenancy.models():
        if model_ocid(facts.id) == model_id:
            call.record(200)
            return call.json_reply(_summary(facts))
    raise _not_found(f"the emulator has no model with the OCID {model_id!r}")


_FILTERS: Final = ("vendor", "lifecycleState", "displayName", "id")


def _read_query(call: Call) -> tuple[dict[str, str], list[str]]:
    """The parameters that may stand once, and the capabilities asked for."""
    once: dict[str, str] = {}
    capabilities = []
    for name, value in call.query:
        if name == "capability":
            capabilities.append(_one_of(name, value, _CAPABILITIES))
        elif name not in _ONCE:
            raise _invalid(f"{name} is no query parameter of this operation")
        elif name in once:
            raise _invalid(f"the query parameter {name} is there twice")
        else:
            once[name] = value
    if "lifecycleState" in once:
        _one_of("lifecycleState", once["lifecycleState"], _STATES)
    if "sortBy" in once:
        _one_of("sortBy", once["sortBy"], tuple(_SORT_KEYS))
    if "sortOrder" in once:
        _one_of("sortOrder", once["sortOrder"], ("ASC", "DESC"))
    limit = once.get("limit")
    if limit is not None and not (limit.isdecimal() and 1 <= int(limit) <= _MAX_LIMIT):
        raise _invalid(f"limit is {limit!r}, not a whole number from 1 to {_MAX_LIMIT}")
    return once, capabilities


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise _invalid(f"{name} is {value!r}, not one of {', '.join(allowed)}")
    return value


def _check_compartment(ocid: str | None, tenancy: Tenancy) -> None:
    if not ocid:
        raise refusal(
            400,
            "The required parameter compartmentId is missing.",
            "the query parameter compartmentId is missing",
            code="MissingParameter",
        )
    if not tenancy.has_compartment(ocid):
        raise _not_found(f"compartmentId: the emulator has no compartment {ocid!r}")


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "from":
            return int(number)
    except ValueError:
        pass
    raise _invalid("page is no token that the emulator gave in opc-next-page")


def _summary(facts: ModelFacts) -> dict[str, Any]:
    retired = facts.retired_on_demand
    return {
        "id": model_ocid(facts.id),
        "compartmentId": None,
        "capabilities": list(facts.capabilities),
        "lifecycleState": "ACTIVE",
        "lifecycleDetails": "",
        "displayName": facts.id,
        "vendor": facts.vendor,
        "version": "1.0",
        "timeCreated": _CREATED,
        "baseModelId": None,
        "type": "BASE",
        "fineTuneDetails": None,
        "modelMetrics": None,
        "isLongTermSupported": False,
        "timeDeprecated": _DEPRECATED if facts.deprecated else None,
        "timeOnDemandRetired": f"{retired}T00:00:00.000Z" if retired else None,
        "timeDedicatedRetired": None,
        "freeformTags": {},
        "definedTags": {},
        "systemTags": {},
    }


def _invalid(reason: str) -> Refused:
    return refusal(400, f"Invalid parameter: {reason}.", reason, code="InvalidParameter")


def _not_found(reason: str) -> Refused:
    return refusal(404, NOT_FOUND, reason, code="NotAuthorizedOrNotFound")
