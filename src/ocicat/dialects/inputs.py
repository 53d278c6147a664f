"""Lists of texts and images, which embeddings and guardrails take."""

from __future__ import annotations

from typing import Any

from ocicat.dialects import content
from ocicat.dialects.content import Media, Part
from ocicat.errors import InvalidParameter, UnsupportedFeature

__all__ = ["read"]


def read(value: Any, where: str) -> list[Part]:
    """The texts and images in ``value``, which is one of them or a list of them.

    A text that begins with ``data:image/`` is an image. Raises
    :class:`~ocicat.errors.InvalidParameter` where there is nothing or nothing readable, and
    :class:`~ocicat.errors.UnsupportedFeature` for tokens, and for parts of other kinds.
    """
    items = [value] if isinstance(value, (str, dict)) else value
    if not isinstance(items, (list, tuple)) or not items:
        raise InvalidParameter(
            f"`{where}` must be a text or a list of texts and images, and not empty.",
            parameter=where,
        )
    parts = content.read([_spelt_out(item, f"{where}[{n}]") for n, item in enumerate(items)], where)
    for number, part in enumerate(parts):
        if isinstance(part, Media) and (part.kind != "image" or part.file_id):
            raise UnsupportedFeature(
                f"`{where}[{number}]` is neither a text nor an image that OCI can see.",
                parameter=f"{where}[{number}]",
                hint='Give an image as "data:image/png;base64,…".',
            )
    return list(parts)


def _spelt_out(item: Any, where: str) -> Any:
    """``item``, an image as a part. Raises for what is no single text, image or part."""
    if isinstance(item, str) and item.startswith("data:image/"):
        return {"type": "image_url", "image_url": {"url": item}}
    if isinstance(item, int) or (isinstance(item, (list, tuple)) and _is_tokens(item)):
        raise UnsupportedFeature(
            f"`{where}` is made of tokens, which OCI does not take.",
            parameter=where,
            hint="Give the text. LangChain gives it with check_embedding_ctx_length=False.",
        )
    if isinstance(item, (list, tuple)):
        raise UnsupportedFeature(
            f"`{where}` is a list, and OCI takes each text and each image for itself.",
            parameter=where,
            hint="Make its texts and images items of their own.",
        )
    return item


def _is_tokens(item: list[Any] | tuple[Any, ...]) -> bool:
    return bool(item) and all(isinstance(token, int) for token in item)
