"""Asking OCI which model answers at a dedicated endpoint, or behind an OCID."""

from __future__ import annotations

from typing import Any

import msgspec

from ocicat.call.fetch import fetch, get
from ocicat.errors import OcicatError
from ocicat.routing import endpoints, ocids
from ocicat.routing.addresses import Address
from ocicat.vocabulary.flow import Ambient, Flow, Response, Timeout
from ocicat.vocabulary.identity import IdentityResolver
from ocicat.vocabulary.model import ModelFacts

__all__ = ["find_facts"]

# The call waits for this, and can be made without it.
_TIMEOUT = Timeout(connect=3, read=10)


def find_facts(
    id: str,
    management: Address,
    identities: IdentityResolver,
    ambient: Ambient,
    *,
    user_agent: str,
) -> Flow[ModelFacts | None]:
    """The facts of the model at the endpoint, or with the OCID, ``id``.

    ``None`` where OCI does not say: the identity may not look it up, or the management API is out
    of reach, as it is from a private network.
    """

    def described(target: str) -> Flow[dict[str, Any]]:
        request = get(
            management.scheme,
            management.host,
            management.path + target,
            user_agent=user_agent,
            timeout=_TIMEOUT,
        )
        response: Response = yield from fetch(request, identities, ambient)
        if response.status != 200:
            return {}
        try:
            return msgspec.json.decode(response.body, type=dict[str, Any])
        except (ValueError, RecursionError):
            return {}

    try:
        if ocids.is_of(id, "generativeaiendpoint"):
            endpoint = yield from described(endpoints.endpoint_target(id))
            id = endpoints.model_id_in(endpoint)
        model = (yield from described(endpoints.model_target(id))) if id else {}
    except OcicatError:
        return None
    return endpoints.facts_in(model) if model else None
