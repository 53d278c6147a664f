"""Answers ``POST /20231130/actions/embedText``."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from ocicat.dialects import embeddings
from ocicat.emulator import vectors
from ocicat.emulator.answers import count_tokens, split_tokens
from ocicat.emulator.call import Call
from ocicat.emulator.inference import bad_format, find_served, read_details, result_id
from ocicat.emulator.refusals import refusal
from ocicat.emulator.schema.embeddings import check_embed_text_details
from ocicat.emulator.tenancy import Served, Tenancy
from ocicat.vocabulary.embedding import EmbeddingReply
from ocicat.vocabulary.model import ModelFacts

__all__ = ["embed_text"]

#: Of vectors of models whose size nobody knows.
_USUAL_SIZE: Final = 1024
_DEFAULT_PURPOSE: Final = "SEARCH_DOCUMENT"


def embed_text(call: Call, tenancy: Tenancy) -> web.Response:
    """The vectors that a request asks for. Raises ``Refused``."""
    body = read_details(call, check_embed_text_details, tenancy)
    served = find_served(body, "TEXT_EMBEDDINGS", tenancy)
    facts = served.facts
    size = _size(body, facts)
    made: list[list[float]] = []
    tokens = 0
    for kind, content in _inputs(body, facts):
        if kind == "TEXT":
            content = _cut(content, body.get("truncate", "NONE"), facts)
            tokens += count_tokens(content)
            made.append(vectors.of_text(content, body.get("inputType", _DEFAULT_PURPOSE), size))
        else:
            tokens += 1
            made.append(vectors.of_words([(content, 1.0)], size))
    result = embeddings.encode_reply(
        _reply(call, served, body, made, tokens), embeddings.decode_request(body)
    )
    if body.get("isEcho"):
        result |= {key: body[key] for key in ("inputs", "embedContents") if key in body}
    call.record(200)
    return call.json_reply(result)


def _reply(
    call: Call, served: Served, body: dict[str, Any], made: list[list[float]], tokens: int
) -> EmbeddingReply:
    types = body.get("embeddingTypes") or ["float"]
    return {
        "id": result_id(call),
        "model": served.id,
        "embeddings_by_type": {
            kind: [vectors.as_type(vector, kind) for vector in made] for kind in types
        },
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _size(body: dict[str, Any], facts: ModelFacts) -> int:
    sizes = facts.dimensions or (_USUAL_SIZE,)
    asked = body.get("outputDimensions")
    if asked is None:
        return sizes[0]
    if len(sizes) == 1:
        raise bad_format(f"outputDimensions is there, and vectors of {facts.id} have one size only")
    if asked not in sizes:
        raise bad_format(
            f"outputDimensions is {asked}, and vectors of {facts.id} have"
            f" {', '.join(map(str, sorted(sizes)))}"
        )
    return int(asked)


def _inputs(body: dict[str, Any], facts: ModelFacts) -> list[tuple[str, str]]:
    """Each input as its kind (``TEXT`` or ``IMAGE``) and what it says or shows."""
    contents = body.get("embedContents")
    if contents is not None:
        if len(facts.dimensions) == 1:
            raise bad_format(f"embedContents is there, and {facts.id} takes inputs only")
        return [
            _content(content, f"embedContents[{n}]", facts) for n, content in enumerate(contents)
        ]
    inputs = body["inputs"]
    if body.get("inputType") != "IMAGE":
        return [("TEXT", text) for text in inputs]
    if len(inputs) != 1:
        raise bad_format(f"inputType is IMAGE, and there are {len(inputs)} inputs instead of one")
    _check_image(inputs[0], "inputs[0]", facts)
    return [("IMAGE", inputs[0])]


def _content(content: dict[str, Any], where: str, facts: ModelFacts) -> tuple[str, str]:
    if content["type"] == "TEXT":
        if "text" not in content:
            raise bad_format(f"{where}: a TEXT without text")
        return "TEXT", content["text"]
    if "imageUrl" not in content:
        raise bad_format(f"{where}: an IMAGE without imageUrl")
    _check_image(content["imageUrl"]["url"], where, facts)
    return "IMAGE", content["imageUrl"]["url"]


def _check_image(url: str, where: str, facts: ModelFacts) -> None:
    if "image" not in facts.input_modalities:
        raise bad_format(f"{where}: {facts.id} embeds no images")
    if not url.startswith("data:image/"):
        raise bad_format(f"{where}: the image is no data URI")


def _cut(text: str, truncate: str, facts: ModelFacts) -> str:
    limit = facts.context
    tokens = split_tokens(text)
    if limit is None or len(tokens) <= limit:
        return text
    if truncate == "NONE":
        raise refusal(
            400,
            f"The input is too long: it has {len(tokens)} tokens, and the limit is {limit}.",
            f"an input has {len(tokens)} tokens, {facts.id} takes {limit}, and truncate is NONE",
        )
    return "".join(tokens[-limit:] if truncate == "START" else tokens[:limit])
