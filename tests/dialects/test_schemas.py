"""Schemas keep their meaning in the plain form: in keywords where there are some, else in words."""

from __future__ import annotations

import copy
import enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from ocicat.dialects.schemas import for_answers, simplified

FORBIDDEN = {
    *("$ref", "$defs", "definitions", "title", "anyOf", "oneOf", "allOf", "const", "nullable"),
    *("prefixItems", "exclusiveMinimum", "exclusiveMaximum", "not", "if", "patternProperties"),
}


def keywords(schema: Any) -> set[str]:
    """Every keyword of a schema and of those in it; names of properties are none."""
    if not isinstance(schema, dict):
        return set()
    found = set(schema)
    for inner in schema.get("properties", {}).values():
        found |= keywords(inner)
    return found | keywords(schema.get("items")) | keywords(schema.get("additionalProperties"))


class Colour(enum.Enum):
    """Colours."""

    red = "red"
    blue = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(gt=0, lt=10)


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]
    name: str


class Node(BaseModel):
    value: int
    children: list[Node] = []


def schema_of(annotation: Any, **field: Any) -> dict[str, Any]:
    """What becomes of one property of a pydantic model, called as few would call it."""

    info = Field(**field)

    class Model(BaseModel):
        Title: annotation = info

    whole = simplified(Model.model_json_schema())
    assert not keywords(whole) & FORBIDDEN
    inner = whole["properties"]["Title"]
    assert isinstance(inner, dict)
    return inner


CAT = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["cat"]},
        "lives": {
            "type": "integer",
            "description": "Must be greater than 0. Must be less than 10.",
        },
    },
    "required": ["kind", "lives"],
}
DOG = {
    "type": "object",
    "properties": {"kind": {"type": "string", "enum": ["dog"]}, "name": {"type": "string"}},
    "required": ["kind", "name"],
    "description": "A dog.",
}


@pytest.mark.parametrize(
    ("annotation", "field", "expected"),
    [
        (int | None, {"default": None}, {"type": "integer", "description": "May be null."}),
        (
            str | None,
            {"description": "who"},
            {"type": "string", "description": "who. May be null."},
        ),
        (
            int | None,
            {"default": 5},
            {"type": "integer", "default": 5, "description": "May be null."},
        ),
        (Literal["a", "b"], {}, {"type": "string", "enum": ["a", "b"]}),
        (Literal["a"], {}, {"type": "string", "enum": ["a"]}),
        (Colour, {}, {"type": "string", "enum": ["red", "blue"], "description": "Colours."}),
        (
            Literal["a"] | Colour | None,
            {},
            {
                "type": "string",
                "enum": ["a", "red", "blue"],
                "description": 'either "red" or "blue": Colours. May be null.',
            },
        ),
        (Cat, {}, CAT),
        (Dog | None, {"description": "pet"}, {**DOG, "description": "pet. A dog. May be null."}),
        (list[Cat], {}, {"type": "array", "items": CAT}),
        (
            set[str],
            {},
            {
                "type": "array",
                "items": {"type": "string"},
                "description": "No item may come twice.",
            },
        ),
        (dict[str, int], {}, {"type": "object", "additionalProperties": {"type": "integer"}}),
        (dict[str, Cat], {}, {"type": "object", "additionalProperties": CAT}),
        (int | float, {}, {"type": "number", "description": "Either an integer or a number."}),
        (int | str, {}, {"description": "Either an integer or a string."}),
        (
            str | list[Dog],
            {},
            {
                "description": 'Either a string or a list of items, each an object with "kind"'
                ' ("dog"), "name" (a string).'
            },
        ),
        (
            list[int] | list[str],
            {},
            {
                "type": "array",
                "items": {"description": "Either an integer or a string."},
                "description": "Either a list of items, each an integer or a list of items,"
                " each a string.",
            },
        ),
        (
            tuple[int, str],
            {},
            {
                "type": "array",
                "items": {"description": "Either an integer or a string."},
                "minItems": 2,
                "maxItems": 2,
                "description": "The items are, in order: an integer; a string.",
            },
        ),
        (
            Cat | Dog,
            {"discriminator": "kind"},
            {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": ["cat", "dog"]},
                    "lives": CAT["properties"]["lives"],  # type: ignore[index]
                    "name": {"type": "string"},
                },
                "required": ["kind"],
                "description": 'Either an object with "kind" ("cat"), "lives" (an integer) or an'
                ' object with "kind" ("dog"), "name" (a string).',
            },
        ),
        (
            float,
            {"multiple_of": 0.5, "ge": 1},
            {"type": "number", "minimum": 1, "description": "Must be a multiple of 0.5."},
        ),
        (
            str,
            {"min_length": 2, "pattern": "^a", "examples": ["ab"]},
            {"type": "string", "minLength": 2, "pattern": "^a", "description": 'Examples: "ab".'},
        ),
        (Any, {}, {}),
    ],
)
def test_what_pydantic_writes_survives(
    annotation: Any, field: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert schema_of(annotation, **field) == expected


def test_a_model_that_contains_itself_is_cut_where_it_begins_again() -> None:
    assert simplified(Node.model_json_schema()) == {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {
                "type": "array",
                "items": {
                    "type": "object",
                    "description": "Of the same form as the Node that it is in.",
                },
                "default": [],
            },
        },
        "required": ["value"],
    }


