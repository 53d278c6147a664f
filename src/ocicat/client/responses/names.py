"""The names that responses have for what chats are told: refusals and notes speak in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ocicat.dialects import openai_responses
from ocicat.dialects.parameters import Parameter
from ocicat.errors import InvalidRequest

__all__ = ["note_in_own_words", "refusals_in_own_words"]

_OWN_NAMES: Final = {
    **{
        name: row.wire
        for name, row in openai_responses.PARAMETERS.items()
        if isinstance(row, Parameter) and row.wire != name
    },
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    # Without the number, as messages are not counted as items are.
    "messages": "input",
}


@contextmanager
def refusals_in_own_words() -> Iterator[None]:
    """What the chat of a response refuses is said of the response."""
    try:
        yield
    except InvalidRequest as refusal:
        refusal.parameter = _own_name(refusal.parameter)
        refusal.message = _own_words(refusal.message)
        refusal.hint = _own_words(refusal.hint)
        raise


def note_in_own_words(note: dict[str, Any]) -> dict[str, Any]:
    """A note on the chat of a response as one on the response."""
    return {
        **note,
        "parameter": _own_name(note["parameter"]),
        "message": _own_words(note["message"]),
    }


def _own_name(name: str) -> str:
    return _OWN_NAMES.get(re.split(r"[.\[]", name)[0], name)


def _own_words(text: str) -> str:
    return re.sub("`([^`]+)`", lambda quoted: f"`{_own_name(quoted[1])}`", text)
