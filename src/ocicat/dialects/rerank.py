"""RerankText: OCI's native format for reranking.

Source of names: the ``oci`` SDK's ``RerankTextDetails`` and ``RerankTextResult``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ocicat.dialects import checks, faults, parameters, serving
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.dialects.parameters import Own, Parameter
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.reranking import Rank, RerankReply, RerankRequest
from ocicat.vocabulary.target import Target

__all__ = ["PARAMETERS", "decode_reply", "decode_request", "encode_reply", "encode_request"]

_NAME = "RerankText"

#: What becomes of each parameter of a request; others are refused.
PARAMETERS: dict[str, Entry] = {
    "query": Own(),
    "documents": Own(),
    "rank_fields": Own(
        "The fields are written out as text, since OCI's documents are texts.", "emulated"
    ),
    "top_n": Parameter("topN", checks.integer(1)),
    "return_documents": Parameter("isEcho", checks.boolean),
    "max_chunks_per_doc": Parameter("maxChunksPerDocument", checks.integer(1)),
    "max_tokens_per_doc": Parameter("maxTokensPerDocument", checks.integer(1)),
}
# What can be done with a reply as well as by a model.
_DONE_HERE = ("top_n", "return_documents")
_STRUCTURE = frozenset({"compartmentId", "servingMode", "input", "documents"})


def encode_request(
    request: RerankRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``RerankTextDetails`` that ask ``target`` to rank these documents.

    Raises :class:`~ocicat.errors.InvalidRequest` kin for what cannot be said.
    """
    query = request.get("query")
    if not isinstance(query, str) or not query:
        raise InvalidParameter("`query` must be a text, and not an empty one.", parameter="query")
    return {
        **serving.encode(target, compartment_id),
        "input": query,
        "documents": _texts(request, notes),
        **parameters.encode(
            _told(request, target.facts, notes), PARAMETERS, target.facts, notes, dialect=_NAME
        ),
    }


def _told(request: RerankRequest, facts: ModelFacts, notes: Notes) -> Any:
    """``request`` without what the model refused to do and ocicat does in its place."""
    told = dict(request)
    for name in _DONE_HERE:
        if name in notes.learned and told.pop(name, None) is not None:
            notes.add(name, f"Done by ocicat: {facts.id} refused it: {notes.learned[name]}")
    return told


def _texts(request: RerankRequest, notes: Notes) -> list[str]:
    documents: Any = request.get("documents")
    if not isinstance(documents, (list, tuple)) or not documents:
        raise InvalidParameter(
            "`documents` must be a list of texts or dictionaries, and not an empty one.",
            parameter="documents",
        )
    fields = _fields(request)
    if fields and not any(isinstance(document, Mapping) for document in documents):
        notes.add("rank_fields", "Left out: no document has fields.")
    return [
        _text(document, fields, f"documents[{number}]") for number, document in enumerate(documents)
    ]


def _fields(request: RerankRequest) -> list[str]:
    fields = request.get("rank_fields")
    if fields is None:
        return []
    return list(checks.checked("rank_fields", fields, checks.texts))


def _text(document: Any, fields: Sequence[str], where: str) -> str:
    if isinstance(document, str):
        return document
    if not isinstance(document, Mapping):
        raise InvalidParameter(f"`{where}` must be a text or a dictionary.", parameter=where)
    if fields:
        lines = [
            f"{name}: {_written(document[name], where)}" for name in fields if name in document
        ]
        if not lines:
            raise InvalidParameter(
                f"`{where}` has none of the fields {', '.join(fields)}.",
                parameter=where,
                hint=f"Its fields are {', '.join(map(str, document))}.",
            )
        return "\n".join(lines)
    text = document.get("text")
    return _written(text if isinstance(text, str) else dict(document), where)


def _written(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:
        raise InvalidParameter(
            f"`{where}` has something in it that cannot be written as text: {problem}.",
            parameter=where,
            hint="Name the fields to read in rank_fields=.",
        ) from None


def decode_request(body: dict[str, Any]) -> RerankRequest:
    """The neutral request that ``RerankTextDetails`` say."""
    request: dict[str, Any] = {
        **parameters.decode(body, PARAMETERS, known=_STRUCTURE, dialect=_NAME),
        "model": serving.decode(body),
        "query": body["input"],
        "documents": body["documents"],
    }
    return request  # type: ignore[return-value]  # built key by key


def encode_reply(reply: RerankReply) -> dict[str, Any]:
    """The ``RerankTextResult`` that says this reply."""
    ranks = []
    for result in reply["results"]:
        rank: dict[str, Any] = {
            "index": result["index"],
            "relevanceScore": result["relevance_score"],
        }
        if "document" in result:
            rank["document"] = result["document"]
        ranks.append(rank)
    return {
        "id": reply.get("id", ""),
        "modelId": reply["model"],
        "modelVersion": reply.get("meta", {}).get("model_version", "1.0"),
        "documentRanks": ranks,
    }


def decode_reply(body: dict[str, Any], request: RerankRequest, origin: Origin) -> RerankReply:
    """The neutral reply that a ``RerankTextResult`` gives to ``request``.

    Raises ``MalformedReply`` kin where it ranks nothing.
    """
    ranks = body.get("documentRanks")
    if not isinstance(ranks, list):
        raise faults.unusable_reply(body, origin, expected="documentRanks")
    version = body.get("modelVersion")
    return {
        "id": str(body.get("id") or ""),
        "model": origin.model,
        "results": [_rank(rank, request) for rank in ranks[: request.get("top_n")]],
        "meta": {"model_version": version} if version else {},
        "opc_request_id": origin.opc_request_id,
    }


def _rank(wire: dict[str, Any], request: RerankRequest) -> Rank:
    index = wire["index"]
    if not 0 <= index < len(request["documents"]):
        raise IndexError(index)  # which is no shape of a reply
    rank: Rank = {"index": index, "relevance_score": wire["relevanceScore"]}
    if request.get("return_documents"):
        echoed = wire.get("document")
        # What the service does not say again, the caller still knows.
        rank["document"] = echoed or {
            "text": _text(request["documents"][index], _fields(request), "documents")
        }
    return rank
