"""Embeddings, rerankings and guardrails: what OCI offers beside chats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from ocicat.call import operations
from ocicat.call.attempts import Ask
from ocicat.client.connection import Connection
from ocicat.client.locating import is_unknown, locator, region_finder
from ocicat.client.options import CallOptions, ask_arguments, split
from ocicat.client.replies import EmbeddingResponse, GuardrailsResponse, RerankResponse
from ocicat.client.telemetry import traced
from ocicat.dialects import embeddings
from ocicat.routing.regions import Region
from ocicat.routing.resolve import GUARDRAILS_PATH
from ocicat.vocabulary.embedding import EmbeddingRequest
from ocicat.vocabulary.guarding import GuardRequest
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.reranking import RerankRequest
from ocicat.vocabulary.target import Operation, ServingMode, Target

__all__ = [
    "OperationOptions",
    "aapply_guardrails",
    "aembedding",
    "apply_guardrails",
    "arerank",
    "embedding",
    "prepare",
    "rerank",
]


class OperationOptions(CallOptions, total=False):
    """What these calls take beside their own parameters.

    * ``drop_params``: leave out, with a note in the reply, what the model cannot be told, instead
      of refusing it.
    """

    drop_params: bool | None


Input = str | Iterable[Any]
Documents = Iterable[str | Mapping[str, Any]]


def embedding(
    model: str,
    input: Input,
    *,
    dimensions: int | None = None,
    encoding_format: str | None = None,
    input_type: str | None = None,
    truncate: str | None = None,
    embedding_types: Iterable[str] | None = None,
    user: str | None = None,
    **options: Unpack[OperationOptions],
) -> EmbeddingResponse:
    """Turn texts and images into vectors, one for each, in the same order.

    * ``input``: a text, or a list of texts and images. An image is a part of OpenAI's shape
      (``{"type": "image_url", …}``) or a ``data:image/…`` URI. There may be any number of inputs.
    * ``dimensions``: the length of the vectors, for models that have a choice.
    * ``encoding_format``: ``float`` (default) or ``base64``, as OpenAI has it.
    * ``input_type``: ``search_document`` (default), ``search_query``, ``classification``,
      ``clustering`` or ``image``.
    * ``truncate``: which end of a text to cut off that is too long: ``none``, ``start``, ``end``.
    * ``embedding_types``: of ``float``, ``int8``, ``uint8``, ``binary``, ``ubinary``, ``base64``.
      With several, ``embeddings_by_type`` has them all and ``data`` the first.

    Raises :class:`~ocicat.errors.OcicatError` kin, all listed in ``ocicat.errors``.
    """
    from ocicat.transport import sync

    asked = _embedding_request(
        model, input, dimensions, encoding_format, input_type, truncate, embedding_types, user
    )
    ask = prepare(asked, "embeddings", options, function="embedding")
    return EmbeddingResponse(
        sync.run(traced(operations.embed(ask, asked), ask, asked, "embeddings"))
    )


async def aembedding(
    model: str,
    input: Input,
    *,
    dimensions: int | None = None,
    encoding_format: str | None = None,
    input_type: str | None = None,
    truncate: str | None = None,
    embedding_types: Iterable[str] | None = None,
    user: str | None = None,
    **options: Unpack[OperationOptions],
) -> EmbeddingResponse:
    """The same as :func:`embedding`, on the running event loop."""
    from ocicat.transport import aio

    asked = _embedding_request(
        model, input, dimensions, encoding_format, input_type, truncate, embedding_types, user
    )
    ask = prepare(asked, "embeddings", options, function="aembedding")
    return EmbeddingResponse(
        await aio.run(traced(operations.embed(ask, asked), ask, asked, "embeddings"))
    )


def rerank(
    model: str,
    query: str,
    documents: Documents,
    *,
    top_n: int | None = None,
    return_documents: bool | None = None,
    max_chunks_per_doc: int | None = None,
    max_tokens_per_doc: int | None = None,
    rank_fields: Iterable[str] | None = None,
    **options: Unpack[OperationOptions],
) -> RerankResponse:
    """Order documents by how well they answer a query, the best first.

    * ``documents``: texts, or dictionaries, of which ``rank_fields`` are read, or else ``text``.
    * ``top_n``: how many to return (all). ``return_documents``: whether with their texts.
    * ``max_chunks_per_doc``, ``max_tokens_per_doc``: how much of a long document is read.

    Raises :class:`~ocicat.errors.OcicatError` kin, all listed in ``ocicat.errors``.
    """
    from ocicat.transport import sync

    asked = _rerank_request(
        model,
        query,
        documents,
        top_n,
        return_documents,
        max_chunks_per_doc,
        max_tokens_per_doc,
        rank_fields,
    )
    ask = prepare(asked, "rerank", options, function="rerank")
    return RerankResponse(sync.run(traced(operations.rerank(ask, asked), ask, asked, "rerank")))


async def arerank(
    model: str,
    query: str,
    documents: Documents,
    *,
    top_n: int | None = None,
    return_documents: bool | None = None,
    max_chunks_per_doc: int | None = None,
    max_tokens_per_doc: int | None = None,
    rank_fields: Iterable[str] | None = None,
    **options: Unpack[OperationOptions],
) -> RerankResponse:
    """The same as :func:`rerank`, on the running event loop."""
    from ocicat.transport import aio

    asked = _rerank_request(
        model,
        query,
        documents,
        top_n,
        return_documents,
        max_chunks_per_doc,
        max_tokens_per_doc,
        rank_fields,
    )
    ask = prepare(asked, "rerank", options, function="arerank")
    return RerankResponse(
        await aio.run(traced(operations.rerank(ask, asked), ask, asked, "rerank"))
    )


def apply_guardrails(
    input: Input,
    *,
    content_moderation: bool | Iterable[str] | None = None,
    pii: bool | Iterable[str] | None = None,
    prompt_injection: bool | None = None,
    guardrail_version: str | None = None,
    language: str | None = None,
    **options: Unpack[OperationOptions],
) -> GuardrailsResponse:
    """Have OCI look for harm, personal information and prompt injections in a content.

    Nothing is blocked or changed: the reply says what was found. Where no check is named, all are
    made.

    * ``input``: a text, or a list of texts and images as for :func:`embedding`.
    * ``content_moderation``: ``True`` for the categories ``OVERALL`` and ``BLOCKLIST``, or a list.
    * ``pii``: ``True`` for the types ``PERSON``, ``ADDRESS``, ``EMAIL`` and ``TELEPHONE_NUMBER``,
      or a list.
    * ``prompt_injection``: ``True`` to look for attempts to take over the model.
    * ``guardrail_version``: such as ``1.0.0``; left out, OCI's default. ``language``: of the texts.

    Raises :class:`~ocicat.errors.OcicatError` kin, all listed in ``ocicat.errors``.
    """
    from ocicat.transport import sync

    asked = _guard_request(
        input, content_moderation, pii, prompt_injection, guardrail_version, language
    )
    ask = _ask_service(asked, options, function="apply_guardrails")
    return GuardrailsResponse(
        sync.run(traced(operations.guard(ask, asked), ask, asked, "guardrails"))
    )


async def aapply_guardrails(
    input: Input,
    *,
    content_moderation: bool | Iterable[str] | None = None,
    pii: bool | Iterable[str] | None = None,
    prompt_injection: bool | None = None,
    guardrail_version: str | None = None,
    language: str | None = None,
    **options: Unpack[OperationOptions],
) -> GuardrailsResponse:
    """The same as :func:`apply_guardrails`, on the running event loop."""
    from ocicat.transport import aio

    asked = _guard_request(
        input, content_moderation, pii, prompt_injection, guardrail_version, language
    )
    ask = _ask_service(asked, options, function="aapply_guardrails")
    return GuardrailsResponse(
        await aio.run(traced(operations.guard(ask, asked), ask, asked, "guardrails"))
    )


# --- what is asked ------------------------------------------------------------------------------


def _embedding_request(
    model: str,
    input: Input,
    dimensions: int | None,
    encoding_format: str | None,
    input_type: str | None,
    truncate: str | None,
    embedding_types: Iterable[str] | None,
    user: str | None,
) -> EmbeddingRequest:
    return {
        "model": model,
        "input": _listed(input),
        "dimensions": dimensions,
        "encoding_format": encoding_format,
        "input_type": input_type,
        "truncate": truncate,
        "embedding_types": _listed(embedding_types),
        "user": user,
    }


def _rerank_request(
    model: str,
    query: str,
    documents: Documents,
    top_n: int | None,
    return_documents: bool | None,
    max_chunks_per_doc: int | None,
    max_tokens_per_doc: int | None,
    rank_fields: Iterable[str] | None,
) -> RerankRequest:
    return {
        "model": model,
        "query": query,
        "documents": _listed(documents),
        "top_n": top_n,
        "return_documents": return_documents,
        "max_chunks_per_doc": max_chunks_per_doc,
        "max_tokens_per_doc": max_tokens_per_doc,
        "rank_fields": _listed(rank_fields),
    }


def _guard_request(
    input: Input,
    content_moderation: bool | Iterable[str] | None,
    pii: bool | Iterable[str] | None,
    prompt_injection: bool | None,
    guardrail_version: str | None,
    language: str | None,
) -> GuardRequest:
    makes_all = content_moderation is None and pii is None and prompt_injection is None
    return {
        "input": _listed(input),
        "content_moderation": makes_all or _listed(content_moderation),
        "pii": makes_all or _listed(pii),
        "prompt_injection": makes_all or prompt_injection,
        "guardrail_version": guardrail_version,
        "language": language,
    }


_WHOLE = (str, bytes, bytearray, memoryview, dict, list, tuple)


def _listed(value: Any) -> Any:
    """A generator, a set or a column of a table as a list; anything else as it is."""
    if isinstance(value, _WHOLE) or not isinstance(value, Iterable):
        return value
    return list(value)


# --- who is asked -------------------------------------------------------------------------------


def prepare(
    request: Mapping[str, Any],
    operation: Operation,
    options: Mapping[str, Any],
    *,
    function: str,
) -> Ask:
    """Whom to ask for what ``request`` says, worked out of the options of ``function``."""
    _, connection = split(options, {*request, "drop_params"}, function=function)
    model: Any = request.get("model")  # routing says what is wrong with it
    target = connection.route(model, operation=operation)
    identities = connection.identities(target.transport)
    if connection.log:
        connection.log("route", {"model": model, "target": target})
    # How images are sent depends on the model; texts go to all in the same way.
    asks_for_model = (
        operation == "embeddings" and is_unknown(target) and embeddings.has_images(request)
    )
    return Ask(
        **ask_arguments(options, connection, target, identities),
        locate=locator(
            model, connection, target, identities, operation, asks_for_model=asks_for_model
        ),
    )


def _ask_service(request: Mapping[str, Any], options: Mapping[str, Any], *, function: str) -> Ask:
    _, connection = split(options, {*request, "drop_params"}, function=function)
    target = _guardrails(connection)
    identities = connection.identities(target.transport)
    if connection.log:
        connection.log("route", {"model": target.model, "target": target})
    return Ask(
        **ask_arguments(options, connection, target, identities),
        locate=region_finder(
            connection, identities, lambda region: _guardrails(connection, region)
        ),
    )


def _guardrails(connection: Connection, region: Region | None = None) -> Target:
    """Guardrails belong to the service, so no model and no cluster serves them."""
    address = connection.service(region)
    return Target(
        model="guardrails",
        facts=ModelFacts("guardrails"),
        transport="native",
        dialect="guardrails",
        scheme=address.scheme,
        host=address.host,
        path=address.path + GUARDRAILS_PATH,
        serving=ServingMode("ON_DEMAND", "guardrails"),
    )
