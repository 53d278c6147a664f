"""Example values for JSON Schemas."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator.examples import example

NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
        "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
    },
    "required": ["name", "next"],
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "example"),
        (True, "example"),
        ({"type": "string"}, "example"),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "string", "minLength": 9}, "examplexx"),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "boolean"]}, True),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 7}, 7),
        ({"type": "integer", "default": 7}, 7),
        ({"examples": ["Oslo"]}, "Oslo"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "maxItems": 0}, []),
        ({"prefixItems": [{"type": "integer"}, {"type": "boolean"}]}, [1, True]),
        ({"properties": {"a": {"type": "integer"}}, "required": ["b"]}, {"a": 1, "b": "example"}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "integer"}}}, 1),
        ({"$ref": "https://elsewhere"}, "example"),
        (
            {
                "allOf": [
                    {"properties": {"a": {"type": "integer"}}},
                    {"properties": {"b": {"type": "null"}}},
                ]
            },
            {"a": 1, "b": None},
        ),
    ],
)
def test_a_schema_has_this_example(schema: Any, value: Any) -> None:
    assert example(schema) == value


def test_a_recursive_schema_has_an_end() -> None:
    node = example({"$ref": "#/$defs/Node", "$defs": {"Node": NODE}})
    depth = 0
    while node is not None:
        assert node["name"] == "example"
        node = node["next"]
        depth += 1
    assert 1 < depth < 10


def test_a_schema_that_needs_itself_without_end_is_given_up() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}
    assert example(schema)["a"]["a"]
