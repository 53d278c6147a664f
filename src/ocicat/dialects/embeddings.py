"""EmbedText: OCI's native format for embeddings.

Source of names, types and limits: the ``oci`` SDK's ``EmbedTextDetails`` and ``EmbedTextResult``,
and OCI's API reference for EmbedText (2023-11-30).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from ocicat.dialects import checks, faults, links, parameters, serving
from ocicat.dialects.content import Media, Part, Text, neutral
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.dialects.inputs import read
from ocicat.dialects.parameters import Dropped, Own, Parameter
from ocicat.errors import InvalidParameter, MalformedReply, UnsupportedFeature
from ocicat.vocabulary.embedding import EmbeddingReply, EmbeddingRequest, EmbeddingUsage
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Target

__all__ = [
    "MAX_INPUTS",
    "PARAMETERS",
    "TYPES",
    "check_count",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "has_images",
    "packed",
    "split",
]

#: Inputs that one request may have.
MAX_INPUTS = 96
#: The types of numbers in which vectors come.
TYPES = ("float", "int8", "uint8", "binary", "ubinary", "base64")

_NAME = "EmbedText"
_INPUT_TYPES = ("search_document", "search_query", "classification", "clustering", "image")


def _types(value: Any) -> list[str]:
    check = checks.choice(*TYPES)
    types = [check(word) for word in checks.texts(value)]
    if not types:
        raise ValueError("must name at least one of " + ", ".join(TYPES))
    return list(dict.fromkeys(types))


#: What becomes of each parameter of a request; others are refused.
PARAMETERS: dict[str, Entry] = {
    "input": Own(),
    "dimensions": Parameter(
        "outputDimensions",
        checks.integer(1),
        note="Models with vectors of one size take no other.",
    ),
    "encoding_format": Own("`base64` is made from the floats that OCI gives.", way="emulated"),
    "user": Dropped("OCI knows the caller by the signature."),
    "input_type": Parameter(
        "inputType",
        checks.choice(*_INPUT_TYPES, upper=True),
        back=str.lower,
        note="An image for a model of version 3 is always of type IMAGE.",
    ),
    "truncate": Parameter(
        "truncate", checks.choice("none", "start", "end", upper=True), back=str.lower
    ),
    "embedding_types": Parameter("embeddingTypes", _types),
}
_STRUCTURE = frozenset({"compartmentId", "servingMode", "inputs", "embedContents", "isEcho"})


# --- requests -----------------------------------------------------------------------------------


def split(request: EmbeddingRequest, facts: ModelFacts) -> list[EmbeddingRequest]:
    """The requests that together ask for ``request``, whose inputs they have in the same order.

    Raises :class:`~ocicat.errors.InvalidRequest` kin for inputs that cannot be embedded.
    """
    items = read(request.get("input"), "input")
    return [
        {**request, "input": [_neutral(item) for item in batch]} for batch in _batches(items, facts)
    ]


def has_images(request: Mapping[str, Any]) -> bool:
    """Whether there are images among the inputs. Raises as :func:`split` does."""
    return any(isinstance(item, Media) for item in read(request.get("input"), "input"))


def _batches(items: list[Part], facts: ModelFacts) -> Iterator[list[Part]]:
    if _takes_contents(facts):
        yield from _chunks(items, MAX_INPUTS)
        return
    # Such a model takes texts together, and images one by one.
    for kind, run in groupby(items, type):
        yield from _chunks(list(run), MAX_INPUTS if kind is Text else 1)


def _chunks(items: list[Part], size: int) -> Iterator[list[Part]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _takes_contents(facts: ModelFacts) -> bool:
    """Whether the model takes texts and images side by side, as ``embedContents``.

    Vectors of several sizes came with the same version of the models.
    """
    return len(facts.dimensions) != 1


def _neutral(item: Part) -> Any:
    return item.text if isinstance(item, Text) else neutral(item)


def encode_request(
    request: EmbeddingRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``EmbedTextDetails`` that ask ``target`` for these vectors.

    Raises :class:`~ocicat.errors.InvalidRequest` kin for what cannot be said.
    """
    facts = target.facts
    items = read(request.get("input"), "input")
    asked: Any = {
        **request,
        "input_type": _input_type(request, items, facts, notes),
        "dimensions": _dimensions(request, facts, notes),
    }
    body = {
        **serving.encode(target, compartment_id),
        **_inputs(items, facts),
        **parameters.encode(asked, PARAMETERS, facts, notes, dialect=_NAME),
    }
    if _encoding(request) == "base64" and "float" not in body.get("embeddingTypes", ("float",)):
        notes.add("encoding_format", "Passed over: it is for floats, and no floats are asked for.")
    return body


