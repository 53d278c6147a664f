"""The strict schema of ``POST /20231130/actions/embedText``: EmbedTextDetails.

Sources as in ``native.py``. Which values a model takes is not its business.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.native import ImageUrl, PositiveInteger, ServingMode, Shape
from ocicat.emulator.schema.reading import read
from ocicat.emulator.schema.refusing import error_body

__all__ = ["EmbedTextDetails", "check_embed_text_details"]

_MAX_INPUTS: Final = 96


class EmbedTextContent(Shape, tag_field="type", tag="TEXT"):
    """A text."""

    text: str | None = None


class EmbedImageContent(Shape, tag_field="type", tag="IMAGE"):
    """An image."""

    image_url: ImageUrl | None = None


EmbedContent = EmbedTextContent | EmbedImageContent


class EmbedTextDetails(Shape):
    """The body of a request for embeddings."""

    compartment_id: str
    serving_mode: ServingMode
    inputs: Annotated[list[str], Meta(min_length=1, max_length=_MAX_INPUTS)] | None = None
    embed_contents: (
        Annotated[list[EmbedContent], Meta(min_length=1, max_length=_MAX_INPUTS)] | None
    ) = None
    is_echo: bool | None = None
    embedding_types: (
        list[Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]] | None
    ) = None
    output_dimensions: PositiveInteger | None = None
    truncate: Literal["NONE", "START", "END"] | None = None
    input_type: (
        Literal["SEARCH_DOCUMENT", "SEARCH_QUERY", "CLASSIFICATION", "CLUSTERING", "IMAGE"] | None
    ) = None

    def __post_init__(self) -> None:
        if (self.inputs is None) == (self.embed_contents is None):
            raise ValueError("inputs: either inputs or embedContents must be there, and not both")


_DECODER: Final = msgspec.json.Decoder(EmbedTextDetails)


def check_embed_text_details(raw: bytes) -> dict[str, Any]:
    """The body of the request as plain values. Raises ``SchemaRefused``."""
    return read(_DECODER, raw, error_body)