def test_a_schema_that_refers_to_its_root_is_cut_too() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    inner = simplified(schema)["properties"]["next"]
    assert inner == {
        "type": "object",
        "description": "Of the same form as the whole that it is in.",
    }


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#/$defs/a", {"type": "string"}),
        ("#/definitions/b~1c", {"type": "integer"}),
        ("#/definitions/d%20e", {"type": "boolean"}),
        ("#/$defs/list/anyOf/1", {"type": "number"}),
        ("#/$defs/list/anyOf/2", {"description": "Of the form 2."}),
        ("#/$defs/nowhere", {"description": "Of the form nowhere."}),
        ("https://example.com/x.json", {"description": "Of the form x.json."}),
        ("https://example.com/f.json", {"type": "integer"}),
        ("#named", {"type": "string"}),
        ("#unnamed", {"description": "Of the form unnamed."}),
        ("#/$defs/a/title/0", {"description": "Of the form 0."}),
        ("#/$defs/list/anyOf/-1", {"description": "Of the form -1."}),
        ("#/$defs/list/anyOf/²", {"description": "Of the form ²."}),
    ],
)
def test_references_are_followed_wherever_they_lead(reference: str, found: dict[str, Any]) -> None:
    schema = {
        "type": "object",
        "$defs": {
            "a": {"type": "string", "title": "A"},
            "list": {"anyOf": [{"type": "string"}, {"type": "number"}]},
            "f": {"$id": "https://example.com/f.json", "type": "integer"},
            "n": {"$anchor": "named", "type": "string"},
        },
        "definitions": {"b/c": {"type": "integer"}, "d e": {"type": "boolean"}},
        "properties": {"x": {"$ref": reference}},
    }
    assert simplified(schema) == {"type": "object", "properties": {"x": found}}


def test_a_schema_that_was_put_into_another_keeps_its_own_definitions() -> None:
    schema = {
        "type": "object",
        "properties": {"node": Node.model_json_schema(), "dog": {"$ref": "#/$defs/Dog"}},
        "$defs": {"Dog": Dog.model_json_schema()},
    }
    read = simplified(schema)["properties"]
    assert read["node"] == simplified(Node.model_json_schema())
    assert read["dog"] == DOG


def test_references_that_only_lead_to_each_other_come_to_an_end() -> None:
    schema = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
    }
    assert simplified(schema) == {"description": "Of the same form as the a that it is in."}


