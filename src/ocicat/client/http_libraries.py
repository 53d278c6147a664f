"""``httpx`` and ``httpx2``, whichever are installed.

The two are one library under two names, with classes of their own. What users plug into either is a
class of ours that is a subclass of both libraries' classes.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

from ocicat.errors import ConfigurationError

__all__ = ["bases", "library_of"]

_NAMES = ("httpx2", "httpx")


@cache
def _libraries() -> tuple[ModuleType, ...]:
    found = []
    for name in _NAMES:
        try:
            found.append(importlib.import_module(name))
        except ImportError:
            pass
    if not found:
        raise ConfigurationError(
            "This needs httpx2 or httpx, and neither is installed.",
            hint="pip install httpx2",
        )
    return tuple(found)


def bases(name: str) -> tuple[type, ...]:
    """The class ``name`` of each library that is installed.

    Raises :class:`~ocicat.errors.ConfigurationError` where neither is.
    """
    return tuple(getattr(library, name) for library in _libraries())


def library_of(value: Any) -> Any:
    """The library that ``value``, a request or a client, is of."""
    return next(
        library
        for library in _libraries()
        if isinstance(value, (library.Request, library.Client, library.AsyncClient))
    )
