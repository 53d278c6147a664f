"""Which model answers at a dedicated endpoint, read from what OCI's management API says of it.

The OCID of an endpoint does not tell its model, and so not the format of its chats. OCI does: the
endpoint has the OCID of its model, and the model its vendor and name. Both are asked at
:func:`ocicat.routing.resolve.management`; here are the targets to ask for and the reading of the
answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ocicat.routing import ocids
from ocicat.routing.catalog import facts
from ocicat.routing.resolve import DIALECTS
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Target

__all__ = ["endpoint_target", "facts_in", "model_id_in", "model_target", "with_facts"]

# What the lists of models and of imported models call what ocicat knows.
_CAPABILITIES = {
    "CHAT": "CHAT",
    "TEXT_TO_TEXT": "CHAT",
    "IMAGE_TEXT_TO_TEXT": "CHAT",
    "AUDIO_TEXT_TO_TEXT": "CHAT",
    "VIDEO_TEXT_TO_TEXT": "CHAT",
    "TEXT_EMBEDDINGS": "TEXT_EMBEDDINGS",
    "EMBEDDING": "TEXT_EMBEDDINGS",
    "TEXT_RERANK": "TEXT_RERANK",
    "RERANK": "TEXT_RERANK",
}


def endpoint_target(endpoint_id: str) -> str:
    """The raw request target that describes an endpoint."""
    return f"/20231130/endpoints/{quote(endpoint_id, safe='')}"


def model_target(model_id: str) -> str:
    """The raw request target that describes a model, given its OCID."""
    imported = ocids.is_of(model_id, "generativeaiimportedmodel")
    return f"/20231130/{'importedModels' if imported else 'models'}/{quote(model_id, safe='')}"


def model_id_in(endpoint: Mapping[str, Any]) -> str:
    """The OCID of the model in the description of an endpoint; empty where it has none."""
    found = endpoint.get("modelId")
    return found if isinstance(found, str) else ""


def facts_in(model: Mapping[str, Any]) -> ModelFacts:
    """The facts of a model, given OCI's description of it.

    The name of OCI's own models tells their facts. That of a fine-tuned or imported model is its
    owner's choice, so there the vendor does. A description that says neither gives the facts of any
    model on OCI. Raises nothing.
    """
    name = _text(model, "displayName")
    vendor = _text(model, "vendor").lower()
    source = model.get("dataSource")
    # What Hugging Face calls an imported model says more than what its owner does.
    origin = _text(source, "modelId") if isinstance(source, Mapping) else ""
    by_vendor = facts(f"{vendor}.")
    found = facts(name or _text(model, "id"))
    for likely in (origin, name, f"{vendor}.{name}", f"{vendor}."):
        candidate = facts(likely)
        if candidate.family and by_vendor.vendor in ("", candidate.vendor):
            found = candidate if candidate.known else replace(candidate, id=found.id)
            break
    given = model.get("capabilities")
    words = given if isinstance(given, list) else []
    can = [ours for word, ours in _CAPABILITIES.items() if word in words]
    if can and not found.known:
        found = replace(found, capabilities=tuple(dict.fromkeys(can)))
    return found


def with_facts(target: Target, known: ModelFacts) -> Target:
    """``target`` in the format of the model that answers there."""
    if target.transport != "native":
        return replace(target, facts=known, format_is_assumed=False)
    return replace(target, facts=known, dialect=DIALECTS[known.api_format], format_is_assumed=False)


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""
