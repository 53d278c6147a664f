"""``list_models`` and ``alist_models``: what OCI itself says that it serves in a region today.

The catalogue (``routing/catalog.toml``) is what OCI's documentation said when ocicat was released.
OCI has two lists of its own. ``modelDiscovery`` knows which model is served how and where, and how
long; the older ``models`` also has the models that a compartment has made, and is asked where the
first is not to be had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Unpack
from urllib.parse import urlencode

from ocicat.call.attempts import WRONG_SHAPE, Ask, fetch, json_object, undocumented
from ocicat.client.connection import Connection
from ocicat.client.options import ask_about, split
from ocicat.client.replies import Record
from ocicat.client.settings import ConnectionArguments
from ocicat.dialects.dialect import Origin
from ocicat.errors import (
    APIStatusError,
    AuthenticationError,
    InvalidSetting,
    MalformedReply,
    MissingSetting,
    RateLimitError,
)
from ocicat.routing.regions import region_id
from ocicat.routing.resolve import management
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Flow, Timeout

__all__ = ["ListOptions", "Model", "ModelList", "alist_models", "list_models", "listing"]

_PAGE = 100
_TIMEOUT = Timeout(connect=10.0, read=30.0)


class ListOptions(ConnectionArguments, total=False):
    """The connection arguments, and how patient to be.

    * ``timeout``: seconds to wait for the next byte (default 30).
    * ``max_retries``: attempts after a first that failed in passing (default 3).
    """

    timeout: float | Timeout | None
    max_retries: int | None


class Model(Record):
    """One model, in OpenAI's shape. What is OCI's own begins with ``oci_``; ``None``: not said.

    * ``id``: what to give as ``model``: a name, or the OCID of a model of one's own.
    * ``created``: seconds since the epoch; 0 where OCI does not say.
    * ``owned_by``: the vendor, such as ``meta``.
    * ``oci_capabilities``: such as ``CHAT``, ``TEXT_EMBEDDINGS``, ``TEXT_RERANK``.
    * ``oci_api_capabilities``: such as ``OPENAI_V1_CHAT_COMPLETIONS``.
    * ``oci_input_modalities``, ``oci_output_modalities``: of text, image, audio, video.
    * ``oci_serving_modes``: of ``ON_DEMAND``, ``DEDICATED``.
    * ``oci_access``: ``HOSTED`` by OCI, or ``PROXY`` to the vendor.
    * ``oci_parameters``: names, types and ranges of parameters, as OCI gives them.
    * ``oci_time_deprecated``, ``oci_time_on_demand_retired``, ``oci_time_dedicated_retired``: when
      that happened, or will (RFC 3339).
    * ``oci_replacements``: ids of models to move to.
    * ``oci_ocid``, ``oci_display_name``: of models that have them.
    """

    __slots__ = ()

    id: str
    object: str
    created: int
    owned_by: str
    oci_capabilities: list[str] | None
    oci_api_capabilities: list[str] | None
    oci_input_modalities: list[str] | None
    oci_output_modalities: list[str] | None
    oci_serving_modes: list[str] | None
    oci_access: str | None
    oci_parameters: list[dict[str, Any]] | None
    oci_time_deprecated: str | None
    oci_time_on_demand_retired: str | None
    oci_time_dedicated_retired: str | None
    oci_replacements: list[str] | None
    oci_ocid: str | None
    oci_display_name: str | None


class ModelList(Record, parts={"data": Model}):
    """OpenAI's list of models. ``oci_source`` is the operation of OCI that answered."""

    __slots__ = ()

    object: str
    data: list[Model]
    oci_region: str
    oci_source: str


def list_models(**options: Unpack[ListOptions]) -> ModelList:
    """The models that OCI serves in the region, and those of the compartment.

    It needs an identity that signs, and a policy that lets it inspect ``generative-ai-family``.

    Raises :class:`~ocicat.errors.OcicatError` kin, all listed in ``ocicat.errors``.
    """
    from ocicat.transport import sync

    return ModelList(sync.run(listing(_connected(options), options)))


async def alist_models(**options: Unpack[ListOptions]) -> ModelList:
    """The same as :func:`list_models`, on the running event loop."""
    from ocicat.transport import aio

    return ModelList(await aio.run(listing(_connected(options), options)))


def _connected(options: Mapping[str, Any]) -> Connection:
    return split(options, (), function="list_models")[1]


def listing(
    connection: Connection, options: Mapping[str, Any] = MappingProxyType({})
) -> Flow[dict[str, Any]]:
    """The list, as plain values in the shape of :class:`ModelList`.

    ``options`` say how patient to be, as in :class:`ListOptions`.
    """
    if not connection.compartment_id:
        raise MissingSetting(
            "There is no compartment_id.",
            setting="compartment_id",
            hint="Give the OCID of a compartment as `oci_compartment_id=` or OCI_COMPARTMENT_ID.",
        )
    place, extra = connection.place, connection.extra_regions
    identities = connection.identities("native")
    if connection.region_is_guessed and hasattr(identities, "find_region"):
        found = yield from identities.find_region(SYSTEM)
        place, extra = replace(place, region=found.id), (*extra, found)
    address = management(place, extra_regions=extra, default_domain=connection.default_domain)
    region = region_id(place.region or "", extra=extra) if place.region else ""
    ask = ask_about("OCI's list of models", connection, address, options)
    if options.get("timeout") is None:
        ask.timeout = _TIMEOUT
    try:
        where = {"region": region} if region else {}
        data = yield from _pages(ask, "modelDiscovery", where, partial(_discovered, region))
        source = "modelDiscovery"
    except (AuthenticationError, RateLimitError):
        raise
    except (APIStatusError, MalformedReply):
        # A service of 2026 that is not in every region; the older list is.
        data = yield from _pages(ask, "models", {"lifecycleState": "ACTIVE"}, _merged)
        source = "models"
    data.sort(key=lambda model: str(model["id"]))
    return {"object": "list", "data": data, "oci_region": region, "oci_source": source}


