"""Where a call really goes, in the two cases in which the settings alone do not tell.

An instance knows the region that it is in; and only OCI knows which model, and so which format of
chats, is behind the OCID of an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ocicat.call.lookup import find_facts
from ocicat.client.connection import Connection
from ocicat.client.options import ask_about
from ocicat.errors import OcicatError
from ocicat.routing import endpoints, ocids
from ocicat.routing.regions import Region
from ocicat.vocabulary.flow import Ambient, Flow
from ocicat.vocabulary.target import Operation, Target

__all__ = ["is_unknown", "locator", "region_finder"]


def is_unknown(target: Target) -> bool:
    """Whether only OCI can tell which model is behind an OCID."""
    return not target.facts.family and ocids.is_of(
        target.serving.id, "generativeaiendpoint", "generativeaimodel"
    )


def locator(
    model: str,
    connection: Connection,
    target: Target,
    identities: Any,
    operation: Operation = "chat",
    *,
    asks_for_model: bool | None = None,
) -> Callable[[Ambient], Flow[Target]] | None:
    """The flow that finds the real target, or ``None`` where ``target`` is it.

    ``asks_for_model`` says whether to look up what is behind an OCID; left out, whether the format
    of a chat depends on it.
    """
    asks_for_region = connection.region_is_guessed and hasattr(identities, "find_region")
    if asks_for_model is None:
        asks_for_model = target.format_is_assumed
    if not (asks_for_region or asks_for_model):
        return None

    def locate(ambient: Ambient) -> Flow[Target]:
        region: Region | None = None
        found = target
        if asks_for_region:
            region = yield from identities.find_region(ambient)
            found = connection.route(model, region, operation=operation)
        if not asks_for_model:
            return found
        id = found.serving.id
        if id not in connection.endpoints:
            management = ask_about(
                "the model of an OCID", connection, connection.management(id, region)
            )
            try:
                connection.endpoints[id] = yield from find_facts(id, management)
            except OcicatError:
                return found  # for now; it may be said another time
        known = connection.endpoints[id]
        if known is None:
            return found
        if operation == "chat":
            return endpoints.with_facts(found, known)
        return replace(found, facts=known)

    return locate


def region_finder(
    connection: Connection, identities: Any, target_in: Callable[[Region], Target]
) -> Callable[[Ambient], Flow[Target]] | None:
    """The flow that asks the identity for the region, where it is only guessed without it."""
    if not (connection.region_is_guessed and hasattr(identities, "find_region")):
        return None

    def locate(ambient: Ambient) -> Flow[Target]:
        region: Region = yield from identities.find_region(ambient)
        return target_in(region)

    return locate
