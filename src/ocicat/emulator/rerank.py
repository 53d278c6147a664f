"""Answers ``POST /20231130/actions/rerankText``: the more of the query's words, the better."""

from __future__ import annotations

from aiohttp import web

from ocicat.dialects import rerank
from ocicat.emulator.answers import split_tokens
from ocicat.emulator.call import Call
from ocicat.emulator.inference import find_served, read_details, result_id
from ocicat.emulator.schema.rerank import check_rerank_text_details
from ocicat.emulator.tenancy import Tenancy
from ocicat.emulator.vectors import words
from ocicat.vocabulary.reranking import Rank

__all__ = ["rerank_text"]


def rerank_text(call: Call, tenancy: Tenancy) -> web.Response:
    """The documents of a request in the order of their relevance. Raises ``Refused``."""
    body = read_details(call, check_rerank_text_details, tenancy)
    served = find_served(body, "TEXT_RERANK", tenancy)
    request = rerank.decode_request(body)
    ranks: list[Rank] = []
    for index, document in enumerate(body["documents"]):
        read = "".join(split_tokens(document)[: request.get("max_tokens_per_doc")])
        rank: Rank = {"index": index, "relevance_score": _relevance(body["input"], read)}
        if request.get("return_documents"):
            rank["document"] = {"text": document}
        ranks.append(rank)
    ranks.sort(key=lambda rank: -rank["relevance_score"])
    call.record(200)
    return call.json_reply(
        rerank.encode_reply(
            {
                "id": result_id(call),
                "model": served.id,
                "results": ranks[: request.get("top_n")],
            }
        )
    )


def _relevance(query: str, document: str) -> float:
    """How many of the query's words a document has; among equals, the shorter one is better."""
    asked, said = set(words(query)), set(words(document))
    common = len(asked & said)
    return round(0.9 * common / len(asked) + 0.1 * common / len(said), 6)
