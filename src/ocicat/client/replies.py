"""Replies and chunks as Python objects.

A reply is a ``dict`` of OpenAI's shape that also answers as an object: ``reply["choices"][0]`` and
``reply.choices[0]`` are the same thing. Being plain dictionaries, replies pickle, copy, compare and
print as such. Nested parts become objects when they are first looked at, so that a stream of a
thousand chunks does not pay for what nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any, ClassVar

__all__ = [
    "ChatCompletion",
    "ChatCompletionChunk",
    "Choice",
    "ChunkChoice",
    "CompletionUsage",
    "Delta",
    "Message",
    "Record",
]


class Record(dict[str, Any]):
    """A dictionary whose keys are attributes too.

    An annotated key that is absent reads as ``None``, either way, as in the ``openai`` SDK; any
    other name that is absent raises ``KeyError`` or ``AttributeError``.
    """

    __slots__ = ()

    # The keys whose values, or whose list's items, are records of another class.
    _parts: ClassVar[dict[str, type[Record]]] = {}

    def __init_subclass__(cls, *, parts: dict[str, type[Record]] | None = None) -> None:
        cls._parts = parts or {}
        # Real properties: streams read a few of them for each chunk, and a lookup that has to fail
        # before __getattr__ is asked costs four times as much.
        for name in cls.__annotations__:
            if name in cls._parts:
                getter = _part_getter(name, cls._parts[name])
            else:
                getter = methodcaller("get", name)
            setattr(cls, name, property(getter))

    def __getitem__(self, name: str) -> Any:
        if name in self._parts and name in self:
            return getattr(self, name)
        return super().__getitem__(name)

    def __missing__(self, name: str) -> None:
        if name not in type(self).__annotations__:
            raise KeyError(name)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """A plain dictionary of plain values, independent of this object."""
        plain = _plain(self, exclude_none)
        assert isinstance(plain, dict)
        return plain

    def model_dump_json(self, *, indent: int | None = None, exclude_none: bool = False) -> str:
        """The same as JSON text."""
        import json

        separators = (",", ":") if indent is None else None
        return json.dumps(
            self.model_dump(exclude_none=exclude_none),
            indent=indent,
            separators=separators,
            ensure_ascii=False,
        )

    to_dict = model_dump


def _part_getter(name: str, kind: type[Record]) -> Callable[[Record], Any]:
    """Reads a part, and makes it a record the first time."""

    def get(record: Record) -> Any:
        value = record.get(name)
        if type(value) is dict:
            value = kind(value)
            record[name] = value
        elif type(value) is list and value and type(value[0]) is dict:
            value[:] = [kind(item) for item in value]
        return value

    return get


def _plain(value: Any, exclude_none: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _plain(item, exclude_none)
            for key, item in value.items()
            if not (exclude_none and item is None)
        }
    if isinstance(value, list):
        return [_plain(item, exclude_none) for item in value]
    return value


class CompletionUsage(Record):
    """Token counts, as OCI gave them."""

    __slots__ = ()

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int] | None
    completion_tokens_details: dict[str, int] | None


class Message(Record):
    """What the model said."""

    __slots__ = ()

    role: str
    content: str | None
    refusal: str | None
    reasoning_content: str | None
    tool_calls: list[dict[str, Any]] | None


class Choice(Record, parts={"message": Message}):
    """One answer. ``oci_finish_reason`` is set where OCI's reason has no word in OpenAI's API."""

    __slots__ = ()

    index: int
    message: Message
    finish_reason: str
    logprobs: dict[str, Any] | None
    oci_finish_reason: str | None


class ChatCompletion(Record, parts={"choices": Choice, "usage": CompletionUsage}):
    """A whole reply. ``created`` is in seconds since the epoch."""

    __slots__ = ()

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage | None
    opc_request_id: str


class Delta(Record):
    """What a chunk adds to the answer."""

    __slots__ = ()

    role: str | None
    content: str | None
    refusal: str | None
    reasoning_content: str | None
    tool_calls: list[dict[str, Any]] | None


class ChunkChoice(Record, parts={"delta": Delta}):
    """What a chunk adds to one choice."""

    __slots__ = ()

    index: int
    delta: Delta
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str | None


class ChatCompletionChunk(Record, parts={"choices": ChunkChoice, "usage": CompletionUsage}):
    """One event of a streamed reply."""

    __slots__ = ()

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: CompletionUsage | None
    opc_request_id: str
