"""Several JSON Schemas in plain form made one: what follows all of them, or any one of them."""

from __future__ import annotations

from typing import Any

from ocicat.dialects.schema_words import Schema, as_json, describe, either, noun, sentence

__all__ = ["both", "one_of", "typed"]

_LOWER = frozenset({"minimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "maxLength", "maxItems", "maxProperties"})
_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}


def both(one: Schema, other: Schema) -> Schema:
    """What follows both schemas."""
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
            merged[key] |= {name: both(mine[name], value[name]) for name in mine if name in value}
        elif key == "required":
            merged[key] = list(dict.fromkeys([*mine, *value]))
        elif key in _LOWER:
            merged[key] = max(mine, value)
        elif key in _UPPER:
            merged[key] = min(mine, value)
        elif key == "enum" and any(item in value for item in mine):
            merged[key] = [item for item in mine if item in value]
        elif key in ("items", "additionalProperties"):
            merged[key] = False if mine is False or value is False else both(mine, value)
        elif key == "type" and {mine, value} == {"integer", "number"}:
            merged[key] = "integer"
        elif key != "default":
            words.append(f"Also, {key}: {as_json(value)}.")
    merged.pop("description", None)
    describe(merged, one.get("description"), other.get("description"), *words)
    return merged


def one_of(branches: list[Schema]) -> Schema:
    """What follows any one of the schemas, in one schema and in words."""
    real = [branch for branch in branches if branch.get("type") != "null"]
    if not real:
        return {"type": "null"}
    bare = [{key: each[key] for key in each if key != "nullable"} for each in real]
    union = _one_of(bare)
    if len(real) < len(branches) or any("nullable" in branch for branch in real):
        union = {**union, "nullable": True}
    return union


def _one_of(branches: list[Schema]) -> Schema:
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
    describe(union, sentence(either([noun(branch) for branch in distinct])))
    return union


def _one_value_of(branches: list[Schema]) -> Schema:
    values: list[Any] = []
    for branch in branches:
        values += [value for value in branch["enum"] if value not in values]
    union = typed({"enum": values})
    describe(
        union,
        *(
            f"{either([as_json(value) for value in branch['enum']])}: {branch['description']}"
            for branch in branches
            if "description" in branch
        ),
    )
    return union


def _add_common(union: Schema, branches: list[Schema]) -> None:
    """Add the structure that several objects, or several lists, have together."""
    if union["type"] == "array" and all("items" in branch for branch in branches):
        union["items"] = one_of([branch["items"] for branch in branches])
    if union["type"] != "object":
        return
    names = list(
        dict.fromkeys(name for branch in branches for name in branch.get("properties", ()))
    )
    # What one branch says of a property must not bind another that leaves all of them open.
    if names and all(_says_properties(branch) for branch in branches):
        union["properties"] = {
            name: one_of(
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


def _says_properties(branch: Schema) -> bool:
    return "properties" in branch or branch.get("additionalProperties") is False


def typed(schema: Schema) -> Schema:
    """The schema with its type, where it does not say it but can have only one."""
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
