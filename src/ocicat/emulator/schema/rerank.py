"""The strict schema of ``POST /20231130/actions/rerankText``: RerankTextDetails.

Sources as in ``native.py``.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.native import PositiveInteger, ServingMode, Shape
from ocicat.emulator.schema.reading import read
from ocicat.emulator.schema.refusing import error_body

__all__ = ["RerankTextDetails", "check_rerank_text_details"]


class RerankTextDetails(Shape):
    """The body of a request to rerank documents."""

    input: str
    compartment_id: str
    serving_mode: ServingMode
    documents: Annotated[list[str], Meta(min_length=1)]
    top_n: PositiveInteger | None = None
    is_echo: bool | None = None
    max_chunks_per_document: PositiveInteger | None = None
    max_tokens_per_document: PositiveInteger | None = None


_DECODER: Final = msgspec.json.Decoder(RerankTextDetails)


def check_rerank_text_details(raw: bytes) -> dict[str, Any]:
    """The body of the request as plain values. Raises ``SchemaRefused``."""
    return read(_DECODER, raw, error_body)
