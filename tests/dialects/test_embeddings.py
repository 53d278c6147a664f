"""How inputs are shared out among requests. What is said is in ``tests/cases/operations``."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import embeddings
from ocicat.routing.resolve import Place, resolve

V4 = "cohere.embed-v4.0"
V3_IMAGE = "cohere.embed-english-image-v3.0"
FUTURE = "cohere.embed-v9.0"
PNG = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": PNG}}


@pytest.mark.parametrize(
    ("model", "input", "sizes"),
    [
        (V4, ["t"] * 96, [96]),
        (V4, ["t"] * 97, [96, 1]),
        (V4, [IMAGE, "t"] * 60, [96, 24]),
        (V3_IMAGE, ["t", "t", IMAGE, IMAGE, "t"], [2, 1, 1, 1]),
        (V3_IMAGE, ["t"] * 200, [96, 96, 8]),
        (FUTURE, [IMAGE, "t"], [2]),
    ],
)
def test_inputs_are_split_as_the_model_takes_them(
    model: str, input: list[Any], sizes: list[int]
) -> None:
    facts = resolve(model, Place(region="us-chicago-1"), operation="embeddings").facts
    parts = embeddings.split({"model": model, "input": input, "truncate": "end"}, facts)
    assert [len(part["input"]) for part in parts] == sizes
    assert [item for part in parts for item in part["input"]] == input
    assert all(part["truncate"] == "end" for part in parts)


@pytest.mark.parametrize(
    ("input", "has"), [("a", False), (["a", "data:,"], False), (PNG, True), (["a", IMAGE], True)]
)
def test_images_are_found_in_whatever_form_they_come(input: Any, has: bool) -> None:
    assert embeddings.has_images({"input": input}) is has
