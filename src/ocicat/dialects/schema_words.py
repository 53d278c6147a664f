"""JSON Schemas in words, for what the plain form has no keywords for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["RULES", "Schema", "Words", "as_json", "describe", "either", "noun", "sentence"]

Schema = dict[str, Any]
#: A schema, before it is in plain form, as a noun.
Words = Callable[[Any], str]

#: How deep words go into nested objects and lists.
_DEEPEST = 3
_ARTICLES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
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


def describe(schema: Schema, *sentences: Any) -> None:
    """Put sentences into a schema's description, each once. What is no text is passed over."""
    said: list[str] = []
    for each in (schema.get("description"), *sentences):
        text = each.strip() if isinstance(each, str) else ""
        if text and not any(_as_sentences(text) in _as_sentences(other) for other in said):
            said.append(text)
    if said:
        *others, last = said
        ended = [text if text.endswith((".", "!", "?", ":")) else f"{text}." for text in others]
        schema["description"] = " ".join([*ended, last])


def _as_sentences(text: str) -> str:
    return f". {text.removesuffix('.')}. "


def noun(schema: Schema, depth: int = 0) -> str:
    """A schema in plain form as a noun."""
    words = _noun(schema, depth)
    return f"{words} or null" if schema.get("nullable") else words


def _noun(schema: Schema, depth: int) -> str:
    kind = schema.get("type")
    if "enum" in schema:
        return either([as_json(value) for value in schema["enum"]])
    if kind is None:
        described: str = schema.get("description", "").rstrip(".")
        required = schema.get("required")
        if described:
            return described if described[1:2].isupper() else described[0].lower() + described[1:]
        return f"something with {_names(required)}" if required else "anything"
    words = _ARTICLES[kind]
    if depth < _DEEPEST:
        if kind == "array" and schema.get("items"):
            words += f" of items, each {noun(schema['items'], depth + 1)}"
        elif kind == "object":
            words += _object_words(schema, depth)
    bounds = [words.format(schema[key]) for key, words in _BOUNDS.items() if key in schema]
    return f"{words} ({', '.join(bounds)})" if bounds else words


def _object_words(schema: Schema, depth: int) -> str:
    properties, required = schema.get("properties"), schema.get("required", ())
    if properties:
        return " with " + ", ".join(
            f"{as_json(name)} ({noun(inner, depth + 1)}{'' if name in required else ', optional'})"
            for name, inner in properties.items()
        )
    others = schema.get("additionalProperties")
    return f" whose values are each {noun(others, depth + 1)}" if others else ""


def either(nouns: Sequence[str]) -> str:
    """One of these."""
    if len(nouns) < 2:
        return "".join(nouns)
    return f"either {', '.join(nouns[:-1])} or {nouns[-1]}"


def sentence(words: str) -> str:
    """Words that stand alone."""
    return words[:1].upper() + words[1:] + "."


def as_json(value: Any) -> str:
    """A value as it is written."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def _names(names: Iterable[Any]) -> str:
    return " and ".join(map(as_json, names))


def _examples(value: Any, words: Words) -> str:
    examples = ", ".join(map(as_json, value)) if isinstance(value, (list, tuple)) else ""
    return f"Examples: {examples}." if examples else ""


def _patterns(value: Any, words: Words) -> str:
    return " ".join(
        f"A key that matches {pattern} holds {words(inner)}." for pattern, inner in _items(value)
    )


def _dependent(value: Any, words: Words) -> str:
    return " ".join(
        f"With {as_json(name)} comes {_names(needed)}."
        if isinstance(needed, (list, tuple))
        else f"With {as_json(name)} it must be {words(needed)}."
        for name, needed in _items(value)
    )


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


#: The sentence that a keyword's value becomes.
RULES: dict[str, Callable[[Any, Words], str]] = {
    "multipleOf": lambda value, words: f"Must be a multiple of {as_json(value)}.",
    "uniqueItems": lambda value, words: "No item may come twice." if value is True else "",
    "examples": _examples,
    "example": lambda value, words: f"Example: {as_json(value)}.",
    "not": lambda value, words: f"Must not be {words(value)}.",
    "contains": lambda value, words: f"One of the items must be {words(value)}.",
    "propertyNames": lambda value, words: f"Every key must be {words(value)}.",
    "if": lambda value, words: f"It may be {words(value)}.",
    "patternProperties": _patterns,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "dependencies": _dependent,
}
