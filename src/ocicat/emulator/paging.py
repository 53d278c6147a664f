"""Lists in pages, as OCI gives them: ``limit``, ``page``, and the header ``opc-next-page``."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

from ocicat.emulator.refusals import Refused, refusal

__all__ = ["page"]

_MAX_LIMIT: Final = 1000


def page(
    items: Sequence[Any], limit: str | None, token: str | None
) -> tuple[list[Any], dict[str, str]]:
    """The items of the page that a token names, and the headers that lead to the next one.

    ``limit`` and ``token`` are query parameters as they came. Raises :class:`Refused`.
    """
    if limit is not None and not (limit.isdecimal() and 1 <= int(limit) <= _MAX_LIMIT):
        raise _invalid(f"limit is {limit!r}, not a whole number from 1 to {_MAX_LIMIT}")
    start = _offset(token)
    end = start + int(limit or _MAX_LIMIT)
    headers = {"opc-next-page": _token(end)} if end < len(items) else {}
    return list(items[start:end]), headers


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "from":
            return int(number)
    except ValueError:
        pass
    raise _invalid("page is no token that the emulator gave in opc-next-page")


def _invalid(reason: str) -> Refused:
    return refusal(400, f"Invalid parameter: {reason}.", reason, code="InvalidParameter")
