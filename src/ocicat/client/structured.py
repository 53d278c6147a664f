"""Answers as instances of a class: from a class to a schema, and from an answer to an instance.

Pydantic models bring both themselves. For dataclasses, ``TypedDict`` and ``msgspec.Struct`` it is
``msgspec`` that knows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ocicat.client.replies import ChatCompletion
from ocicat.errors import InvalidParameter, UnparsableAnswer

__all__ = ["finished", "response_format"]

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")


def response_format(kind: type) -> dict[str, Any]:
    """The ``response_format`` that asks for an instance of ``kind``.

    Raises :class:`~ocicat.errors.InvalidParameter` for a class that has no schema of an object.
    """
    schema = _strict(_schema(kind))
    name = _NOT_IN_A_NAME.sub("_", kind.__name__)[:64]
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": schema, "strict": True},
    }


def finished(reply: Mapping[str, Any], response_format: Any) -> ChatCompletion:
    """The neutral ``reply`` as callers get it.

    Where they gave a class as ``response_format``, ``message.parsed`` of every answer that ended as
    it should is an instance of it; of one that was cut off, filtered or that calls tools, ``None``.
    Raises :class:`~ocicat.errors.UnparsableAnswer`, with the reply, for text that does not fit.
    """
    completion = ChatCompletion(reply)
    if isinstance(response_format, type):
        _parse_answers(completion, response_format)
    return completion


def _parse_answers(reply: ChatCompletion, kind: type) -> None:
    for choice in reply.choices:
        choice.message["parsed"] = None
        if choice.finish_reason != "stop" or not choice.message.content:
            continue
        try:
            choice.message["parsed"] = _instance(kind, choice.message.content)
        except ValueError as problem:
            raise UnparsableAnswer(
                f"The answer of {reply.model} is not a {kind.__name__}: {_in_a_line(problem)}",
                reply=reply,
                hint="The whole reply is in `reply` of this error.",
                opc_request_id=reply.opc_request_id,
            ) from problem


def _schema(kind: Any) -> dict[str, Any]:
    if hasattr(kind, "model_json_schema"):
        schema: dict[str, Any] = kind.model_json_schema()
    else:
        import msgspec

        try:
            schema = msgspec.json.schema(kind)
        except TypeError as problem:
            raise InvalidParameter(
                f"`response_format` is {kind.__name__}, which has no schema: {_in_a_line(problem)}",
                parameter="response_format",
                hint="Give a Pydantic model, a dataclass, a TypedDict or a msgspec.Struct.",
            ) from None
    # msgspec puts even the outermost class among the definitions, and Pydantic one that contains
    # itself.
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name:
        schema = {**schema["$defs"][name], "$defs": schema["$defs"]}
    if schema.get("type") != "object":
        raise InvalidParameter(
            f"`response_format` is {kind.__name__}, whose schema is not that of an object.",
            parameter="response_format",
            hint="Make it the field of a class.",
        )
    return schema


def _strict(schema: Any) -> Any:
    """The schema with all fields required and no others, as strict answers need it."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: (
            {name: _strict(part) for name, part in value.items()}
            if key in ("properties", "$defs") and isinstance(value, dict)
            else value
            if key in ("enum", "const", "default", "examples")
            else _strict(value)
        )
        for key, value in schema.items()
    }
    if made.get("type") == "object" and "properties" in made:
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made


def _instance(kind: Any, text: str) -> Any:
    import msgspec

    schema = _schema(kind)
    value = _completed(msgspec.json.decode(text), schema, schema.get("$defs") or {})
    if hasattr(kind, "model_validate"):
        return kind.model_validate_json(msgspec.json.encode(value))
    return msgspec.json.decode(msgspec.json.encode(value), type=kind)


def _completed(value: Any, schema: Any, definitions: dict[str, Any]) -> Any:
    """The value with a null for each field that may be null and was left out.

    Models that cannot be told "or null" are told that they may leave such fields out.
    """
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    if isinstance(value, list):
        return [_completed(item, schema.get("items"), definitions) for item in value]
    if not isinstance(value, dict):
        return value
    for option in schema.get("anyOf") or ():
        value = _completed(value, option, definitions)
    for name, part in (schema.get("properties") or {}).items():
        if name in value:
            value[name] = _completed(value[name], part, definitions)
        elif "default" not in part and {"type": "null"} in (part.get("anyOf") or ()):
            value[name] = None
    return value


def _in_a_line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:300]
