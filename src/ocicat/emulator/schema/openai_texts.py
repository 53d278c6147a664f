"""The strict schemas of OpenAI's operations on bare texts: Embeddings and the older Completions.

Unknown parameters are refused. An explicit null for an optional parameter counts as absent.

Sources: OpenAI's API reference, and the parameter types of the ``openai`` SDK.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.openai import PositiveInteger, Shape, error_body
from ocicat.emulator.schema.openai_chat import Penalty, StreamOptions
from ocicat.emulator.schema.reading import Integer, read

__all__ = ["CompletionRequest", "EmbeddingsRequest", "check_completion", "check_embeddings"]

#: Texts, or the tokens of one, or the tokens of several.
Texts = (
    Annotated[str, Meta(min_length=1)]
    | Annotated[list[str | int | list[int]], Meta(min_length=1, max_length=2048)]
)


def _mixes(texts: Any) -> bool:
    return isinstance(texts, list) and len(set(map(type, texts))) > 1


class EmbeddingsRequest(Shape):
    """The body of a request for embeddings."""

    input: Texts
    model: str
    dimensions: PositiveInteger | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        if _mixes(self.input):
            raise ValueError("input: must not mix texts and tokens")


class CompletionRequest(Shape):
    """The body of a request for a text that follows another."""

    model: str
    prompt: Texts
    best_of: Annotated[int, Meta(ge=1, le=20)] | None = None
    echo: bool | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[int, Meta(ge=-100, le=100)]] | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    max_tokens: PositiveInteger | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    presence_penalty: Penalty | None = None
    seed: Integer | None = None
    stop: str | Annotated[list[str], Meta(min_length=1, max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    suffix: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        if _mixes(self.prompt):
            raise ValueError("prompt: must not mix texts and tokens")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options: is only allowed when stream is true")
        if self.best_of is not None and self.best_of < (self.n or 1):
            raise ValueError("best_of: must not be less than n")


_EMBEDDINGS: Final = msgspec.json.Decoder(EmbeddingsRequest)
_COMPLETION: Final = msgspec.json.Decoder(CompletionRequest)


def check_embeddings(raw: bytes) -> dict[str, Any]:
    """The body of a request for embeddings as plain values. Raises ``SchemaRefused``."""
    return read(_EMBEDDINGS, raw, error_body)


def check_completion(raw: bytes) -> dict[str, Any]:
    """The body of a request for a completion as plain values. Raises ``SchemaRefused``."""
    return read(_COMPLETION, raw, error_body)
