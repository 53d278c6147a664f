"""COHERE's tools: the parameters of a function as names of Python types, in place of JSON Schema.

What the name of a type cannot say (choices, bounds, the insides of an object) stands in the
parameter's description, as JSON Schema, and is found again there. Source of names and types: the
``oci`` SDK's ``CohereTool`` and ``CohereParameterDefinition``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ocicat.dialects import json_text
from ocicat.dialects.schemas import simplified
from ocicat.dialects.tools import Tool

__all__ = ["decode", "encode", "is_name"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPE = re.compile(r"\s*(?:typing\.)?(?P<outer>\w+)\s*(?:\[(?P<inner>.*)\])?\s*", re.DOTALL)
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_SCALAR_TYPES = {name: type for type, name in _SCALARS.items()}
_REST = re.compile(r"(?P<words>.*?)\s*JSON Schema: (?P<schema>\{.*\})", re.DOTALL)


def is_name(name: str) -> bool:
    """Whether a tool may have this name."""
    return _NAME.fullmatch(name) is not None


def encode(tool: Tool) -> dict[str, Any]:
    """The ``CohereTool`` of a tool. A description is required: without one it is the name."""
    schema = simplified(tool.parameters or {})
    description = tool.description or tool.name
    if schema.get("description"):
        description += "\n" + schema["description"]
    rest = {
        key: value
        for key, value in schema.items()
        if key not in ("type", "description", "properties", "required")
        # Only the parameters that are named can be given anyway.
        and (key, value) != ("additionalProperties", False)
    }
    wire: dict[str, Any] = {"name": tool.name, "description": _with_rest(description, rest)}
    if tool.parameters is not None:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        wire["parameterDefinitions"] = {
            name: _definition(properties.get(name, {}), name in required)
            for name in dict.fromkeys([*properties, *required])
        }
    return wire


def _definition(schema: Mapping[str, Any], required: bool) -> dict[str, Any]:
    type = _type_name(schema)
    rest = {key: value for key, value in schema.items() if key != "description"}
    if rest == _schema(type):
        rest = {}  # the type says it all
    definition: dict[str, Any] = {"type": type, "isRequired": required}
    description = _with_rest(schema.get("description", ""), rest)
    if description:
        definition["description"] = description
    return definition


def _type_name(schema: Mapping[str, Any]) -> str:
    """The name of the Python type for a simple schema."""
    match schema.get("type"):
        case "array":
            items = _type_name(schema.get("items") or {})
            return "List" if items == "Any" else f"List[{items}]"
        case "object":
            others = schema.get("additionalProperties")
            values = _type_name(others) if isinstance(others, Mapping) else "Any"
            return "Dict" if values == "Any" else f"Dict[str, {values}]"
        case type:
            return _SCALARS.get(str(type), "Any")


def _schema(type_name: str) -> dict[str, Any]:
    """The schema for the name of a Python type; of a name that is not known here, anything."""
    match = _TYPE.fullmatch(type_name)
    if not match:
        return {}
    outer, inner = match["outer"].lower(), match["inner"] or ""
    match outer:
        case "optional":
            return _schema(inner)
        case "list":
            items = _schema(inner)
            return {"type": "array", "items": items} if items else {"type": "array"}
        case "dict":
            values = _schema(inner.partition(",")[2])
            if not values:
                return {"type": "object"}
            return {"type": "object", "additionalProperties": values}
    return {"type": _SCALAR_TYPES[outer]} if outer in _SCALAR_TYPES else {}


def _with_rest(words: str, rest: Mapping[str, Any]) -> str:
    """A description with, at its end, what else there is to say, as JSON Schema."""
    if not rest:
        return words
    return f"{words} JSON Schema: {json_text.as_text(rest)}".strip()


def _without_rest(description: str) -> tuple[str, dict[str, Any]]:
    """The words of a description, and the JSON Schema at its end."""
    match = _REST.fullmatch(description)
    if match:
        schema = json_text.read(match["schema"])
        if schema is not None:  # else they are somebody's own words that look like it
            return match["words"], schema
    return description, {}


def decode(wire: Mapping[str, Any]) -> Tool:
    """The tool that a ``CohereTool`` says."""
    description, rest = _without_rest(wire["description"])
    definitions = wire.get("parameterDefinitions")
    if definitions is None:
        return Tool(wire["name"], description, None)
    parameters: dict[str, Any] = {"type": "object", "properties": {}}
    for name, definition in definitions.items():
        words, schema = _without_rest(definition.get("description") or "")
        schema = schema or _schema(definition["type"])
        parameters["properties"][name] = {**schema, "description": words} if words else schema
    required = [name for name, definition in definitions.items() if definition.get("isRequired")]
    if required:
        parameters["required"] = required
    return Tool(wire["name"], description, {**parameters, **rest})
