"""``GET /models``: what OCI lists, else the catalogue; and what is behind an OCID."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ocicat.call.lookup import find_facts
from ocicat.client.connection import Connection
from ocicat.client.discovery import listing
from ocicat.client.openai_api import answers
from ocicat.client.openai_api.chats import CHAT_PARAMETERS
from ocicat.client.openai_api.requests import Asked, expect
from ocicat.client.options import ask_about, split
from ocicat.errors import (
    APIStatusError,
    AuthenticationError,
    MissingSetting,
    ModelNotFound,
    TransportError,
    UnsupportedFeature,
)
from ocicat.routing import catalog, ocids
from ocicat.routing.resolve import bare_model
from ocicat.vocabulary.flow import Flow
from ocicat.vocabulary.model import ModelFacts

__all__ = ["list_or_find"]


def list_or_find(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[None]:
    """All models, or the one that is named."""
    expect(asked, rest, "GET", r"(/[^/]+)?")
    _, connection = split(options, CHAT_PARAMETERS, function="list_models")
    patience = {name: options.get(name) for name in ("timeout", "max_retries")}
    if not rest:
        found = yield from _listed(connection, patience)
        yield from answers.json_answer({"object": "list", "data": found})
        return
    wanted = bare_model(unquote(rest[1:]))
    if ocids.is_of(wanted, "generativeaiendpoint", "generativeaimodel"):
        model = yield from _behind(wanted, connection)
    else:
        found = yield from _listed(connection, patience)
        model = next((model for model in found if model["id"] == wanted), None)
        if model is None and catalog.facts(wanted).known:
            model = _of_catalog(catalog.facts(wanted))
    if model is None:
        raise ModelNotFound(
            f"There is no model {wanted[:120]!r}.",
            status=404,
            code="model_not_found",
            parameter="model",
            hint="GET /models lists what there is.",
        )
    yield from answers.json_answer(model)


def _behind(ocid: str, connection: Connection) -> Flow[dict[str, Any] | None]:
    """The model with an OCID, or at the endpoint that has it, under the name that calls have."""
    management = ask_about("the model of an OCID", connection, connection.management(ocid))
    facts = yield from find_facts(ocid, management)
    return {**_of_catalog(facts), "id": ocid} if facts else None


def _listed(connection: Connection, patience: Mapping[str, Any]) -> Flow[list[dict[str, Any]]]:
    """OCI's list, or the catalogue's where OCI gives none."""
    try:
        listed = yield from listing(connection, patience)
    except AuthenticationError:
        raise
    except (APIStatusError, TransportError, MissingSetting, UnsupportedFeature):
        return [_of_catalog(model) for model in catalog.models()]
    models: list[dict[str, Any]] = listed["data"]
    return models


def _of_catalog(facts: ModelFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "object": "model",
        "created": 0,
        "owned_by": facts.vendor,
        "oci_capabilities": list(facts.capabilities),
    }
