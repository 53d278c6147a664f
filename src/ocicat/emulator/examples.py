"""Example values for JSON Schemas: what the emulator fills in where a model would think.

The same schema always gives the same value. It is valid for the schema, unless that has a
``pattern``, ``not``, ``if`` or ``uniqueItems``, which are not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["example"]

#: From this depth on, only what is required is filled in, so that recursive schemas end.
_DEEP: Final = 6
#: Schemas that require themselves without end have no value; they are given up here.
_TOO_DEEP: Final = 30

_FORMATS: Final = {
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: Any) -> Any:
    """A value that ``schema`` allows."""
    return _value(schema, schema, 0)


def _value(schema: Any, root: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping):
        return "example"  # `true` allows anything
    if depth > _TOO_DEEP:
        return None
    schema = _resolved(schema, root, depth)
    if "const" in schema:
        return schema["const"]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    if "default" in schema:
        return schema["default"]
    match _type(schema):
        case "object":
            return _object(schema, root, depth)
        case "array":
            return _array(schema, root, depth)
        case "integer" | "number" as kind:
            return _number(schema, kind)
        case "boolean":
            return True
        case "null":
            return None
    return _text(schema)


def _resolved(schema: Mapping[str, Any], root: Any, depth: int) -> dict[str, Any]:
    """The schema with its reference, one of its alternatives and all its parts put into it."""
    whole = dict(schema)
    for _ in range(_TOO_DEEP):
        if isinstance(reference := whole.pop("$ref", None), str):
            whole = {**_referred(reference, root), **whole}
        elif options := whole.pop("anyOf", None) or whole.pop("oneOf", None):
            # Null is an alternative like the others, but says least.
            options = sorted(options, key=lambda option: _is_null(option) is (depth < _DEEP))
            whole = {**whole, **(options[0] if isinstance(options[0], Mapping) else {})}
        elif parts := whole.pop("allOf", None):
            whole = _merged([whole, *(_resolved(part, root, depth) for part in parts)])
        else:
            break
    return whole


def _referred(reference: str, root: Any) -> dict[str, Any]:
    """What a reference within the document points to; nothing where it leads out of it."""
    found = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _merged(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for schema in schemas:
        properties = {**whole.get("properties", {}), **schema.get("properties", {})}
        required = [*whole.get("required", []), *schema.get("required", [])]
        whole.update(schema)
        if properties:
            whole["properties"], whole["required"] = properties, required
    return whole


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _object(schema: Mapping[str, Any], root: Any, depth: int) -> dict[str, Any]:
    required = schema.get("required") or []
    properties = schema.get("properties") or {}
    wanted = [name for name in properties if depth < _DEEP or name in required]
    wanted += [name for name in required if name not in properties]
    return {name: _value(properties.get(name, True), root, depth + 1) for name in wanted}


def _array(schema: Mapping[str, Any], root: Any, depth: int) -> list[Any]:
    first = [_value(item, root, depth + 1) for item in schema.get("prefixItems") or ()]
    least = schema.get("minItems", 0 if first or depth >= _DEEP else 1)
    count = min(max(least, len(first)), schema.get("maxItems", least + len(first)))
    item = schema.get("items", True)
    more = [_value(item, root, depth + 1) for _ in range(len(first), count)]
    return (first + more)[:count]


def _number(schema: Mapping[str, Any], kind: str) -> int | float:
    step = schema.get("multipleOf") or 1
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if low is not None or above is not None:
        value = math.ceil(max(n for n in (low, above) if n is not None) / step) * step
        if value == above:
            value += step
    else:
        value = step
        if high is not None and value > high:
            value = math.floor(high / step) * step
        if below is not None and value >= below:
            value = (math.ceil(below / step) - 1) * step
    if kind == "number" and not _within(value, high, below):
        # Whole numbers are too coarse for a narrow range, such as 0 < x < 1.
        bounds = [float(n) for n in (low, above, high, below) if n is not None]
        return sum(bounds) / len(bounds)
    return value  # type: ignore[no-any-return]  # the bounds are numbers


def _within(value: float, high: float | None, below: float | None) -> bool:
    return (high is None or value <= high) and (below is None or value < below)


def _text(schema: Mapping[str, Any]) -> str:
    text = _FORMATS.get(str(schema.get("format")), "example")
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", len(text))
    return text.ljust(shortest, "x")[: max(longest, shortest)]
