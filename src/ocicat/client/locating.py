"""Where a call really goes, in the two cases in which the settings alone do not tell.

An instance knows the region that it is in; and only OCI knows which model, and so which format of
chats, is behind the OCID of an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocicat.call.lookup import find_facts
from ocicat.client.connection import Connection
from ocicat.client.options import user_agent
from ocicat.routing import endpoints
from ocicat.routing.regions import Region
from ocicat.vocabulary.flow import Ambient, Flow
from ocicat.vocabulary.target import Operation, Target

__all__ = ["locator", "region_finder"]


def locator(
    model: str,
    connection: Connection,
    target: Target,
    identities: Any,
    operation: Operation = "chat",
) -> Callable[[Ambient], Flow[Target]] | None:
    """The flow that finds the real target, or ``None`` where ``target`` is it."""
    asks_for_region = connection.region_is_guessed and hasattr(identities, "find_region")
    asks_for_model = target.format_is_assumed and operation == "chat"
    if not (asks_for_region or asks_for_model):
        return None

    def locate(ambient: Ambient) -> Flow[Target]:
        region: Region | None = None
        found = target
        if asks_for_region:
            region = yield from identities.find_region(ambient)
            found = connection.route(model, region, operation=operation)
        if asks_for_model:
            id = found.serving.id
            if id not in connection.endpoints:
                connection.endpoints[id] = yield from find_facts(
                    id,
                    connection.management(id, region),
                    connection.identities("native"),
                    ambient,
                    user_agent=user_agent(),
                )
            known = connection.endpoints[id]
            if known is not None:
                found = endpoints.with_facts(found, known)
        return found

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
