"""Asking OCI which model answers at a dedicated endpoint, or behind an OCID."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ocicat.call.attempts import Ask, fetch, json_object
from ocicat.errors import NotFoundError, PermissionDeniedError, TransportError
from ocicat.routing import endpoints, ocids
from ocicat.vocabulary.flow import Flow, Timeout
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.retry import RetryPolicy

__all__ = ["find_facts"]

# The call waits for this, and can be made without it.
_TIMEOUT = Timeout(connect=3, read=10)
_RETRY = RetryPolicy(max_retries=1, budget=5)


def find_facts(id: str, management: Ask) -> Flow[ModelFacts | None]:
    """The facts of the model at the endpoint, or with the OCID, ``id``.

    ``management`` is how to ask the management API. ``None`` where OCI will not say: the identity
    may not look it up, or that API is out of reach, as it is from a private network. Raises
    :class:`~ocicat.errors.OcicatError` kin for what may pass.
    """
    management = replace(management, timeout=_TIMEOUT, retry=_RETRY)

    def described(target: str) -> Flow[dict[str, Any]]:
        response, origin = yield from fetch(management, target)
        return json_object(response.body, origin)

    try:
        if ocids.is_of(id, "generativeaiendpoint"):
            endpoint = yield from described(endpoints.endpoint_target(id))
            id = endpoints.model_id_in(endpoint)
        model = (yield from described(endpoints.model_target(id))) if id else {}
    except (NotFoundError, PermissionDeniedError, TransportError):
        return None
    return endpoints.facts_in(model) if model else None
