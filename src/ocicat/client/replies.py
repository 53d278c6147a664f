"""Replies and chunks as Python objects.

A reply is a ``dict`` of OpenAI's shape that also answers as an object: ``reply["choices"][0]`` and
``reply.choices[0]`` are the same thing. Being plain dictionaries, replies pickle, copy, compare and
print as such. Nested parts become objects when they are first looked at, so that a stream of a
thousand chunks does not pay for what nobody reads.
"""

from __future__ import annotations

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

    #: The keys whose values, or whose list's items, are records of another class.
    _parts: ClassVar[dict[str, type[Record]]] = {}

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        kind = self._parts.get(name)
        if kind is not None:
            if type(value) is dict:
                value = self[name] = kind(value)
            elif type(value) is list and value and type(value[0]) is dict:
                value[:] = [kind(item) for item in value]
        return value

    def __missing__(self, name: str) -> None:
        if name not in type(self).__annotations__ or name.startswith("_"):
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


class Choice(Record):
    """One answer. ``oci_finish_reason`` is set where OCI's reason has no word in OpenAI's API."""

    __slots__ = ()
    _parts: ClassVar[dict[str, type[Record]]] = {"message": Message}

    index: int
    message: Message
    finish_reason: str
    logprobs: dict[str, Any] | None
    oci_finish_reason: str | None


class ChatCompletion(Record):
    """A whole reply. ``created`` is in seconds since the epoch."""

    __slots__ = ()
    _parts: ClassVar[dict[str, type[Record]]] = {"choices": Choice, "usage": CompletionUsage}

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


class ChunkChoice(Record):
    """What a chunk adds to one choice."""

    __slots__ = ()
    _parts: ClassVar[dict[str, type[Record]]] = {"delta": Delta}

    index: int
    delta: Delta
    finish_reason: str | None
    logprobs: dict[str, Any] | None
    oci_finish_reason: str | None


class ChatCompletionChunk(Record):
    """One event of a streamed reply."""

    __slots__ = ()
    _parts: ClassVar[dict[str, type[Record]]] = {"choices": ChunkChoice, "usage": CompletionUsage}

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: CompletionUsage | None
    opc_request_id: str