def test_a_dynamic_reference_leads_to_its_anchor() -> None:
    schema = {
        "$dynamicAnchor": "tree",
        "type": "object",
        "properties": {"left": {"$dynamicRef": "#tree"}},
    }
    assert simplified(schema)["properties"]["left"] == {
        "type": "object",
        "description": "Of the same form as the tree that it is in.",
    }


def test_what_is_referred_to_too_often_is_named() -> None:
    names = [f"n{number}" for number in range(1200)]
    schema = {
        "properties": {name: {"$ref": "#/$defs/word"} for name in names},
        "$defs": {"word": {"type": ["string", "null"], "maxLength": 9}},
    }
    read = simplified(schema)["properties"]
    assert read["n0"] == {"type": "string", "maxLength": 9, "description": "May be null."}
    assert read["n1199"] == {"type": "string", "description": "Of the form word."}


def test_a_very_deep_schema_is_cut() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(300):
        schema = {"type": "array", "items": schema}
    read = simplified(schema)
    assert 40 < str(read).count("items") < 60
    assert "Too deep in others to be told." in str(read)


def test_a_small_schema_cannot_refer_its_way_to_an_enormous_one() -> None:
    both = {"type": "object"}
    levels: dict[str, Any] = {
        f"l{n}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/l{n + 1}"} for side in ("left", "right")},
        }
        for n in range(40)
    }
    levels["l40"] = both
    schema = {"$ref": "#/$defs/l0", "$defs": levels}
    assert len(str(simplified(schema))) < 300_000


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "description": "May be null."}),
        ({"type": "null"}, {"description": "Always null."}),
        ({"anyOf": [{"type": "null"}]}, {"description": "Always null."}),
        ({"const": None}, {"description": "Always null."}),
        ({"enum": ["a", None]}, {"type": "string", "enum": ["a"], "description": "May be null."}),
        ({"type": "string", "nullable": True}, {"type": "string", "description": "May be null."}),
        ({"nullable": True}, {"description": "May be null."}),
        ({"const": 5}, {"type": "integer", "enum": [5]}),
        ({"enum": [1, "a"]}, {"enum": [1, "a"]}),
        ({"properties": {"a": True}}, {"type": "object", "properties": {"a": {}}}),
        ({"items": {"title": "x"}}, {"type": "array", "items": {}}),
        ({"type": "object", "additionalProperties": True}, {"type": "object"}),
        ({"type": "object", "additionalProperties": {"title": "x"}}, {"type": "object"}),
        (
            {"type": "object", "additionalProperties": False},
            {"type": "object", "additionalProperties": False},
        ),
        (
            {"type": ["array", "string"], "items": {"type": "integer"}, "minLength": 2},
            {
                "description": "Either a list of items, each an integer or a string (at least 2"
                " characters)."
            },
        ),
        (
            {"type": "number", "minimum": 1, "exclusiveMinimum": True},
            {"type": "number", "description": "Must be greater than 1."},
        ),
        (
            {"type": "number", "minimum": 1, "exclusiveMinimum": False},
            {"type": "number", "minimum": 1},
        ),
        (
            {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}},
            {
                "type": "array",
                "items": {"description": "Either a string or an integer."},
                "description": "The items are, in order: a string. Any further item is an integer.",
            },
        ),
        (
            {"prefixItems": [{"type": "string"}], "items": False},
            {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": 1,
                "description": "The items are, in order: a string.",
            },
        ),
        (
            {"type": "string", "not": {"const": "x"}, "x-internal": 1, "$comment": "c"},
            {"type": "string", "description": 'Must not be "x".'},
        ),
        (
            {"type": "object", "patternProperties": {"^n_": {"type": "number"}}},
            {"type": "object", "description": "A key that matches ^n_ holds a number."},
        ),
        (
            {"type": "object", "propertyNames": {"type": "string", "maxLength": 3}},
            {
                "type": "object",
                "description": "Every key must be a string (at most 3 characters).",
            },
        ),
        (
            {"type": "object", "dependentRequired": {"a": ["b", "c"]}},
            {"type": "object", "description": 'With "a" comes "b" and "c".'},
        ),
        (
            {"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}},
            {"type": "object", "description": 'With "a" it must be something with "b".'},
        ),
        (
            {"type": "array", "contains": {"const": 1}},
            {"type": "array", "description": "One of the items must be 1."},
        ),
        (
            {
                "if": {"properties": {"a": {"const": 1}}},
                "then": {"required": ["b"]},
                "else": {"required": ["c"]},
            },
            {
                "description": 'It may be an object with "a" (1, optional). If so, it must be'
                ' something with "b". If not, it must be something with "c".'
            },
        ),
        ({"type": "number", "unit": "cm"}, {"type": "number", "description": 'unit: "cm".'}),
        (
            {"oneOf": [{"const": 1, "description": "one"}, {"const": 2, "description": "two"}]},
            {"type": "integer", "enum": [1, 2], "description": "1: one. 2: two"},
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
            },
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "description": 'Either something with "a" or something with "b".',
            },
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]},
                    {
                        "properties": {
                            "a": {"type": "integer", "minimum": 1},
                            "b": {"type": "array", "items": {}},
                        },
                        "required": ["b", "a"],
                    },
                    {"properties": {"b": {"items": {"type": "string"}}}},
                ],
                "description": "both",
            },
            {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "minimum": 1},
                    "b": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["a", "b"],
                "description": "both",
            },
        ),
        (
            {
                "allOf": [
                    {"type": "string", "minLength": 1, "maxLength": 9, "enum": ["a", "b"]},
                    {"minLength": 2, "maxLength": 8, "enum": ["b", "c"], "pattern": "b"},
                    {"pattern": "c", "default": None},
                ]
            },
            {
                "type": "string",
                "enum": ["b"],
                "minLength": 2,
                "maxLength": 8,
                "pattern": "b",
                "description": 'Also, pattern: "c".',
            },
        ),
        ({"type": "STRING", "nullable": True}, {"type": "string", "description": "May be null."}),
        (
            {"type": ["string", "null", 5, "file"]},
            {"type": "string", "description": "May be null."},
        ),
        ({"type": "file"}, {}),
        ({"anyOf": [False, {"type": "string"}]}, {"type": "string"}),
        ({"anyOf": [False]}, {"description": "Must not be given."}),
        (
            {
                "anyOf": [{"$ref": "#/$defs/none"}, {"type": "string"}],
                "$defs": {"none": {"const": None}},
            },
            {"type": "string", "description": "May be null."},
        ),
        (
            {"anyOf": [{"type": ["integer", "null"]}, {"type": "string"}]},
            {"description": "Either an integer or a string. May be null."},
        ),
        (
            {
                "type": "array",
                "items": {"type": ["integer", "null"]},
                "not": {"items": {"type": "null"}},
            },
            {
                "type": "array",
                "items": {"type": "integer", "description": "May be null."},
                "description": "Must not be a list of items, each null.",
            },
        ),
        (
            {"if": {"required": ["a"]}, "then": False},
            {
                "description": 'It may be something with "a". If so, it must be nothing at all.',
            },
        ),
        (
            {"type": "object", "dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
            {
                "type": "object",
                "description": 'With "a" comes "b". With "c" it must be something with "d".',
            },
        ),
        (
            {"type": "number", "minimum": "a", "maximum": None, "minLength": True, "pattern": 5},
            {"type": "number"},
        ),
        ({"minimum": "a", "allOf": [{"minimum": 3}]}, {"minimum": 3}),
        (
            {"required": [{"a": 1}, "b", None], "allOf": [{"required": ["c"]}]},
            {"required": ["b", "c"]},
        ),
        (
            {
                "description": "Her name",
                "allOf": [{"description": "name"}, {"description": "Her name."}],
            },
            {"description": "Her name. name"},
        ),
        (
            {"properties": {"a": False}},
            {"type": "object", "properties": {"a": {"description": "Must not be given."}}},
        ),
    ],
)
def test_rarer_keywords_keep_their_meaning(
    schema: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert simplified(schema) == expected


def test_properties_called_like_keywords_are_properties() -> None:
    names = ("title", "$ref", "const", "anyOf", "$defs", "type", "camelCase", "snake_case", "x-y")
    schema = {
        "type": "object",
        "title": "T",
        "properties": {name: {"type": "string", "title": name} for name in names},
        "required": list(names),
    }
    assert simplified(schema) == {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


def test_values_are_not_taken_for_schemas() -> None:
    value = {"$ref": "#/nowhere", "title": "kept"}
    schema = {"enum": [value], "default": value}
    assert simplified(schema) == {"type": "object", "enum": [value], "default": value}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": 5, "required": "a", "items": 5, "enum": "x", "anyOf": {}},
        {"type": {"type": "string"}, "patternProperties": [], "dependentRequired": 1},
        {"$ref": 5, "allOf": None, "type": [["string"]]},
    ],
)
def test_nonsense_is_not_fatal(schema: dict[str, Any]) -> None:
    assert not keywords(simplified(schema)) & FORBIDDEN


