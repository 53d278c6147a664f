"""JSON text, and what only looks like it."""

from __future__ import annotations

import pytest

from ocicat.dialects.json_text import as_text, is_whole, read


@pytest.mark.parametrize("text", ["{}", "null", "0", b'{"a": [1]}', '"a"'])
def test_json_is_whole(text: str | bytes) -> None:
    assert is_whole(text)


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "a", "[" * 100_000])
def test_what_is_broken_off_or_no_json_is_not_whole_and_has_no_value(text: str) -> None:
    assert not is_whole(text)
    assert read(text) is None
    assert read(text, "instead") == "instead"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), ("", ""), (None, ""), ({"a": [1]}, '{"a":[1]}'), ([], "[]")]
)
def test_a_text_stays_as_it_is_and_anything_else_becomes_json(value: object, text: str) -> None:
    assert as_text(value) == text
