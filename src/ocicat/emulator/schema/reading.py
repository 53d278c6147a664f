"""Reading a request body against a schema, and saying what is wrong with it.

Knows no surface: each surface's file brings its schema and its way of writing an error body.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec

__all__ = ["Integer", "SchemaRefused", "Violation", "read"]

#: msgspec takes integers of any size; no JSON API does.
Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

ViolationKind = Literal["malformed", "unknown", "missing", "type", "value"]

_LOCATED: Final = re.compile(r"(.*) - at (?:`key` in )?`\$([^`]*)`", re.DOTALL)
_FIELD: Final = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
#: How the ``__post_init__`` of a struct names the field that breaks a rule between fields.
_BETWEEN_FIELDS: Final = re.compile(r"([a-z_]+): (.*)")


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a request body.

    * ``kind``: ``"malformed"`` (not JSON), ``"unknown"`` or ``"missing"`` (a field), ``"type"``, or
      ``"value"`` (of the right type, but outside its range, enumeration or pattern).
    * ``path``: where, as ``chatRequest.messages[0].content``; empty for the body itself.
    * ``problem``: what, in plain words.
    """

    kind: ViolationKind
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


class SchemaRefused(Exception):
    """The request body breaks the schema.

    This is what the emulator answers with, not an error of the caller's program, so it stands
    outside the tree of :mod:`ocicat.errors`. ``status`` and ``body`` make the reply; ``reason``
    tells a developer precisely what is wrong and where.
    """

    status: int = 400

    def __init__(self, reason: str, body: dict[str, Any]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.body = body

    def __reduce__(self) -> tuple[type[SchemaRefused], tuple[str, dict[str, Any]]]:
        return type(self), (self.reason, self.body)


def read(
    decoder: msgspec.json.Decoder[Any],
    raw: bytes,
    error_body: Callable[[Violation], dict[str, Any]],
) -> dict[str, Any]:
    """The decoded body as plain values, without the optional fields that are null.

    Values whose shape the schema leaves open, such as a tool's JSON Schema, keep their nulls.
    Raises :class:`SchemaRefused` with the body that ``error_body`` gives for the violation.
    """
    try:
        plain: dict[str, Any] = msgspec.to_builtins(decoder.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        violation = _violation(error)
        raise SchemaRefused(str(violation), error_body(violation)) from None
    return plain


def _violation(error: Exception) -> Violation:
    if isinstance(error, RecursionError):
        return Violation("malformed", "", "the body is nested too deeply")
    if not isinstance(error, msgspec.ValidationError):
        return Violation("malformed", "", f"the body is not JSON: {error}")
    located = _LOCATED.fullmatch(str(error))
    problem, path = located.groups() if located else (str(error), "")
    if match := _FIELD.fullmatch(problem):
        path = f"{path}.{match[2]}".removeprefix(".")
        if match[1] == "contains unknown":
            return Violation("unknown", path, "unknown field")
        return Violation("missing", path, "required field is missing")
    if match := _BETWEEN_FIELDS.fullmatch(problem):
        return Violation("value", f"{path}.{match[1]}".removeprefix("."), match[2])
    path = path.removeprefix(".")
    problem = problem.replace("`", "")
    is_type = problem.startswith("Expected") and ", got" in problem
    return Violation("type" if is_type else "value", path, problem[0].lower() + problem[1:])
