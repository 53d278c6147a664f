"""COHERE's tools, as other clients write them."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects.oci_cohere import tools
from ocicat.dialects.tools import Tool


@pytest.mark.parametrize(
    ("type", "schema"),
    [
        ("str", {"type": "string"}),
        ("list", {"type": "array"}),
        ("list[str]", {"type": "array", "items": {"type": "string"}}),
        ("typing.List[ int ]", {"type": "array", "items": {"type": "integer"}}),
        ("List[Any]", {"type": "array"}),
        ("Optional[float]", {"type": "number"}),
        ("dict", {"type": "object"}),
        ("Dict[str, Any]", {"type": "object"}),
        (
            "Dict[str, List[bool]]",
            {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "boolean"}},
            },
        ),
        ("datetime.date", {}),
        ("List[", {}),
        ("", {}),
    ],
)
def test_the_name_of_a_python_type_is_read_as_a_schema(type: str, schema: dict[str, Any]) -> None:
    tool = tools.decode(
        {"name": "f", "description": "does f", "parameterDefinitions": {"a": {"type": type}}}
    )
    assert tool.parameters == {"type": "object", "properties": {"a": schema}}


@pytest.mark.parametrize("words", ["JSON Schema: {broken}", "see JSON Schema: [1]", "JSON Schema:"])
def test_words_that_only_look_like_a_schema_are_words(words: str) -> None:
    definition = {"type": "int", "description": words, "isRequired": True}
    tool = tools.decode(
        {"name": "f", "description": words, "parameterDefinitions": {"a": definition}}
    )
    assert tool.description == words
    assert tool.parameters == {
        "type": "object",
        "properties": {"a": {"type": "integer", "description": words}},
        "required": ["a"],
    }


def test_what_is_said_of_all_parameters_together_is_said_of_the_tool() -> None:
    schema = {
        "description": "Give a or b.",
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "minProperties": 1,
    }
    wire = tools.encode(Tool("f", "does f", schema))
    assert wire["description"] == 'does f\nGive a or b. JSON Schema: {"minProperties":1}'
    read = tools.decode(wire)
    assert read.description == "does f\nGive a or b."
    assert read.parameters == {key: value for key, value in schema.items() if key != "description"}


@pytest.mark.parametrize("name", ["f", "_f", "getWeather2", "GET"])
def test_names_that_cohere_takes(name: str) -> None:
    assert tools.is_name(name)


@pytest.mark.parametrize("name", ["", "2f", "get-weather", "a.b", "a b", "wörter", "f\n"])
def test_names_that_cohere_does_not_take(name: str) -> None:
    assert not tools.is_name(name)