NAMES = st.sampled_from(["a", "title", "$ref", "const", "B"])
VALUES = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["x", "y"])


def any_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", ["integer", "null"], "null"])
            | st.lists(st.sampled_from(["string", "array", "object", "null"]), unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "required": st.lists(NAMES, unique=True, max_size=2),
            "items": inner | several,
            "prefixItems": several,
            "additionalProperties": inner,
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": inner,
            "$ref": st.sampled_from(["#", "#/$defs/d", "#/properties/a", "#/none"]),
            "$defs": st.fixed_dictionaries({"d": inner}),
            "const": VALUES,
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "default": VALUES,
            "title": st.just("T"),
            "description": st.sampled_from(["d", "May be null.", " ", "It is so."]),
            "minimum": st.integers(0, 5),
            "exclusiveMinimum": st.booleans() | st.integers(0, 5),
            "minLength": st.integers(0, 5),
            "uniqueItems": st.booleans(),
            "nullable": st.booleans(),
        },
    )


SCHEMAS = st.recursive(st.booleans() | any_of(st.just({})), any_of, max_leaves=8).filter(
    lambda schema: isinstance(schema, dict)
)


@given(SCHEMAS)
def test_what_is_simple_stays_as_it_is_and_what_is_given_too(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    once = simplified(schema)
    assert schema == before
    assert not keywords(once) & FORBIDDEN
    assert simplified(once) == once


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "type",
                        "properties",
                        "required",
                        "items",
                        "prefixItems",
                        "enum",
                        "const",
                        "not",
                    ),
                    *(
                        "anyOf",
                        "oneOf",
                        "allOf",
                        "additionalProperties",
                        "minimum",
                        "pattern",
                        "if",
                    ),
                    *(
                        "then",
                        "default",
                        "description",
                        "$defs",
                        "$id",
                        "$anchor",
                        "examples",
                        "id",
                    ),
                    *("exclusiveMinimum", "dependencies", "patternProperties", "nullable", "é"),
                ]
            )
            | st.just("$ref"),
            inner | st.sampled_from(["#", "#/$defs/a", "#/anyOf/0", "object", "array", "null"]),
            max_size=4,
        )
    ),
    max_leaves=20,
).filter(lambda value: isinstance(value, dict))


