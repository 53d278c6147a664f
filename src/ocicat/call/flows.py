"""A flow made of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ocicat.errors import TransportError
from ocicat.vocabulary.flow import Flow

__all__ = ["mapped"]


def mapped(
    flow: Flow[None], change: Callable[[dict[str, Any]], Iterable[dict[str, Any]]]
) -> Flow[None]:
    """The same flow, with what ``change`` makes of each chunk in the chunk's place."""
    outcome: Any = None
    failure: TransportError | None = None
    try:
        while True:
            try:
                effect = flow.throw(failure) if failure else flow.send(outcome)
            except StopIteration:
                return
            outcome = failure = None
            if isinstance(effect, dict):
                yield from change(effect)
                continue
            try:
                outcome = yield effect
            except TransportError as problem:
                failure = problem
    finally:
        flow.close()
