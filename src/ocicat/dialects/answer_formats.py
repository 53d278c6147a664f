"""``response_format``: every shape that people write, read into one.

Read are OpenAI's Chat Completions, OpenAI's Responses, and a schema beside ``json_object`` as
Cohere's own API and several others have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ocicat.dialects import checks

__all__ = ["AnswerFormat", "read"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The form of an answer. All but ``kind`` is of ``json_schema`` only."""

    kind: Literal["text", "json_object", "json_schema"]
    schema: Mapping[str, Any]
    name: str = "answer"
    description: str = ""
    strict: bool | None = None


def read(value: Any) -> AnswerFormat:
    """The form that ``response_format`` asks for; a schema without a name is ``answer``.

    Raises ``ValueError`` with words that follow the parameter's name.
    """
    match value:
        case {"type": "json_object", "schema": schema} if schema is not None:
            described: Any = {"schema": schema}
        case {"type": "text" | "json_object" as kind}:
            return AnswerFormat(kind, {})
        case {"type": "json_schema"}:
            described = value.get("json_schema", value)
        case _:
            described = None
    schema = described.get("schema") if isinstance(described, Mapping) else None
    if not isinstance(schema, Mapping):
        raise ValueError(
            'must be {"type": "json_schema", "json_schema": {"name": …, "schema": …}},'
            ' {"type": "json_object"} or {"type": "text"}'
        )
    name = described.get("name") or "answer"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("must have a name of at most 64 letters, digits, _ and -")
    strict = described.get("strict")
    return AnswerFormat(
        "json_schema",
        schema,
        name,
        described.get("description") or "",
        None if strict is None else checks.boolean(strict),
    )
