"""``POST /embeddings``, as :func:`ocicat.embedding` answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ocicat.call import operations as calls
from ocicat.client import operations
from ocicat.client.openai_api import answers
from ocicat.client.openai_api.chats import CHAT_PARAMETERS
from ocicat.client.openai_api.requests import Asked, expect, handed_on, read
from ocicat.client.telemetry import traced
from ocicat.vocabulary.embedding import EmbeddingRequest
from ocicat.vocabulary.flow import Flow

__all__ = ["embed"]

_EMBEDDING: Final = frozenset(EmbeddingRequest.__annotations__)


def embed(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[None]:
    """The vectors of the inputs."""
    expect(asked, rest, "POST", "")
    body = read(asked, _EMBEDDING)
    ask = operations.prepare(
        body,
        "embeddings",
        {
            name: options[name]
            for name in options
            if name not in CHAT_PARAMETERS or name == "drop_params"
        },
        function="embedding",
    )
    ask.headers = handed_on(asked)
    request: EmbeddingRequest = body  # type: ignore[assignment]  # its keys have been checked
    reply = yield from traced(calls.embed(ask, request), ask, request, "embeddings")
    # OpenAI's classes have to have a number here.
    reply["usage"] = reply["usage"] or {"prompt_tokens": 0, "total_tokens": 0}
    yield from answers.json_answer(reply)