@given(JSON)
def test_whatever_is_given_comes_out_plain(value: Any) -> None:
    for read in (simplified(value), for_answers(value)):
        assert keywords(read) <= PLAIN
        assert all(isinstance(name, str) for name in read.get("required", []))
        assert read.get("type", "object") in ("object", "array", *PRIMITIVES)


PLAIN = {
    *("type", "properties", "required", "items", "enum", "additionalProperties", "default"),
    *("description", "minimum", "maximum", "minLength", "maxLength", "pattern", "format"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
}
PRIMITIVES: dict[str, list[Any]] = {
    "string": ["", "x"],
    "integer": [0, 7],
    "number": [0.5, 7],
    "boolean": [True, False],
}
KINDS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
}


def valid(value: Any, schema: Any) -> bool:
    """Whether a value follows a plain schema, in which null may be left out."""
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return (
            isinstance(value, dict)
            and all(name in value for name in schema.get("required", []))
            and (schema.get("additionalProperties") is not False or set(value) <= set(properties))
            and all(valid(value[name], properties[name]) for name in value if name in properties)
        )
    if kind and (not isinstance(value, KINDS[kind]) or (kind != "boolean" and value is True)):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if kind == "array" and "items" in schema:
        return all(valid(item, schema["items"]) for item in value)
    return True