def _inputs(items: list[Part], facts: ModelFacts) -> dict[str, Any]:
    texts = [item.text for item in items if isinstance(item, Text)]
    if len(texts) == len(items):
        return {"inputs": texts}
    if facts.known and "image" not in facts.input_modalities:
        raise UnsupportedFeature(
            f"{facts.id} embeds no images.",
            parameter="input",
            hint="cohere.embed-v4.0 embeds texts and images.",
        )
    if _takes_contents(facts):
        return {"embedContents": [_content(item) for item in items]}
    return {"inputs": [_inline(item, facts) for item in items if isinstance(item, Media)]}


def _content(item: Part) -> dict[str, Any]:
    if isinstance(item, Text):
        return {"type": "TEXT", "text": item.text}
    image = {"url": links.encode(item)}
    if item.detail:
        image["detail"] = item.detail.upper()
    return {"type": "IMAGE", "imageUrl": image}


def _inline(image: Media, facts: ModelFacts) -> str:
    if image.data is None:
        raise UnsupportedFeature(
            f"{facts.id} does not fetch images from the network.",
            parameter="input",
            hint='Give the image itself, as "data:image/png;base64,…".',
        )
    return image.url


def _input_type(
    request: EmbeddingRequest, items: list[Part], facts: ModelFacts, notes: Notes
) -> str | None:
    given = _one_of("input_type", request.get("input_type"), _INPUT_TYPES)
    texts = any(isinstance(item, Text) for item in items)
    if given == "image" and texts:
        raise InvalidParameter(
            "`input_type` is image, but there is a text in `input`.",
            parameter="input_type",
            hint="Leave it out; images are recognised by themselves.",
        )
    if not texts and not _takes_contents(facts):
        if given not in (None, "image"):
            notes.add("input_type", f"Left out: {facts.id} takes images as images only.")
        return "image"
    if given is None and "input_type" not in notes.learned:
        return "search_document"
    return given


def _dimensions(request: EmbeddingRequest, facts: ModelFacts, notes: Notes) -> Any:
    """The length of vectors to ask for. A model that has one length has no parameter for it."""
    asked = request.get("dimensions")
    known = facts.dimensions
    if asked is None or not known:
        return asked
    checks.checked("dimensions", asked, checks.integer(1))
    words = f"`dimensions` is {asked}, and the vectors of {facts.id} have"
    if len(known) == 1:
        if asked != known[0]:
            hint = "Leave it out, or use cohere.embed-v4.0."
            notes.refuse("dimensions", f"{words} {known[0]}.", hint=hint)
        return None
    if asked not in known:
        raise InvalidParameter(
            f"{words} {', '.join(map(str, known[:-1]))} or {known[-1]}.", parameter="dimensions"
        )
    return asked


def _encoding(request: EmbeddingRequest) -> str:
    given = request.get("encoding_format")
    if isinstance(given, str) and given.lower() in TYPES[1:-1]:
        raise InvalidParameter(
            f"`encoding_format` is {given!r}, which OCI has as a type of numbers.",
            parameter="encoding_format",
            hint=f'Ask for it with embedding_types=["{given.lower()}"].',
        )
    return _one_of("encoding_format", given, ("float", "base64")) or "float"