def _pages(
    ask: Ask,
    name: str,
    query: Mapping[str, str],
    read: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]],
) -> Flow[list[dict[str, Any]]]:
    """What ``read`` makes of the items of all pages.

    Raises ``APIStatusError`` and ``MalformedReply`` kin.
    """
    items: list[dict[str, Any]] = []
    seen: set[str] = set()
    page = ""
    while page not in seen:
        seen.add(page)
        asked = {"compartmentId": ask.compartment_id, "limit": str(_PAGE), **query}
        if page:
            asked["page"] = page
        response, origin = yield from fetch(ask, f"/20231130/{name}?{urlencode(asked)}")
        items += _items(json_object(response.body, origin), origin)
        page = response.headers.get("opc-next-page", "")
        if not page:
            break
    try:
        return list(read(items))
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem


def _items(body: dict[str, Any], origin: Origin) -> list[dict[str, Any]]:
    items = body.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise undocumented(origin)
    return items


# --- reading ------------------------------------------------------------------------------------


def _discovered(region: str, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items of ``modelDiscovery`` that are to be had in the region.

    Source of names: the ``oci`` SDK's ``ModelDiscovery``, ``ModelModalitySupport``,
    ``Availability``.
    """
    for item in items:
        model = _in_region(item, region)
        if model:
            yield model


def _in_region(item: dict[str, Any], region: str) -> dict[str, Any] | None:
    places = item.get("availability") or []
    here = [place for place in places if not region or _is_in(place, region)]
    if not item.get("modelId") or (places and not here):
        return None
    modalities = item.get("modalitySupport") or []
    return _told(
        id=item["modelId"],
        object="model",
        created=0,
        owned_by=str(item.get("vendor") or "").lower(),
        oci_capabilities=item.get("capabilities"),
        oci_api_capabilities=item.get("apiCapability"),
        oci_input_modalities=_words(each.get("input") for each in modalities),
        oci_output_modalities=_words(each.get("output") for each in modalities),
        oci_serving_modes=_distinct(
            mode["servingType"] if isinstance(mode, dict) else mode
            for place in here
            for mode in place.get("servingModes") or []
        ),
        oci_access=item.get("modelAccess"),
        oci_parameters=item.get("parameters"),
        oci_time_deprecated=_first(here, "timeDeprecated"),
        oci_time_on_demand_retired=_first(here, "timeOnDemandRetired"),
        oci_time_dedicated_retired=_first(here, "timeDedicatedRetired"),
        oci_replacements=_first(here, "supportedReplacements"),
    )


def _is_in(place: Mapping[str, Any], region: str) -> bool:
    name = place.get("region")
    try:
        return not name or region_id(name) == region
    except InvalidSetting:
        return False


def _merged(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items of ``models``, of which OCI may list one per capability and version."""
    models: dict[str, dict[str, Any]] = {}
    for item in items:
        own = item.get("type") == "CUSTOM"
        id = item.get("id") if own else item.get("displayName") or item.get("id")
        if not id:
            continue
        model = _told(
            id=id,
            object="model",
            created=_epoch(item.get("timeCreated")),
            owned_by=str(item.get("vendor") or "").lower(),
            oci_capabilities=item.get("capabilities"),
            oci_time_deprecated=item.get("timeDeprecated"),
            oci_time_on_demand_retired=item.get("timeOnDemandRetired"),
            oci_time_dedicated_retired=item.get("timeDedicatedRetired"),
            oci_ocid=item.get("id"),
            oci_display_name=item.get("displayName"),
        )
        before = models.setdefault(id, model)
        capabilities = _distinct(
            [*(before.get("oci_capabilities") or []), *(model.get("oci_capabilities") or [])]
        )
        # Where one version is retired and another is not, the model lives.
        for name in [name for name in before if name.startswith("oci_time_")]:
            if name not in model:
                del before[name]
        if capabilities:
            before["oci_capabilities"] = capabilities
    yield from models.values()


def _told(**values: Any) -> dict[str, Any]:
    """The values that say something."""
    return {name: value for name, value in values.items() if value not in (None, [])}


def _first(places: list[Any], key: str) -> Any:
    return next((place[key] for place in places if place.get(key)), None)


def _words(values: Iterator[Any]) -> list[str] | None:
    return _distinct(str(value).lower() for value in values if value)


def _distinct(values: Any) -> list[str] | None:
    return list(dict.fromkeys(values)) or None


def _epoch(moment: Any) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (TypeError, ValueError):
        return 0
