"""What every native request says beside its question: who pays, and what serves."""

from __future__ import annotations

from typing import Any

from ocicat.vocabulary.target import Target

__all__ = ["decode", "encode"]


def encode(target: Target, compartment_id: str) -> dict[str, Any]:
    """The ``compartmentId`` and the ``servingMode`` of a request to ``target``."""
    serving = target.serving
    place = "modelId" if serving.kind == "ON_DEMAND" else "endpointId"
    return {
        "compartmentId": compartment_id,
        "servingMode": {"servingType": serving.kind, place: serving.id},
    }


def decode(body: dict[str, Any]) -> str:
    """The model id, or the endpoint OCID, that a request names."""
    serving = body["servingMode"]
    return str(serving.get("modelId") or serving.get("endpointId"))