def _one_of(name: str, value: Any, words: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    return str(checks.checked(name, value, checks.choice(*words)))


def decode_request(body: dict[str, Any]) -> EmbeddingRequest:
    """The neutral request that ``EmbedTextDetails`` say."""
    request: dict[str, Any] = {
        **parameters.decode(body, PARAMETERS, known=_STRUCTURE, dialect=_NAME),
        "model": serving.decode(body),
        "input": body.get("inputs") or [_decode_content(c) for c in body["embedContents"]],
    }
    return request  # type: ignore[return-value]  # built key by key


def _decode_content(wire: dict[str, Any]) -> Any:
    if wire["type"] == "TEXT":
        return wire.get("text") or ""
    image = wire.get("imageUrl") or {}
    link = {"url": image.get("url", "")}
    if image.get("detail"):
        link["detail"] = image["detail"].lower()
    return {"type": "image_url", "image_url": link}


# --- replies ------------------------------------------------------------------------------------


def encode_reply(reply: EmbeddingReply, request: EmbeddingRequest) -> dict[str, Any]:
    """The ``EmbedTextResult`` that says this reply to this request."""
    asked = request.get("embedding_types")
    types = asked or ["float"]
    by_type = reply.get("embeddings_by_type") or {
        types[0]: [item["embedding"] for item in reply["data"]]
    }
    usage = reply.get("usage")
    return {
        "id": reply.get("id", ""),
        "modelId": reply["model"],
        "modelVersion": "1.0",
        "embeddings": by_type.get("float", []),
        **({"embeddingsByType": {kind: by_type[kind] for kind in types}} if asked else {}),
        **({"usage": _encode_usage(usage)} if usage else {}),
    }


def _encode_usage(usage: EmbeddingUsage) -> dict[str, int]:
    return {"promptTokens": usage["prompt_tokens"], "totalTokens": usage["total_tokens"]}


def decode_reply(body: dict[str, Any], request: EmbeddingRequest, origin: Origin) -> EmbeddingReply:
    """The neutral reply that an ``EmbedTextResult`` gives to ``request``.

    Raises ``MalformedReply`` kin where it does not have a vector for each input.
    """
    types = _types(request.get("embedding_types") or "float")
    inputs = read(request.get("input"), "input")
    by_type = {kind: _vectors(body, kind, types) for kind in types}
    for kind, vectors in by_type.items():
        if not isinstance(vectors, list):
            raise faults.unusable_reply(body, origin, expected=f"embeddings of type {kind}")
        check_count(vectors, inputs, origin)
    if "float" in by_type and _encoding(request) == "base64":
        by_type["float"] = [packed(vector) for vector in by_type["float"]]
    reply: EmbeddingReply = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(by_type[types[0]])
        ],
        "model": origin.model,
        "usage": _decode_usage(body),
        "id": str(body.get("id") or ""),
        "opc_request_id": origin.opc_request_id,
    }
    if len(types) > 1:
        reply["embeddings_by_type"] = by_type
    return reply


def _vectors(body: dict[str, Any], kind: str, types: list[str]) -> Any:
    for name, vectors in (body.get("embeddingsByType") or {}).items():
        if name.lower().rstrip("_") == kind:  # Cohere's own clients write `float_`
            return vectors
    # OCI documents this field for floats only, but has nowhere else for the type of a lone list.
    return body.get("embeddings") if kind == "float" or len(types) == 1 else None


def check_count(vectors: list[Any], inputs: list[Part], origin: Origin) -> None:
    """Raise :class:`~ocicat.errors.MalformedReply` unless each input has a vector."""
    if len(vectors) != len(inputs):
        raise MalformedReply(
            f"{origin.model} answered with {len(vectors)} vectors for {len(inputs)} inputs.",
            hint="If this goes on, report it with the opc-request-id.",
            opc_request_id=origin.opc_request_id,
        )


def packed(vector: list[float]) -> str:
    """A vector as base64 of little-endian 32-bit floats."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _decode_usage(body: dict[str, Any]) -> EmbeddingUsage | None:
    wire = body.get("usage") or {}
    prompt = wire.get("promptTokens")
    if prompt is None and body.get("inputTextTokenCounts"):
        prompt = sum(body["inputTextTokenCounts"])
    if prompt is None:
        prompt = wire.get("totalTokens")
    if prompt is None:
        return None
    return {"prompt_tokens": prompt, "total_tokens": wire.get("totalTokens") or prompt}
