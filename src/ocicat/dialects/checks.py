"""Checks of values that callers give: the value for the wire, or words for what is wrong with it.

A check raises ``ValueError`` with words that follow the parameter's name (``"must be …"``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocicat.errors import InvalidParameter

__all__ = [
    "anything",
    "boolean",
    "checked",
    "choice",
    "integer",
    "metadata",
    "number",
    "numbers_by_token",
    "one",
    "text",
    "texts",
    "usage_option",
]


def checked(name: str, value: Any, check: Callable[[Any], Any]) -> Any:
    """What ``check`` makes of the value of the parameter ``name``.

    Raises :class:`~ocicat.errors.InvalidParameter`.
    """
    try:
        return check(value)
    except ValueError as problem:
        raise InvalidParameter(
            f"`{name}` {problem}, not {_shown(value)}.", parameter=name
        ) from None


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def anything(value: Any) -> Any:
    """A check that takes any value."""
    return value


def number(low: float | None = None, high: float | None = None) -> Callable[[Any], Any]:
    """A check for a number between ``low`` and ``high``."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError("must be a number")
        # Written so that NaN, which compares false with everything, is refused.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            raise ValueError(f"must be {_range(low, high)}")
        return value

    return check


def integer(low: int | None = None, high: int | None = None) -> Callable[[Any], Any]:
    """A check for a whole number between ``low`` and ``high``."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("must be a whole number")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"must be {_range(low, high)}")
        return value

    return check


def one(value: Any) -> Any:
    """A check for ``n`` where one call gives one answer; ocicat makes a call for each."""
    if isinstance(value, bool) or value != 1:
        raise ValueError("must be 1, as one call gives one answer")
    return value


def boolean(value: Any) -> Any:
    """A check for true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def text(value: Any) -> Any:
    """A check for a text."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def texts(value: Any) -> Any:
    """A check for a list of texts; a single text is a list of one."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a text or a list of texts")
    return list(value)


def choice(
    *words: str, upper: bool = False, synonyms: Mapping[str, str] | None = None
) -> Callable[[Any], Any]:
    """A check for one of ``words``, in any case; ``upper`` says how the wire spells them.

    ``synonyms`` are words that mean one of them too.
    """

    def check(value: Any) -> Any:
        word = value.lower() if isinstance(value, str) else ""
        word = (synonyms or {}).get(word, word)
        if word not in words:
            raise ValueError("must be one of " + ", ".join(words))
        return word.upper() if upper else word

    return check


def numbers_by_token(value: Any) -> Any:
    """A check for a mapping from token ids to numbers (``logit_bias``)."""
    if not isinstance(value, dict) or not all(
        isinstance(bias, (int, float)) and not isinstance(bias, bool) for bias in value.values()
    ):
        raise ValueError("must map token ids to numbers")
    return {str(token): bias for token, bias in value.items()}


def metadata(value: Any) -> Any:
    """A check for ``metadata``: texts by texts, within OpenAI's limits."""
    if not isinstance(value, Mapping) or not all(
        isinstance(text, str) for pair in value.items() for text in pair
    ):
        raise ValueError("must map texts to texts")
    if len(value) > 16 or any(len(key) > 64 or len(text) > 512 for key, text in value.items()):
        raise ValueError("must have at most 16 keys of 64 characters, with texts of 512")
    return dict(value)


def usage_option(wire: str) -> Callable[[Any], Any]:
    """A check for ``stream_options``, of which OCI has only ``include_usage``."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or set(value) - {"include_usage"}:
            raise ValueError('must be {"include_usage": true or false}')
        return {wire: boolean(value["include_usage"])} if "include_usage" in value else {}

    return check


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"
