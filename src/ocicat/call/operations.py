"""What is asked of OCI beside chats: embeddings, rerankings and guardrails.

Each is one question and one answer, with two exceptions: more inputs than OCI takes at once, and
images for models that take them one by one, become several embedding requests side by side.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ocicat.call.attempts import WRONG_SHAPE, Ask, answer, json_object, located, undocumented
from ocicat.dialects import embeddings, guardrails, usage
from ocicat.dialects import rerank as reranking
from ocicat.dialects.dialect import Notes, Origin
from ocicat.vocabulary.chat import Note
from ocicat.vocabulary.embedding import EmbeddingReply, EmbeddingRequest
from ocicat.vocabulary.flow import Flow, Together
from ocicat.vocabulary.guarding import GuardReply, GuardRequest
from ocicat.vocabulary.reranking import RerankReply, RerankRequest

__all__ = ["embed", "guard", "rerank"]


def embed(ask: Ask, request: EmbeddingRequest) -> Flow[EmbeddingReply]:
    """The vectors of all inputs, in their order. Raises what ``errors.py`` lists.

    Everything that can be wrong with an input is found before anything is sent.
    """
    yield from located(ask)
    notes = Notes()
    parts = embeddings.split(request, ask.target.facts)
    flows = [
        _embed_part(
            ask,
            part,
            embeddings.encode_request(part, ask.target, ask.compartment_id, notes),
        )
        for part in parts
    ]
    if len(flows) == 1:
        reply = yield from flows[0]
    else:
        reply = _joined((yield Together(flows)))
    if notes.items:
        reply["oci_notes"] = _once_each(notes.items)
    return reply


def _embed_part(ask: Ask, request: EmbeddingRequest, body: dict[str, Any]) -> Flow[EmbeddingReply]:
    wire, origin = yield from _asked(ask, body)
    try:
        return embeddings.decode_reply(wire, request, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem


def _joined(replies: list[EmbeddingReply]) -> EmbeddingReply:
    """One reply of several, which follow each other."""
    joined = replies[0]
    joined["data"] = [item for reply in replies for item in reply["data"]]
    for index, item in enumerate(joined["data"]):
        item["index"] = index
    joined["usage"] = usage.total(reply.get("usage") for reply in replies)
    for kind, vectors in joined.get("embeddings_by_type", {}).items():
        for reply in replies[1:]:
            vectors += reply["embeddings_by_type"][kind]
    joined["opc_request_ids"] = [reply["opc_request_id"] for reply in replies]
    return joined


def _once_each(notes: list[Note]) -> list[Note]:
    """Requests that were made of one say the same things."""
    return [note for number, note in enumerate(notes) if note not in notes[:number]]


def rerank(ask: Ask, request: RerankRequest) -> Flow[RerankReply]:
    """The documents in the order of their relevance. Raises what ``errors.py`` lists."""
    yield from located(ask)
    notes = Notes()
    body = reranking.encode_request(request, ask.target, ask.compartment_id, notes)
    wire, origin = yield from _asked(ask, body)
    try:
        reply = reranking.decode_reply(wire, request, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem
    if notes.items:
        reply["oci_notes"] = notes.items
    return reply


def guard(ask: Ask, request: GuardRequest) -> Flow[GuardReply]:
    """What guardrails find in a content. Raises what ``errors.py`` lists."""
    yield from located(ask)
    body = guardrails.encode_request(request, ask.compartment_id)
    wire, origin = yield from _asked(ask, body)
    try:
        return guardrails.decode_reply(wire, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem


def _asked(ask: Ask, body: dict[str, Any]) -> Flow[tuple[dict[str, Any], Origin]]:
    response, origin = yield from answer(ask, msgspec.json.encode(body))
    return json_object(response.body, origin), origin
