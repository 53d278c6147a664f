"""The neutral shapes of embeddings: the JSON of OpenAI's Embeddings API, as plain typed values.

What OCI has and OpenAI has not travels under the extension keys named here.
"""

from __future__ import annotations

from typing import Any, TypedDict

from ocicat.vocabulary.chat import Note

__all__ = ["EmbeddingReply", "EmbeddingRequest", "EmbeddingUsage", "Vector", "VectorItem"]

#: Numbers (whole ones for all types but ``float``), or base64 text.
Vector = list[float] | str


class EmbeddingRequest(TypedDict, total=False):
    """What to turn into vectors, and how.

    ``input`` is a text, or a list of texts and images, each of which gets a vector of its own. An
    image is a part (``{"type": "image_url", "image_url": {"url": …}}``) or a ``data:image/…`` URI.
    ``encoding_format`` is ``float`` or ``base64`` (of little-endian 32-bit floats).

    Extension keys:

    * ``input_type``: ``search_document`` (the default), ``search_query``, ``classification``,
      ``clustering`` or ``image``. Documents and queries are embedded differently.
    * ``truncate``: which end of a text that is too long to cut off: ``none``, ``start``, ``end``.
    * ``embedding_types``: of ``float``, ``int8``, ``uint8``, ``binary``, ``ubinary``, ``base64``.
    """

    model: str
    input: str | list[Any]
    dimensions: int | None
    encoding_format: str | None
    user: str | None
    input_type: str | None
    truncate: str | None
    embedding_types: list[str] | None


class VectorItem(TypedDict):
    """The vector (``object`` is ``"embedding"``) of the input at ``index``."""

    object: str
    index: int
    embedding: Vector


class EmbeddingUsage(TypedDict):
    """Token counts."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingReply(TypedDict, total=False):
    """The vectors (``object`` is ``"list"``), in the order of the inputs.

    Extension keys:

    * ``embeddings_by_type``: the vectors by type, where several types were asked for; ``data`` then
      has those of the first.
    * ``id``: OCI's id of the result.
    * ``opc_request_id``: the id under which Oracle's support finds the call.
    * ``opc_request_ids``: all of them, where one call of OCI was not enough.
    * ``oci_notes``: what was not done just as it was asked; absent where there is nothing.
    """

    object: str
    data: list[VectorItem]
    model: str
    usage: EmbeddingUsage | None
    embeddings_by_type: dict[str, list[Vector]]
    id: str
    opc_request_id: str
    opc_request_ids: list[str]
    oci_notes: list[Note]
