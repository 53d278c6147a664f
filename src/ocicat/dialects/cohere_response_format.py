"""The form that an answer must have, as both of Cohere's formats say it.

A JSON Schema goes with ``JSON_OBJECT``. Source: the ``oci`` SDK's ``CohereResponseFormat``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects.dialect import Notes
from ocicat.dialects.schemas import for_answers
from ocicat.errors import InvalidParameter

__all__ = ["decode", "encode"]


def encode(given: Any, notes: Notes) -> dict[str, Any]:
    """The wire's ``responseFormat`` of a ``response_format``.

    Raises :class:`~ocicat.errors.InvalidParameter` for what is none.
    """
    match given:
        case {"type": "text"}:
            return {"type": "TEXT"}
        case {"type": "json_object"}:
            return {"type": "JSON_OBJECT"}
        case {"type": "json_schema", "json_schema": {"schema": Mapping() as schema} as named}:
            if named.get("strict"):
                notes.add("response_format", "Left out: `strict`, for which there is no field.")
            schema = for_answers(schema)
            if named.get("description"):
                schema = {"description": named["description"], **schema}
            return {"type": "JSON_OBJECT", "schema": schema}
    raise InvalidParameter(
        f"`response_format` is {str(given)[:60]!r}.",
        parameter="response_format",
        hint='Give {"type": "json_schema", "json_schema": {"name": …, "schema": …}}, '
        '{"type": "json_object"} or {"type": "text"}.',
    )


def decode(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The neutral ``response_format``. Schemas have no names here, so it is called ``answer``."""
    if wire["type"] == "TEXT":
        return {"type": "text"}
    if wire.get("schema") is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wire["schema"]}}