def closed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of no other properties than theirs."""
    return st.dictionaries(NAMES, inner, max_size=3).flatmap(
        lambda properties: st.lists(st.sampled_from(sorted(properties) or ["a"]), unique=True).map(
            lambda required: {
                "type": "object",
                "properties": properties,
                "required": [name for name in required if name in properties],
                "additionalProperties": False,
            }
        )
    )


NULL = {"type": "null"}
AGAIN = {"$ref": "#"}
SAYABLE = st.recursive(
    st.sampled_from([{"type": kind} for kind in PRIMITIVES])
    | st.sampled_from([{"const": "x"}, {"enum": [1, 2]}, {"$ref": "#/$defs/word"}])
    | st.just({"anyOf": [AGAIN, NULL]}),
    lambda inner: (
        closed(inner)
        | inner.map(lambda items: {"type": "array", "items": items})
        | inner.map(lambda one: {"anyOf": [one, NULL]})
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"anyOf": parts})
    ),
    max_leaves=8,
)


def an_instance(schema: Any, root: Any, draw: Any, depth: int = 0) -> Any:
    """A value that follows a schema of ``SAYABLE``, without nulls in lists: none can be said."""
    if "$ref" in schema:
        target = root if schema == AGAIN else root["$defs"]["word"]
        return an_instance(target, root, draw, depth + 1)
    if "anyOf" in schema:
        parts = [part for part in schema["anyOf"] if part != AGAIN or depth < 2]
        return an_instance(draw(st.sampled_from(parts)), root, draw, depth)
    if "const" in schema or "enum" in schema:
        return draw(st.sampled_from(schema.get("enum", [schema.get("const")])))
    kind = schema["type"]
    if kind == "array":
        items = [an_instance(schema["items"], root, draw, depth) for _ in range(draw(COUNTS))]
        return [item for item in items if item is not None]
    if kind == "object":
        return {
            name: an_instance(part, root, draw, depth)
            for name, part in schema["properties"].items()
            if name in schema["required"] or draw(st.booleans())
        }
    return None if kind == "null" else draw(st.sampled_from(PRIMITIVES[kind]))


COUNTS = st.integers(0, 2)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(closed(SAYABLE), st.data())
def test_what_a_schema_allows_its_plain_form_allows_too(schema: Any, data: st.DataObject) -> None:
    schema = {**schema, "$defs": {"word": {"anyOf": [{"type": "string"}, NULL]}}}
    said = an_instance(schema, schema, data.draw)
    assert valid(without_nulls(said), for_answers(schema))


def test_an_object_beside_one_that_says_no_properties_does_not_bind_it() -> None:
    point = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    plain = simplified({"anyOf": [point, {"type": "object"}]})
    assert plain["type"] == "object"
    assert "properties" not in plain
    assert '"x"' in plain["description"]


def test_who_changes_what_came_of_a_schema_changes_it_for_nobody_else() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "title": "A"}}}
    first = simplified(schema)
    first["properties"]["a"]["type"] = "integer"
    assert simplified(schema)["properties"]["a"] == {"type": "string"}
