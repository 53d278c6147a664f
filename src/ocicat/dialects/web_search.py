"""``web_search_options``: how to search the web, in the shapes of both of OpenAI's APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import checks

__all__ = ["read"]

_PLACE = frozenset({"city", "country", "region", "timezone"})
_size = checks.choice("low", "medium", "high")


def read(value: Any) -> tuple[str, dict[str, str]]:
    """How much to read (``low``, ``medium``, ``high``; may be empty), and near which place.

    The place may have ``city``, ``country``, ``region`` and ``timezone``, or nothing. Raises
    ``ValueError`` with words that follow the parameter's name.
    """
    if not isinstance(value, Mapping) or set(value) - {"search_context_size", "user_location"}:
        raise ValueError("may have search_context_size and user_location")
    size, location = value.get("search_context_size"), value.get("user_location")
    try:
        read = "" if size is None else _size(size)
    except ValueError as problem:
        raise ValueError(f"has a `search_context_size` that {problem}") from None
    # Responses has the place beside the type, and Chat Completions within.
    place = location
    if isinstance(location, Mapping) and location.get("type", "approximate") == "approximate":
        place = location.get("approximate", location)
    if place is None:
        return read, {}
    if not isinstance(place, Mapping) or set(place) - _PLACE - {"type"}:
        raise ValueError(
            'must have a user_location of {"type": "approximate", "approximate":'
            f" {{{', '.join(sorted(_PLACE))}}}}}"
        )
    return read, {key: place[key] for key in place if key in _PLACE and place[key] is not None}
