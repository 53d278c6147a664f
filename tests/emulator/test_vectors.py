"""Vectors without a model: what can be relied on."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from ocicat.emulator.vectors import as_type, of_text, of_words, words


def likeness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("size", [256, 384, 1536])
def test_a_vector_has_its_size_and_length_one(size: int) -> None:
    vector = of_text("The cat sat.", "SEARCH_DOCUMENT", size)
    assert len(vector) == size
    assert math.isclose(likeness(vector, vector), 1)


def test_the_same_text_gives_the_same_vector() -> None:
    assert of_text("cat", "CLUSTERING", 256) == of_text("Cat!", "CLUSTERING", 256)


def test_texts_that_share_words_are_nearer() -> None:
    cat, kitten, physics = (
        of_text(text, "SEARCH_DOCUMENT", 1024)
        for text in ("the cat sat on the mat", "a kitten sat on a mat", "quantum field theory")
    )
    assert likeness(cat, kitten) > likeness(cat, physics) + 0.2


def test_a_query_is_near_its_document_and_not_on_it() -> None:
    document = of_text("the cat sat", "SEARCH_DOCUMENT", 1024)
    query = of_text("the cat sat", "SEARCH_QUERY", 1024)
    assert document != query
    assert likeness(document, query) > 0.9


def test_a_text_without_words_has_a_vector_too() -> None:
    assert words("!?") == ["!?"]
    assert any(of_words([("", 1.0)], 16))


def test_the_types_are_made_of_the_floats() -> None:
    vector = [0.5, -0.5, 1.0, -1.0, 0.0, 0.25, 0.25, -0.25, 0.1]
    assert as_type(vector, "float") == vector
    assert as_type(vector, "int8") == [64, -64, 127, -127, 0, 32, 32, -32, 13]
    assert as_type(vector, "uint8") == [192, 64, 255, 1, 128, 160, 160, 96, 141]
    assert as_type(vector, "ubinary") == [0b10100110, 0b10000000]
    assert as_type(vector, "binary") == [0b10100110 - 128, 0]
    packed = base64.b64decode(as_type([0.5, -2.0], "base64"))
    assert struct.unpack("<2f", packed) == (0.5, -2.0)
