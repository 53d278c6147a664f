"""The emulator's schemas held against the model classes of the ``oci`` SDK, field by field."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
from msgspec import inspect as shapes
from oci.generative_ai_inference import models

__all__ = ["differences", "structs"]

_PLAIN = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def structs(root: type[msgspec.Struct]) -> dict[str, shapes.StructType]:
    """Every struct that can occur in ``root``, by name."""
    found: dict[str, shapes.StructType] = {}

    def walk(kind: Any) -> None:
        if isinstance(kind, shapes.StructType) and kind.cls.__name__ not in found:
            found[kind.cls.__name__] = kind
            for field in kind.fields:
                walk(field.type)
        if isinstance(kind, shapes.ListType):
            walk(kind.item_type)
        for member in getattr(kind, "types", ()):
            walk(member)

    walk(shapes.type_info(root))
    return found


def differences(root: type[msgspec.Struct]) -> list[str]:
    """Where the structs in ``root`` and the SDK's models of the same names are not the same."""
    found = []
    for name, struct in structs(root).items():
        ours, theirs = _our_fields(struct), _sdk_fields(name)
        found += [f"{name}.{field} is not the SDK's" for field in ours.keys() - theirs.keys()]
        found += [f"{name}.{field} is missing" for field in theirs.keys() - ours.keys()]
        found += [
            f"{name}.{field} is {ours[field]}, and the SDK's is {theirs[field]}"
            for field in ours.keys() & theirs.keys()
            if ours[field] != theirs[field]
        ]
    return found


def _our_fields(struct: shapes.StructType) -> dict[str, str]:
    fields = {
        field.encode_name: _our_type(field.type) + (" required" if field.required else "")
        for field in struct.fields
    }
    if struct.tag_field:
        fields[struct.tag_field] = f"enum {[struct.tag]} required"
    return fields


def _our_type(kind: Any) -> str:
    match kind:
        case shapes.StrType():
            return "string"
        case shapes.IntType():
            return "integer"
        case shapes.BoolType():
            return "boolean"
        case shapes.LiteralType():
            return f"enum {sorted(kind.values)}"
        case shapes.ListType():
            return f"list of {_our_type(kind.item_type)}"
        case shapes.StructType():
            return kind.cls.__name__
        case shapes.UnionType():
            inner = [t for t in kind.types if not isinstance(t, shapes.NoneType)]
            return " or ".join(sorted(map(_our_type, inner)))
    raise AssertionError(kind)


def _sdk_fields(name: str) -> dict[str, str]:
    cls = getattr(models, name)
    instance = cls()
    fields = {}
    for attribute, declared in instance.swagger_types.items():
        preset = getattr(instance, attribute)
        values = [preset] if preset else _constants(cls, attribute)
        if values and declared in ("str", "list[str]"):
            kind = f"enum {sorted(values)}"
            kind = f"list of {kind}" if declared == "list[str]" else kind
        else:
            kind = _sdk_type(declared)
        document = inspect.getdoc(getattr(cls, attribute)) or ""
        required = " required" if "**[Required]**" in document else ""
        fields[instance.attribute_map[attribute]] = kind + required
    return fields


def _constants(cls: type, attribute: str) -> list[str]:
    prefix = attribute.upper() + "_"
    return [value for name, value in vars(cls).items() if name.startswith(prefix)]


def _sdk_type(declared: str) -> str:
    if declared.startswith("list["):
        return f"list of {_sdk_type(declared[5:-1])}"
    if declared in _PLAIN:
        return _PLAIN[declared]
    base = getattr(models, declared)
    below = [n for n, c in vars(models).items() if inspect.isclass(c) and base in c.__mro__[1:]]
    return " or ".join(sorted(below or [declared]))
