"""The schemas of Embeddings and of the older Completions, beside the ``openai`` SDK's types."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from openai.types import EmbeddingCreateParams, completion_create_params

from ocicat.emulator.schema.openai_texts import (
    CompletionRequest,
    EmbeddingsRequest,
    check_completion,
)

STREAM: Any = completion_create_params.CompletionCreateParamsStreaming


@pytest.mark.parametrize(
    ("ours", "theirs"), [(EmbeddingsRequest, EmbeddingCreateParams), (CompletionRequest, STREAM)]
)
def test_every_field_is_the_sdks(ours: type[msgspec.Struct], theirs: Any) -> None:
    own = {field.name for field in msgspec.structs.fields(ours)}
    inherited = {name for kind in theirs.__mro__ for name in getattr(kind, "__annotations__", {})}
    assert own == inherited | set(theirs.__annotations__)


def test_nulls_are_as_good_as_absent() -> None:
    body = check_completion(b'{"model": "m", "prompt": "a", "n": null, "stop": null}')
    assert body == {"model": "m", "prompt": "a"}
