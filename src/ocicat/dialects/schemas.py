"""JSON Schemas, in the plain form that every model understands.

Many backends refuse references, unions, titles and bounds that exclude. What they cannot be told
in keywords is told in the description, in words, which models read too. Source of the keywords:
JSON Schema 2020-12, draft 4 where it differs, and OpenAPI's ``nullable``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

__all__ = ["for_answers", "simplified"]

Schema = dict[str, Any]

_NULLABLE = "May be null."
#: How deep words go into nested objects and lists.
_DEEPEST = 3
#: References that are written out at most; a small schema can refer its way to an enormous one.
_MOST_REFERENCES = 1000

_KEPT = frozenset(
    {
        *("minimum", "maximum", "minLength", "maxLength", "pattern", "format"),
        *("minItems", "maxItems", "minProperties", "maxProperties"),
    }
)
# Said by the structure that is built, or nothing that a model needs to know.
_SILENT = frozenset(
    {
        *("type", "nullable", "const", "enum", "default", "description", "properties", "required"),
        *("items", "prefixItems", "additionalItems", "additionalProperties"),
        *("unevaluatedProperties", "unevaluatedItems", "$ref", "allOf", "anyOf", "oneOf"),
        *("title", "$defs", "definitions", "$schema", "$id", "$anchor", "$comment"),
        *("discriminator", "readOnly", "writeOnly", "deprecated", "then", "else"),
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
_LOWER = frozenset({"minimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "maxLength", "maxItems", "maxProperties"})

_ARTICLES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "format": "format {}",
    "pattern": "matching {}",
}


def for_answers(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The simplified schema of an answer, in which what may be null may be left out instead.

    A model that is held to a plain schema cannot write null, and would have to make something up.
    """
    made: dict[str, Any] = _without_need_of_null(simplified(schema))
    return made


