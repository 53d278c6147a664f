"""Lists of texts and images, in every shape that people write."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects.content import Media, Text
from ocicat.dialects.inputs import read
from ocicat.errors import InvalidParameter, InvalidRequest, UnsupportedFeature

PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", [Text("a")]),
        (["a", ""], [Text("a"), Text("")]),
        (("a",), [Text("a")]),
        (PNG, [Media("image", PNG)]),
        (["data:text/plain,a"], [Text("data:text/plain,a")]),
        ({"type": "text", "text": "a"}, [Text("a")]),
        (
            ["a", {"type": "image_url", "image_url": {"url": PNG, "detail": "high"}}],
            [Text("a"), Media("image", PNG, detail="high")],
        ),
    ],
)
def test_texts_and_images_are_told_apart(value: Any, expected: list[Any]) -> None:
    assert read(value, "input") == expected


@pytest.mark.parametrize(
    ("value", "kind", "parameter", "words"),
    [
        ([], InvalidParameter, "input", "not empty"),
        (None, InvalidParameter, "input", "not empty"),
        (7, InvalidParameter, "input", "list of texts"),
        ([1, 2], UnsupportedFeature, "input[0]", "tokens"),
        (["a", [1, 2]], UnsupportedFeature, "input[1]", "tokens"),
        ([["a", PNG]], UnsupportedFeature, "input[0]", "for itself"),
        ([{"text": "a"}], InvalidParameter, "input[0]", "part"),
        (["a", {"type": "image_url", "image_url": {"url": "x"}}], InvalidParameter, "", "URL"),
        (
            ["a", {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}],
            UnsupportedFeature,
            "input[1]",
            "neither a text nor an image",
        ),
        (
            [{"type": "input_image", "file_id": "file-1"}],
            UnsupportedFeature,
            "input[0]",
            "neither a text nor an image",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(
    value: Any, kind: type[InvalidRequest], parameter: str, words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        read(value, "input")
    assert caught.value.parameter.startswith(parameter)
