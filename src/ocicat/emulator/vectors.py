"""Vectors without a model: of unit length, always the same, and near each other for like texts.

Each word points in a few directions of its own, so texts have in common what their words have.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["as_type", "of_text", "of_words", "words"]

_WORD: Final = re.compile(r"\w+")
_DIRECTIONS: Final = 8
#: How much of a vector tells what the text is for: queries lie near the documents, and not on them.
_PURPOSE: Final = 0.25


def words(text: str) -> list[str]:
    """The words of a text in lower case; the text itself where it has none."""
    return _WORD.findall(text.lower()) or [text]


def of_text(text: str, purpose: str, size: int) -> list[float]:
    """The vector of a text that is embedded for a purpose, such as ``SEARCH_QUERY``."""
    said = words(text)
    return of_words([*((word, 1.0) for word in said), (purpose, _PURPOSE)], size)


def of_words(weighted: Iterable[tuple[str, float]], size: int) -> list[float]:
    """The sum of what words point at, by their weights, of length 1."""
    vector = [0.0] * size
    for word, weight in weighted:
        digest = hashlib.sha256(word.encode()).digest()
        for start in range(0, 4 * _DIRECTIONS, 4):
            place = int.from_bytes(digest[start : start + 3]) % size
            vector[place] += weight if digest[start + 3] & 1 else -weight
    length = math.sqrt(sum(number * number for number in vector)) or 1.0
    return [number / length for number in vector]


def as_type(vector: list[float], kind: str) -> Any:
    """A vector of floats in one of OCI's types.

    ``int8`` and ``uint8`` are scaled; ``binary`` and ``ubinary`` have a bit for each number, eight
    of which make a signed or an unsigned byte; ``base64`` is of little-endian 32-bit floats.
    """
    match kind:
        case "int8":
            return [round(number * 127) for number in vector]
        case "uint8":
            return [round(number * 127) + 128 for number in vector]
        case "binary":
            return [byte - 128 for byte in _bits(vector)]
        case "ubinary":
            return _bits(vector)
        case "base64":
            return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector


def _bits(vector: list[float]) -> list[int]:
    return [
        sum((number > 0) << (7 - bit) for bit, number in enumerate(vector[start : start + 8]))
        for start in range(0, len(vector), 8)
    ]
