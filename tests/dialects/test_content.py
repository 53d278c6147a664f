"""Every shape of content that people write is read, and written again in OpenAI's."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects.content import Media, Part, Text, neutral, read, texts_of
from ocicat.errors import InvalidParameter, UnsupportedFeature

PNG = "data:image/png;base64,AAAA"
PDF = "data:application/pdf;base64,AAAA"


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (None, ()),
        ("", (Text(""),)),
        ("hi", (Text("hi"),)),
        ([], ()),
        (["a", {"type": "text", "text": "b"}], (Text("a"), Text("b"))),
        (({"type": "text", "text": "a"},), (Text("a"),)),
    ],
)
def test_content_is_a_text_or_a_list_of_parts(content: Any, parts: tuple[Part, ...]) -> None:
    assert read(content, "here") == parts


@pytest.mark.parametrize(
    ("part", "read_as"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": "a", "annotations": []}, Text("a")),
        ({"type": "refusal", "refusal": "no"}, Text("no")),
        ({"type": "image_url", "image_url": {"url": PNG}}, Media("image", PNG)),
        ({"type": "image_url", "image_url": PNG}, Media("image", PNG)),
        (
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "HIGH"}},
            Media("image", "https://x/y.png", "high"),
        ),
        (
            {"type": "input_image", "image_url": PNG, "detail": "low"},
            Media("image", PNG, "low"),
        ),
        ({"type": "input_image", "file_id": "f"}, Media("image", file_id="f")),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
            Media("image", PNG),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "http://x/y"}},
            Media("image", "http://x/y"),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "f"}},
            Media("image", file_id="f"),
        ),
        ({"type": "document", "source": {"type": "text", "data": "words"}}, Text("words")),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            },
            Media("document", PDF),
        ),
        (
            {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
            Media("document", PDF, name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "AAAA"}}, Media("document", PDF)),
        ({"type": "file", "file": {"file_id": "f"}}, Media("document", file_id="f")),
        (
            {"type": "input_file", "file_url": "https://x/a.pdf"},
            Media("document", "https://x/a.pdf"),
        ),
        ({"type": "document_url", "document_url": {"url": PDF}}, Media("document", PDF)),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            Media("audio", "data:audio/wav;base64,AAAA"),
        ),
        (
            {"type": "audio_url", "audio_url": {"url": "oci://x/a.mp3"}},
            Media("audio", "oci://x/a.mp3"),
        ),
        (
            {"type": "video_url", "video_url": {"url": "gs://x/a.mp4"}},
            Media("video", "gs://x/a.mp4"),
        ),
    ],
)
def test_parts_of_every_api_are_read(part: dict[str, Any], read_as: Part) -> None:
    assert read([part], "here") == (read_as,)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (5, "here"),
        ({"type": "text", "text": "a"}, "here"),
        ([5], "here[0]"),
        ([{}], "here[0]"),
        (["a", {"type": 5}], "here[1]"),
        ([{"type": "text"}], "here[0].text"),
        ([{"type": "image_url"}], "here[0].image_url"),
        ([{"type": "image_url", "image_url": {}}], "here[0].image_url.url"),
        ([{"type": "image_url", "image_url": {"url": "cat.png"}}], "here[0].image_url.url"),
        (
            [{"type": "image_url", "image_url": {"url": PNG, "detail": "much"}}],
            "here[0].image_url.detail",
        ),
        ([{"type": "input_audio", "input_audio": {"data": "x"}}], "here[0].input_audio.format"),
        ([{"type": "input_audio"}], "here[0].input_audio"),
        ([{"type": "file"}], "here[0].file"),
        ([{"type": "file", "file": {}}], "here[0].file.file_data"),
        ([{"type": "image", "source": {"type": "ether"}}], "here[0].source.type"),
    ],
)
def test_what_is_nobodys_shape_is_refused_with_its_place(content: Any, where: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        read(content, "here")
    assert caught.value.parameter == where


@pytest.mark.parametrize("kind", ["tool_result", "thinking", "image", "hologram"])
def test_parts_of_an_unknown_kind_are_named(kind: str) -> None:
    with pytest.raises(UnsupportedFeature, match=repr(kind)) as caught:
        read([{"type": kind}], "here")
    assert caught.value.parameter == "here[0]"
    assert "image_url" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "data"),
    [
        (PNG, ("image/png", "AAAA")),
        ("data:image/svg+xml;charset=utf-8;base64,AA==", ("image/svg+xml", "AA==")),
        ("data:;base64,AAAA", ("", "AAAA")),
        ("data:text/plain,hi", None),
        ("https://x/y.png", None),
    ],
)
def test_data_uris_are_taken_apart(url: str, data: tuple[str, str] | None) -> None:
    assert Media("image", url).data == data


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
        {"type": "input_image", "file_id": "f"},
        {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "f"}},
        {"type": "file", "file": {"file_url": "https://x/a.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "audio_url", "audio_url": {"url": "https://x/a.mp3"}},
        {"type": "video_url", "video_url": {"url": "https://x/a.mp4"}},
    ],
)
def test_neutral_parts_are_written_as_they_were_read(part: dict[str, Any]) -> None:
    [read_as] = read([part], "here")
    assert neutral(read_as) == part


def test_the_words_among_the_parts() -> None:
    assert texts_of([Text("a"), Media("image", PNG), Text("b")]) == ["a", "b"]
