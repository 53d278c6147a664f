"""JSON Schemas, in the plain form that every model understands.

Many backends refuse references, unions, titles and bounds that exclude. What they cannot be told
in keywords is told in the description, in words (``schema_words.py``), which models read too.

Source of the keywords: JSON Schema 2020-12, drafts 4 to 7 where they differ, and OpenAPI's
``nullable``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

from ocicat.dialects.schema_merging import both, one_of, typed
from ocicat.dialects.schema_words import RULES, Schema, as_json, describe, noun

__all__ = ["for_answers", "properties", "simplified"]

#: Schemas in schemas that are read at most.
_DEEPEST = 50
#: References that are written out at most; a small schema can refer its way to an enormous one.
_MOST_REFERENCES = 1000


def simplified(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without references, unions, titles and rarer keywords, and with their meaning.

    What is left has at most one ``type`` in each place, and ``properties``, ``required``,
    ``items``, ``enum``, ``additionalProperties``, ``default``, ``description`` and plain bounds.
    Everything else is said in the description. A union of objects becomes one object with the
    properties of all; a schema that contains itself is cut where it begins again. Names of
    properties stay as they are, and so does ``schema`` itself.
    """
    return _plain(schema, nulls_are_left_out=False)


def for_answers(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The simplified schema of an answer, in which what may be null may be left out instead.

    A model that is held to a plain schema cannot write null, and would have to make something up.
    """
    return _plain(schema, nulls_are_left_out=True)


def properties(schema: Mapping[str, Any]) -> dict[str, Schema]:
    """The properties of an object, in plain form, with ``nullable`` where they may be null."""
    read: dict[str, Schema] = _Reader(schema).read(schema, _Path()).get("properties", {})
    return read


def _plain(schema: Mapping[str, Any], *, nulls_are_left_out: bool) -> Schema:
    # The same tools come with each request of a conversation, and to read them costs as much as
    # all the rest of it.
    text = msgspec.json.encode(schema, enc_hook=_as_json_value)
    made: Schema = msgspec.json.decode(_plain_text(text, nulls_are_left_out))
    return made


def _as_json_value(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


@lru_cache(maxsize=512)
def _plain_text(text: bytes, nulls_are_left_out: bool) -> bytes:
    schema = msgspec.json.decode(text)
    read = _Reader(schema).read(schema, _Path())
    return msgspec.json.encode(_without_nulls(read, nulls_are_left_out))


def _without_nulls(schema: Any, left_out: bool) -> Any:
    """The schema with words for null."""
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "null":
        always: Schema = {}
        describe(always, schema.get("description"), "Always null.")
        return always
    made = dict(schema)
    for key in ("items", "additionalProperties"):
        if key in made:
            made[key] = _without_nulls(made[key], left_out)
    parts = made.get("properties", {})
    if parts:
        made["properties"] = {name: _without_nulls(part, left_out) for name, part in parts.items()}
    if left_out and "required" in made:
        made["required"] = [
            name for name in made["required"] if not parts.get(name, {}).get("nullable")
        ]
    if made.pop("nullable", False):
        describe(made, "May be null.")
    return made


def _is_bound(value: Any) -> bool:
    return isinstance(value, (int, float)) and type(value) is not bool and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


#: The keywords that stay as they are, and what makes sense as their value.
_KEPT: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("minimum", "maximum", "minLength", "maxLength"), _is_bound),
    **dict.fromkeys(("minItems", "maxItems", "minProperties", "maxProperties"), _is_bound),
    **dict.fromkeys(("pattern", "format"), _is_text),
}
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_DEFINITIONS = ("$defs", "definitions")
_ANCHORS = ("$anchor", "$dynamicAnchor")
# Said by the structure that is built, or nothing that a model needs to know.
_SILENT = frozenset(
    {
        *("type", "nullable", "const", "enum", "default", "description", "properties", "required"),
        *("items", "prefixItems", "additionalItems", "additionalProperties"),
        *("unevaluatedProperties", "unevaluatedItems", "allOf", "anyOf", "oneOf"),
        *("title", "$schema", "$id", "id", "$vocabulary", "$comment", "$recursiveAnchor"),
        *("discriminator", "readOnly", "writeOnly", "deprecated", "then", "else"),
        *("exclusiveMinimum", "exclusiveMaximum"),
        *_REFERENCES,
        *_DEFINITIONS,
        *_ANCHORS,
        *_KEPT,
    }
)
_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_TYPE: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "boolean": (),
    "null": (),
    "array": (
        *("items", "prefixItems", "additionalItems", "minItems", "maxItems"),
        *("uniqueItems", "contains"),
    ),
    "object": (
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        *("patternProperties", "propertyNames"),
    ),
}


@dataclass(frozen=True, slots=True)
class _Path:
    """The way to a place in a schema: what was referred to on it, and what has definitions."""

    depth: int = 0
    followed: tuple[int, ...] = ()
    scopes: tuple[Mapping[str, Any], ...] = ()

    def into(self, schema: Mapping[str, Any]) -> _Path:
        defines = any(key in schema for key in _DEFINITIONS)
        scopes = (schema, *self.scopes) if defines else self.scopes
        return _Path(self.depth + 1, self.followed, scopes)

    def following(self, target: Mapping[str, Any]) -> _Path:
        return _Path(self.depth, (*self.followed, id(target)), self.scopes)


class _Reader:
    """Reads a schema into the plain form, except that nulls stay as types and ``nullable``."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._references = 0

    def read(self, schema: Any, path: _Path) -> Schema:
        """The plain form of a schema in this place."""
        if schema is False:
            return {"description": "Must not be given."}
        if not isinstance(schema, Mapping):
            return {}
        if path.depth > _DEEPEST:
            return {"description": "Too deep in others to be told."}
        path = path.into(schema)
        schema, kinds = _apart(schema)
        read = self._itself(schema, path)
        if kinds:
            read = both(read, self._union(kinds, path))
        for keyword in _REFERENCES:
            if isinstance(schema.get(keyword), str):
                read = both(read, self._referred(schema[keyword], path))
        for part in _list(schema.get("allOf")):
            read = both(read, self.read(part, path))
        for keyword in ("anyOf", "oneOf"):
            parts = _list(schema.get(keyword))
            if parts:
                read = both(read, self._union(parts, path))
        if read.get("default", ...) is None:
            del read["default"]
        return typed(read)

    def _itself(self, schema: Mapping[str, Any], path: _Path) -> Schema:
        """What a schema says itself, without what it refers to and the unions in it."""
        types, values = _types(schema), _values(schema)
        read: Schema = {}
        if types == ["null"] or values == [None]:
            read["type"] = "null"
            describe(read, schema.get("description"))
            return read
        read.update(("type", kind) for kind in types if kind != "null")
        real = [value for value in values if value is not None]
        if real:
            read["enum"] = real
        read.update(
            (key, schema[key]) for key in schema if key in _KEPT and _KEPT[key](schema[key])
        )
        self._add_object(read, schema, path)
        words = self._add_list(read, schema, path)
        if "default" in schema:
            read["default"] = schema["default"]
        if schema.get("nullable") is True or "null" in types or len(real) < len(values):
            read["nullable"] = True
        words += self._rules(read, schema, path)
        describe(read, schema.get("description"), *words)
        return read

    def _add_object(self, read: Schema, schema: Mapping[str, Any], path: _Path) -> None:
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            read["properties"] = {
                name: self.read(inner, path) for name, inner in properties.items()
            }
        required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        if required:
            read["required"] = required
        others = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
        if others is False:
            read["additionalProperties"] = False
        elif values := self.read(others, path):
            read["additionalProperties"] = values

    def _add_list(self, read: Schema, schema: Mapping[str, Any], path: _Path) -> list[str]:
        """Add what the items are; the sentences that say what ``items`` cannot."""
        items, first = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):  # before 2020-12
            items, first = schema.get("additionalItems"), items
        first = [self.read(inner, path) for inner in _list(first)]
        more = [self.read(items, path)] if isinstance(items, Mapping) else []
        if not first:
            if more:
                read["items"] = more[0]
            return []
        read["items"] = one_of([*first, *more])
        words = ["The items are, in order: " + "; ".join(map(noun, first)) + "."]
        if more:
            words.append(f"Any further item is {noun(more[0])}.")
        elif items is False:
            read["maxItems"] = min(len(first), read.get("maxItems", len(first)))
        return words

    def _rules(self, read: Schema, schema: Mapping[str, Any], path: _Path) -> list[str]:
        """The sentences for rules that have no keyword here."""

        def words(inner: Any) -> str:
            return "nothing at all" if inner is False else noun(self.read(inner, path))

        said = []
        for limit, bound, form in (
            ("exclusiveMinimum", "minimum", "Must be greater than {}."),
            ("exclusiveMaximum", "maximum", "Must be less than {}."),
        ):
            value = schema.get(limit)
            if value is True:  # draft 4: the plain bound excludes
                value = read.pop(bound, None)
            if _is_bound(value):
                said.append(form.format(as_json(value)))
        for keyword, value in schema.items():
            if keyword in RULES:
                said.append(RULES[keyword](value, words))
            elif keyword not in _SILENT and not keyword.startswith("x-"):
                said.append(f"{keyword}: {as_json(value)}.")
        if "if" in schema:
            for keyword, start in (("then", "If so"), ("else", "If not")):
                if keyword in schema:
                    said.append(f"{start}, it must be {words(schema[keyword])}.")
        return [sentence for sentence in said if sentence]

    def _union(self, parts: list[Any], path: _Path) -> Schema:
        possible = [part for part in parts if part is not False] or parts
        return one_of([self.read(part, path) for part in possible])

    def _referred(self, reference: str, path: _Path) -> Schema:
        name = _unescaped(reference.rpartition("/")[2]).lstrip("#") or "whole"
        target = self._target(reference, path)
        self._references += 1
        if target is None:
            return {"description": f"Of the form {name}."}
        known = id(target) in path.followed or target is self._root
        if known or self._references > _MOST_REFERENCES:
            kinds = [kind for kind in _types(target) if kind != "null"]
            cut: Schema = {"type": kinds[0]} if len(kinds) == 1 else {}
            same = f"Of the same form as the {name} that it is in."
            return {**cut, "description": same if known else f"Of the form {name}."}
        return self.read(target, path.following(target))

    def _target(self, reference: str, path: _Path) -> Mapping[str, Any] | None:
        """What is referred to: from the root, or as if what is around had been a root of its own.

        People put a schema with its definitions into another one, references and all.
        """
        if reference in self._named:
            return self._named[reference]
        if reference != "#" and not reference.startswith("#/"):
            return None
        for root in (self._root, *path.scopes):
            place: Any = root
            for step in reference.split("/")[1:]:
                place = _step(place, _unescaped(step))
            if isinstance(place, Mapping):
                return place
        return None

    @cached_property
    def _named(self) -> dict[str, Mapping[str, Any]]:
        """The schemas that have a name of their own to refer to."""
        return {
            mark + name: schema
            for schema in _mappings(self._root)
            for key, mark in (("$id", ""), *((anchor, "#") for anchor in _ANCHORS))
            if isinstance(name := schema.get(key), str)
        }


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def _step(place: Any, name: str) -> Any:
    """What has this name, or number, in a part of a schema."""
    if isinstance(place, Mapping):
        return place.get(name)
    if isinstance(place, list) and name.isascii() and name.isdecimal() and int(name) < len(place):
        return place[int(name)]
    return None


def _unescaped(step: str) -> str:
    return unquote(step).replace("~1", "/").replace("~0", "~")


def _types(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type")
    named = [given] if isinstance(given, str) else _list(given)
    # Google's schemas have their types in upper case.
    lower = [kind.lower() for kind in named if isinstance(kind, str)]
    return [kind for kind in dict.fromkeys(lower) if kind in _OF_TYPE]


def _apart(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Schema]]:
    """A schema of several types as what holds for all of them, and one schema for each."""
    kinds = _types(schema)
    if len([kind for kind in kinds if kind != "null"]) < 2:
        return schema, []
    each = [
        {"type": kind, **{key: schema[key] for key in schema if key in _OF_TYPE[kind]}}
        for kind in kinds
    ]
    special = {"type"}.union(*_OF_TYPE.values())
    return {key: value for key, value in schema.items() if key not in special}, each


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _values(schema: Mapping[str, Any]) -> list[Any]:
    """The only values that a schema allows; none where it does not list them."""
    return [schema["const"]] if "const" in schema else _list(schema.get("enum"))