def _without_need_of_null(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_need_of_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    for key in ("items", "additionalProperties"):
        if key in made:
            made[key] = _without_need_of_null(made[key])
    if isinstance(made.get("properties"), dict):
        parts = made["properties"]
        made["properties"] = {name: _without_need_of_null(part) for name, part in parts.items()}
        if "required" in made:
            made["required"] = [
                name for name in made["required"] if not _may_be_null(parts.get(name))
            ]
    return made


def _may_be_null(schema: Any) -> bool:
    return isinstance(schema, dict) and _NULLABLE in str(schema.get("description", ""))


def simplified(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without references, unions, titles and rarer keywords, and with their meaning.

    What is left has at most one ``type`` in each place, and ``properties``, ``required``,
    ``items``, ``enum``, ``additionalProperties``, ``default``, ``description`` and plain bounds.
    Everything else is said in the description. A union of objects becomes one object with the
    properties of all; a schema that contains itself is cut where it begins again. Names of
    properties stay as they are, and so does ``schema`` itself.
    """
    # The same tools come with each request of a conversation, and to read them costs as much as
    # all the rest of it.
    try:
        text = msgspec.json.encode(schema)
    except (TypeError, ValueError, RecursionError):
        return _Reader(schema).read(schema, ("#",))
    made: Schema = msgspec.json.decode(_simplified_text(text))
    return made


@lru_cache(maxsize=512)
def _simplified_text(text: bytes) -> bytes:
    schema = msgspec.json.decode(text)
    return msgspec.json.encode(_Reader(schema).read(schema, ("#",)))


class _Reader:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._references = 0

    def read(self, schema: Any, within: tuple[str, ...]) -> Schema:
        """The simple form of a schema; ``within`` names the references that lead to it."""
        if schema is False:
            return {"description": "Must not be given."}
        if not isinstance(schema, Mapping):
            return {}
        schema, kinds = _apart(schema)
        read = self._plain(schema, within)
        if kinds:
            read = _both(read, self._union(kinds, within))
        if isinstance(schema.get("$ref"), str):
            read = _both(read, self._referred(schema["$ref"], within))
        for part in _list(schema.get("allOf")):
            read = _both(read, self.read(part, within))
        for keyword in ("anyOf", "oneOf"):
            parts = _list(schema.get(keyword))
            if parts:
                read = _both(read, self._union(parts, within))
        if read.get("default", ...) is None:
            del read["default"]
        return _typed(read)

    def _plain(self, schema: Mapping[str, Any], within: tuple[str, ...]) -> Schema:
        """What a schema says itself, without what it refers to and the unions in it."""
        types, values = _types(schema), _values(schema)
        nullable = schema.get("nullable") is True or "null" in types or None in (values or ())
        read: Schema = {}
        if types == ["null"] or values == [None]:
            _describe(read, schema.get("description"), "Always null.")
            return read
        if values is not None:
            values = [value for value in values if value is not None]
        read.update(("type", kind) for kind in types if kind != "null")
        if values:
            read["enum"] = values
        read.update((key, value) for key, value in schema.items() if key in _KEPT)
        self._add_object(read, schema, within)
        words = self._add_list(read, schema, within)
        if "default" in schema:
            read["default"] = schema["default"]
        if nullable:
            words.append(_NULLABLE)
        words += self._rules(read, schema, within)
        _describe(read, schema.get("description"), *words)
        return read

    def _add_object(self, read: Schema, schema: Mapping[str, Any], within: tuple[str, ...]) -> None:
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            read["properties"] = {
                name: self.read(inner, within) for name, inner in properties.items()
            }
        if _list(schema.get("required")):
            read["required"] = list(schema["required"])
        others = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
        if others is False:
            read["additionalProperties"] = False
        elif values := self.read(others, within):
            read["additionalProperties"] = values

    def _add_list(
        self, read: Schema, schema: Mapping[str, Any], within: tuple[str, ...]
    ) -> list[str]:
        """Add what the items are; the sentences that say what ``items`` cannot."""
        items, first = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, (list, tuple)):  # draft 4
            items, first = schema.get("additionalItems"), items
        first = [self.read(inner, within) for inner in _list(first)]
        more = [self.read(items, within)] if isinstance(items, Mapping) else []
        if not first:
            if more:
                read["items"] = more[0]
            return []
        read["items"] = _one_of([*first, *more])
        words = ["The items are, in order: " + "; ".join(map(_words, first)) + "."]
        if more:
            words.append(f"Any further item is {_words(more[0])}.")
        elif items is False:
            read["maxItems"] = min(len(first), read.get("maxItems", len(first)))
        return words

    def _rules(self, read: Schema, schema: Mapping[str, Any], within: tuple[str, ...]) -> list[str]:
        """The sentences for rules that have no keyword here."""
        said = []
        for limit, bound, words in (
            ("exclusiveMinimum", "minimum", "Must be greater than {}."),
            ("exclusiveMaximum", "maximum", "Must be less than {}."),
        ):
            value = schema.get(limit)
            if value is True:  # draft 4: the plain bound excludes
                value = read.pop(bound, None)
            if value is not None and value is not False:
                said.append(words.format(_json(value)))
        for keyword, value in schema.items():
            if keyword in _SILENT or keyword in _KEPT or keyword.startswith("x-"):
                continue
            if keyword in _RULES:
                said.append(_RULES[keyword](value, lambda inner: _words(self.read(inner, within))))
            elif not keyword.startswith("exclusive"):
                said.append(f"{keyword}: {_json(value)}.")
        if "if" in schema:
            for keyword, start in (("then", "If so"), ("else", "If not")):
                if keyword in schema:
                    said.append(
                        f"{start}, it must be {_words(self.read(schema[keyword], within))}."
                    )
        return [sentence for sentence in said if sentence]

    def _union(self, parts: list[Any], within: tuple[str, ...]) -> Schema:
        real = [part for part in parts if not _is_null(part)]
        if not real:
            return {"description": "Always null."}
        union = _one_of([self.read(part, within) for part in real])
        if len(real) < len(parts):
            _describe(union, _NULLABLE)
        return union

    def _referred(self, reference: str, within: tuple[str, ...]) -> Schema:
        name = _unescaped(reference.rpartition("/")[2]).lstrip("#") or "whole"
        target = self._target(reference)
        self._references += 1
        if target is None:
            return {"description": f"Of the form {name}."}
        if reference in within or self._references > _MOST_REFERENCES:
            kind = target.get("type")
            cut: Schema = {"type": kind} if isinstance(kind, str) and kind != "null" else {}
            return {**cut, "description": f"Of the same form as the {name} that it is in."}
        return self.read(target, (*within, reference))

    def _target(self, reference: str) -> Mapping[str, Any] | None:
        if not reference.startswith("#"):
            return None
        place: Any = self._root
        for step in reference.lstrip("#").split("/")[1:]:
            name = _unescaped(step)
            if isinstance(place, Mapping) and name in place:
                place = place[name]
            elif isinstance(place, Sequence) and name.isdigit() and int(name) < len(place):
                place = place[int(name)]
            else:
                return None
        return place if isinstance(place, Mapping) else None


def _unescaped(step: str) -> str:
    return unquote(step).replace("~1", "/").replace("~0", "~")


def _types(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type")
    return (
        [given]
        if isinstance(given, str)
        else [kind for kind in _list(given) if kind in [*_OF_TYPE]]
    )


def _apart(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Schema]]:
    """A schema of several types as what holds for all of them, and one schema for each."""
    kinds = _types(schema)
    if len([kind for kind in kinds if kind != "null"]) < 2:
        return schema, []
    each = [
        {"type": kind, **{key: schema[key] for key in schema if key in _OF_TYPE.get(kind, ())}}
        for kind in kinds
    ]
    special = {"type"}.union(*_OF_TYPE.values())
    return {key: value for key, value in schema.items() if key not in special}, each


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and (
        schema.get("type") in ("null", ["null"]) or ("const" in schema and schema["const"] is None)
    )


def _values(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return list(values) if isinstance(values, (list, tuple)) else None


def _typed(schema: Schema) -> Schema:
    """A simple schema with its type, where it does not say it but can have only one."""
    if "type" in schema:
        return schema
    kind = ""
    if "enum" in schema:
        kinds = {_TYPES.get(type(value), "") for value in schema["enum"]}
        kind = kinds.pop() if len(kinds) == 1 else ""
    elif "properties" in schema:
        kind = "object"
    elif "items" in schema:
        kind = "array"
    return {"type": kind, **schema} if kind else schema


_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}


# --- two schemas into one -----------------------------------------------------------------------


def _both(one: Schema, other: Schema) -> Schema:
    """What follows both of two simple schemas."""
    merged = dict(one)
    words = []
    for key, value in other.items():
        mine = merged.get(key, ...)
        if key == "description":
            continue
        if mine is ... or mine == value:
            merged[key] = value
        elif key == "properties":
            merged[key] = {**mine, **value}
            merged[key] |= {name: _both(mine[name], value[name]) for name in mine if name in value}
        elif key == "required":
            merged[key] = list(dict.fromkeys([*mine, *value]))
        elif key in _LOWER:
            merged[key] = max(mine, value)
        elif key in _UPPER:
            merged[key] = min(mine, value)
        elif key == "enum" and any(item in value for item in mine):
            merged[key] = [item for item in mine if item in value]
        elif key in ("items", "additionalProperties"):
            merged[key] = False if mine is False or value is False else _both(mine, value)
        elif key == "type" and {mine, value} == {"integer", "number"}:
            merged[key] = "integer"
        elif key != "default":
            words.append(f"Also, {key}: {_json(value)}.")
    merged.pop("description", None)
    _describe(merged, one.get("description"), other.get("description"), *words)
    return merged


def _one_of(branches: list[Schema]) -> Schema:
    """What follows any one of some simple schemas, in one schema and in words."""
    distinct: list[Schema] = []
    for branch in branches:
        if branch not in distinct:
            distinct.append(branch)
    if len(distinct) == 1:
        return distinct[0]
    if all("enum" in branch for branch in distinct):
        return _one_value_of(distinct)
    kinds = {branch.get("type") for branch in distinct}
    union: Schema = {}
    if kinds == {"integer", "number"}:
        union["type"] = "number"
    elif len(kinds) == 1 and None not in kinds:
        union["type"] = kinds.pop()
        _add_common(union, distinct)
    _describe(union, _sentence(_either([_words(branch) for branch in distinct])))
    return union


def _one_value_of(branches: list[Schema]) -> Schema:
    values: list[Any] = []
    for branch in branches:
        values += [value for value in branch["enum"] if value not in values]
    union = _typed({"enum": values})
    _describe(
        union,
        *(
            f"{_either([_json(value) for value in branch['enum']])}: {branch['description']}"
            for branch in branches
            if "description" in branch
        ),
    )
    return union


def _add_common(union: Schema, branches: list[Schema]) -> None:
    """Add the structure that several objects, or several lists, have together."""
    if union["type"] == "array" and all("items" in branch for branch in branches):
        union["items"] = _one_of([branch["items"] for branch in branches])
    if union["type"] != "object":
        return
    names = list(
        dict.fromkeys(name for branch in branches for name in branch.get("properties", ()))
    )
    if names:
        union["properties"] = {
            name: _one_of(
                [
                    branch["properties"][name]
                    for branch in branches
                    if name in branch.get("properties", ())
                ]
            )
            for name in names
        }
    required = [name for name in names if all(name in b.get("required", ()) for b in branches)]
    if required:
        union["required"] = required
    if all(branch.get("additionalProperties") is False for branch in branches):
        union["additionalProperties"] = False


# --- words --------------------------------------------------------------------------------------


def _describe(schema: Schema, *sentences: Any) -> None:
    """Put sentences into a schema's description, each once."""
    said: list[str] = []
    for sentence in (schema.get("description"), *sentences):
        text = sentence.strip() if isinstance(sentence, str) else ""
        if text and not any(text in other for other in said):
            said.append(text)
    if said:
        *others, last = said
        ended = [text if text.endswith((".", "!", "?", ":")) else f"{text}." for text in others]
        schema["description"] = " ".join([*ended, last])


def _words(schema: Schema, depth: int = 0) -> str:
    """A simple schema as a noun."""
    kind = schema.get("type")
    if "enum" in schema:
        return _either([_json(value) for value in schema["enum"]])
    if kind is None:
        described = schema.get("description", "").rstrip(".")
        required = schema.get("required")
        return described or (f"something with {_names(required)}" if required else "anything")
    noun = _ARTICLES.get(kind, str(kind))
    if depth < _DEEPEST:
        if kind == "array" and schema.get("items"):
            noun += f" of items, each {_words(schema['items'], depth + 1)}"
        elif kind == "object":
            noun += _object_words(schema, depth)
    bounds = [words.format(schema[key]) for key, words in _BOUNDS.items() if key in schema]
    return f"{noun} ({', '.join(bounds)})" if bounds else noun


def _object_words(schema: Schema, depth: int) -> str:
    properties, required = schema.get("properties"), schema.get("required", ())
    if properties:
        return " with " + ", ".join(
            f"{_json(name)} ({_words(inner, depth + 1)}{'' if name in required else ', optional'})"
            for name, inner in properties.items()
        )
    others = schema.get("additionalProperties")
    return f" whose values are each {_words(others, depth + 1)}" if others else ""


def _either(nouns: Sequence[str]) -> str:
    if len(nouns) < 2:
        return "".join(nouns)
    return f"either {', '.join(nouns[:-1])} or {nouns[-1]}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _names(names: Iterable[Any]) -> str:
    return " and ".join(_json(name) for name in names)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


Words = Callable[[Any], str]

_RULES: dict[str, Callable[[Any, Words], str]] = {
    "multipleOf": lambda value, words: f"Must be a multiple of {_json(value)}.",
    "uniqueItems": lambda value, words: "No item may come twice." if value is True else "",
    "examples": lambda value, words: f"Examples: {', '.join(map(_json, _list(value)))}.",
    "example": lambda value, words: f"Example: {_json(value)}.",
    "not": lambda value, words: f"Must not be {words(value)}.",
    "contains": lambda value, words: f"One of the items must be {words(value)}.",
    "propertyNames": lambda value, words: f"Every key must be {words(value)}.",
    "if": lambda value, words: f"It may be {words(value)}.",
    "patternProperties": lambda value, words: " ".join(
        f"A key that matches {pattern} holds {words(inner)}." for pattern, inner in _items(value)
    ),
    "dependentRequired": lambda value, words: " ".join(
        f"With {_json(name)} comes {_names(others)}." for name, others in _items(value)
    ),
    "dependentSchemas": lambda value, words: " ".join(
        f"With {_json(name)} it must be {words(inner)}." for name, inner in _items(value)
    ),
}
