"""OpenAI's Embeddings, as servers at model deployments of Data Science speak them.

Source: OpenAI's API reference. Such servers are vLLM, Text Embeddings Inference, and whatever runs
in a container of one's own, so some say more than others.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

from ocicat.dialects import checks, embeddings, faults, parameters
from ocicat.dialects.content import Text
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.dialects.inputs import read
from ocicat.dialects.parameters import Own, Parameter, Refused
from ocicat.errors import UnsupportedFeature
from ocicat.vocabulary.embedding import EmbeddingReply, EmbeddingRequest, EmbeddingUsage, Vector
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Target

__all__ = ["MAX_INPUTS", "PARAMETERS", "decode_reply", "encode_request", "split"]

#: Inputs of one request: what Text Embeddings Inference takes unless it is told to take more.
MAX_INPUTS = 32

_NAME = "OpenAI's Embeddings"

#: What becomes of each parameter of a request; others are refused.
PARAMETERS: dict[str, Entry] = {
    "input": Own("Texts only."),
    "dimensions": Parameter(
        "dimensions", checks.integer(1), note="For models whose vectors may be cut."
    ),
    "encoding_format": Parameter("encoding_format", checks.choice("float", "base64")),
    "user": Parameter("user", checks.text),
    "input_type": Refused(
        "It has no such word.",
        "Write what your model has for it, such as `query: `, into the text.",
    ),
    "truncate": Refused("It has no such word.", "Cut the texts, or have the server do it."),
    "embedding_types": Refused("It has floats only.", "Leave it out."),
}


def split(request: EmbeddingRequest, facts: ModelFacts) -> list[EmbeddingRequest]:
    """The requests that together ask for ``request``, whose inputs they have in the same order.

    Raises :class:`~ocicat.errors.InvalidRequest` kin for inputs that cannot be embedded.
    """
    texts = _texts(request)
    return [
        {**request, "input": texts[start : start + MAX_INPUTS]}
        for start in range(0, len(texts), MAX_INPUTS)
    ]


def _texts(request: EmbeddingRequest) -> list[str]:
    texts = []
    for item in read(request.get("input"), "input"):
        if not isinstance(item, Text):
            raise UnsupportedFeature(
                f"An image cannot be said to {request.get('model')} over {_NAME}.",
                parameter="input",
                hint="cohere.embed-v4.0 embeds texts and images.",
            )
        texts.append(item.text)
    return texts


def encode_request(
    request: EmbeddingRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The body that asks ``target`` for these vectors.

    Raises :class:`~ocicat.errors.InvalidRequest` kin for what cannot be said.
    """
    asked: Any = request
    return {
        "model": target.serving.id,
        "input": _texts(request),
        **parameters.encode(asked, PARAMETERS, target.facts, notes, dialect=_NAME),
    }


def decode_reply(body: dict[str, Any], request: EmbeddingRequest, origin: Origin) -> EmbeddingReply:
    """The neutral reply that a body gives to ``request``.

    Raises ``MalformedReply`` kin where it does not have a vector for each input.
    """
    items = body.get("data")
    if not isinstance(items, list):
        raise faults.unusable_reply(body, origin, expected="data")
    embeddings.check_count(items, read(request.get("input"), "input"), origin)
    items = sorted(items, key=lambda item: item["index"])
    wants_base64 = (request.get("encoding_format") or "").lower() == "base64"
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": _as_asked(item["embedding"], wants_base64=wants_base64),
            }
            for index, item in enumerate(items)
        ],
        "model": origin.model,
        "usage": _decode_usage(body),
        "id": str(body.get("id") or ""),
        "opc_request_id": origin.opc_request_id,
    }


def _as_asked(vector: Vector, *, wants_base64: bool) -> Vector:
    """A vector in the form that was asked for, whichever the server has."""
    if isinstance(vector, str):
        return vector if wants_base64 else _unpacked(vector)
    return embeddings.packed(vector) if wants_base64 else vector


def _unpacked(text: str) -> list[float]:
    raw = base64.b64decode(text)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def _decode_usage(body: dict[str, Any]) -> EmbeddingUsage | None:
    wire = body.get("usage") or {}
    prompt = wire.get("prompt_tokens")
    if prompt is None:
        prompt = wire.get("total_tokens")
    if prompt is None:
        return None
    return {"prompt_tokens": prompt, "total_tokens": wire.get("total_tokens") or prompt}
