"""What is asked of OCI beside chats: embeddings, rerankings and guardrails.

Each is one question and one answer, with two exceptions: more inputs than OCI takes at once, and
images for models that take them one by one, become several embedding requests side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ocicat.call.attempts import (
    WRONG_SHAPE,
    Ask,
    answer_without_refused,
    json_object,
    located,
    undocumented,
)
from ocicat.dialects import embeddings, guardrails, openai_embeddings, usage
from ocicat.dialects import rerank as reranking
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.errors import OcicatError
from ocicat.vocabulary.chat import Note
from ocicat.vocabulary.embedding import EmbeddingReply, EmbeddingRequest
from ocicat.vocabulary.flow import Flow, Together
from ocicat.vocabulary.guarding import GuardReply, GuardRequest
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.reranking import RerankReply, RerankRequest
from ocicat.vocabulary.target import Target

__all__ = ["embed", "guard", "rerank"]

#: The half of an operation's dialect that asks: request, target, compartment and notes to a body.
_Encode = Callable[[Any, Target, str, Notes], dict[str, Any]]


class _Embeddings(Protocol):
    """One wire format of embeddings."""

    PARAMETERS: Mapping[str, Entry]

    def split(self, request: EmbeddingRequest, facts: ModelFacts) -> list[EmbeddingRequest]: ...

    def encode_request(
        self, request: EmbeddingRequest, target: Target, compartment_id: str, notes: Notes
    ) -> dict[str, Any]: ...

    def decode_reply(
        self, body: dict[str, Any], request: EmbeddingRequest, origin: Origin
    ) -> EmbeddingReply: ...


def _dialect(target: Target) -> _Embeddings:
    return openai_embeddings if target.dialect == "openai_embeddings" else embeddings


def embed(ask: Ask, request: EmbeddingRequest) -> Flow[EmbeddingReply]:
    """The vectors of all inputs, in their order. Raises what ``errors.py`` lists.

    Everything that can be wrong with an input is found before anything is sent.
    """
    yield from located(ask)
    dialect = _dialect(ask.target)
    parts = dialect.split(request, ask.target.facts)
    if len(parts) == 1:
        return (yield from _embed_part(ask, parts[0]))
    for part in parts:
        unread = Notes(drop=ask.drop_params)
        dialect.encode_request(part, ask.target, ask.compartment_id, unread)
    flows = []
    first = 0
    for part in parts:
        flows.append(_embed_some(ask, part, first))
        first += len(part["input"])
    return _joined((yield Together(flows)))


def _embed_part(ask: Ask, request: EmbeddingRequest) -> Flow[EmbeddingReply]:
    dialect = _dialect(ask.target)
    wire, origin, notes = yield from _asked(
        ask, request, dialect.PARAMETERS, dialect.encode_request
    )
    told: Any = {name: value for name, value in request.items() if name not in notes.learned}
    try:
        reply = dialect.decode_reply(wire, told, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem
    if notes.items:
        reply["oci_notes"] = notes.items
    return reply


def _embed_some(ask: Ask, request: EmbeddingRequest, first: int) -> Flow[EmbeddingReply]:
    """The vectors of some of many inputs, which begin with number ``first``."""
    try:
        return (yield from _embed_part(ask, request))
    except OcicatError as failure:
        last = first + len(request["input"]) - 1
        place = f"input[{first}]" + (f" to input[{last}]" if last > first else "")
        failure.hint = f"{failure.hint} It is the request for {place} that failed.".strip()
        raise


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
    notes = _once_each([note for reply in replies for note in reply.get("oci_notes", [])])
    if notes:
        joined["oci_notes"] = notes
    return joined


def _once_each(notes: list[Note]) -> list[Note]:
    """Requests that were made of one say the same things."""
    return [note for number, note in enumerate(notes) if note not in notes[:number]]


def rerank(ask: Ask, request: RerankRequest) -> Flow[RerankReply]:
    """The documents in the order of their relevance. Raises what ``errors.py`` lists."""
    yield from located(ask)
    wire, origin, notes = yield from _asked(
        ask, request, reranking.PARAMETERS, reranking.encode_request
    )
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
    wire, origin, notes = yield from _asked(
        ask, request, guardrails.PARAMETERS, guardrails.encode_request
    )
    try:
        reply = guardrails.decode_reply(wire, origin)
    except WRONG_SHAPE as problem:
        raise undocumented(origin) from problem
    if notes.items:
        reply["oci_notes"] = notes.items
    return reply


def _asked(
    ask: Ask, request: Mapping[str, Any], table: Mapping[str, Entry], encode_request: _Encode
) -> Flow[tuple[dict[str, Any], Origin, Notes]]:
    def encode(target: Target, notes: Notes) -> dict[str, Any]:
        return encode_request(request, target, ask.compartment_id, notes)

    response, origin, notes = yield from answer_without_refused(ask, request, table, encode)
    return json_object(response.body, origin), origin, notes
